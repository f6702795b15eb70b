#include "client/clipboard/clipboard_names.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/utf8.h"

/* clang-format off */
const struct clipboard_name clipboard_names[CLIPBOARD_NAMES] = {
	{ CLIPBOARD_TEXT, true,  false, "text/plain;charset=utf-8" },
	{ CLIPBOARD_TEXT, true,  false, "UTF8_STRING" },
	{ CLIPBOARD_TEXT, false, false, "text/plain; charset=utf-8" },
	{ CLIPBOARD_TEXT, true,  false, "text/plain" },
	{ CLIPBOARD_TEXT, true,  true,  "STRING" },
	{ CLIPBOARD_PNG,  true,  false, "image/png" },
	{ CLIPBOARD_PNG,  false, false, "image/x-png" },
	{ CLIPBOARD_BMP,  true,  false, "image/bmp" },
	{ CLIPBOARD_BMP,  true,  false, "image/x-bmp" },
	{ CLIPBOARD_BMP,  false, false, "image/x-MS-bmp" },
	{ CLIPBOARD_BMP,  false, false, "image/x-win-bitmap" },
	{ CLIPBOARD_TIFF, true,  false, "image/tiff" },
	{ CLIPBOARD_TIFF, false, false, "image/x-tiff" },
	{ CLIPBOARD_JPEG, true,  false, "image/jpeg" },
	{ CLIPBOARD_JPEG, false, false, "image/jpg" },
};
/* clang-format on */

int clipboard_name_find(const char *name) {
	for (unsigned i = 0; i < CLIPBOARD_NAMES; i++) {
		if (ascii_casecmp(clipboard_names[i].name, name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

int clipboard_type_index(unsigned type) {
	for (int i = 0; i < (int)CLIPBOARD_TYPES; i++) {
		if (type == 1u << i) {
			return i;
		}
	}
	return -1;
}

void clipboard_choice_add(struct clipboard_choice *choice, int index) {
	if (index < 0 || index >= (int)CLIPBOARD_NAMES) {
		return;
	}
	const unsigned type = clipboard_names[index].type;
	const int at = clipboard_type_index(type);
	if ((choice->types & type) == 0 || index < choice->index[at]) {
		choice->index[at] = (unsigned char)index;
	}
	choice->types |= type;
}

int clipboard_choice_get(const struct clipboard_choice *choice, unsigned type) {
	const int at = clipboard_type_index(type);
	return at >= 0 && (choice->types & type) ? choice->index[at] : -1;
}

uint8_t *clipboard_from_latin1(const uint8_t *text, size_t len, size_t *ret_len) {
	uint8_t *out = malloc(2 * len + 1);
	if (!out) {
		return NULL;
	}
	size_t at = 0;
	for (size_t i = 0; i < len; i++) {
		at += utf8_encode(text[i], (char *)out + at);
	}
	*ret_len = at;
	return out;
}

size_t clipboard_to_latin1(uint8_t *text, size_t len) {
	size_t out = 0;
	for (size_t at = 0; at < len;) {
		uint32_t code = UTF8_INVALID;
		const size_t n = utf8_decode((const char *)text + at, len - at, &code);
		text[out++] = code < 0x100 ? (uint8_t)code : '?';
		at += n > 0 ? n : 1;
	}
	return out;
}
