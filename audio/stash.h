/*
 * Packets that wait until it is known how many of them are to be heard: the stream is being opened,
 * or its clock is not known yet. The newest 64; pure, one thread at a time.
 */
#pragma once

#include <stdint.h>

#include "audio/player.h"

#define STASH_PACKETS 64

struct stash_slot {
	uint64_t arrived_ns;
	unsigned frames;
	uint8_t pcm[PLAYER_BLOCK_BYTES];
};

struct stash {
	unsigned head, count;
	struct stash_slot slots[STASH_PACKETS];
};

static inline void stash_clear(struct stash *stash) {
	stash->head = 0;
	stash->count = 0;
}

/* The nth that waits; 0 = the oldest. */
static inline struct stash_slot *stash_at(struct stash *stash, unsigned n) {
	return &stash->slots[(stash->head + n) % STASH_PACKETS];
}

void stash_drop_oldest(struct stash *stash);
/* Returns how many were dropped for it: 0 or 1. */
unsigned stash_add(struct stash *stash, const struct scream_packet *packet, uint64_t arrived_ns);
/* Of all that wait, at the source's rate. */
double stash_frames(struct stash *stash);
