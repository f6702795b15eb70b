/*
 * Text typed as keystrokes of a US keyboard, a few at a time. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define KEYSTROKES_TEXT_MAX 65536u

struct keystrokes {
	char *text; /* NULL: nothing to type */
	size_t len;
	size_t at;
};

struct stroke {
	unsigned code; /* KEY_* */
	bool shift;
};

/* Takes a copy of UTF-8 text in place of what was left. Returns the number of characters that have
 * no key and will be left out (carriage returns are left out without being counted), -E2BIG, or
 * -ENOMEM. */
int keystrokes_set(struct keystrokes *keystrokes, const char *text);
void keystrokes_clear(struct keystrokes *keystrokes);

/* The next stroke, if it takes at most max_events presses and releases. caps: the guest's caps lock
 * is on. Returns false when there is none or it is too long for now. */
bool keystrokes_next(struct keystrokes *keystrokes, unsigned max_events, bool caps,
		struct stroke *ret_stroke);

/* Skips what has no key; false at the end of the text, which is freed then. */
bool keystrokes_more(struct keystrokes *keystrokes);
