#include "base/utf8.h"

#include <string.h>

/* What the first byte says: the length, and the range of the second byte (RFC 3629, section 4: the
 * second byte alone tells overlong forms, surrogates and what is above U+10FFFF). */
struct lead {
	size_t len;
	uint8_t second_min, second_max;
};

static struct lead lead_of(uint8_t first) {
	const struct lead none = { 0, 0, 0 };
	if (first < 0x80) {
		return (struct lead){ 1, 0, 0 };
	}
	if (first < 0xc2) { /* a continuation byte, or an overlong form of two */
		return none;
	}
	if (first < 0xe0) {
		return (struct lead){ 2, 0x80, 0xbf };
	}
	if (first < 0xf0) {
		return (struct lead){ 3, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf };
	}
	if (first < 0xf5) {
		return (struct lead){ 4, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf };
	}
	return none;
}

size_t utf8_decode(const char *text, size_t len, uint32_t *ret_code) {
	const uint8_t *bytes = (const uint8_t *)text;
	if (len == 0) {
		return 0;
	}
	const struct lead lead = lead_of(bytes[0]);
	if (lead.len == 0 || lead.len > len) {
		return 0;
	}
	uint32_t code = lead.len == 1 ? bytes[0] : bytes[0] & (0x7fu >> lead.len);
	for (size_t i = 1; i < lead.len; i++) {
		const uint8_t min = i == 1 ? lead.second_min : 0x80;
		const uint8_t max = i == 1 ? lead.second_max : 0xbf;
		if (bytes[i] < min || bytes[i] > max) {
			return 0;
		}
		code = code << 6 | (bytes[i] & 0x3fu);
	}
	if (ret_code) {
		*ret_code = code;
	}
	return lead.len;
}

uint32_t utf8_next(const char **text) {
	if (**text == '\0') {
		return 0;
	}
	uint32_t code = UTF8_INVALID;
	const size_t len = utf8_decode(*text, strnlen(*text, UTF8_BYTES_MAX), &code);
	*text += len > 0 ? len : 1;
	return code;
}

size_t utf8_encode(uint32_t code, char *dst) {
	if (code < 0x80) {
		dst[0] = (char)code;
		return 1;
	}
	if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
		return 0;
	}
	const size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = len - 1; i > 0; i--) {
		dst[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	dst[0] = (char)(0xf00u >> len | code); /* as many ones in front as there are bytes */
	return len;
}

size_t utf8_last(const char *text, size_t len) {
	for (size_t n = 1; n <= UTF8_BYTES_MAX && n <= len; n++) {
		if (utf8_decode(text + len - n, n, NULL) == n) {
			return n;
		}
	}
	return len > 0 ? 1 : 0;
}

size_t utf8_count(const char *text, size_t len) {
	size_t count = 0;
	for (size_t at = 0; at < len; count++) {
		const size_t n = utf8_decode(text + at, len - at, NULL);
		at += n > 0 ? n : 1;
	}
	return count;
}

int utf8_fit(const char *text, size_t most) {
	const size_t len = strnlen(text, most + 1);
	size_t at = 0;
	while (at < len) {
		const size_t n = utf8_decode(text + at, strnlen(text + at, UTF8_BYTES_MAX), NULL);
		if (at + (n > 0 ? n : 1) > most) {
			break;
		}
		at += n > 0 ? n : 1;
	}
	return (int)at;
}

/* C1 controls (U+0080..U+009F) are control characters for a terminal too. */
static bool is_control(uint32_t code) {
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

void utf8_printable(char *dst, size_t dst_size, const char *src, size_t src_len) {
	size_t out = 0;
	src_len = strnlen(src, src_len);
	for (size_t i = 0; i < src_len;) {
		uint32_t code = 0;
		size_t n = utf8_decode(src + i, src_len - i, &code);
		bool keep = n > 0 && !is_control(code);
		size_t put = keep ? n : 1;
		if (out + put >= dst_size) {
			break;
		}
		if (keep) {
			memcpy(dst + out, src + i, n);
		} else {
			dst[out] = '?';
		}
		out += put;
		i += n ? n : 1;
	}
	dst[out] = '\0';
}
