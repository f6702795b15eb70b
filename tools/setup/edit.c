#include "tools/setup/edit.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vm-model/text.h"

#define DEPTH_MAX 256

/* ---- scanning ---- */

struct scanner {
	const char *text;
	size_t len, at;
	int stack[DEPTH_MAX];
	int depth;
	struct xml_spans *spans;
};

static bool starts(const struct scanner *scanner, const char *what) {
	size_t n = strlen(what);
	return scanner->len - scanner->at >= n && memcmp(scanner->text + scanner->at, what, n) == 0;
}

/* Moves behind the next occurrence of `what`. */
static bool skip_to(struct scanner *scanner, const char *what) {
	const char *found = memmem(scanner->text + scanner->at, scanner->len - scanner->at, what,
			strlen(what));
	if (!found) {
		return false;
	}
	scanner->at = (size_t)(found - scanner->text) + strlen(what);
	return true;
}

/* Moves behind the '>' of the tag at scanner->at; quotes may hold a '>'. */
static bool skip_tag(struct scanner *scanner) {
	char quote = '\0';
	for (; scanner->at < scanner->len; scanner->at++) {
		char c = scanner->text[scanner->at];
		if (quote) {
			if (c == quote) {
				quote = '\0';
			}
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '>') {
			scanner->at++;
			return true;
		}
	}
	return false;
}

static bool open_element(struct scanner *scanner) {
	struct xml_spans *spans = scanner->spans;
	if (scanner->depth == DEPTH_MAX) {
		return false;
	}
	if ((spans->count & (spans->count - 1)) == 0) {
		size_t room = spans->count ? (size_t)spans->count * 2 : 1;
		spans->span = xrealloc(spans->span, room * sizeof *spans->span);
	}
	struct xml_span *span = &spans->span[spans->count];
	*span = (struct xml_span){ .start = scanner->at,
		.parent = scanner->depth ? scanner->stack[scanner->depth - 1] : -1 };
	if (!skip_tag(scanner)) {
		return false;
	}
	span->open_end = scanner->at;
	span->self_closing = scanner->text[scanner->at - 2] == '/';
	if (span->self_closing) {
		span->close_start = span->end = span->open_end;
	} else {
		scanner->stack[scanner->depth++] = spans->count;
	}
	spans->count++;
	return true;
}

static size_t name_len(const char *text, size_t max) {
	size_t n = 0;
	while (n < max && !isspace((unsigned char)text[n]) && text[n] != '>' && text[n] != '/') {
		n++;
	}
	return n;
}

static bool close_element(struct scanner *scanner) {
	if (scanner->depth == 0) {
		return false;
	}
	struct xml_span *span = &scanner->spans->span[scanner->stack[--scanner->depth]];
	span->close_start = scanner->at;
	const char *opened = scanner->text + span->start + 1;
	const char *closed = scanner->text + scanner->at + 2;
	size_t n = name_len(opened, span->open_end - span->start - 1);
	if (scanner->len - scanner->at < n + 3 || memcmp(opened, closed, n) != 0 ||
			name_len(closed, scanner->len - scanner->at - 2) != n ||
			!skip_tag(scanner)) {
		return false;
	}
	span->end = scanner->at;
	return true;
}

static bool scan_markup(struct scanner *scanner) {
	if (starts(scanner, "<!--")) {
		scanner->at += 4;
		return skip_to(scanner, "-->");
	}
	if (starts(scanner, "<![CDATA[")) {
		return skip_to(scanner, "]]>");
	}
	if (starts(scanner, "<?")) {
		return skip_to(scanner, "?>");
	}
	if (starts(scanner, "<!")) {
		return false;
	}
	return starts(scanner, "</") ? close_element(scanner) : open_element(scanner);
}

int xml_scan(const char *text, size_t len, struct xml_spans *ret_spans) {
	struct scanner scanner = { .text = text, .len = len, .spans = ret_spans };
	*ret_spans = (struct xml_spans){ 0 };
	while (scanner.at < len) {
		const char *next = memchr(text + scanner.at, '<', len - scanner.at);
		if (!next) {
			break;
		}
		scanner.at = (size_t)(next - text);
		if (!scan_markup(&scanner)) {
			xml_spans_free(ret_spans);
			return -EBADMSG;
		}
	}
	if (scanner.depth != 0 || ret_spans->count == 0) {
		xml_spans_free(ret_spans);
		return -EBADMSG;
	}
	return 0;
}

void xml_spans_free(struct xml_spans *spans) {
	free(spans->span);
	*spans = (struct xml_spans){ 0 };
}

/* ---- the document ---- */

