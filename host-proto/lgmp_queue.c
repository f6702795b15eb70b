#include "host-proto/lgmp_queue.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "host-proto/lgmp_queue_internal.h"
#include "host-proto/shm.h"

int lgmp_queue_find(struct shm *shm, const struct lgmp_layout *layout, uint32_t id,
		uint64_t *ret_queue) {
	unsigned char *base = shm_base(shm);
	const uint32_t count = lgmp_load32(lgmp_at32(base, layout->queue_count));
	if (count > layout->queues_max) {
		return -EBADMSG;
	}
	for (uint32_t i = 0; i < count; i++) {
		const uint64_t queue = layout->queues + (uint64_t)i * layout->queue_bytes;
		if (lgmp_load32(lgmp_at32(base, queue + layout->id)) == id) {
			*ret_queue = queue;
			return 0;
		}
	}
	return -ENOENT;
}

/* Copies and checks what stays fixed (lgmp.md 8). */
static int read_descriptor(struct lgmp_subscription *sub) {
	const struct lgmp_layout *layout = sub->layout;
	sub->ring_length = lgmp_load32(lgmp_field(sub, layout->ring_length));
	sub->ring_offset = lgmp_load32(lgmp_field(sub, layout->ring_offset));
	sub->max_time = lgmp_load32(lgmp_field(sub, layout->max_time));
	sub->payload_floor = layout->header_bytes;
	if (layout->ring_after_udata) {
		const uint32_t udata = lgmp_load32(lgmp_at32(sub->base, layout->udata_size));
		sub->payload_floor =
				layout->udata + (udata < LGMP_UDATA_MAX ? udata : LGMP_UDATA_MAX);
	}
	if (sub->ring_length < 2 || sub->ring_length > LGMP_RING_MAX ||
			sub->ring_offset % layout->ring_read_align != 0 ||
			sub->ring_offset < sub->payload_floor ||
			!shm_in_range(sub->shm, sub->ring_offset,
					(uint64_t)sub->ring_length * layout->entry_bytes)) {
		return -EBADMSG;
	}
	if (!layout->spare_slot && (sub->ring_length & (sub->ring_length - 1)) != 0) {
		return -EBADMSG;
	}
	sub->subs = sub->base + sub->queue + layout->subs;
	sub->host_position = lgmp_field(sub, layout->position);
	return 0;
}

int lgmp_queue_peek(struct shm *shm, const struct lgmp_layout *layout, uint32_t id, uint32_t index,
		struct lgmp_entry *ret_entry) {
	struct lgmp_subscription sub = { .shm = shm, .layout = layout, .base = shm_base(shm) };
	int r = lgmp_queue_find(shm, layout, id, &sub.queue);
	if (r == 0) {
		r = read_descriptor(&sub);
	}
	if (r == 0 && index >= sub.ring_length) {
		r = -ENOENT;
	}
	return r < 0 ? r : lgmp_read_entry(&sub, index, ret_entry);
}

/* Under the lock: frees the slots of clients that were marked bad long enough ago (5.1 step 3). */
static void reap(const struct lgmp_subscription *sub, struct lgmp_subs *subs) {
	const struct lgmp_layout *layout = sub->layout;
	const uint64_t now = lgmp_load64(lgmp_at64(sub->base, layout->timestamp));
	for (unsigned slot = 0; slot < layout->slots_max; slot++) {
		const uint32_t bit = 1u << slot;
		uint64_t *timeout = lgmp_at64(
				sub->base, sub->queue + layout->timeout + slot * sizeof(uint64_t));
		if (!(subs->on & bit) || !(subs->bad & bit) || now <= lgmp_load64(timeout)) {
			continue;
		}
		lgmp_store64(timeout, 0);
		lgmp_store32(lgmp_field(sub, layout->client_id + slot * (uint32_t)sizeof(uint32_t)),
				0);
		subs->on &= ~bit;
		subs->bad &= ~bit;
	}
}

static void clear_pending(const struct lgmp_subscription *sub) {
	for (uint32_t i = 0; i < sub->ring_length; i++) {
		lgmp_and32(lgmp_pending_at(sub, i), ~sub->bit);
	}
}

