#include "tools/demo-guest/demo_keys.h"

#include <stdio.h>
#include <string.h>

#include "host-proto/spice/wire.h"
#include "input/key_names.h"
#include "input/keymap.h"

const char *demo_keys_name(unsigned scancode) {
	for (unsigned code = 1; code < KEYMAP_CODES; code++) {
		if (keymap_scancode(code) == scancode) {
			const char *name = key_name(code);
			return name ? name : "key";
		}
	}
	return "key";
}

const char *demo_keys_button_name(unsigned button) {
	static const char *const names[] = { "none", "left", "middle", "right", "up", "down",
		"side", "extra" };
	return button < sizeof names / sizeof names[0] ? names[button] : "none";
}

void demo_keys_key(struct demo_keys *keys, unsigned scancode, bool pressed) {
	unsigned at = 0;
	while (at < keys->count && keys->held[at] != scancode) {
		at++;
	}
	if (pressed && at == keys->count && keys->count < DEMO_KEYS_HELD_MAX) {
		keys->held[keys->count++] = scancode;
	} else if (!pressed && at < keys->count) {
		keys->count--;
		memmove(&keys->held[at], &keys->held[at + 1],
				(keys->count - at) * sizeof keys->held[0]);
	}
}

void demo_keys_button(struct demo_keys *keys, unsigned button, bool pressed) {
	if (pressed) {
		keys->buttons |= 1u << button;
	} else {
		keys->buttons &= ~(1u << button);
	}
}

/* Appends, as far as there is room. */
static size_t add(char *text, size_t size, size_t used, const char *word) {
	const int n = snprintf(text + used, size - used, "%s%s", used ? " " : "", word);
	return n < 0 || used + (size_t)n >= size ? size - 1 : used + (size_t)n;
}

void demo_keys_held(const struct demo_keys *keys, char *text, size_t size) {
	size_t used = 0;
	text[0] = '\0';
	for (unsigned i = 0; i < keys->count; i++) {
		used = add(text, size, used, demo_keys_name(keys->held[i]));
	}
	for (unsigned button = SPICE_BUTTON_LEFT; button <= SPICE_BUTTON_EXTRA; button++) {
		if (keys->buttons & 1u << button) {
			used = add(text, size, used, "button");
			used = add(text, size, used, demo_keys_button_name(button));
		}
	}
	if (keys->wheel != 0) {
		char wheel[24];
		snprintf(wheel, sizeof wheel, "wheel %d", keys->wheel);
		add(text, size, used, wheel);
	}
}
