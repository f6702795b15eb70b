/* Input of the channel fuzzers: messages with their mini headers, as on the wire. */
#pragma once

#include <stdlib.h>

#include "host-proto/spice/reader.h"

typedef int (*message_fn)(unsigned type, const uint8_t *body, size_t len, void *data);

static inline void each_message(const uint8_t *data, size_t size, message_fn fn, void *fn_data) {
	struct reader r = reader_of(data, size);
	for (int i = 0; i < 600; i++) {
		unsigned type = read_u16(&r);
		uint32_t len = read_u32(&r);
		if (!reader_ok(&r)) {
			return;
		}
		if (len > r.left) {
			len = (uint32_t)r.left; /* the last one is cut: still a message */
		}
		const uint8_t *body = read_bytes(&r, len);
		/* Exactly as large, so that the sanitizer sees one byte too many. */
		uint8_t *exact = malloc(len ? len : 1);
		if (len > 0) {
			memcpy(exact, body, len);
		}
		int result = fn(type, exact, len, fn_data);
		free(exact);
		if (result < 0) {
			return;
		}
	}
}
