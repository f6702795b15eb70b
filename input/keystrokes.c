#include "input/keystrokes.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "input/keymap.h"

/* The next character; a malformed byte is a character without a key. */
static uint32_t next_character(const struct keystrokes *keystrokes, size_t *at) {
	uint32_t character = UTF8_INVALID;
	size_t len = utf8_decode(keystrokes->text + *at, keystrokes->len - *at, &character);
	*at += len > 0 ? len : 1;
	return character;
}

int keystrokes_set(struct keystrokes *keystrokes, const char *text) {
	size_t len = strlen(text);
	if (len > KEYSTROKES_TEXT_MAX) {
		return -E2BIG;
	}
	char *copy = malloc(len + 1);
	if (!copy) {
		return -ENOMEM;
	}
	memcpy(copy, text, len + 1);
	keystrokes_clear(keystrokes);
	*keystrokes = (struct keystrokes){ .text = copy, .len = len };

	int without_key = 0;
	for (size_t at = 0; at < len;) {
		bool shift;
		uint32_t character = next_character(keystrokes, &at);
		without_key += character != '\r' && keymap_us(character, &shift) == 0;
	}
	return without_key;
}

void keystrokes_clear(struct keystrokes *keystrokes) {
	free(keystrokes->text);
	*keystrokes = (struct keystrokes){ 0 };
}

static bool is_letter(uint32_t character) {
	return (character | 0x20) >= 'a' && (character | 0x20) <= 'z';
}

bool keystrokes_next(struct keystrokes *keystrokes, unsigned max_events, bool caps,
		struct stroke *ret_stroke) {
	if (!keystrokes_more(keystrokes)) {
		return false;
	}
	size_t after = keystrokes->at;
	uint32_t character = next_character(keystrokes, &after);
	struct stroke stroke;
	stroke.code = keymap_us(character, &stroke.shift);
	stroke.shift ^= caps && is_letter(character);
	if ((stroke.shift ? 4u : 2u) > max_events) {
		return false;
	}
	keystrokes->at = after;
	*ret_stroke = stroke;
	return true;
}

bool keystrokes_more(struct keystrokes *keystrokes) {
	while (keystrokes->at < keystrokes->len) {
		size_t after = keystrokes->at;
		bool shift;
		if (keymap_us(next_character(keystrokes, &after), &shift)) {
			return true;
		}
		keystrokes->at = after;
	}
	keystrokes_clear(keystrokes);
	return false;
}
