#include "host-proto/spice/text.h"

#include <stdlib.h>

uint8_t *text_to_crlf(const uint8_t *text, size_t len, size_t *ret_len) {
	size_t more = 0;
	for (size_t i = 0; i < len; i++) {
		more += text[i] == '\n' && (i == 0 || text[i - 1] != '\r');
	}
	uint8_t *out = malloc(len + more + 1);
	if (!out) {
		return NULL;
	}
	size_t at = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) {
			out[at++] = '\r';
		}
		out[at++] = text[i];
	}
	*ret_len = at;
	return out;
}

size_t text_from_guest(uint8_t *text, size_t len, int crlf) {
	while (len > 0 && text[len - 1] == '\0') {
		len--;
	}
	if (!crlf) {
		return len;
	}
	size_t at = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\r' || i + 1 == len || text[i + 1] != '\n') {
			text[at++] = text[i];
		}
	}
	return at;
}
