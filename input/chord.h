/*
 * Key chords: which keys switch the grab, and the escape key. Pure: held keys and times go in,
 * verdicts come out. The router uses it for grabbed devices, the window for its own keys.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "input/keymap.h"

#define CHORD_KEYS_MAX 4

/* A set of keys; which ones are down. */
struct key_set {
	uint64_t bits[KEYMAP_CODES / 64];
	unsigned count;
};

/* Both return whether the set changed. Codes outside the table are ignored. */
bool key_set_add(struct key_set *set, unsigned code);
bool key_set_remove(struct key_set *set, unsigned code);
bool key_set_has(const struct key_set *set, unsigned code);
/* The lowest code at or above `from`; 0 when there is none (0 is no key). */
unsigned key_set_next(const struct key_set *set, unsigned from);

struct chord {
	unsigned count;                   /* 0 = never matches */
	uint16_t keys[CHORD_KEYS_MAX][2]; /* each either of two (left and right), or one and 0 */
	bool exact; /* no other modifier may be held (user's chords; QEMU's names do not care) */
};

/*
 * The one grammar of chords: one to four names of keys joined by '-' or '+', which mean the same.
 * A name is ctrl, alt, shift, meta (either side of the keyboard), or any that key_code() knows:
 * "ctrl-alt-g", "ctrl+alt+g", "rightctrl", "KEY_PAUSE", "70", "ctrl--" (with the key '-').
 * "ctrl-ctrl alt-alt shift-shift meta-meta scrolllock ctrl-scrolllock" mean what they mean to QEMU
 * (left and right one together). "none" and "" never match. Case does not matter. Returns 0, or
 * -EINVAL.
 */
int chord_parse(const char *text, struct chord *ret_chord);

/* The code of a chord that is one key on one side; else 0. */
unsigned chord_single(const struct chord *chord);

/* The chord as a key that is pressed while the escape key is held: the key that is no modifier, and
 * whether Shift is among the others. -EINVAL when there is no such key, or more than one. */
int chord_binding(const struct chord *chord, unsigned *ret_code, bool *ret_shift);

bool chord_equal(const struct chord *a, const struct chord *b);

/* `code` was just pressed and is in `held`: is the chord complete by it? */
bool chord_complete(const struct chord *chord, const struct key_set *held, unsigned code);

/*
 * The escape key. Tap = a short press with no other key in between; holding it is a request for
 * help; a key pressed meanwhile is a command. Neither reaches the guest.
 */
#define ESCAPE_HOLD_NS 200000000ull

enum escape_verdict {
	ESCAPE_PASS,    /* not ours: handle the key as usual */
	ESCAPE_SWALLOW, /* ours, nothing else happens */
	ESCAPE_DOWN,    /* the escape key went down: start the help timer */
	ESCAPE_KEY,     /* this key was pressed with it; swallow */
	ESCAPE_UP,      /* the escape key came up after help or a command; swallow */
	ESCAPE_TAP,     /* the escape key came up: a tap */
};

struct escape {
	struct chord chord;
	uint64_t hold_ns;
	bool down;
	bool used;     /* a key was pressed with it */
	unsigned code; /* the key that completed the chord */
	uint64_t since_ns;
	struct key_set swallowed; /* their releases are ours too */
};

void escape_init(struct escape *escape, const struct chord *chord, uint64_t hold_ns);

/* One press or release (no repeats). `held` already has the change. */
enum escape_verdict escape_feed(struct escape *escape, const struct key_set *held, unsigned code,
		bool pressed, uint64_t time_ns);

/* Focus or device lost: as if it had never been pressed. Returns whether it was down. */
bool escape_cancel(struct escape *escape);
