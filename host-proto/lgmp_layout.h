/*
 * The versions of LGMP as a table: where each keeps its fields, and by which rules its rings are
 * read and written; and the few operations on words that host and clients share. Only lgmp_*.c and
 * producers include this: nothing else touches the shared atomics. Memory orders are written out
 * (lgmp.md 3).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host-proto/lgmp_wire.h"

#define LGMP_DATA_MAX      64u /* bytes of a client-to-host message */
#define LGMP_UDATA_MAX     65536u
#define LGMP_RING_MAX      4096u
#define LGMP_HEADER_MIN    5760u /* no version is smaller */
#define LGMP_DEAD_MS       1000u /* without a heartbeat */
#define LGMP_LOCK_LIMIT_NS 100000000ull

struct lgmp_entry;
struct lgmp_subscription;

/* How a ring is read: the algorithm of a version (contracts: lgmp_queue.h). */
struct lgmp_reader {
	int (*next)(struct lgmp_subscription *sub, struct lgmp_entry *ret_entry);
	int (*finish)(struct lgmp_subscription *sub, uint32_t index);
	void (*flush)(struct lgmp_subscription *sub); /* NULL: nothing is ever put off */
};
extern const struct lgmp_reader lgmp_reader_by_position; /* LGMP 5 and 6: lgmp.md 5 */
extern const struct lgmp_reader lgmp_reader_by_pending;  /* LGMP 12: lgmp.md A.3 */

struct lgmp_layout {
	unsigned version;
	const struct lgmp_reader *reader;

	/* The rules of the host and of a session (lgmp.md A.3). */
	bool trims_tail;        /* finished messages are taken back from the end of the ring too */
	bool posts_to_nobody;   /* a message goes into the ring although nobody is subscribed */
	bool evicts_everywhere; /* a client that is too late on one queue is bad on all of them */
	bool session_client_id; /* one client id for all queues of a session */
	bool checks_sender;     /* data of an unknown client id is dropped, and acknowledged */
	uint32_t heartbeat_ms;  /* between two writes of the timestamp */

	/* offsets in the memory */
	uint32_t header_bytes, magic, version_at, session, timestamp, queue_count, queues;
	uint32_t udata_size, udata;
	uint32_t next_client_id; /* 0 = clients choose random ids */
	unsigned queues_max, slots_max;
	uint32_t ring_align;      /* where a producer puts rings */
	uint32_t ring_read_align; /* what a reader may demand */
	bool ring_after_udata; /* rings may begin right after the user data, else after the header
				*/

	/* offsets in a queue descriptor */
	uint32_t queue_bytes, id, ring_length, new_subscribers, max_time, position, ring_offset;
	uint32_t timeout, client_id, lock, subs, start, message_timeout, count;
	uint32_t data_lock, data_free, data_write_index, data_written, data_read, data;
	bool byte_locks; /* 8 instead of 32 bits */
	bool wide_subs;  /* 64 instead of 32 bits, with the halves as wide */
	bool spare_slot; /* a ring of n slots holds n - 1 messages */

	/* offsets in a ring entry */
	uint32_t entry_bytes, entry_udata, entry_size, entry_offset, entry_pending;
	bool wide_udata; /* 64 instead of 32 bits */

	/* client-to-host slots */
	unsigned data_slots;
	uint32_t data_bytes, data_payload;
	uint32_t data_client_id; /* 0 = has none */
};

/* NULL when we do not speak it. */
const struct lgmp_layout *lgmp_layout_find(unsigned version);

/* --- shared words ------------------------------------------------------------------------- */

static inline uint32_t *lgmp_at32(unsigned char *base, uint64_t offset) {
	return (uint32_t *)(void *)(base + offset);
}
static inline uint64_t *lgmp_at64(unsigned char *base, uint64_t offset) {
	return (uint64_t *)(void *)(base + offset);
}

static inline uint32_t lgmp_load32(const uint32_t *word) {
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}
static inline uint64_t lgmp_load64(const uint64_t *word) {
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}
/* Sequentially consistent, as the stock programs store them. */
static inline void lgmp_store32(uint32_t *word, uint32_t value) {
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}
static inline void lgmp_store64(uint64_t *word, uint64_t value) {
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}
static inline uint32_t lgmp_add32(uint32_t *word, uint32_t value) {
	return __atomic_fetch_add(word, value, __ATOMIC_SEQ_CST);
}
static inline uint32_t lgmp_sub32(uint32_t *word, uint32_t value) {
	return __atomic_fetch_sub(word, value, __ATOMIC_SEQ_CST);
}
static inline uint32_t lgmp_and32(uint32_t *word, uint32_t value) {
	return __atomic_fetch_and(word, value, __ATOMIC_SEQ_CST);
}

/* The two masks of a queue's subscribers. */
struct lgmp_subs {
	uint32_t on;
	uint32_t bad;
};

static inline struct lgmp_subs lgmp_subs_load(const struct lgmp_layout *layout, const void *subs) {
	if (layout->wide_subs) {
		const uint64_t word = lgmp_load64(subs);
		return (struct lgmp_subs){ (uint32_t)(word >> 32), (uint32_t)word };
	}
	const uint32_t word = lgmp_load32(subs);
	return (struct lgmp_subs){ word >> 16, word & 0xffff };
}

static inline void lgmp_subs_store(
		const struct lgmp_layout *layout, void *subs, struct lgmp_subs value) {
	if (layout->wide_subs) {
		lgmp_store64(subs, (uint64_t)value.on << 32 | value.bad);
	} else {
		lgmp_store32(subs, value.on << 16 | (value.bad & 0xffff));
	}
}

/* One attempt. */
static inline bool lgmp_try_lock(const struct lgmp_layout *layout, void *lock) {
	if (layout->byte_locks) {
		return __atomic_exchange_n((uint8_t *)lock, 1, __ATOMIC_ACQUIRE) == 0;
	}
	uint32_t expected = 0;
	return __atomic_compare_exchange_n(
			(uint32_t *)lock, &expected, 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline void lgmp_unlock(const struct lgmp_layout *layout, void *lock) {
	if (layout->byte_locks) {
		__atomic_store_n((uint8_t *)lock, 0, __ATOMIC_RELEASE);
	} else {
		__atomic_store_n((uint32_t *)lock, 0, __ATOMIC_SEQ_CST);
	}
}

/* Some hundred attempts in a row, a few microseconds in all. Returns whether the lock is ours. */
bool lgmp_lock_briefly(const struct lgmp_layout *layout, void *lock);
/* Tries for LGMP_LOCK_LIMIT_NS: whoever holds it may be dead. Returns whether it is ours. */
bool lgmp_lock(const struct lgmp_layout *layout, void *lock);
