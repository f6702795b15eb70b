/* Reading a ring of LGMP 5 and 6 (lgmp.md 5): the reader follows the host's position. */
#include <errno.h>

#include "host-proto/lgmp_queue_internal.h"

static int next(struct lgmp_subscription *sub, struct lgmp_entry *ret_entry) {
	int r = lgmp_subs_check(sub);
	if (r < 0) {
		return r;
	}
	const uint32_t host_position = lgmp_load32(sub->host_position);
	if (host_position == sub->position) {
		return 0;
	}
	if (host_position >= sub->ring_length) {
		return -EBADMSG;
	}
	if (!lgmp_slot_is_ours(sub)) {
		return -ENOTCONN;
	}
	r = lgmp_read_entry(sub, sub->position, ret_entry);
	if (r < 0) {
		return r;
	}
	sub->position = lgmp_after(sub, sub->position);
	return 1;
}

static int finish(struct lgmp_subscription *sub, uint32_t index) {
	const uint32_t before = lgmp_and32(lgmp_pending_at(sub, index), ~sub->bit);
	if ((before & ~sub->bit) != 0 || !lgmp_try_lock(sub->layout, lgmp_lock_of(sub))) {
		return 0;
	}
	int r = 0;
	if (lgmp_slot_is_ours(sub)) {
		r = lgmp_retire(sub);
	}
	lgmp_unlock(sub->layout, lgmp_lock_of(sub));
	return r;
}

const struct lgmp_reader lgmp_reader_by_position = { .next = next, .finish = finish };
