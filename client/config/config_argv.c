/*
 * The command line. Three ways of writing an option: --name=VALUE or --name VALUE; -x VALUE (one
 * letter, never bundled); looking-glass-client's module:name=VALUE. A yes/no option without a value
 * is turned on by --name, off by --no-name, and over by its letter or by module:name, as that
 * program does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/i18n.h"
#include "base/parse.h"
#include "client/config/config_set.h"
#include "client/config/options.h"
#include "client/config/options_lg.h"
#include "client/config/vv_file.h"

struct words {
	int count;
	char **argv;
	int at;
	char *error;
	struct config_arguments *out;
	bool only_words; /* after "--" */
};

static int fail_missing(struct words *words, const char *name, const struct config_option *option) {
	char allowed[400] = "";
	if (option) {
		option_allowed(option, allowed, sizeof allowed);
	}
	snprintf(words->error, CONFIG_ERROR_BYTES, _("%s needs a value: %s"), name, allowed);
	return -EINVAL;
}

static void add(struct words *words, const struct config_option *option, const char *lg,
		const char *value) {
	struct config_arguments *out = words->out;
	out->items[out->count++] = (struct config_argument){
		.option = option,
		.lg = lg,
		.value = value,
		.index = (unsigned)words->at,
	};
	if (!option) {
		return;
	}
	/* What is needed before the files are read. */
	if (strcmp(option->name, "config-file") == 0) {
		out->extra_file = value;
	} else if (strcmp(option->name, "domain") == 0) {
		out->domain = value;
	} else if (strcmp(option->name, "log-level") == 0) {
		out->log_level = value;
	} else if (strcmp(option->name, "no-lg-config") == 0) {
		out->no_lg_config = !value || !parse_bool(value, &out->no_lg_config) ||
				    out->no_lg_config;
	}
}

/* "--name", "--name=value", "--no-name". */
static int long_option(struct words *words, const char *word) {
	char name[80];
	size_t len = strcspn(word, "=");
	const char *value = word[len] == '=' ? word + len + 1 : NULL;
	if (len >= sizeof name) {
		config_unknown(words->error, NULL, word - 2, NULL);
		return -EINVAL;
	}
	memcpy(name, word, len);
	name[len] = '\0';
	const struct config_option *option = option_find(name);
	if (!option && strncmp(name, "no-", 3) == 0) {
		option = option_find(name + 3);
		if (option && !value &&
				(option_is_switch(option) || option->flags & OPTION_NEGATED)) {
			add(words, option, NULL, "no");
			return 0;
		}
		option = NULL;
	}
	if (!option && lg_is_idle_word(name)) {
		return 0;
	}
	if (!option) {
		char near[80];
		const char *nearest = option_nearest(name);
		snprintf(near, sizeof near, "--%s", nearest ? nearest : "");
		config_unknown(words->error, NULL, words->argv[words->at], nearest ? near : NULL);
		return -EINVAL;
	}
	if (!value && option_is_switch(option)) {
		value = "yes";
	} else if (!value && option->flags & OPTION_OPTIONAL) {
		value = "";
	} else if (!value) {
		if (words->at + 1 >= words->count) {
			return fail_missing(words, words->argv[words->at], option);
		}
		add(words, option, NULL, words->argv[words->at + 1]);
		words->at++;
		return 0;
	}
	add(words, option, NULL, value);
	return 0;
}

static int letter_option(struct words *words, const char *word) {
	const struct config_option *option = option_find_letter(word[1]);
	const char *lg = option ? NULL : lg_find_letter(word[1]);
	if (word[2] != '\0' && (option || lg)) {
		snprintf(words->error, CONFIG_ERROR_BYTES,
				_("%s: letters stand alone, the value follows as a word of its "
				  "own: -%c VALUE"),
				word, word[1]);
		return -EINVAL;
	}
	if (!option && !lg) {
		config_unknown(words->error, NULL, word, NULL);
		return -EINVAL;
	}
	if (option && option_is_switch(option)) {
		add(words, option, NULL, NULL);
		return 0;
	}
	if (option && option->flags & OPTION_OPTIONAL) {
		add(words, option, NULL, "");
		return 0;
	}
	if (words->at + 1 >= words->count) {
		return fail_missing(words, word, option);
	}
	add(words, option, lg, words->argv[words->at + 1]);
	words->at++;
	return 0;
}

