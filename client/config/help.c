#include "client/config/help.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/i18n.h"
#include "base/utf8.h"
#include "client/config/options.h"
#include "client/config/options_lg.h"
#include "input/key_names.h"

#define WIDTH       79
#define HELP_COLUMN 30

/* One letter of UTF-8: its bytes, and the columns it takes. */
static size_t letter(const char *text, unsigned *ret_columns) {
	const char *behind = text;
	/* Nothing narrow above that is in our texts. */
	*ret_columns = utf8_next(&behind) >= 0x1100 ? 2 : 1;
	return (size_t)(behind - text);
}

static bool is_wide(const char *text) {
	return utf8_next(&text) >= 0x1100;
}

/* Bytes and columns up to the next place where a line may end. */
static size_t chunk(const char *text, unsigned *ret_columns) {
	size_t at = 0;
	*ret_columns = 0;
	while (text[at] && (at == 0 || text[at] != ' ')) {
		unsigned columns;
		at += letter(text + at, &columns);
		*ret_columns += columns;
		if (is_wide(text) || is_wide(text + at)) {
			break;
		}
	}
	return at;
}

static void spaces(FILE *out, unsigned count) {
	fprintf(out, "%*s", (int)count, "");
}

void help_wrap(FILE *out, const char *text, unsigned column, unsigned indent) {
	while (*text) {
		unsigned columns;
		size_t bytes = chunk(text, &columns);
		if (column + columns > WIDTH && column > indent) {
			fputc('\n', out);
			spaces(out, indent);
			column = indent;
			while (*text == ' ') {
				text++;
				bytes--;
				columns--;
			}
		}
		fwrite(text, 1, bytes, out);
		column += columns;
		text += bytes;
	}
	fputc('\n', out);
}

static unsigned columns_of(const char *text) {
	unsigned sum = 0;
	while (*text) {
		unsigned columns;
		text += letter(text, &columns);
		sum += columns;
	}
	return sum;
}

static void print_option(FILE *out, const struct config_option *option) {
	char left[80];
	char letters[8] = "    ";
	const char *no = "";
	if (option->letter) {
		snprintf(letters, sizeof letters, "-%c, ", option->letter);
	}
	/* A switch that is on by default is there to be turned off. */
	if (option_is_switch(option) && strcmp(option->default_text, "yes") == 0) {
		no = "[no-]";
	}
	if (option_is_switch(option)) {
		snprintf(left, sizeof left, "  %s--%s%s", letters, no, option->name);
	} else if (option->flags & OPTION_OPTIONAL) {
		snprintf(left, sizeof left, "  %s--%s[=%s]", letters, option->name, option->value);
	} else {
		snprintf(left, sizeof left, "  %s--%s=%s", letters, option->name, option->value);
	}
	unsigned column = (unsigned)strlen(left);
	fputs(left, out);
	if (column + 2 > HELP_COLUMN) {
		fputc('\n', out);
		column = 0;
	}
	spaces(out, HELP_COLUMN - column);
	char text[1024];
	if (option_is_switch(option) || !option->default_text || option->default_text[0] == '\0') {
		snprintf(text, sizeof text, "%s", _(option->help));
	} else {
		snprintf(text, sizeof text, "%s [%s]", _(option->help), option->default_text);
	}
	help_wrap(out, text, HELP_COLUMN, HELP_COLUMN);
	if (option->type == OPTION_CHOICE) {
		char allowed[256];
		option_allowed(option, allowed, sizeof allowed);
		spaces(out, HELP_COLUMN);
		help_wrap(out, allowed, HELP_COLUMN, HELP_COLUMN);
	}
}

static void print_group(FILE *out, unsigned group, bool all) {
	bool title = false;
	for (unsigned i = 0; i < config_options_count; i++) {
		if (config_options[i].group != group ||
				!(all || config_options[i].flags & OPTION_BASIC)) {
			continue;
		}
		if (!title) {
			fprintf(out, "\n%s\n", _(option_group_titles[group]));
			title = true;
		}
		print_option(out, &config_options[i]);
	}
}

