/*
 * A growing text, for the set-up programs (doctor, setup, vm-info). They are short-lived: running
 * out of memory ends them with a line on stderr. The player does not use it.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct text {
	char *bytes; /* terminated; NULL while empty */
	size_t len;
	size_t capacity;
};

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_list(struct text *text, const char *format, va_list args)
		__attribute__((format(printf, 2, 0)));
void text_add_bytes(struct text *text, const char *bytes, size_t len);
/* The text, never NULL; stays owned by *text. */
const char *text_get(const struct text *text);
/* The text, heap, the caller's; *text is empty again. */
char *text_take(struct text *text);
void text_finish(struct text *text);

/* Or end the program. */
void *xmalloc(size_t bytes); /* zeroed */
void *xrealloc(void *old, size_t bytes);
char *xstrdup(const char *text);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Copies all of src, or nothing: false where it does not fit (then dst is ""). */
bool copy_text(char *dst, size_t size, const char *src);

/* Escapes a value for a key=value line: control characters, backslash, bytes that are not UTF-8. */
void text_add_escaped(struct text *text, const char *value);
/* What would steer a terminal, or turn its reading round: control characters (C0, C1), marks of
 * direction, bytes that are not UTF-8. */
bool text_steers(const char *text);
/* For people: what steers becomes '?'; a newline stays one, with indent behind it. */
void text_add_safe(struct text *text, const char *indent, const char *foreign);
/* Quotes for a POSIX shell when it must. */
void text_add_shell(struct text *text, const char *word);
/* Escapes for an XML attribute in single quotes. */
void text_add_xml(struct text *text, const char *value);

/* A line that ends with a backslash goes on in the next one: both are blanked, so that every other
 * byte keeps its place. */
void text_join_lines(char *text);

/* "a,b,c" contains "b". */
bool list_has(const char *list, const char *word, char separator);
