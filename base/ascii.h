/*
 * Comparison of names without regard to case, by the rules of ASCII. The locale has no say: in a
 * Turkish one "I" is not the capital of "i", so the C library finds "FILE" and "file" to differ.
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

static inline int ascii_lower(int c) {
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static inline int ascii_upper(int c) {
	return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

static inline bool ascii_is_letter(int c) {
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* As strncasecmp and strcasecmp in the C locale. */
static inline int ascii_ncasecmp(const char *a, const char *b, size_t len) {
	for (size_t i = 0; i < len; i++) {
		const int x = ascii_lower((unsigned char)a[i]);
		const int y = ascii_lower((unsigned char)b[i]);
		if (x != y || x == '\0') {
			return x - y;
		}
	}
	return 0;
}

static inline int ascii_casecmp(const char *a, const char *b) {
	return ascii_ncasecmp(a, b, (size_t)-1);
}
