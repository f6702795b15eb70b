#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int bytes_reserve(struct bytes *bytes, size_t more, size_t max) {
	if (bytes->len > max || more > max - bytes->len) {
		return -ENOBUFS;
	}
	const size_t need = bytes->len + more;
	if (need <= bytes->size) {
		return 0;
	}
	size_t size = bytes->size < max / 2 ? bytes->size * 2 : max;
	size = size < BYTES_FIRST ? BYTES_FIRST : size;
	size = size > max ? max : size;
	size = size < need ? need : size;
	uint8_t *grown = realloc(bytes->data, size);
	if (!grown) {
		return -ENOMEM;
	}
	bytes->data = grown;
	bytes->size = size;
	return 0;
}

int bytes_add(struct bytes *bytes, const void *from, size_t len, size_t max) {
	int r = bytes_reserve(bytes, len, max);
	if (r == 0 && len > 0) {
		memcpy(bytes->data + bytes->len, from, len);
		bytes->len += len;
	}
	return r;
}

uint8_t *bytes_take(struct bytes *bytes) {
	uint8_t *data = bytes->data ? bytes->data : malloc(1);
	*bytes = (struct bytes){ 0 };
	return data;
}

void bytes_reset(struct bytes *bytes, size_t keep) {
	bytes->len = 0;
	if (bytes->size > keep) {
		bytes_finish(bytes);
	}
}

void bytes_finish(struct bytes *bytes) {
	free(bytes->data);
	*bytes = (struct bytes){ 0 };
}
