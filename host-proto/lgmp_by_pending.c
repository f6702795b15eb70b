/*
 * Reading a ring of LGMP 12 (lgmp.md A.3). Its host also takes messages back from the end of the
 * ring, so that positions move backwards, and messages may be for others: nothing but our own
 * pending bit tells what is for us. The ring is looked at and changed under the queue's lock.
 */
#include <errno.h>

#include "host-proto/lgmp_queue_internal.h"

/* A bit per entry of the ring. */
static bool marked(const uint32_t *set, uint32_t index) {
	return (__atomic_load_n(&set[index / 32], __ATOMIC_ACQUIRE) & 1u << index % 32) != 0;
}
static void mark(uint32_t *set, uint32_t index) {
	__atomic_fetch_or(&set[index / 32], 1u << index % 32, __ATOMIC_ACQ_REL);
}
static bool unmark(uint32_t *set, uint32_t index) {
	const uint32_t bit = 1u << index % 32;
	return (__atomic_fetch_and(&set[index / 32], ~bit, __ATOMIC_ACQ_REL) & bit) != 0;
}

static bool is_new(const struct lgmp_subscription *sub, uint32_t index) {
	return (lgmp_load32(lgmp_pending_at(sub, index)) & sub->bit) != 0 &&
	       !marked(sub->taken, index);
}

/* Without the lock: whether to take it. Our bits are set by a post and cleared by us alone (or by
 * an eviction), so that a message for us cannot be overlooked here. */
static bool anything_new(const struct lgmp_subscription *sub) {
	if (lgmp_load32(lgmp_field(sub, sub->layout->count)) == 0) {
		return false;
	}
	for (uint32_t i = 0; i < sub->ring_length; i++) {
		if (is_new(sub, i)) {
			return true;
		}
	}
	return false;
}

/* Under the lock: the ring's used part. -EBADMSG. */
static int window(const struct lgmp_subscription *sub, uint32_t *ret_start, uint32_t *ret_count) {
	*ret_start = lgmp_load32(lgmp_field(sub, sub->layout->start));
	*ret_count = lgmp_load32(lgmp_field(sub, sub->layout->count));
	return *ret_start < sub->ring_length && *ret_count <= sub->ring_length ? 0 : -EBADMSG;
}

/* Under the lock. */
static int find_next(struct lgmp_subscription *sub, struct lgmp_entry *ret_entry) {
	uint32_t index = 0;
	uint32_t count = 0;
	int r = lgmp_subscription_check(sub);
	if (r == 0) {
		r = window(sub, &index, &count);
	}
	if (r < 0) {
		return r;
	}
	for (; count > 0; count--, index = lgmp_after(sub, index)) {
		if (!is_new(sub, index)) {
			continue;
		}
		r = lgmp_read_entry(sub, index, ret_entry);
		if (r < 0) {
			return r;
		}
		mark(sub->taken, index);
		return 1;
	}
	return 0;
}

/* Under the lock: the host gets the message back. */
static int give_back(struct lgmp_subscription *sub, uint32_t index) {
	uint32_t start = 0;
	uint32_t count = 0;
	if (!unmark(sub->taken, index)) {
		return -ESTALE; /* finished before; the entry may be another message by now */
	}
	int r = lgmp_subscription_check(sub);
	if (r == 0) {
		r = window(sub, &start, &count);
	}
	if (r < 0) {
		return r;
	}
	const uint32_t nth = index >= start ? index - start : index + sub->ring_length - start;
	if (nth >= count || !(lgmp_load32(lgmp_pending_at(sub, index)) & sub->bit)) {
		return -ESTALE;
	}
	lgmp_and32(lgmp_pending_at(sub, index), ~sub->bit);
	return lgmp_retire(sub);
}

static void give_back_owed(struct lgmp_subscription *sub) {
	for (uint32_t i = 0; i < sub->ring_length; i++) {
		if (unmark(sub->owed, i)) {
			__atomic_fetch_sub(&sub->owed_count, 1, __ATOMIC_RELAXED);
			(void)give_back(sub, i);
		}
	}
}

static void flush(struct lgmp_subscription *sub) {
	if (__atomic_load_n(&sub->owed_count, __ATOMIC_RELAXED) == 0 ||
			!lgmp_lock_briefly(sub->layout, lgmp_lock_of(sub))) {
		return;
	}
	give_back_owed(sub);
	lgmp_unlock(sub->layout, lgmp_lock_of(sub));
}

static int next(struct lgmp_subscription *sub, struct lgmp_entry *ret_entry) {
	flush(sub);
	/* With the client id: a slot that was taken away may be another's already. */
	int r = lgmp_subscription_check(sub);
	if (r < 0) {
		return r;
	}
	const uint32_t position = lgmp_load32(sub->host_position);
	if (!anything_new(sub)) {
		sub->position = position;
		return 0;
	}
	if (!lgmp_lock_briefly(sub->layout, lgmp_lock_of(sub))) {
		return 0;
	}
	r = find_next(sub, ret_entry);
	lgmp_unlock(sub->layout, lgmp_lock_of(sub));
	return r;
}

static int finish(struct lgmp_subscription *sub, uint32_t index) {
	if (lgmp_lock_briefly(sub->layout, lgmp_lock_of(sub))) {
		int r = give_back(sub, index);
		lgmp_unlock(sub->layout, lgmp_lock_of(sub));
		return r;
	}
	/* The holder has lost the processor. The message stays ours until our bit is cleared: what
	 * was read of it is good, and the host gets it a little later. */
	if (!marked(sub->taken, index) || !(lgmp_load32(lgmp_pending_at(sub, index)) & sub->bit)) {
		(void)unmark(sub->taken, index);
		return -ESTALE;
	}
	if (!marked(sub->owed, index)) {
		mark(sub->owed, index);
		__atomic_fetch_add(&sub->owed_count, 1, __ATOMIC_RELAXED);
	}
	return 0;
}

const struct lgmp_reader lgmp_reader_by_pending = {
	.next = next, .finish = finish, .flush = flush
};
