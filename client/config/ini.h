/*
 * Lines of an ini file to (section, name, value). Two grammars: pierglass's, and
 * looking-glass-client's. Pure; text may be anything.
 *
 * Both: "[section]", "name = value" split at the first "=", blanks around both trimmed, no quoting,
 * no continuation lines. pierglass: "#" and ";" start a comment as the first thing on a line.
 * looking-glass-client: only ";" in the first column; a "#" is part of the name; control characters
 * are dropped.
 */
#pragma once

#include <stddef.h>

enum ini_grammar { INI_OURS, INI_LG };

#define INI_LINE_MAX    4400 /* bytes; longer is an error of that line */
#define INI_SECTION_MAX 64

struct ini_entry {
	unsigned line;
	const char *section; /* "" = before the first one */
	const char *name;
	const char *value;
};

struct ini_handler {
	/* A line that is an entry. Negative ends the parsing with that result. */
	int (*entry)(const struct ini_entry *entry, void *data);
	/* A line that is nothing of the above; why is a translatable sentence. Negative ends. */
	int (*bad)(unsigned line, const char *why, void *data);
	void *data;
};

int ini_parse(const char *text, size_t len, enum ini_grammar grammar,
		const struct ini_handler *handler);