/* "module:name" or "module:name=value"; a domain may have a ":" in its name as well. */
static bool looks_like_lg(const char *word) {
	size_t module = strcspn(word, ":");
	if (word[module] != ':' || module == 0 ||
			!ascii_is_letter((unsigned char)word[module + 1])) {
		return false;
	}
	const char *name = word + module + 1;
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
	return name[len] == '=' || (name[len] == '\0' && lg_is_module(word, module));
}

static int lg_option(struct words *words, const char *word) {
	size_t len = strcspn(word, "=");
	char *name = strndup(word, len);
	if (!name) {
		return -ENOMEM;
	}
	const struct config_option *option = option_find_lg(name);
	const char *value = word[len] == '=' ? word + len + 1 : NULL;
	int r = 0;
	if (!option && lg_support_of(name) == LG_UNKNOWN) {
		config_unknown(words->error, NULL, name, lg_nearest(name));
		r = -EINVAL;
	} else if (!value && !lg_is_bool(name)) {
		r = fail_missing(words, name, option);
	} else {
		/* The word itself names it: it is cut at the "=" again when it is applied. */
		add(words, option, option ? NULL : word, value);
	}
	free(name);
	return r;
}

struct subcommand {
	const char *name;
	enum run_mode mode;
	bool takes_rest; /* everything behind it is for it alone */
};

static const struct subcommand subcommands[] = {
	{ "doctor", RUN_DOCTOR, true },
	{ "setup", RUN_SETUP, true },
	{ "vm-info", RUN_VM_INFO, true },
	{ "scream", RUN_SCREAM, true },
	{ "config", RUN_CONFIG, false },
};

static const struct subcommand *find_subcommand(const char *word) {
	for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++) {
		if (strcmp(subcommands[i].name, word) == 0) {
			return &subcommands[i];
		}
	}
	return NULL;
}

/* A slip of the finger, that is: a VM may be called nearly the same. */
static const char *near_subcommand(const char *word) {
	for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++) {
		if (parse_distance(word, subcommands[i].name) <= 2) {
			return subcommands[i].name;
		}
	}
	return NULL;
}

/* `pierglass help setup`: as `pierglass setup --help`. */
static bool help_of_command(struct words *words, struct config *config) {
	static char help[] = "--help";
	const char *name = words->at + 1 < words->count ? words->argv[words->at + 1] : "";
	const struct subcommand *command = find_subcommand(name);
	if (strcmp(words->argv[words->at], "help") != 0 || !command || !command->takes_rest) {
		return false;
	}
	words->argv[words->at] = words->argv[words->at + 1];
	words->argv[words->at + 1] = help;
	config->mode = command->mode;
	config->rest = &words->argv[words->at];
	config->rest_count = 2;
	words->at = words->count;
	return true;
}

/* `pierglass help`, `pierglass help keys`, `pierglass version`: as the options of these names. A VM
 * that is called so is named by --domain. */
static bool option_as_word(struct words *words, const char *word) {
	if (strcmp(word, "help") == 0) {
		const bool topic = words->at + 1 < words->count &&
				   words->argv[words->at + 1][0] != '-';
		words->at += topic;
		add(words, option_find("help"), NULL, topic ? words->argv[words->at] : "");
		return true;
	}
	if (strcmp(word, "version") == 0) {
		add(words, option_find("version"), NULL, "yes");
		return true;
	}
	return false;
}

/* What a browser or a desktop hands over: a connection file, by path or URI, or an address. */
static bool take_connection(struct words *words, char *word) {
	if (ascii_ncasecmp(word, "spice", 5) == 0 && strstr(word, "://")) {
		add(words, option_find("spice"), NULL, word);
		return true;
	}
	if (!vv_is_name(word) || words->out->vv) {
		return false;
	}
	if (ascii_ncasecmp(word, "file://", 7) == 0) {
		char *path = strchr(word + 7, '/');
		if (!path || !parse_percent(path)) {
			return false;
		}
		word = path;
	}
	words->out->vv = word;
	return true;
}