int document_load(struct document *ret_document, const char *text, char *error, size_t error_size) {
	memset(ret_document, 0, sizeof *ret_document);
	size_t len = strlen(text);
	int r = domain_read_xml(&ret_document->domain, text, len);
	if (r < 0) {
		snprintf(error, error_size, "%s", ret_document->domain.xml_error);
		return r;
	}
	if (ret_document->domain.prefix_taken) {
		snprintf(error, error_size,
				"its xmlns:qemu is not http://libvirt.org/schemas/domain/qemu/1.0: correct it first");
		return -EBADMSG;
	}
	if (ret_document->domain.prefix_unbound) {
		/* What is added next to it would bring it to life. */
		snprintf(error, error_size,
				"a prefix without its xmlns (qemu: is http://libvirt.org/schemas/domain/qemu/1.0)");
		return -EBADMSG;
	}
	r = xml_scan(text, len, &ret_document->spans);
	if (r < 0) {
		snprintf(error, error_size, "its tags cannot be followed");
		return r;
	}
	ret_document->text = xstrdup(text);
	ret_document->len = len;
	return 0;
}

static void drop_edits(struct document *document) {
	for (unsigned i = 0; i < document->edit_count; i++) {
		free(document->edits[i].insert);
	}
	free(document->edits);
	document->edits = NULL;
	document->edit_count = 0;
}

void document_free(struct document *document) {
	drop_edits(document);
	xml_spans_free(&document->spans);
	free(document->text);
	memset(document, 0, sizeof *document);
}

static void add_edit(struct document *document, size_t at, size_t remove, char *insert) {
	document->edits = xrealloc(
			document->edits, (document->edit_count + 1) * sizeof *document->edits);
	document->edits[document->edit_count] = (struct edit){
		.at = at, .remove = remove, .insert = insert, .order = document->edit_count
	};
	document->edit_count++;
}

static const struct xml_span *span_of(const struct document *document, int node) {
	return node >= 0 && node < document->spans.count ? &document->spans.span[node] : NULL;
}

/* Start of the blanks before the element, its line's newline included. */
static size_t with_line(const struct document *document, size_t at) {
	while (at > 0 && (document->text[at - 1] == ' ' || document->text[at - 1] == '\t')) {
		at--;
	}
	if (at > 0 && document->text[at - 1] == '\n') {
		at--;
		at -= at > 0 && document->text[at - 1] == '\r';
	}
	return at;
}

void document_remove(struct document *document, int node) {
	const struct xml_span *span = span_of(document, node);
	if (span) {
		size_t from = with_line(document, span->start);
		add_edit(document, from, span->end - from, xstrdup(""));
	}
}

static int first_child(const struct document *document, int parent) {
	return parent + 1 < document->spans.count &&
					       document->spans.span[parent + 1].parent == parent
			       ? parent + 1
			       : -1;
}

static int last_child(const struct document *document, int parent) {
	int last = -1;
	for (int i = parent + 1; i < document->spans.count &&
				 document->spans.span[i].start < document->spans.span[parent].end;
			i++) {
		last = document->spans.span[i].parent == parent ? i : last;
	}
	return last;
}

/* The blanks before the element on its line; false if something else stands there. */
static bool indent_of(const struct document *document, int node, struct text *indent) {
	size_t start = document->spans.span[node].start;
	size_t line = start;
	while (line > 0 && (document->text[line - 1] == ' ' || document->text[line - 1] == '\t')) {
		line--;
	}
	if (line > 0 && document->text[line - 1] != '\n') {
		return false;
	}
	text_add_bytes(indent, document->text + line, start - line);
	return true;
}

static void child_indent(const struct document *document, int parent, struct text *indent) {
	int child = first_child(document, parent);
	if (child >= 0 && indent_of(document, child, indent)) {
		return;
	}
	text_finish(indent);
	indent_of(document, parent, indent);
	text_add(indent, "  ");
}

static void add_lines(struct text *text, const char *xml, const char *indent, bool first_too) {
	for (const char *line = xml; *line;) {
		size_t len = strcspn(line, "\n");
		if (line != xml || first_too) {
			text_add(text, "\n%s", indent);
		}
		text_add_bytes(text, line, len);
		line += len + (line[len] == '\n');
	}
}

void document_replace(struct document *document, int node, const char *xml) {
	const struct xml_span *span = span_of(document, node);
	if (!span) {
		return;
	}
	struct text indent = { 0 };
	struct text out = { 0 };
	indent_of(document, node, &indent);
	add_lines(&out, xml, text_get(&indent), false);
	add_edit(document, span->start, span->end - span->start, text_take(&out));
	text_finish(&indent);
}

static void open_up(struct document *document, int parent, const char *lines) {
	const struct xml_span *span = span_of(document, parent);
	struct text indent = { 0 };
	struct text out = { 0 };
	indent_of(document, parent, &indent);
	const char *name = document->text + span->start + 1;
	text_add(&out, ">%s\n%s</%.*s>", lines, text_get(&indent),
			(int)name_len(name, span->open_end - span->start - 1), name);
	size_t slash = span->open_end - 2;
	add_edit(document, slash, 2, text_take(&out));
	text_finish(&indent);
}

