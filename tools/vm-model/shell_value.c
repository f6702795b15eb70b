#include "tools/vm-model/shell_value.h"

#include <stdlib.h>
#include <string.h>

#include "tools/vm-model/text.h"

struct scan {
	const char *at;
	bool expands; /* the word read last has $ or ` outside of single quotes */
	bool broken;  /* an open quote */
};

struct assignment {
	unsigned count;
	bool is_complex;
	size_t start, end; /* of the value as it is written, the last one's */
	char *value;
};

/* What stands behind a backslash; a newline there is nothing. */
static void escaped(struct scan *scan, struct text *word, bool in_quotes) {
	char c = *++scan->at;
	if (c == '\0') {
		scan->broken = true;
		return;
	}
	if (in_quotes && !strchr("$`\"\\\n", c)) {
		text_add_bytes(word, "\\", 1);
	}
	if (c != '\n') {
		text_add_bytes(word, &c, 1);
	}
	scan->at++;
}

static void double_quoted(struct scan *scan, struct text *word) {
	scan->at++;
	while (*scan->at && *scan->at != '"') {
		if (*scan->at == '\\') {
			escaped(scan, word, true);
			continue;
		}
		scan->expands = scan->expands || *scan->at == '$' || *scan->at == '`';
		text_add_bytes(word, scan->at++, 1);
	}
	scan->broken = scan->broken || *scan->at != '"';
	scan->at += *scan->at == '"';
}

static void single_quoted(struct scan *scan, struct text *word) {
	size_t len = strcspn(++scan->at, "'");
	text_add_bytes(word, scan->at, len);
	scan->at += len;
	scan->broken = scan->broken || *scan->at != '\'';
	scan->at += *scan->at == '\'';
}

/* Over `...` or $(...) with what is in them, quotes and all: a value with one is not ours to read.
 */
static void substitution(struct scan *scan) {
	char close = *scan->at == '`' ? '`' : ')';
	unsigned depth = 0;
	struct text ignored = { 0 };
	scan->expands = true;
	scan->at += close == ')' ? 2 : 1;
	while (*scan->at && (*scan->at != close || depth)) {
		if (*scan->at == '\\' && scan->at[1]) {
			scan->at += 2;
		} else if (*scan->at == '\'') {
			single_quoted(scan, &ignored);
		} else if (*scan->at == '"') {
			double_quoted(scan, &ignored);
		} else {
			depth += close == ')' && *scan->at == '(';
			depth -= close == ')' && *scan->at == ')';
			scan->at++;
		}
	}
	scan->broken = scan->broken || !*scan->at;
	scan->at += *scan->at != '\0';
	text_finish(&ignored);
}

static bool ends_word(char c) {
	return c == '\0' || strchr(" \t\n;&|()<>", c);
}

/* One word of a command, without its quotes. */
static void read_word(struct scan *scan, struct text *word) {
	scan->expands = false;
	while (!ends_word(*scan->at)) {
		if (*scan->at == '\\') {
			escaped(scan, word, false);
		} else if (*scan->at == '"') {
			double_quoted(scan, word);
		} else if (*scan->at == '\'') {
			single_quoted(scan, word);
		} else if (*scan->at == '`' || (scan->at[0] == '$' && scan->at[1] == '(')) {
			substitution(scan);
		} else {
			scan->expands = scan->expands || *scan->at == '$';
			text_add_bytes(word, scan->at++, 1);
		}
	}
}

static bool is_one_of(const char *word, const char *list) {
	return word[0] && list_has(list, word, ' ');
}

/* NAME=VALUE or NAME+=VALUE at the scan: what is behind the "=", and whether it adds. */
static const char *assigned(const char *at, const char *name, bool *ret_adds) {
	size_t len = strlen(name);
	if (strncmp(at, name, len) != 0) {
		return NULL;
	}
	*ret_adds = at[len] == '+' && at[len + 1] == '=';
	return at[len] == '=' ? at + len + 1 : *ret_adds ? at + len + 2 : NULL;
}

static void note(struct assignment *found, const char *text, struct scan *scan, const char *value,
		bool conditional) {
	struct text word = { 0 };
	scan->at = value;
	found->start = (size_t)(value - text);
	read_word(scan, &word);
	found->end = (size_t)(scan->at - text);
	found->count++;
	found->is_complex = found->is_complex || conditional || scan->expands || scan->broken ||
			    (*scan->at && !strchr(" \t\n;", *scan->at));
	free(found->value);
	found->value = xstrdup(text_get(&word));
	text_finish(&word);
}

/* To the end of a comment, or over blanks and separators; true if a command begins here. */
static bool skip(struct scan *scan, bool *first) {
	if (*scan->at == '#' && *first) {
		scan->at += strcspn(scan->at, "\n");
		return false;
	}
	if (*scan->at == '\\' && scan->at[1] == '\n') {
		scan->at += 2;
		return false;
	}
	if (ends_word(*scan->at)) {
		*first = *first || (*scan->at != ' ' && *scan->at != '\t');
		scan->at++;
		return false;
	}
	return true;
}

