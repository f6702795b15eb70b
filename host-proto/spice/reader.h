/*
 * Bounded reading and writing of packed little-endian fields. Pure.
 *
 * A reader that runs past its end gives zeros and remembers it: read all fields, ask reader_ok()
 * once. SPICE bytes of the peer become numbers in no other way.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
	const uint8_t *at;
	size_t left;
	bool failed;
};

static inline struct reader reader_of(const void *data, size_t len) {
	return (struct reader){ .at = data, .left = len };
}

static inline bool reader_ok(const struct reader *r) {
	return !r->failed;
}

/* len bytes, or NULL (and failed) if they are not there. */
static inline const uint8_t *read_bytes(struct reader *r, uint64_t len) {
	if (r->failed || len > r->left) {
		r->failed = true;
		return NULL;
	}
	const uint8_t *bytes = r->at;
	if (len > 0) {
		r->at += len;
		r->left -= (size_t)len;
	}
	return bytes;
}

static inline uint64_t read_le(struct reader *r, unsigned bytes) {
	const uint8_t *p = read_bytes(r, bytes);
	uint64_t value = 0;
	for (unsigned i = 0; p && i < bytes; i++) {
		value |= (uint64_t)p[i] << (8 * i);
	}
	return value;
}

static inline uint8_t read_u8(struct reader *r) {
	return (uint8_t)read_le(r, 1);
}

static inline uint16_t read_u16(struct reader *r) {
	return (uint16_t)read_le(r, 2);
}

static inline uint32_t read_u32(struct reader *r) {
	return (uint32_t)read_le(r, 4);
}

static inline uint64_t read_u64(struct reader *r) {
	return read_le(r, 8);
}

static inline int16_t read_i16(struct reader *r) {
	return (int16_t)read_u16(r);
}

static inline int32_t read_i32(struct reader *r) {
	return (int32_t)read_u32(r);
}

/* Writes into a buffer of the caller; running past its end is an error of ours that
 * writer_len() tells by 0. */
struct writer {
	uint8_t *start;
	size_t len;
	size_t size;
	bool failed;
};

static inline struct writer writer_of(void *data, size_t size) {
	return (struct writer){ .start = data, .size = size };
}

static inline size_t writer_len(const struct writer *w) {
	return w->failed ? 0 : w->len;
}

static inline void write_bytes(struct writer *w, const void *bytes, size_t len) {
	if (w->failed || len > w->size - w->len) {
		w->failed = true;
		return;
	}
	if (len > 0) {
		memcpy(w->start + w->len, bytes, len);
		w->len += len;
	}
}

static inline void write_le(struct writer *w, uint64_t value, unsigned bytes) {
	uint8_t le[8];
	for (unsigned i = 0; i < bytes; i++) {
		le[i] = (uint8_t)(value >> (8 * i));
	}
	write_bytes(w, le, bytes);
}

static inline void write_u8(struct writer *w, uint8_t value) {
	write_le(w, value, 1);
}

static inline void write_u16(struct writer *w, uint16_t value) {
	write_le(w, value, 2);
}

static inline void write_u32(struct writer *w, uint32_t value) {
	write_le(w, value, 4);
}

static inline void write_u64(struct writer *w, uint64_t value) {
	write_le(w, value, 8);
}

static inline void write_i32(struct writer *w, int32_t value) {
	write_u32(w, (uint32_t)value);
}
