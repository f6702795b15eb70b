#define LOG_MODULE "config"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/i18n.h"
#include "client/config/config.h"
#include "client/config/config_set.h"
#include "client/config/config_show.h"
#include "client/config/options.h"
#include "client/platform/whole_file.h"
#include "client/platform/xdg.h"

#include "base/log.h"

static unsigned write_values(const struct config *config, FILE *out) {
	char value[OPTION_TEXT_MAX];
	char origin[600];
	unsigned count = 0;
	for (unsigned i = 0; i < config_options_count; i++) {
		if (config->origins[i].rank != CONFIG_LG_FILE) {
			continue;
		}
		option_get(config, &config_options[i], value, sizeof value);
		config_origin_text(config, i, origin, sizeof origin);
		fprintf(out, "# %s\n%s = %s\n\n", origin, config_options[i].name, value);
		count++;
	}
	return count;
}

static int write_file(
		const struct config *config, const char *path, bool force, unsigned *ret_count) {
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	if (!out) {
		return -errno;
	}
	fprintf(out, "# %s\n# man pierglass.ini\n\n",
			_("From looking-glass-client's files, by pierglass config --import."));
	*ret_count = write_values(config, out);
	const bool whole = !ferror(out);
	const int r = fclose(out) == 0 && whole ? whole_file_write(path, text, len, force)
						: -ENOMEM;
	free(text);
	return r;
}

static bool has_import(const struct config *config) {
	for (unsigned i = 0; i < config_options_count; i++) {
		if (config->origins[i].rank == CONFIG_LG_FILE) {
			return true;
		}
	}
	return false;
}

static int import_to(struct config *config, const char *folder, bool force, FILE *out) {
	char path[1200];
	unsigned count = 0;
	snprintf(path, sizeof path, "%s/pierglass.ini", folder);
	if (!has_import(config)) {
		fprintf(out, _("looking-glass-client's files hold nothing to write\n"));
		return 0;
	}
	int r = xdg_make_folder(folder) ? write_file(config, path, force, &count) : -errno;
	if (r == -EEXIST) {
		log_error(_("%s is there already: --force replaces it"), path);
		return 1;
	}
	if (r < 0) {
		log_error(_("%s: cannot be written: %s"), path, strerrordesc_np(-r));
		return 1;
	}
	fprintf(out, _("%s: %u values\n"), path, count);
	return 0;
}

int config_import(const struct config_paths *paths, int force, FILE *out) {
	char error[CONFIG_ERROR_BYTES];
	char folder[1100];
	struct config_paths theirs = { .kvmfr = NULL };
	char program[] = "pierglass";
	char *argv[] = { program, NULL };
	struct config *config = calloc(1, sizeof *config);
	if (!config) {
		return 1;
	}
	/* Their files alone: what ours says is not to be written into ours again. */
	int status = 1;
	if (paths) {
		theirs = *paths;
		snprintf(folder, sizeof folder, "%s", paths->dir);
	} else if (!xdg_config("pierglass", folder, sizeof folder)) {
		log_error(_("there is no home folder to write to"));
		free(config);
		return 1;
	}
	theirs.dir = NULL;
	enum log_level level = log_get_level();
	if (config_load_lg(config, argv, paths ? &theirs : NULL, error) < 0) {
		log_error("%s", error);
	} else {
		status = import_to(config, folder, force != 0, out);
	}
	log_set_level(level);
	free(config);
	return status;
}
