/*
 * Shared by the ways to read a ring: lgmp_queue.c (subscribing, sending), lgmp_by_position.c and
 * lgmp_by_pending.c. No other file includes this header.
 */
#pragma once

#include "host-proto/lgmp_queue.h"

static inline uint32_t *lgmp_field(const struct lgmp_subscription *sub, uint32_t offset) {
	return lgmp_at32(sub->base, sub->queue + offset);
}

static inline void *lgmp_lock_of(const struct lgmp_subscription *sub) {
	return sub->base + sub->queue + sub->layout->lock;
}

static inline uint32_t *lgmp_pending_at(const struct lgmp_subscription *sub, uint32_t index) {
	return lgmp_at32(sub->base, sub->ring_offset + (uint64_t)index * sub->layout->entry_bytes +
						    sub->layout->entry_pending);
}

static inline uint32_t lgmp_after(const struct lgmp_subscription *sub, uint32_t index) {
	return index + 1 < sub->ring_length ? index + 1 : 0;
}

/* Whether the slot still carries our client id, and the memory our session. */
bool lgmp_slot_is_ours(const struct lgmp_subscription *sub);
/* 0, -ETIME (marked bad) or -ENOTCONN (not subscribed), by the masks alone. */
int lgmp_subs_check(const struct lgmp_subscription *sub);
/* Copies and checks the entry. -EBADMSG. */
int lgmp_read_entry(
		const struct lgmp_subscription *sub, uint32_t index, struct lgmp_entry *ret_entry);
/* Under the lock: takes finished messages out of the ring, from the oldest on. -EBADMSG. */
int lgmp_retire(const struct lgmp_subscription *sub);