/* A word that is no option: a sub-command, a domain, or one of the words after `config`. */
static int plain_word(struct words *words, struct config *config) {
	char *word = words->argv[words->at];
	if (config->mode == RUN_CONFIG) {
		const struct config_option *option = option_find(word);
		if (!option && !(option = option_find_lg(word))) {
			config_unknown(words->error, NULL, word, option_nearest(word));
			return -EINVAL;
		}
		if (config->show_count == CONFIG_SHOW_MAX) {
			snprintf(words->error, CONFIG_ERROR_BYTES, "%s", _("too many names"));
			return -EINVAL;
		}
		config->show[config->show_count++] = option->name;
		return 0;
	}
	const bool first = !words->only_words && !words->out->domain;
	if (first && (help_of_command(words, config) || option_as_word(words, word))) {
		return 0;
	}
	const struct subcommand *command = first ? find_subcommand(word) : NULL;
	if (command) {
		config->mode = command->mode;
		config->rest = &words->argv[words->at];
		config->rest_count = words->count - words->at;
		if (command->takes_rest) {
			words->at = words->count;
		}
		return 0;
	}
	if (first && take_connection(words, word)) {
		return 0;
	}
	if (words->out->domain) {
		snprintf(words->error, CONFIG_ERROR_BYTES, _("%s: a domain is already named, %s"),
				word, words->out->domain);
		return -EINVAL;
	}
	config->near_command = words->only_words ? NULL : near_subcommand(word);
	add(words, option_find("domain"), NULL, word);
	return 0;
}

static int one_word(struct words *words, struct config *config, const char *word) {
	if (words->only_words) {
		return plain_word(words, config);
	}
	if (strncmp(word, "--", 2) == 0) {
		return long_option(words, word + 2);
	}
	if (word[0] == '-' && word[1] != '\0') {
		return letter_option(words, word);
	}
	if (looks_like_lg(word) && (config->mode != RUN_CONFIG || strchr(word, '='))) {
		return lg_option(words, word);
	}
	if (word[0] == '\0' || word[0] == '-') {
		config_unknown(words->error, NULL, word[0] ? word : "\"\"", NULL);
		return -EINVAL;
	}
	return plain_word(words, config);
}

int config_parse_arguments(struct config *config, int argc, char **argv,
		struct config_arguments *ret, char error[static CONFIG_ERROR_BYTES]) {
	struct words words = { .count = argc, .argv = argv, .error = error, .out = ret };
	ret->items = calloc((size_t)argc + 1, sizeof *ret->items);
	if (!ret->items) {
		return -ENOMEM;
	}
	int r = 0;
	for (words.at = 1; words.at < argc && r == 0; words.at++) {
		const char *word = argv[words.at];
		if (!words.only_words && strcmp(word, "--") == 0) {
			words.only_words = true;
		} else {
			r = one_word(&words, config, word);
		}
	}
	return r;
}

static int apply_lg(struct config *config, const struct config_argument *argument,
		const struct config_place *place, char *error) {
	char name[80];
	const struct config_option *option;
	snprintf(name, sizeof name, "%.*s", (int)strcspn(argument->lg, "="), argument->lg);
	const char *value = argument->value ? argument->value : "yes";
	int r = config_set_lg(config, name, value, false, place, &option);
	if (r == -EINVAL) {
		config_misfit(error, NULL, name, value, option);
	}
	return r < 0 ? r : 0;
}

int config_apply_arguments(struct config *config, const struct config_arguments *arguments,
		char error[static CONFIG_ERROR_BYTES]) {
	for (unsigned i = 0; i < arguments->count; i++) {
		const struct config_argument *argument = &arguments->items[i];
		const struct config_place place = { .rank = CONFIG_ARGV, .where = argument->index };
		int r;
		if (!argument->option) {
			r = apply_lg(config, argument, &place, error);
		} else {
			char now[8] = "";
			const char *value = argument->value;
			if (!value) {
				option_get(config, argument->option, now, sizeof now);
				value = strcmp(now, "yes") == 0 ? "no" : "yes";
			}
			r = config_set(config, argument->option, value, &place);
			if (r == -EINVAL) {
				config_misfit(error, NULL, argument->option->name, value,
						argument->option);
			}
		}
		if (r < 0) {
			return r;
		}
	}
	return 0;
}
