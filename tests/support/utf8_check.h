/* Whether all of a text is well-formed UTF-8, by the one decoder. */
#pragma once

#include <stdbool.h>

#include "base/utf8.h"

static inline bool utf8_valid(const char *text, size_t len) {
	for (size_t at = 0; at < len;) {
		const size_t n = utf8_decode(text + at, len - at, NULL);
		if (n == 0) {
			return false;
		}
		at += n;
	}
	return true;
}
