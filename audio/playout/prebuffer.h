/*
 * Holds the newest 64 packets while the stream is being opened or its clock is not known yet: how
 * many of them are to be heard is known afterwards. Pure; one thread at a time.
 */
#pragma once

#include <stdint.h>

#include "audio/playout/playout.h"

#define PREBUFFER_PACKETS 64

struct prebuffer_slot {
	uint64_t arrived_ns;
	unsigned frames;
	uint8_t pcm[PLAYOUT_BLOCK_BYTES];
};

struct prebuffer {
	unsigned head, count;
	struct prebuffer_slot slots[PREBUFFER_PACKETS];
};

static inline void prebuffer_clear(struct prebuffer *prebuffer) {
	prebuffer->head = 0;
	prebuffer->count = 0;
}

/* The nth that waits; 0 = the oldest. */
static inline struct prebuffer_slot *prebuffer_at(struct prebuffer *prebuffer, unsigned n) {
	return &prebuffer->slots[(prebuffer->head + n) % PREBUFFER_PACKETS];
}

void prebuffer_drop_oldest(struct prebuffer *prebuffer);
/* Returns how many were dropped for it: 0 or 1. */
unsigned prebuffer_add(struct prebuffer *prebuffer, const struct scream_packet *packet,
		uint64_t arrived_ns);
/* Of all that wait, at the source's rate. */
double prebuffer_frames(struct prebuffer *prebuffer);
