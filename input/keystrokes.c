#include "input/typist.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "input/keymap.h"

/* The next character; a malformed byte is a character without a key. */
static uint32_t next_character(const struct typist *typist, size_t *at) {
	uint32_t character = UTF8_INVALID;
	size_t len = utf8_decode(typist->text + *at, typist->len - *at, &character);
	*at += len > 0 ? len : 1;
	return character;
}

int typist_set(struct typist *typist, const char *text) {
	size_t len = strlen(text);
	if (len > TYPIST_TEXT_MAX) {
		return -E2BIG;
	}
	char *copy = malloc(len + 1);
	if (!copy) {
		return -ENOMEM;
	}
	memcpy(copy, text, len + 1);
	typist_clear(typist);
	*typist = (struct typist){ .text = copy, .len = len };

	int without_key = 0;
	for (size_t at = 0; at < len;) {
		bool shift;
		uint32_t character = next_character(typist, &at);
		without_key += character != '\r' && keymap_us(character, &shift) == 0;
	}
	return without_key;
}

void typist_clear(struct typist *typist) {
	free(typist->text);
	*typist = (struct typist){ 0 };
}

static bool is_letter(uint32_t character) {
	return (character | 0x20) >= 'a' && (character | 0x20) <= 'z';
}

bool typist_next(struct typist *typist, unsigned max_events, bool caps, struct stroke *ret_stroke) {
	if (!typist_more(typist)) {
		return false;
	}
	size_t after = typist->at;
	uint32_t character = next_character(typist, &after);
	struct stroke stroke;
	stroke.code = keymap_us(character, &stroke.shift);
	stroke.shift ^= caps && is_letter(character);
	if ((stroke.shift ? 4u : 2u) > max_events) {
		return false;
	}
	typist->at = after;
	*ret_stroke = stroke;
	return true;
}

bool typist_more(struct typist *typist) {
	while (typist->at < typist->len) {
		size_t after = typist->at;
		bool shift;
		if (keymap_us(next_character(typist, &after), &shift)) {
			return true;
		}
		typist->at = after;
	}
	typist_clear(typist);
	return false;
}
