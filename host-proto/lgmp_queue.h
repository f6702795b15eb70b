/*
 * A subscription to one LGMP queue: the algorithms of lgmp.md 5 and A.3, without any state machine
 * around them; which one a version follows stands in its row of lgmp_layout.c. Everything in the
 * memory is hostile: sizes and places of the ring are checked and copied once, at subscription;
 * every other word is read once per decision. No waiting but for a lock, and that is bounded.
 *
 * For lgmp_client.c and tests. One thread at a time, except that lgmp_subscription_finish() may run
 * beside lgmp_subscription_next() and _flush().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host-proto/lgmp_layout.h"

struct shm;

struct lgmp_subscription {
	bool active;
	/* constant while active */
	struct shm *shm; /* borrowed */
	const struct lgmp_layout *layout;
	unsigned char *base;
	uint64_t queue; /* offset of the descriptor */
	uint32_t ring_offset, ring_length, max_time;
	uint32_t payload_floor; /* no ring and no block begins before it */
	uint32_t session, client_id;
	unsigned slot;
	uint32_t bit;
	const void *subs;
	const uint32_t *host_position;
	/* The thread that calls next(): by position, the next entry to read; by pending bits, the
	 * host's position when the ring was last seen without a message for us. */
	uint32_t position;
	/* By pending bits only; any thread, atomic. */
	uint32_t taken[LGMP_RING_MAX / 32]; /* given out and not finished */
	uint32_t owed[LGMP_RING_MAX / 32];  /* finished, while somebody else held the lock */
	uint32_t owed_count;
};

struct lgmp_entry {
	uint32_t index;
	uint64_t udata;
	uint64_t offset;
	uint32_t size;
};

/* Looks the queue up among the descriptors. -ENOENT: not there (yet); -EBADMSG. */
int lgmp_queue_find(struct shm *shm, const struct lgmp_layout *layout, uint32_t id,
		uint64_t *ret_queue);

/* The entry at that place of the ring, in use or not, without a subscription: nothing is written.
 * -ENOENT (no such queue or place), -EBADMSG. */
int lgmp_queue_peek(struct shm *shm, const struct lgmp_layout *layout, uint32_t id, uint32_t index,
		struct lgmp_entry *ret_entry);

/* 5.1. -ENOENT, -EBADMSG (nonsense in the descriptor), -EBUSY (no free slot), -ETIMEDOUT (lock),
 * -ESTALE (another session). */
int lgmp_subscribe(struct lgmp_subscription *sub, struct shm *shm, const struct lgmp_layout *layout,
		uint32_t id, uint32_t session, uint32_t client_id);

/* 5.2 step 1: 0, -ETIME (marked bad), -ENOTCONN (not ours any more). */
int lgmp_subscription_check(const struct lgmp_subscription *sub);

/* The next message, each one once, in the order of posting: 1, 0 (empty, or the lock is held for
 * the moment), -ETIME, -ENOTCONN, -EBADMSG. */
int lgmp_subscription_next(struct lgmp_subscription *sub, struct lgmp_entry *ret_entry);

/*
 * 5.3 and A.3, for a message that next() gave. 0: the message was ours until now, and the host has
 * it back, or gets it with the next flush() because somebody held the lock. Else nothing was
 * written: what check() says, -ESTALE (the message is not in the ring any more, or was finished
 * before; LGMP 12 only), or -EBADMSG.
 */
int lgmp_subscription_finish(struct lgmp_subscription *sub, uint32_t index);
/* Gives back what finish() could not. Cheap when nothing is owed; never waits. */
void lgmp_subscription_flush(struct lgmp_subscription *sub);

/* 5.5. The caller has made sure that the session still lives. Becomes inactive in any case. */
void lgmp_unsubscribe(struct lgmp_subscription *sub);

/* 5.7. Returns 0 and the serial to wait for; -EAGAIN (no room), -ETIMEDOUT (lock), -EBADMSG, or
 * what check() says. size <= LGMP_DATA_MAX. */
int lgmp_subscription_send(const struct lgmp_subscription *sub, const void *data, uint32_t size,
		uint32_t *ret_serial);
bool lgmp_subscription_acknowledged(const struct lgmp_subscription *sub, uint32_t serial);
