#include "client/config/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/i18n.h"
#include "base/parse.h"
#include "client/config/options_custom.h"
#include "input/key_names.h"

const struct config_option *option_find(const char *name) {
	for (unsigned i = 0; i < config_options_count; i++) {
		if (ascii_casecmp(config_options[i].name, name) == 0) {
			return &config_options[i];
		}
	}
	return NULL;
}

const struct config_option *option_find_lg(const char *lg) {
	size_t len = strlen(lg);
	for (unsigned i = 0; len > 0 && i < config_options_count; i++) {
		const char *at = config_options[i].lg;
		while (at && *at) {
			size_t word = strcspn(at, " ");
			if (word == len && ascii_ncasecmp(at, lg, len) == 0) {
				return &config_options[i];
			}
			at += word + (at[word] == ' ');
		}
	}
	return NULL;
}

const struct config_option *option_find_letter(char letter) {
	for (unsigned i = 0; letter != '\0' && i < config_options_count; i++) {
		if (config_options[i].letter == letter) {
			return &config_options[i];
		}
	}
	return NULL;
}

const char *option_nearest(const char *name) {
	const char *best = NULL;
	size_t len = strlen(name);
	unsigned least = len < 4 ? 2 : len < 8 ? 3 : 4;
	char lower[64];
	snprintf(lower, sizeof lower, "%s", name);
	for (char *c = lower; *c; c++) {
		*c = (char)(*c == '_' ? '-' : *c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
	}
	for (unsigned i = 0; i < config_options_count; i++) {
		unsigned distance = parse_distance(lower, config_options[i].name);
		/* "--fullscreen", "--audiolatency": the rest of a word beats an edit or two */
		if (distance < least) {
			least = distance;
			best = config_options[i].name;
		}
	}
	/* "--config" for "--config-file": the beginning of a name. */
	for (unsigned i = 0; i < config_options_count && !best && len >= 3; i++) {
		const char *known = config_options[i].name;
		if (known && strncmp(lower, known, len) == 0) {
			best = known;
		}
	}
	return best;
}

unsigned option_index(const struct config_option *option) {
	return (unsigned)(option - config_options);
}

bool option_is_switch(const struct config_option *option) {
	return option->type == OPTION_BOOL;
}

static void *member(struct config *config, const struct config_option *option) {
	return (char *)config + option->offset;
}

static const void *member_of(const struct config *config, const struct config_option *option) {
	return (const char *)config + option->offset;
}

static void put_int(void *at, size_t size, int64_t value) {
	/* Little and big endian alike: through the type of that size. */
	if (size == 1) {
		*(uint8_t *)at = (uint8_t)value;
	} else if (size == 2) {
		*(uint16_t *)at = (uint16_t)value;
	} else if (size == 4) {
		*(int32_t *)at = (int32_t)value;
	} else {
		*(int64_t *)at = value;
	}
}

/* Ranges of the table fit the members, so a negative value can only be in an int. */
static int64_t get_int(const void *at, size_t size) {
	if (size == 1) {
		return *(const uint8_t *)at;
	}
	if (size == 2) {
		return *(const uint16_t *)at;
	}
	return size == 4 ? *(const int32_t *)at : *(const int64_t *)at;
}

static bool set_choice(
		struct config *config, const struct config_option *option, const char *text) {
	for (int i = 0; option->choices[i]; i++) {
		if (ascii_casecmp(option->choices[i], text) == 0) {
			put_int(member(config, option), option->size, i);
			return true;
		}
	}
	return false;
}

bool option_set(struct config *config, const struct config_option *option, const char *text) {
	bool on;
	int64_t value;
	double number;
	unsigned binding;
	switch (option->type) {
	case OPTION_BOOL:
		if (!parse_bool(text, &on)) {
			return false;
		}
		*(bool *)member(config, option) = on;
		return true;
	case OPTION_INT:
		if (!parse_int(text, (int64_t)option->min, (int64_t)option->max, &value)) {
			return false;
		}
		put_int(member(config, option), option->size, value);
		return true;
	case OPTION_NUMBER:
		if (!parse_double(text, option->min, option->max, &number)) {
			return false;
		}
		*(double *)member(config, option) = number;
		return true;
	case OPTION_TEXT:
		if (strlen(text) >= option->size) {
			return false;
		}
		strcpy(member(config, option), text);
		return true;
	case OPTION_CHOICE:
		return set_choice(config, option, text);
	case OPTION_KEY:
		if (!key_binding_parse(text, &binding)) {
			return false;
		}
		*(unsigned *)member(config, option) = binding;
		return true;
	case OPTION_CUSTOM:
		return option->set(config, text);
	}
	return false;
}

void option_get(const struct config *config, const struct config_option *option, char *text,
		size_t size) {
	const void *at = member_of(config, option);
	switch (option->type) {
	case OPTION_BOOL:
		snprintf(text, size, "%s", *(const bool *)at ? "yes" : "no");
		break;
	case OPTION_INT:
		snprintf(text, size, "%lld", (long long)get_int(at, option->size));
		break;
	case OPTION_NUMBER:
		snprintf(text, size, "%g", *(const double *)at);
		break;
	case OPTION_TEXT:
		snprintf(text, size, "%s", (const char *)at);
		break;
	case OPTION_CHOICE:
		snprintf(text, size, "%s", option->choices[get_int(at, option->size)]);
		break;
	case OPTION_KEY:
		key_binding_text(*(const unsigned *)at, text, size);
		break;
	case OPTION_CUSTOM:
		option->get(config, text, size);
		break;
	}
}

void option_clear(struct config *config, const struct config_option *option) {
	if (option->flags & OPTION_LIST) {
		option_set(config, option, "none");
	}
}

static void list_choices(const struct config_option *option, char *text, size_t size) {
	size_t at = 0;
	for (int i = 0; option->choices[i]; i++) {
		const char *glue = i == 0 ? "" : option->choices[i + 1] ? ", " : _(" or ");
		int n = snprintf(text + at, size - at, "%s%s", glue, option->choices[i]);
		if (n < 0 || (size_t)n >= size - at) {
			return;
		}
		at += (size_t)n;
	}
}

void option_allowed(const struct config_option *option, char *text, size_t size) {
	switch (option->type) {
	case OPTION_BOOL:
		snprintf(text, size, "%s", _("yes or no"));
		break;
	case OPTION_INT:
		snprintf(text, size, _("a whole number from %.0f to %.0f"), option->min,
				option->max);
		break;
	case OPTION_NUMBER:
		snprintf(text, size, _("a number from %.10g to %.10g"), option->min, option->max);
		break;
	case OPTION_TEXT:
		snprintf(text, size, _("at most %zu bytes"), option->size - 1);
		break;
	case OPTION_CHOICE:
		list_choices(option, text, size);
		break;
	case OPTION_KEY:
		snprintf(text, size, "%s",
				_("the name or number of a key, shift- before it, or none "
				  "(--help=keys lists them)"));
		break;
	case OPTION_CUSTOM:
		snprintf(text, size, "%s", option->allowed ? _(option->allowed) : "");
		break;
	}
}

const struct config_option *key_action_option(enum key_action action) {
	size_t offset = offsetof(struct config, input.bindings) + action * sizeof(unsigned);
	for (unsigned i = 0; i < config_options_count; i++) {
		if (config_options[i].type == OPTION_KEY && config_options[i].offset == offset) {
			return &config_options[i];
		}
	}
	return NULL;
}

const char *key_action_name(enum key_action action) {
	const struct config_option *option = key_action_option(action);
	return option ? option->name + 4 : "none"; /* "key-" */
}

const char *key_action_help(enum key_action action) {
	const struct config_option *option = key_action_option(action);
	return option ? option->help : "";
}

void options_defaults(struct config *config) {
	for (unsigned i = 0; i < config_options_count; i++) {
		if (config_options[i].default_text &&
				!option_set(config, &config_options[i],
						config_options[i].default_text)) {
			abort(); /* the table is wrong: our mistake, found by the first start */
		}
	}
}
