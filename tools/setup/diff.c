#include "tools/setup/diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT   3
#define TABLE_MAX (1u << 20) /* cells of 4 bytes; larger middles are shown as replaced whole */

struct lines {
	const char **line;
	size_t *len; /* with the newline */
	size_t count;
};

static struct lines split(const char *text) {
	struct lines lines = { 0 };
	const char *end = text + strlen(text);
	size_t room = 0;
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *next = newline ? newline + 1 : end;
		if (lines.count == room) {
			room = room ? 2 * room : 64;
			lines.line = xrealloc(lines.line, room * sizeof *lines.line);
			lines.len = xrealloc(lines.len, room * sizeof *lines.len);
		}
		lines.line[lines.count] = text;
		lines.len[lines.count++] = (size_t)(next - text);
		text = next;
	}
	return lines;
}

static bool same(const struct lines *a, size_t i, const struct lines *b, size_t j) {
	return a->len[i] == b->len[j] && memcmp(a->line[i], b->line[j], a->len[i]) == 0;
}

/* One letter a line: ' ' in both, '-' only old, '+' only new. */
struct script {
	char *op;
	size_t count;
};

static void put(struct script *script, char op, size_t times) {
	for (size_t i = 0; i < times; i++) {
		script->op[script->count++] = op;
	}
}

/* The longest common subsequence of the part that differs. */
static void middle(struct script *script, const struct lines *a, size_t a0, size_t an,
		const struct lines *b, size_t b0, size_t bn) {
	if ((an + 1) * (bn + 1) > TABLE_MAX) {
		put(script, '-', an);
		put(script, '+', bn);
		return;
	}
	size_t width = bn + 1;
	unsigned *table = xmalloc((an + 1) * width * sizeof *table);
	for (size_t i = an; i-- > 0;) {
		for (size_t j = bn; j-- > 0;) {
			unsigned down = table[(i + 1) * width + j];
			unsigned right = table[i * width + j + 1];
			table[i * width + j] = same(a, a0 + i, b, b0 + j)
							       ? table[(i + 1) * width + j + 1] + 1
					       : down > right ? down
							      : right;
		}
	}
	size_t i = 0;
	size_t j = 0;
	while (i < an || j < bn) {
		if (i < an && j < bn && same(a, a0 + i, b, b0 + j)) {
			put(script, ' ', 1);
			i++;
			j++;
		} else if (j == bn || (i < an && table[(i + 1) * width + j] >=
								      table[i * width + j + 1])) {
			put(script, '-', 1);
			i++;
		} else {
			put(script, '+', 1);
			j++;
		}
	}
	free(table);
}

static struct script compare(const struct lines *a, const struct lines *b) {
	struct script script = { .op = xmalloc(a->count + b->count + 1) };
	size_t head = 0;
	size_t tail = 0;
	while (head < a->count && head < b->count && same(a, head, b, head)) {
		head++;
	}
	while (tail < a->count - head && tail < b->count - head &&
			same(a, a->count - 1 - tail, b, b->count - 1 - tail)) {
		tail++;
	}
	put(&script, ' ', head);
	middle(&script, a, head, a->count - head - tail, b, head, b->count - head - tail);
	put(&script, ' ', tail);
	return script;
}

static void put_line(struct text *out, char op, const char *line, size_t len) {
	text_add(out, "%c", op);
	text_add_bytes(out, line, len);
	if (len == 0 || line[len - 1] != '\n') {
		text_add(out, "\n\\ No newline at end of file\n");
	}
}

static void range(struct text *out, char sign, size_t first, size_t count) {
	text_add(out, "%c%zu", sign, count == 0 ? first : first + 1);
	if (count != 1) {
		text_add(out, ",%zu", count);
	}
}

static void hunk(struct text *out, const struct script *script, size_t from, size_t to, size_t ai,
		size_t bi, const struct lines *a, const struct lines *b) {
	size_t an = 0;
	size_t bn = 0;
	for (size_t k = from; k < to; k++) {
		an += script->op[k] != '+';
		bn += script->op[k] != '-';
	}
	text_add(out, "@@ ");
	range(out, '-', ai, an);
	text_add(out, " ");
	range(out, '+', bi, bn);
	text_add(out, " @@\n");
	for (size_t k = from; k < to; k++) {
		char op = script->op[k];
		if (op == '+') {
			put_line(out, op, b->line[bi], b->len[bi]);
		} else {
			put_line(out, op, a->line[ai], a->len[ai]);
		}
		ai += op != '+';
		bi += op != '-';
	}
}

/* The end of the hunk that starts with the change at k: changes up to 2 * CONTEXT apart join. */
static size_t hunk_end(const struct script *script, size_t k) {
	size_t last = k;
	for (; k < script->count && k - last <= 2 * CONTEXT; k++) {
		last = script->op[k] != ' ' ? k : last;
	}
	size_t end = last + 1 + CONTEXT;
	return end < script->count ? end : script->count;
}

void diff_unified(struct text *out, const char *old_name, const char *old_text,
		const char *new_name, const char *new_text) {
	if (strcmp(old_text, new_text) == 0) {
		return;
	}
	struct lines a = split(old_text);
	struct lines b = split(new_text);
	struct script script = compare(&a, &b);
	text_add(out, "--- %s\n+++ %s\n", old_name, new_name);
	size_t ai = 0;
	size_t bi = 0;
	size_t k = 0;
	while (k < script.count) {
		size_t change = k;
		while (change < script.count && script.op[change] == ' ') {
			change++;
		}
		if (change == script.count) {
			break;
		}
		size_t from = change - k > CONTEXT ? change - CONTEXT : k;
		ai += from - k;
		bi += from - k;
		size_t to = hunk_end(&script, change);
		hunk(out, &script, from, to, ai, bi, &a, &b);
		for (k = from; k < to; k++) {
			ai += script.op[k] != '+';
			bi += script.op[k] != '-';
		}
	}
	free(script.op);
	free(a.line);
	free(a.len);
	free(b.line);
	free(b.len);
}