void document_add(struct document *document, int parent, int after, const char *xml) {
	const struct xml_span *span = span_of(document, parent);
	if (!span) {
		return;
	}
	struct text indent = { 0 };
	struct text out = { 0 };
	child_indent(document, parent, &indent);
	add_lines(&out, xml, text_get(&indent), true);
	text_finish(&indent);
	if (span->self_closing) {
		open_up(document, parent, text_get(&out));
		text_finish(&out);
		return;
	}
	int behind = after >= 0 ? after : last_child(document, parent);
	size_t at = behind >= 0 ? document->spans.span[behind].end : span->open_end;
	if (behind < 0 && at == span->close_start) { /* <a></a> on one line */
		struct text own = { 0 };
		indent_of(document, parent, &own);
		text_add(&out, "\n%s", text_get(&own));
		text_finish(&own);
	}
	add_edit(document, at, 0, text_take(&out));
}

/* The value of an attribute in the opening tag, without its quotes. */
static bool find_attribute(const struct document *document, const struct xml_span *span,
		const char *name, size_t *ret_at, size_t *ret_len, char *ret_quote) {
	const char *text = document->text;
	size_t at = span->start + 1;
	at += name_len(text + at, span->open_end - at);
	*ret_quote = '\'';
	while (at < span->open_end) {
		while (at < span->open_end && isspace((unsigned char)text[at])) {
			at++;
		}
		size_t key = at;
		while (at < span->open_end && text[at] != '=' && text[at] != '>' &&
				text[at] != '/' && !isspace((unsigned char)text[at])) {
			at++;
		}
		size_t key_len = at - key;
		while (at < span->open_end &&
				(isspace((unsigned char)text[at]) || text[at] == '=')) {
			at++;
		}
		if (at >= span->open_end || (text[at] != '"' && text[at] != '\'')) {
			return false;
		}
		*ret_quote = text[at];
		size_t value = ++at;
		while (at < span->open_end && text[at] != *ret_quote) {
			at++;
		}
		if (key_len == strlen(name) && memcmp(text + key, name, key_len) == 0) {
			*ret_at = value;
			*ret_len = at - value;
			return true;
		}
		at++;
	}
	return false;
}

void document_set_attribute(
		struct document *document, int node, const char *name, const char *value) {
	const struct xml_span *span = span_of(document, node);
	size_t at;
	size_t len;
	char quote;
	if (!span) {
		return;
	}
	struct text text = { 0 };
	if (find_attribute(document, span, name, &at, &len, &quote)) {
		text_add_xml(&text, value);
		if (text.len != len || memcmp(text_get(&text), document->text + at, len) != 0) {
			add_edit(document, at, len, text_take(&text));
		}
		text_finish(&text);
		return;
	}
	at = span->open_end - 1 - span->self_closing;
	text_add(&text, " %s=%c", name, quote);
	text_add_xml(&text, value);
	text_add(&text, "%c", quote);
	while (at > span->start && isspace((unsigned char)document->text[at - 1])) {
		at--;
	}
	add_edit(document, at, 0, text_take(&text));
}

bool document_set_in_attribute(struct document *document, int node, const char *name,
		const char *before, const char *digits, const char *value) {
	const struct xml_span *span = span_of(document, node);
	size_t at;
	size_t len;
	char quote;
	if (!span || !find_attribute(document, span, name, &at, &len, &quote)) {
		return false;
	}
	const char *text = document->text + at;
	const char *found = memmem(text, len, before, strlen(before));
	if (!found) {
		return false;
	}
	size_t from = (size_t)(found - text) + strlen(before);
	while (from < len && text[from] == ' ') {
		from++;
	}
	size_t n = strspn(text + from, digits);
	n = n < len - from ? n : len - from;
	if (n == 0) {
		return false;
	}
	if (n != strlen(value) || memcmp(text + from, value, n) != 0) {
		add_edit(document, at + from, n, xstrdup(value));
	}
	return true;
}

void document_set_content(struct document *document, int node, const char *content) {
	const struct xml_span *span = span_of(document, node);
	if (span && !span->self_closing) {
		struct text text = { 0 };
		text_add_xml(&text, content);
		add_edit(document, span->open_end, span->close_start - span->open_end,
				text_take(&text));
	}
}

static int by_place(const void *a, const void *b) {
	const struct edit *x = a;
	const struct edit *y = b;
	if (x->at != y->at) {
		return x->at < y->at ? -1 : 1;
	}
	return x->order < y->order ? -1 : x->order > y->order;
}

int document_commit(struct document *document, char *error, size_t error_size) {
	if (document->edit_count == 0) {
		return 0;
	}
	qsort(document->edits, document->edit_count, sizeof *document->edits, by_place);
	struct text out = { 0 };
	size_t at = 0;
	for (unsigned i = 0; i < document->edit_count; i++) {
		const struct edit *edit = &document->edits[i];
		if (edit->at < at) {
			text_finish(&out);
			drop_edits(document);
			snprintf(error, error_size, "two changes meet in one place");
			return -EINVAL;
		}
		text_add_bytes(&out, document->text + at, edit->at - at);
		text_add(&out, "%s", edit->insert);
		at = edit->at + edit->remove;
	}
	text_add_bytes(&out, document->text + at, document->len - at);
	drop_edits(document);
	struct document *after = xmalloc(sizeof *after);
	int r = document_load(after, text_get(&out), error, error_size);
	text_finish(&out);
	if (r == 0) {
		document_free(document);
		*document = *after;
		r = 1;
	}
	free(after);
	return r;
}