static void print_key_names(FILE *out) {
	unsigned column = 0;
	unsigned code;
	const char *name;
	fprintf(out, "\n%s\n", _("Names of keys (or KEY_ and the name, or the number behind it)"));
	for (size_t i = 0; (name = key_name_at(i, &code)); i++) {
		if (code > 255) {
			break; /* remote controls */
		}
		char item[48];
		snprintf(item, sizeof item, "%s %u", name, code);
		unsigned columns = columns_of(item);
		if (column + 2 + columns > WIDTH) {
			fputc('\n', out);
			column = 0;
		}
		fprintf(out, "%s%s", column ? ", " : "  ", item);
		column += columns + 2;
	}
	fputc('\n', out);
}

static void print_lg(FILE *out) {
	const char *name;
	fprintf(out, "\n%s\n", _("Options of looking-glass-client with the same meaning"));
	for (unsigned i = 0; i < config_options_count; i++) {
		if (config_options[i].lg) {
			char left[80];
			snprintf(left, sizeof left, "  --%-28s", config_options[i].name);
			fputs(left, out);
			help_wrap(out, config_options[i].lg, (unsigned)strlen(left), 32);
		}
	}
	fprintf(out, "\n%s\n", _("Its other options"));
	for (size_t i = 0; (name = lg_name_at(i)); i++) {
		char left[80];
		char text[512];
		static const char *const fates[] = {
			[LG_UNKNOWN] = "",
			[LG_KEPT] = "",
			[LG_MAPPED] = N_("mapped"),
			[LG_IGNORED] = N_("no effect"),
			[LG_UNSUPPORTED] = N_("not supported"),
		};
		const char *note = lg_note_of(name);
		snprintf(left, sizeof left, "  %-30s", name);
		snprintf(text, sizeof text, "%s%s%s", _(fates[lg_support_of(name)]),
				note ? ": " : "", note ? _(note) : "");
		fputs(left, out);
		help_wrap(out, text, (unsigned)strlen(left), 32);
	}
}

static void print_usage(FILE *out) {
	static const char *const lines[][2] = {
		{ "pierglass [OPTION]... [DOMAIN]", N_("play: picture, sound and input of a VM") },
		{ "pierglass [OPTION]... FILE.vv",
				N_("the same, by a connection file of virt-viewer") },
		{ "pierglass --demo", N_("the same without a VM") },
		{ "pierglass doctor [DOMAIN]",
				N_("what is wrong with the set-up, and the remedy") },
		{ "pierglass setup COMMAND", N_("print or write the files of the set-up") },
		{ "pierglass config [NAME]...", N_("every setting and where it came from") },
		{ "pierglass help [TOPIC]", N_("this text, or that of --help=TOPIC") },
		{ "pierglass scream -i virbr0", N_("the old receiver's command line") },
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		char left[80];
		snprintf(left, sizeof left, "%s%s", i == 0 ? _("Usage: ") : "  ", lines[i][0]);
		fputs(left, out);
		unsigned column = columns_of(left);
		spaces(out, column < 39 ? 39 - column : 1);
		help_wrap(out, _(lines[i][1]), 39, 39);
	}
}

void help_print(FILE *out, const char *topic) {
	bool all = strcmp(topic, "all") == 0;
	bool common = strcmp(topic, "common") == 0;
	if (all || common) {
		print_usage(out);
	}
	for (unsigned group = 0; group < OPTION_GROUP_COUNT; group++) {
		if (all || common || strcmp(topic, option_group_names[group]) == 0) {
			print_group(out, group, !common);
		}
	}
	if (strcmp(topic, "keys") == 0) {
		print_key_names(out);
	}
	if (strcmp(topic, "lg") == 0) {
		print_lg(out);
	}
	if (common) {
		fputc('\n', out);
		help_wrap(out,
				_("More: --help=all, --help=keys, --help=lg (the options of "
				  "looking-glass-client), man pierglass, man pierglass.ini."),
				0, 0);
	}
}
