/*
 * Writes what the table of options says for others to read: completions, the lists of options in
 * the manual pages, the names alone for a test. Runs at build time.
 *
 *	options-doc bash|zsh|fish|names|examples
 *	options-doc man|ini TEMPLATE	the template with the list in place of the line @OPTIONS@
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "client/config/completions.h"
#include "client/config/options.h"
#include "client/config/options_lg.h"

/* Text for scdoc: what it would take for markup is escaped. */
static void text(const char *at) {
	for (; *at; at++) {
		if (strchr("\\*_[]|#~<>`", *at)) {
			putchar('\\');
		}
		putchar(*at);
	}
}

static void defaults(const struct config_option *option) {
	bool once = option_is_switch(option) && option->flags & OPTION_ARGV;
	if (option->default_text && option->default_text[0] && !once) {
		fputs(" Default: ", stdout);
		text(option->default_text);
		putchar('.');
	}
}

static void allowed(const struct config_option *option) {
	char line[512];
	if (option->type == OPTION_TEXT || option->type == OPTION_BOOL ||
			option->type == OPTION_KEY || option->flags & OPTION_FILE) {
		return;
	}
	option_allowed(option, line, sizeof line);
	if (line[0]) {
		fputs(" Allowed: ", stdout);
		text(line);
		putchar('.');
	}
}

/* "Examples: *a*, *b*." */
static void examples(const struct config_option *option) {
	const char *at = option->examples;
	if (!at) {
		return;
	}
	fputs(" Examples: ", stdout);
	for (; *at; at++) {
		const char one[] = { *at, '\0' };
		if (*at == ' ') {
			fputs(", ", stdout);
		} else {
			text(one);
		}
	}
	putchar('.');
}

/* "name value" for every value that the help and the manual name; "name" alone for a switch. */
static void all_examples(void) {
	for (unsigned i = 0; i < config_options_count; i++) {
		const struct config_option *option = &config_options[i];
		if (option_is_switch(option)) {
			printf("%s\n", option->name);
			continue;
		}
		if (option->default_text && option->default_text[0]) {
			printf("%s %s\n", option->name, option->default_text);
		}
		if (option->type == OPTION_INT || option->type == OPTION_NUMBER) {
			printf("%s %.15g\n%s %.15g\n", option->name, option->min, option->name,
					option->max);
		}
		for (unsigned c = 0; option->choices && option->choices[c]; c++) {
			printf("%s %s\n", option->name, option->choices[c]);
		}
		for (const char *at = option->examples; at && *at;) {
			size_t len = strcspn(at, " ");
			printf("%s %.*s\n", option->name, (int)len, at);
			at += len + (at[len] == ' ');
		}
	}
}

static void lg_names(const struct config_option *option) {
	if (option->lg) {
		fputs(" In looking-glass-client: ", stdout);
		text(option->lg);
		putchar('.');
	}
}

static void sentence(const struct config_option *option) {
	printf("\t%c", ascii_upper((unsigned char)option->help[0]));
	text(option->help + 1);
	putchar('.');
	allowed(option);
	examples(option);
	defaults(option);
	lg_names(option);
	fputs("\n\n", stdout);
}

static void man_option(const struct config_option *option) {
	if (option->letter) {
		printf("*-%c*, ", option->letter);
	}
	if (option_is_switch(option) && option->flags & OPTION_ARGV) {
		printf("*--%s*", option->name);
	} else if (option_is_switch(option)) {
		printf("*--%s*, *--no-%s*", option->name, option->name);
	} else if (option->flags & OPTION_OPTIONAL) {
		printf("*--%s*[=_%s_]", option->name, option->value);
	} else {
		printf("*--%s*=_%s_", option->name, option->value);
	}
	putchar('\n');
	sentence(option);
}

static void ini_option(const struct config_option *option) {
	if (option->flags & OPTION_ARGV) {
		return;
	}
	printf("*%s* = _%s_\n", option->name, option_is_switch(option) ? "yes|no" : option->value);
	sentence(option);
}

static void list(void (*print)(const struct config_option *option), unsigned without) {
	for (unsigned group = 0; group < OPTION_GROUP_COUNT; group++) {
		bool title = false;
		for (unsigned i = 0; i < config_options_count; i++) {
			if (config_options[i].group != group || config_options[i].flags & without) {
				continue;
			}
			if (!title) {
				printf("## %s\n\n", option_group_titles[group]);
				title = true;
			}
			print(&config_options[i]);
		}
	}
}

/* What becomes of looking-glass-client's other options. */
static void list_lg(void) {
	const char *name;
	static const char *const fates[] = {
		[LG_UNKNOWN] = "",
		[LG_KEPT] = "",
		[LG_MAPPED] = "mapped",
		[LG_IGNORED] = "accepted, no effect",
		[LG_UNSUPPORTED] = "not supported, said once",
	};
	for (size_t i = 0; (name = lg_name_at(i)); i++) {
		const char *note = lg_note_of(name);
		putchar('*');
		text(name);
		printf("*\n\t%s", fates[lg_support_of(name)]);
		if (note) {
			fputs(": ", stdout);
			text(note);
		}
		fputs(".\n\n", stdout);
	}
}

static int fill(const char *kind, const char *template) {
	FILE *in = fopen(template, "r");
	char line[4096];
	if (!in) {
		perror(template);
		return 1;
	}
	while (fgets(line, sizeof line, in)) {
		if (strcmp(line, "@OPTIONS@\n") == 0) {
			if (strcmp(kind, "ini") == 0) {
				list(ini_option, OPTION_ARGV);
			} else {
				list(man_option, 0);
			}
		} else if (strcmp(line, "@LG@\n") == 0) {
			list_lg();
		} else {
			fputs(line, stdout);
		}
	}
	fclose(in);
	return 0;
}

static void names(void) {
	for (unsigned i = 0; i < config_options_count; i++) {
		printf("%s %s\n", config_options[i].name,
				config_options[i].flags & OPTION_ARGV ? "argv" : "everywhere");
	}
}

int main(int argc, char **argv) {
	int r = 2;
	if (argc == 3 && (strcmp(argv[1], "man") == 0 || strcmp(argv[1], "ini") == 0)) {
		r = fill(argv[1], argv[2]);
	} else if (argc == 2 && strcmp(argv[1], "names") == 0) {
		names();
		r = 0;
	} else if (argc == 2 && strcmp(argv[1], "examples") == 0) {
		all_examples();
		r = 0;
	} else if (argc == 2) {
		r = completions_print(stdout, argv[1]) < 0 ? 2 : 0;
	}
	if (r == 0 && (ferror(stdout) || fflush(stdout) != 0)) {
		perror("options-doc");
		r = 1;
	}
	return r;
}
