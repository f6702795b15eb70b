/*
 * The names that programs have for the types of the clipboard: MIME types and, on X11, older atoms.
 * Pure. The names come from foreign programs: they are compared and forgotten.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/clipboard/clipboard_message.h"

struct clipboard_name {
	enum clipboard_type type;
	bool offer;  /* we offer it; the others are only understood */
	bool latin1; /* on X11 its bytes are ISO 8859-1 */
	const char *name;
};

#define CLIPBOARD_NAMES 15u

/* Offered beside a password by managers that want no other program to keep it. */
#define CLIPBOARD_SECRET_NAME "x-kde-passwordManagerHint"

/* The best of each type first. */
extern const struct clipboard_name clipboard_names[CLIPBOARD_NAMES];

/* Index in clipboard_names; -1 = none of ours. */
int clipboard_name_find(const char *name);

/* What an offer has: the best name of each type. */
struct clipboard_choice {
	unsigned types;                       /* enum clipboard_type */
	unsigned char index[CLIPBOARD_TYPES]; /* in clipboard_names, by clipboard_type_index() */
};

/* index: of clipboard_names; others are ignored. */
void clipboard_choice_add(struct clipboard_choice *choice, int index);
/* Index in clipboard_names of the name to ask with; -1 = the type is not offered. */
int clipboard_choice_get(const struct clipboard_choice *choice, unsigned type);

/* 0..CLIPBOARD_TYPES - 1 for one type; -1 for anything else. */
int clipboard_type_index(unsigned type);

/* Heap; NULL when out of memory. */
uint8_t *clipboard_from_latin1(const uint8_t *text, size_t len, size_t *ret_len);
/* In place: what ISO 8859-1 lacks becomes '?'. Returns the new length. */
size_t clipboard_to_latin1(uint8_t *text, size_t len);
