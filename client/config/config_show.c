#include "client/config/config_show.h"

#include <stdbool.h>
#include <string.h>

#include "base/i18n.h"
#include "base/json.h"
#include "client/config/config.h"
#include "client/config/options.h"

static bool is_wanted(const struct config *config, const struct config_option *option) {
	for (unsigned i = 0; i < config->show_count; i++) {
		if (strcmp(config->show[i], option->name) == 0) {
			return true;
		}
	}
	/* What is only for one start is no setting. */
	return config->show_count == 0 && !(option->flags & OPTION_ARGV);
}

struct shown {
	char value[OPTION_TEXT_MAX];
	char origin[600];
};

static void look(const struct config *config, const struct config_option *option,
		struct shown *shown) {
	unsigned origin = option_index(option);
	option_get(config, option, shown->value, sizeof shown->value);
	if (strcmp(option->name, "spice") == 0) {
		/* Its pieces may have decided. */
		snprintf(shown->value, sizeof shown->value, "%s", config->session.uri);
		origin = config->raw.spice_origin;
	}
	config_origin_text(config, origin, shown->origin, sizeof shown->origin);
}

static void show_json(const struct config *config, FILE *out) {
	static const char *const ranks[CONFIG_RANK_COUNT] = { "default", "lg-file", "file",
		"extra-file", "discovery", "profile", "connection-file", "argv" };
	struct json json;
	struct shown shown;
	json_begin(&json, out);
	json_array(&json, "files");
	for (unsigned i = 0; i < config->file_count; i++) {
		json_string(&json, NULL, config->files[i]);
	}
	json_end(&json);
	json_array(&json, "options");
	for (unsigned i = 0; i < config_options_count; i++) {
		if (!is_wanted(config, &config_options[i])) {
			continue;
		}
		look(config, &config_options[i], &shown);
		json_object(&json, NULL);
		json_string(&json, "name", config_options[i].name);
		json_string(&json, "value", shown.value);
		json_string(&json, "source", ranks[config->origins[i].rank]);
		json_string(&json, "where", shown.origin);
		json_string(&json, "lg", config_options[i].lg);
		json_end(&json);
	}
	json_end(&json);
	json_finish(&json);
}

static void show_text(const struct config *config, FILE *out) {
	struct shown shown;
	unsigned group = OPTION_GROUP_COUNT;
	for (unsigned i = 0; i < config_options_count; i++) {
		const struct config_option *option = &config_options[i];
		if (!is_wanted(config, option)) {
			continue;
		}
		if (option->group != group && config->show_count == 0) {
			fprintf(out, "%s# %s\n", group == OPTION_GROUP_COUNT ? "" : "\n",
					_(option_group_titles[option->group]));
		}
		group = option->group;
		look(config, option, &shown);
		fprintf(out, "%-26s = %-24s  # %s%s%s\n", option->name, shown.value, shown.origin,
				option->lg ? ", " : "", option->lg ? option->lg : "");
	}
}

int config_show(const struct config *config, FILE *out) {
	if (config->import) {
		return config_import(NULL, config->force, out);
	}
	if (config->json) {
		show_json(config, out);
	} else {
		show_text(config, out);
	}
	return 0;
}
