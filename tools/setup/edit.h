/*
 * Edits an XML document and keeps every other byte of it. libxml2 says what the document means
 * (struct domain, whose "node" numbers the elements in document order); this module finds the bytes
 * of those elements and replaces only them. The result is parsed again after every commit.
 *
 * UTF-8 text without a document type; anything else is refused.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/vm-model/domain.h"

struct xml_span {
	size_t start;       /* the '<' of the opening tag */
	size_t open_end;    /* after its '>' */
	size_t close_start; /* the '<' of the closing tag; open_end if the element closes itself */
	size_t end;         /* after the element */
	int parent;         /* -1 = the root */
	bool self_closing;
};

struct xml_spans {
	struct xml_span *span;
	int count;
};

/* Elements in document order. Returns 0 or -EBADMSG (tags that do not match, a DTD, too deep). */
int xml_scan(const char *text, size_t len, struct xml_spans *ret_spans);
void xml_spans_free(struct xml_spans *spans);

struct edit {
	size_t at, remove;
	char *insert;
	unsigned order;
};

struct document {
	char *text;
	size_t len;
	struct domain domain;
	struct xml_spans spans;
	struct edit *edits;
	unsigned edit_count;
};

/* Takes a copy. Returns 0 or a negative errno with a line in error. */
int document_load(struct document *ret_document, const char *text, char *error, size_t error_size);
void document_free(struct document *document);

/* Edits refer to the text as loaded; they may not overlap. */
void document_remove(struct document *document, int node);
void document_replace(struct document *document, int node, const char *xml);
/* xml: lines with an indentation of two blanks a level, no newline at the end. As the last child
 * of parent, or behind `after`, a child of it (-1 = last). */
void document_add(struct document *document, int parent, int after, const char *xml);
void document_set_attribute(
		struct document *document, int node, const char *name, const char *value);
/* Within an attribute as it is written: what consists of `digits` behind `before`. False: not
 * there. */
bool document_set_in_attribute(struct document *document, int node, const char *name,
		const char *before, const char *digits, const char *value);
void document_set_content(struct document *document, int node, const char *content);

/* Carries the edits out and reads the result again. Returns 1 if something changed, 0, or a
 * negative errno (the document is as it was). */
int document_commit(struct document *document, char *error, size_t error_size);