/* Under the lock. */
static int take_slot(struct lgmp_subscription *sub) {
	const struct lgmp_layout *layout = sub->layout;
	unsigned char *base = sub->base;
	void *subs_at = base + sub->queue + layout->subs;

	if (lgmp_load32(lgmp_at32(base, layout->session)) != sub->session) {
		return -ESTALE;
	}
	const uint32_t position = lgmp_load32(sub->host_position);
	if (position >= sub->ring_length) {
		return -EBADMSG;
	}
	struct lgmp_subs subs = lgmp_subs_load(layout, subs_at);
	if (subs.on != 0) {
		reap(sub, &subs);
	}
	unsigned slot = 0;
	while (slot < layout->slots_max && ((subs.on | subs.bad) & 1u << slot) != 0) {
		slot++;
	}
	if (slot == layout->slots_max) {
		return -EBUSY;
	}
	sub->slot = slot;
	sub->bit = 1u << slot;
	clear_pending(sub);
	lgmp_store64(lgmp_at64(base, sub->queue + layout->timeout + slot * sizeof(uint64_t)), 0);
	lgmp_store32(lgmp_field(sub, layout->client_id + slot * (uint32_t)sizeof(uint32_t)),
			sub->client_id);
	subs.on |= sub->bit;
	lgmp_subs_store(layout, subs_at, subs);
	lgmp_add32(lgmp_field(sub, layout->new_subscribers), 1);
	sub->position = position;
	sub->active = true;
	return 0;
}

int lgmp_subscribe(struct lgmp_subscription *sub, struct shm *shm, const struct lgmp_layout *layout,
		uint32_t id, uint32_t session, uint32_t client_id) {
	*sub = (struct lgmp_subscription){ .shm = shm,
		.layout = layout,
		.base = shm_base(shm),
		.session = session,
		.client_id = client_id };
	int r = lgmp_queue_find(shm, layout, id, &sub->queue);
	if (r < 0) {
		return r;
	}
	r = read_descriptor(sub);
	if (r < 0) {
		return r;
	}
	if (!lgmp_lock(layout, lgmp_lock_of(sub))) {
		return -ETIMEDOUT;
	}
	r = take_slot(sub);
	lgmp_unlock(layout, lgmp_lock_of(sub));
	return r;
}

bool lgmp_slot_is_ours(const struct lgmp_subscription *sub) {
	const struct lgmp_layout *layout = sub->layout;
	return lgmp_load32(lgmp_field(
			       sub, layout->client_id + sub->slot * (uint32_t)sizeof(uint32_t))) ==
			       sub->client_id &&
	       lgmp_load32(lgmp_at32(sub->base, layout->session)) == sub->session;
}

int lgmp_subs_check(const struct lgmp_subscription *sub) {
	const struct lgmp_subs subs = lgmp_subs_load(sub->layout, sub->subs);
	if (subs.bad & sub->bit) {
		return -ETIME;
	}
	return subs.on & sub->bit ? 0 : -ENOTCONN;
}

int lgmp_subscription_check(const struct lgmp_subscription *sub) {
	int r = lgmp_subs_check(sub);
	if (r < 0) {
		return r;
	}
	return lgmp_slot_is_ours(sub) ? 0 : -ENOTCONN;
}

int lgmp_read_entry(
		const struct lgmp_subscription *sub, uint32_t index, struct lgmp_entry *ret_entry) {
	const struct lgmp_layout *layout = sub->layout;
	const uint64_t entry = sub->ring_offset + (uint64_t)index * layout->entry_bytes;
	struct lgmp_entry message = { .index = index };
	uint32_t offset;
	uint32_t udata;
	/* Cannot fail: the ring was found to be in range. */
	(void)shm_copy(sub->shm, entry + layout->entry_size, &message.size, sizeof message.size);
	(void)shm_copy(sub->shm, entry + layout->entry_offset, &offset, sizeof offset);
	if (layout->wide_udata) {
		(void)shm_copy(sub->shm, entry + layout->entry_udata, &message.udata,
				sizeof message.udata);
	} else {
		(void)shm_copy(sub->shm, entry + layout->entry_udata, &udata, sizeof udata);
		message.udata = udata;
	}
	message.offset = offset;
	if (offset % 4 != 0 || offset < sub->payload_floor ||
			!shm_in_range(sub->shm, offset, message.size)) {
		return -EBADMSG;
	}
	*ret_entry = message;
	return 0;
}

int lgmp_subscription_next(struct lgmp_subscription *sub, struct lgmp_entry *ret_entry) {
	return sub->layout->reader->next(sub, ret_entry);
}

int lgmp_subscription_finish(struct lgmp_subscription *sub, uint32_t index) {
	assert(index < sub->ring_length);
	/* What was copied out of the block before must be complete before we look whether it was
	 * still ours. */
#ifndef __SANITIZE_THREAD__ /* gcc's knows no fences; on x86-64 this one is no instruction */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
#endif
	int r = lgmp_subscription_check(sub);
	return r < 0 ? r : sub->layout->reader->finish(sub, index);
}

void lgmp_subscription_flush(struct lgmp_subscription *sub) {
	if (sub->active && sub->layout->reader->flush) {
		sub->layout->reader->flush(sub);
	}
}

/*
 * The stock client of 5 and 6 retires the message that it has just finished; the rest are those
 * that were finished out of order, which would wait for the host's periodic task.
 */
