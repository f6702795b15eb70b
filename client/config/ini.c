#include "client/config/ini.h"

#include <stdbool.h>
#include <string.h>

#include "base/i18n.h"

struct ini {
	enum ini_grammar grammar;
	const struct ini_handler *handler;
	unsigned line;
	char section[INI_SECTION_MAX];
};

static bool is_blank(char c) {
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Cuts blanks off both ends, in place. */
static char *trim(char *text) {
	while (is_blank(*text)) {
		text++;
	}
	size_t len = strlen(text);
	while (len > 0 && is_blank(text[len - 1])) {
		len--;
	}
	text[len] = '\0';
	return text;
}

static bool is_control(char c) {
	return ((unsigned char)c < 32 && !is_blank(c)) || c == 127;
}

static int bad(const struct ini *ini, const char *why) {
	return ini->handler->bad(ini->line, why, ini->handler->data);
}

static int section(struct ini *ini, char *text) {
	char *end = strchr(text, ']');
	if (!end || *trim(end + 1) != '\0') {
		return bad(ini, N_("a section is [name] and nothing else on its line"));
	}
	*end = '\0';
	const char *name = trim(text + 1);
	size_t len = strlen(name);
	if (len == 0 || len >= sizeof ini->section) {
		return bad(ini, N_("a section needs a name of 1 to 63 bytes"));
	}
	memcpy(ini->section, name, len + 1);
	return 0;
}

static int one_line(struct ini *ini, char *line) {
	if (ini->grammar == INI_LG && line[0] == ';') {
		return 0;
	}
	char *text = trim(line);
	if (text[0] == '\0') {
		return 0;
	}
	if (ini->grammar == INI_OURS && (text[0] == '#' || text[0] == ';')) {
		return 0;
	}
	if (text[0] == '[') {
		return section(ini, text);
	}
	char *equals = strchr(text, '=');
	if (!equals) {
		return bad(ini, N_("expected name = value"));
	}
	*equals = '\0';
	struct ini_entry entry = {
		.line = ini->line,
		.section = ini->section,
		.name = trim(text),
		.value = trim(equals + 1),
	};
	if (entry.name[0] == '\0') {
		return bad(ini, N_("there is no name before the ="));
	}
	return ini->handler->entry(&entry, ini->handler->data);
}

/* Copies one line, NUL-terminated. False = it holds a byte that no text has. */
static bool copy_line(enum ini_grammar grammar, const char *text, size_t len, char *line) {
	size_t at = 0;
	for (size_t i = 0; i < len; i++) {
		if (!is_control(text[i])) {
			line[at++] = text[i];
		} else if (grammar == INI_OURS) {
			return false;
		}
	}
	line[at] = '\0';
	return true;
}

int ini_parse(const char *text, size_t len, enum ini_grammar grammar,
		const struct ini_handler *handler) {
	struct ini ini = { .grammar = grammar, .handler = handler };
	char line[INI_LINE_MAX + 1];
	size_t at = 0;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		at = 3; /* the mark that Windows editors write */
	}
	while (at < len) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t line_len = end ? (size_t)(end - (text + at)) : len - at;
		ini.line++;
		int r;
		if (line_len > INI_LINE_MAX) {
			r = bad(&ini, N_("the line is too long"));
		} else if (!copy_line(grammar, text + at, line_len, line)) {
			r = bad(&ini, N_("the line holds a control character"));
		} else {
			r = one_line(&ini, line);
		}
		if (r < 0) {
			return r;
		}
		at += line_len + 1;
	}
	return 0;
}
