#include "input/chord.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <string.h>

#include "base/ascii.h"
#include "input/key_names.h"

bool key_set_has(const struct key_set *set, unsigned code) {
	return code < KEYMAP_CODES && (set->bits[code / 64] >> (code % 64) & 1);
}

bool key_set_add(struct key_set *set, unsigned code) {
	if (code >= KEYMAP_CODES || key_set_has(set, code)) {
		return false;
	}
	set->bits[code / 64] |= 1ull << (code % 64);
	set->count++;
	return true;
}

bool key_set_remove(struct key_set *set, unsigned code) {
	if (!key_set_has(set, code)) {
		return false;
	}
	set->bits[code / 64] &= ~(1ull << (code % 64));
	set->count--;
	return true;
}

unsigned key_set_next(const struct key_set *set, unsigned from) {
	for (unsigned word = from / 64; word < KEYMAP_CODES / 64; word++) {
		uint64_t bits = set->bits[word];
		if (word == from / 64) {
			bits &= ~0ull << (from % 64);
		}
		if (bits) {
			return word * 64 + (unsigned)__builtin_ctzll(bits);
		}
	}
	return 0;
}

struct named_chord {
	const char *name;
	struct chord chord;
};

/* QEMU's grab-toggle names: both keys of a pair, or either Ctrl with ScrollLock. */
static const struct named_chord named_chords[] = {
	{ "ctrl-ctrl", { .count = 2, .keys = { { KEY_LEFTCTRL }, { KEY_RIGHTCTRL } } } },
	{ "alt-alt", { .count = 2, .keys = { { KEY_LEFTALT }, { KEY_RIGHTALT } } } },
	{ "shift-shift", { .count = 2, .keys = { { KEY_LEFTSHIFT }, { KEY_RIGHTSHIFT } } } },
	{ "meta-meta", { .count = 2, .keys = { { KEY_LEFTMETA }, { KEY_RIGHTMETA } } } },
	{ "scrolllock", { .count = 1, .keys = { { KEY_SCROLLLOCK } } } },
	{ "ctrl-scrolllock", { .count = 2,
					     .keys = { { KEY_LEFTCTRL, KEY_RIGHTCTRL },
							     { KEY_SCROLLLOCK } } } },
	{ "none", { 0 } },
	{ "", { 0 } },
};

static const struct {
	const char *name;
	uint16_t keys[2];
} either_side[] = {
	{ "ctrl", { KEY_LEFTCTRL, KEY_RIGHTCTRL } },
	{ "control", { KEY_LEFTCTRL, KEY_RIGHTCTRL } },
	{ "alt", { KEY_LEFTALT, KEY_RIGHTALT } },
	{ "shift", { KEY_LEFTSHIFT, KEY_RIGHTSHIFT } },
	{ "meta", { KEY_LEFTMETA, KEY_RIGHTMETA } },
	{ "super", { KEY_LEFTMETA, KEY_RIGHTMETA } },
	{ "win", { KEY_LEFTMETA, KEY_RIGHTMETA } },
};

static bool chord_wants(const struct chord *chord, unsigned code) {
	for (unsigned i = 0; i < chord->count; i++) {
		if (code == chord->keys[i][0] || code == chord->keys[i][1]) {
			return true;
		}
	}
	return false;
}

static int add_key(struct chord *chord, const char *name) {
	if (chord->count == CHORD_KEYS_MAX) {
		return -EINVAL;
	}
	uint16_t *keys = chord->keys[chord->count];
	keys[0] = (uint16_t)key_code(name);
	keys[1] = 0;
	for (size_t i = 0; i < sizeof either_side / sizeof either_side[0]; i++) {
		if (ascii_casecmp(name, either_side[i].name) == 0) {
			keys[0] = either_side[i].keys[0];
			keys[1] = either_side[i].keys[1];
		}
	}
	/* The same key twice could never be told apart. */
	if (keys[0] == 0 || chord_wants(chord, keys[0]) ||
			(keys[1] && chord_wants(chord, keys[1]))) {
		return -EINVAL;
	}
	chord->count++;
	return 0;
}

static bool is_separator(char c) {
	return c == '+' || c == '-';
}

/* Whether the text is that name, in any case and with either separator. */
static bool is_name(const char *text, const char *name) {
	for (; *text && *name; text++, name++) {
		const int c = is_separator(*text) ? '-' : ascii_lower((unsigned char)*text);
		if (c != *name) {
			return false;
		}
	}
	return *text == '\0' && *name == '\0';
}