int lgmp_retire(const struct lgmp_subscription *sub) {
	const struct lgmp_layout *layout = sub->layout;
	uint32_t *start_at = lgmp_field(sub, layout->start);
	uint32_t *count_at = lgmp_field(sub, layout->count);
	uint32_t start = lgmp_load32(start_at);
	if (start >= sub->ring_length) {
		return -EBADMSG;
	}
	for (uint32_t i = 0; i < sub->ring_length; i++) {
		if (lgmp_load32(count_at) == 0 || lgmp_load32(lgmp_pending_at(sub, start)) != 0) {
			break;
		}
		start = lgmp_after(sub, start);
		lgmp_store32(start_at, start);
		if (lgmp_sub32(count_at, 1) == 0) {
			lgmp_store32(count_at, 0);
			return -EBADMSG;
		}
		const uint64_t now = lgmp_load64(lgmp_at64(sub->base, layout->timestamp));
		lgmp_store64(lgmp_at64(sub->base, sub->queue + layout->message_timeout),
				now + sub->max_time);
	}
	return 0;
}

void lgmp_unsubscribe(struct lgmp_subscription *sub) {
	const struct lgmp_layout *layout = sub->layout;
	if (!sub->active) {
		return;
	}
	sub->active = false;
	if (!lgmp_lock(layout, lgmp_lock_of(sub))) {
		return;
	}
	if (lgmp_subscription_check(sub) == 0) {
		void *subs_at = sub->base + sub->queue + layout->subs;
		struct lgmp_subs subs = lgmp_subs_load(layout, subs_at);
		clear_pending(sub);
		subs.on &= ~sub->bit;
		subs.bad &= ~sub->bit;
		lgmp_subs_store(layout, subs_at, subs);
		lgmp_store64(lgmp_at64(sub->base, sub->queue + layout->timeout +
								  sub->slot * sizeof(uint64_t)),
				0);
		lgmp_store32(lgmp_field(sub, layout->client_id +
							     sub->slot * (uint32_t)sizeof(
											 uint32_t)),
				0);
	}
	lgmp_unlock(layout, lgmp_lock_of(sub));
}

/* Under the client-data lock. */
static int put_data(const struct lgmp_subscription *sub, const void *data, uint32_t size,
		uint32_t *ret_serial) {
	const struct lgmp_layout *layout = sub->layout;
	if (!lgmp_slot_is_ours(sub)) {
		return -ENOTCONN;
	}
	const uint32_t room = lgmp_load32(lgmp_field(sub, layout->data_free));
	if (room == 0) {
		return -EAGAIN;
	}
	const uint32_t index = lgmp_load32(lgmp_field(sub, layout->data_write_index));
	if (index >= layout->data_slots || room > layout->data_slots) {
		return -EBADMSG;
	}
	const uint64_t slot = sub->queue + layout->data + (uint64_t)index * layout->data_bytes;
	memcpy(sub->base + slot + layout->data_payload, data, size);
	if (layout->data_client_id) {
		lgmp_store32(lgmp_at32(sub->base, slot + layout->data_client_id), sub->client_id);
	}
	lgmp_store32(lgmp_at32(sub->base, slot), size);
	lgmp_store32(lgmp_field(sub, layout->data_write_index), (index + 1) % layout->data_slots);
	lgmp_sub32(lgmp_field(sub, layout->data_free), 1);
	*ret_serial = lgmp_add32(lgmp_field(sub, layout->data_written), 1) + 1;
	return 0;
}

int lgmp_subscription_send(const struct lgmp_subscription *sub, const void *data, uint32_t size,
		uint32_t *ret_serial) {
	const struct lgmp_layout *layout = sub->layout;
	assert(size <= LGMP_DATA_MAX);
	int r = lgmp_subscription_check(sub);
	if (r < 0) {
		return r;
	}
	if (lgmp_load32(lgmp_field(sub, layout->data_free)) == 0) {
		return -EAGAIN;
	}
	void *lock = sub->base + sub->queue + layout->data_lock;
	/* Where the host knows the sender by his subscription, that must not end in between: the
	 * queue's lock, then the data's (A.3). */
	if (layout->checks_sender && !lgmp_lock(layout, lgmp_lock_of(sub))) {
		return -ETIMEDOUT;
	}
	r = layout->checks_sender ? lgmp_subscription_check(sub) : 0;
	if (r == 0 && !lgmp_lock(layout, lock)) {
		r = -ETIMEDOUT;
	} else if (r == 0) {
		r = put_data(sub, data, size, ret_serial);
		lgmp_unlock(layout, lock);
	}
	if (layout->checks_sender) {
		lgmp_unlock(layout, lgmp_lock_of(sub));
	}
	return r;
}

bool lgmp_subscription_acknowledged(const struct lgmp_subscription *sub, uint32_t serial) {
	return (int32_t)(lgmp_load32(lgmp_field(sub, sub->layout->data_read)) - serial) >= 0;
}