static void find(const char *text, const char *name, struct assignment *found) {
	struct scan scan = { .at = text };
	bool first = true; /* a command begins */
	unsigned depth = 0;
	bool other = false; /* a command that is no assignment is under way */
	*found = (struct assignment){ 0 };
	while (*scan.at && !scan.broken) {
		bool adds = false;
		if (scan.at[0] == '<' && scan.at[1] == '<') {
			found->is_complex = true; /* a here-document: its lines are no commands */
		}
		bool chained = (*scan.at == '&' || *scan.at == '|') && scan.at[1] == *scan.at;
		if (*scan.at == '\n') {
			other = false;
		}
		other = other || chained || *scan.at == '(';
		if (!skip(&scan, &first)) {
			continue;
		}
		const char *value = first ? assigned(scan.at, name, &adds) : NULL;
		if (value) {
			note(found, text, &scan, value, adds || depth > 0 || other);
			continue;
		}
		struct text word = { 0 };
		read_word(&scan, &word);
		const char *is = text_get(&word);
		if (first && is_one_of(is, "if case for while until {")) {
			depth++;
		} else if (first && is_one_of(is, "fi esac done }")) {
			depth -= depth > 0;
		}
		/* "export X=1", "X=1 Y=2": assignments go on. */
		first = first && (is_one_of(is, "export then else elif do if while until ! {") ||
						 strchr(is, '='));
		text_finish(&word);
	}
	found->is_complex = found->is_complex || scan.broken || found->count > 1;
}

enum shell_found shell_value(const char *text, const char *name, char **ret_value) {
	struct assignment found;
	find(text, name, &found);
	if (found.count == 0 && !found.is_complex) {
		return SHELL_NONE;
	}
	if (found.is_complex) {
		free(found.value);
		return SHELL_COMPLEX;
	}
	*ret_value = found.value;
	return SHELL_PLAIN;
}

static void add_quoted(struct text *text, const char *value, char quote) {
	bool plain = quote == '\'' && !strchr(value, '\'');
	text_add(text, "%c", plain ? '\'' : '"');
	for (; *value; value++) {
		text_add(text, "%s%c", !plain && strchr("$`\"\\", *value) ? "\\" : "", *value);
	}
	text_add(text, "%c", plain ? '\'' : '"');
}

char *shell_with_value(const char *text, const char *name, const char *value) {
	struct assignment found;
	struct text out = { 0 };
	find(text, name, &found);
	if (found.count == 0) {
		size_t len = strlen(text);
		text_add(&out, "%s%s%s=", text, len && text[len - 1] != '\n' ? "\n" : "", name);
		add_quoted(&out, value, '"');
		text_add(&out, "\n");
	} else if (strcmp(found.value, value) == 0) {
		text_add(&out, "%s", text);
	} else {
		text_add_bytes(&out, text, found.start);
		add_quoted(&out, value, text[found.start]);
		text_add(&out, "%s", text + found.end);
	}
	free(found.value);
	return text_take(&out);
}

char *shell_assignment(const char *text, const char *name) {
	struct assignment found;
	find(text, name, &found);
	char *line = found.count ? xasprintf("%s=%.*s", name, (int)(found.end - found.start),
						   text + found.start)
				 : NULL;
	free(found.value);
	return line;
}

/* ---- the kernel's words ---- */

#define BLANKS " \t\n\v\f\r" /* the kernel's isspace() */

static size_t word_len(const char *at) {
	size_t len = 0;
	for (bool quoted = false; at[len] && (quoted || !strchr(BLANKS, at[len])); len++) {
		quoted = quoted != (at[len] == '"');
	}
	return len;
}

static bool is_word(const char *at, size_t len, const char *word) {
	return word && strlen(word) == len && memcmp(at, word, len) == 0;
}

bool kernel_is_whole(const char *words) {
	bool whole = true;
	for (; *words; words++) {
		whole = whole != (*words == '"');
	}
	return whole;
}

/* "intel_iommu=on,igfx_off" says "intel_iommu=on", and iommu.passthrough=1 is another name. */
static bool says(const char *at, size_t len, const char *word) {
	const char *value = strchr(word, '=');
	if (strcmp(word, "iommu=pt") == 0 && is_word(at, len, "iommu.passthrough=1")) {
		return true;
	}
	const size_t key = value ? (size_t)(value + 1 - word) : 0;
	if (!key || strchr(word, ',') || len <= key || memcmp(at, word, key) != 0) {
		return false;
	}
	const size_t n = strlen(word + key);
	for (const char *part = at + key; part < at + len; part++) {
		const char *end = memchr(part, ',', (size_t)(at + len - part));
		end = end ? end : at + len;
		if ((size_t)(end - part) == n && memcmp(part, word + key, n) == 0) {
			return true;
		}
		part = end;
	}
	return false;
}

bool kernel_has(const char *words, const char *word) {
	for (const char *at = words + strspn(words, BLANKS); *at; at += strspn(at, BLANKS)) {
		size_t len = word_len(at);
		if (is_word(at, len, word) || says(at, len, word)) {
			return true;
		}
		at += len;
	}
	return false;
}

char *kernel_with(const char *words, const char *word, const char *without) {
	struct text out = { 0 };
	for (const char *at = words; *at;) {
		size_t blanks = strspn(at, BLANKS);
		size_t len = word_len(at + blanks);
		if (!is_word(at + blanks, len, without)) {
			/* What was first takes no blank with it. */
			text_add_bytes(&out, at + (out.len ? 0 : blanks),
					len + (out.len ? blanks : 0));
		}
		at += blanks + len;
	}
	if (word && !kernel_has(words, word)) {
		while (out.len && strchr(BLANKS, out.bytes[out.len - 1])) {
			out.bytes[--out.len] = '\0';
		}
		text_add(&out, "%s%s", out.len ? " " : "", word);
	}
	return text_take(&out);
}