/* One of QEMU's names, whichever separator it is written with. */
static const struct chord *find_named(const char *text) {
	for (size_t i = 0; i < sizeof named_chords / sizeof named_chords[0]; i++) {
		if (is_name(text, named_chords[i].name)) {
			return &named_chords[i].chord;
		}
	}
	return NULL;
}

int chord_parse(const char *text, struct chord *ret_chord) {
	const struct chord *named = find_named(text);
	if (named) {
		*ret_chord = *named;
		return 0;
	}

	struct chord chord = { .exact = true };
	for (const char *at = text;;) {
		/* A separator where a name is due is the key of that name: "ctrl--". */
		size_t len = is_separator(*at) ? 1 : strcspn(at, "+-");
		char name[32];
		if (len == 0 || len >= sizeof name) {
			return -EINVAL;
		}
		memcpy(name, at, len);
		name[len] = 0;
		int r = add_key(&chord, name);
		if (r < 0) {
			return r;
		}
		if (at[len] == 0) {
			break;
		}
		if (!is_separator(at[len])) {
			return -EINVAL;
		}
		at += len + 1;
	}
	/* A single key works with whatever else is held, like QEMU's names: the escape key is
	 * needed most when something hangs. */
	chord.exact = chord.count > 1;
	*ret_chord = chord;
	return 0;
}

unsigned chord_single(const struct chord *chord) {
	return chord->count == 1 && chord->keys[0][1] == 0 ? chord->keys[0][0] : 0;
}

int chord_binding(const struct chord *chord, unsigned *ret_code, bool *ret_shift) {
	unsigned code = 0;
	*ret_shift = false;
	for (unsigned i = 0; i < chord->count; i++) {
		unsigned key = chord->keys[i][0];
		if (!keymap_is_modifier(key)) {
			if (code) {
				return -EINVAL;
			}
			code = key;
		} else if (key == KEY_LEFTSHIFT || key == KEY_RIGHTSHIFT) {
			*ret_shift = true;
		}
	}
	*ret_code = code;
	return code ? 0 : -EINVAL;
}

bool chord_equal(const struct chord *a, const struct chord *b) {
	if (a->count != b->count) {
		return false;
	}
	for (unsigned i = 0; i < a->count; i++) {
		bool found = false;
		for (unsigned j = 0; j < b->count; j++) {
			found |= a->keys[i][0] == b->keys[j][0] && a->keys[i][1] == b->keys[j][1];
		}
		if (!found) {
			return false;
		}
	}
	return true;
}

bool chord_complete(const struct chord *chord, const struct key_set *held, unsigned code) {
	if (chord->count == 0 || !chord_wants(chord, code)) {
		return false;
	}
	for (unsigned i = 0; i < chord->count; i++) {
		if (!key_set_has(held, chord->keys[i][0]) &&
				(chord->keys[i][1] == 0 || !key_set_has(held, chord->keys[i][1]))) {
			return false;
		}
	}
	if (!chord->exact) {
		return true;
	}
	for (unsigned key = key_set_next(held, 1); key; key = key_set_next(held, key + 1)) {
		if (keymap_is_modifier(key) && !chord_wants(chord, key)) {
			return false;
		}
	}
	return true;
}

void escape_init(struct escape *escape, const struct chord *chord, uint64_t hold_ns) {
	*escape = (struct escape){ .chord = *chord, .hold_ns = hold_ns };
}

static enum escape_verdict escape_pressed(struct escape *escape, const struct key_set *held,
		unsigned code, uint64_t time_ns) {
	if (escape->down) {
		escape->used = true;
		key_set_add(&escape->swallowed, code);
		return ESCAPE_KEY;
	}
	if (!chord_complete(&escape->chord, held, code)) {
		return ESCAPE_PASS;
	}
	escape->down = true;
	escape->used = false;
	escape->code = code;
	escape->since_ns = time_ns;
	return ESCAPE_DOWN;
}

enum escape_verdict escape_feed(struct escape *escape, const struct key_set *held, unsigned code,
		bool pressed, uint64_t time_ns) {
	if (pressed) {
		return escape_pressed(escape, held, code, time_ns);
	}
	if (escape->down && code == escape->code) {
		escape->down = false;
		bool held_long = time_ns - escape->since_ns >= escape->hold_ns;
		return escape->used || held_long ? ESCAPE_UP : ESCAPE_TAP;
	}
	return key_set_remove(&escape->swallowed, code) ? ESCAPE_SWALLOW : ESCAPE_PASS;
}

bool escape_cancel(struct escape *escape) {
	bool was = escape->down;
	escape->down = false;
	escape->swallowed = (struct key_set){ 0 };
	return was;
}
