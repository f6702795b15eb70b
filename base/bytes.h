/*
 * A growing buffer with a cap, for data that arrives in pieces or waits to be sent. Zeroed memory
 * is an empty buffer. Room doubles with the data that is there, so a peer that only announces
 * megabytes gets none. One thread at a time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *data; /* heap; NULL until the first byte is reserved */
	size_t len;    /* in use; the caller may count it up within size */
	size_t size;   /* room */
};

/* Room for `more` bytes behind len, for no more than `max` in all: doubled, at least
 * BYTES_FIRST. 0; -ENOBUFS: that would be more than max; -ENOMEM. On failure nothing changes. */
#define BYTES_FIRST ((size_t)128)
int bytes_reserve(struct bytes *bytes, size_t more, size_t max);

/* Appends; from may be NULL where len is 0. As bytes_reserve(). */
int bytes_add(struct bytes *bytes, const void *from, size_t len, size_t max);

/* The data as heap of the caller's, never NULL but for want of memory; the buffer is empty then. */
uint8_t *bytes_take(struct bytes *bytes);

/* Empty again; room beyond `keep` goes back. */
void bytes_reset(struct bytes *bytes, size_t keep);
void bytes_finish(struct bytes *bytes);
