/* Input of fuzz targets that play a peer: numbers and bytes, zeros when it is used up. */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

static inline uint8_t fuzz_u8(struct fuzz_input *input) {
	if (input->left == 0) {
		return 0;
	}
	input->left--;
	return *input->at++;
}

static inline uint16_t fuzz_u16(struct fuzz_input *input) {
	const unsigned low = fuzz_u8(input);
	return (uint16_t)(low | (unsigned)fuzz_u8(input) << 8);
}

static inline uint32_t fuzz_u32(struct fuzz_input *input) {
	const uint32_t low = fuzz_u16(input);
	return low | (uint32_t)fuzz_u16(input) << 16;
}

/* The next bytes, at most max, ended by a NUL that does not count. Heap. */
static inline char *fuzz_bytes(struct fuzz_input *input, size_t max, size_t *ret_len) {
	const size_t len = max < input->left ? max : input->left;
	char *bytes = malloc(len + 1);
	if (!bytes) {
		abort();
	}
	if (len > 0) {
		memcpy(bytes, input->at, len);
	}
	bytes[len] = '\0';
	input->at += len;
	input->left -= len;
	*ret_len = len;
	return bytes;
}
