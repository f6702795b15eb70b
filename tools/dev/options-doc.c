/*
 * Writes what the table of options says for others to read: completions, the lists of options in
 * the manual pages, the names alone for a test. Runs at build time.
 *
 *	options-doc bash|zsh|fish|names|examples
 *	options-doc man|ini TEMPLATE [CATALOGUE.mo]
 *		the template with the list in place of the line @OPTIONS@, in that language
 */
#include <errno.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/i18n.h"
#include "client/config/completions.h"
#include "client/config/options.h"
#include "client/config/options_lg.h"

/*
 * The texts are translated from the catalogue named on the command line, whatever the locale: the
 * machine that builds may have none but C, where gettext itself translates nothing. Read whole and
 * kept, so that what dcgettext() returns stays valid.
 */
static struct {
	char *bytes;
	uint32_t count;      /* of texts */
	uint32_t from, into; /* where the two tables are */
} catalogue;

static uint32_t word_at(uint32_t offset) {
	uint32_t word;
	memcpy(&word, catalogue.bytes + offset, sizeof word);
	return word;
}

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): they stand in for libc's
/* Where the program is optimised, gettext() is a macro that ends in this function. */
char *dcgettext(const char *domain, const char *text, int category) {
	(void)domain;
	(void)category;
	for (uint32_t i = 0; i < catalogue.count; i++) {
		if (strcmp(catalogue.bytes + word_at(catalogue.from + 8 * i + 4), text) == 0) {
			return catalogue.bytes + word_at(catalogue.into + 8 * i + 4);
		}
	}
	return (char *)(uintptr_t)text;
}

#undef gettext
char *gettext(const char *text) {
	return dcgettext(NULL, text, LC_MESSAGES);
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)

/* A catalogue as msgfmt of this build wrote it. */
static int catalogue_read(const char *path) {
	FILE *in = fopen(path, "rb");
	long size = 0;
	if (in && fseek(in, 0, SEEK_END) == 0 && (size = ftell(in)) > 20) {
		rewind(in);
		catalogue.bytes = malloc((size_t)size);
		size = catalogue.bytes ? (long)fread(catalogue.bytes, 1, (size_t)size, in) : 0;
	}
	if (in) {
		fclose(in);
	}
	if (size <= 20 || word_at(0) != 0x950412de) {
		fprintf(stderr, "options-doc: %s is no catalogue of this machine\n", path);
		return -1;
	}
	catalogue.from = word_at(12);
	catalogue.into = word_at(16);
	catalogue.count = word_at(8);
	return 0;
}

/* A value in a sentence for scdoc: what it would take for markup is escaped. */
static void put(const char *format, const char *value) {
	char escaped[8192];
	size_t n = 0;
	for (const char *at = value; *at && n + 2 < sizeof escaped; at++) {
		if (strchr("\\*_[]|#~<>`-", *at)) {
			escaped[n++] = '\\';
		}
		escaped[n++] = *at;
	}
	escaped[n] = '\0';
	const char *hole = strstr(format, "%s");
	printf("%.*s%s%s", (int)(hole - format), format, escaped, hole + 2);
}

static void defaults(const struct config_option *option) {
	bool once = option_is_switch(option) && option->flags & OPTION_ARGV;
	if (option->default_text && option->default_text[0] && !once) {
		put(_(" Default: %s."), option->default_text);
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
		put(_(" Allowed: %s."), line);
	}
}

/* "Examples: a, b." */
static void examples(const struct config_option *option) {
	char list[512];
	size_t n = 0;
	for (const char *at = option->examples; at && *at && n + 3 < sizeof list; at++) {
		if (*at == ' ') {
			list[n++] = ',';
		}
		list[n++] = *at;
	}
	list[n] = '\0';
	if (n) {
		put(_(" Examples: %s."), list);
	}
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
		put(_(" In looking-glass-client: %s."), option->lg);
	}
}

static void sentence(const struct config_option *option) {
	char help[4096];
	snprintf(help, sizeof help, "%s", _(option->help));
	help[0] = (char)ascii_upper((unsigned char)help[0]);
	putchar('\t');
	put(_("%s."), help);
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
				printf("## %s\n\n", _(option_group_titles[group]));
				title = true;
			}
			print(&config_options[i]);
		}
	}
}

/* What becomes of looking-glass-client's other options. */
static void list_lg(void) {
	const char *name;
	static const char *const support_words[] = {
		[LG_UNKNOWN] = "",
		[LG_KEPT] = "",
		[LG_MAPPED] = N_("mapped"),
		[LG_IGNORED] = N_("accepted, no effect"),
		[LG_UNSUPPORTED] = N_("not supported, said once"),
	};
	for (size_t i = 0; (name = lg_name_at(i)); i++) {
		const char *note = lg_note_of(name);
		const char *support = support_words[lg_support_of(name)];
		char line[512];
		snprintf(line, sizeof line, note ? _("%s: %s") : "%s", support[0] ? _(support) : "",
				note ? _(note) : "");
		put("*%s*\n\t", name);
		put(_("%s."), line);
		fputs("\n\n", stdout);
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
	if ((argc == 3 || argc == 4) &&
			(strcmp(argv[1], "man") == 0 || strcmp(argv[1], "ini") == 0)) {
		r = argc == 4 && catalogue_read(argv[3]) < 0 ? 1 : fill(argv[1], argv[2]);
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
