#include "host-proto/sim/lgmp_host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host-proto/lgmp_layout.h"
#include "host-proto/shm.h"

#define QUEUES_MAX LGMP12_QUEUES

/* Our own copies: what stands in the memory may be anyone's. */
struct queue_state {
	uint64_t at; /* offset of the descriptor */
	uint32_t ring_offset, ring_length, max_time;
	uint32_t position;
	uint32_t data_index;
	/* Of the message that stands in a slot, counted from 1: slots are used again. Read by any
	 * thread. */
	uint32_t serials[LGMP_RING_MAX];
	uint32_t serial;
};

struct lgmp_host {
	struct shm *shm;
	unsigned char *base;
	const struct lgmp_layout *layout;
	uint32_t session;
	uint64_t next;    /* the bump pointer */
	uint64_t beat_ms; /* of the last heartbeat */
	unsigned queue_count;
	uint32_t sender; /* of the last client data */
	struct queue_state queues[QUEUES_MAX];
};

static uint32_t *field(
		const struct lgmp_host *host, const struct queue_state *queue, uint32_t offset) {
	return lgmp_at32(host->base, queue->at + offset);
}

static void *lock_of(const struct lgmp_host *host, const struct queue_state *queue) {
	return host->base + queue->at + host->layout->lock;
}

static uint64_t entry_at(
		const struct lgmp_host *host, const struct queue_state *queue, uint32_t index) {
	return queue->ring_offset + (uint64_t)index * host->layout->entry_bytes;
}

static uint32_t *pending_at(
		const struct lgmp_host *host, const struct queue_state *queue, uint32_t index) {
	return lgmp_at32(host->base, entry_at(host, queue, index) + host->layout->entry_pending);
}

static void set_message_timeout(
		const struct lgmp_host *host, const struct queue_state *queue, uint64_t now_ms) {
	lgmp_store64(lgmp_at64(host->base, queue->at + host->layout->message_timeout),
			now_ms + queue->max_time);
}

int lgmp_host_create(struct lgmp_host **ret_host, struct shm *shm, unsigned lgmp) {
	const struct lgmp_layout *layout = lgmp_layout_find(lgmp);
	if (!layout) {
		return -EPROTONOSUPPORT;
	}
	if (shm_size(shm) < layout->header_bytes) {
		return -EMSGSIZE;
	}
	struct lgmp_host *host = calloc(1, sizeof *host);
	if (!host) {
		return -ENOMEM;
	}
	host->shm = shm;
	host->base = shm_base(shm);
	host->layout = layout;
	*ret_host = host;
	return 0;
}

void lgmp_host_destroy(struct lgmp_host *host) {
	free(host);
}

/* Bulk writes that a client might read at the same moment, word by word. */
static void put_bytes(struct lgmp_host *host, uint64_t offset, const void *src, size_t size) {
	const uint8_t *from = src;
	for (size_t i = 0; i < size; i++) {
		__atomic_store_n(host->base + offset + i, from[i], __ATOMIC_RELAXED);
	}
}

int lgmp_host_begin(struct lgmp_host *host, uint32_t session, const void *udata, size_t size) {
	const struct lgmp_layout *layout = host->layout;
	if (!shm_in_range(host->shm, layout->header_bytes, size)) {
		return -EMSGSIZE;
	}
	lgmp_store32(lgmp_at32(host->base, layout->magic), 0);
	/* A magic of another version must not be found instead. */
	lgmp_store32(lgmp_at32(host->base, 0), 0);
	lgmp_store32(lgmp_at32(host->base, layout->version_at), layout->version);
	lgmp_store32(lgmp_at32(host->base, layout->queue_count), 0);
	if (layout->session_client_id) {
		lgmp_store32(lgmp_at32(host->base, layout->session), 0);
		lgmp_store32(lgmp_at32(host->base, layout->next_client_id), 0);
		session = session ? session : 1; /* 0 = there is none */
	}
	lgmp_store32(lgmp_at32(host->base, layout->udata_size), (uint32_t)size);
	put_bytes(host, layout->udata, udata, size);
	host->session = session;
	host->queue_count = 0;
	host->next = ((layout->ring_after_udata ? layout->udata : layout->header_bytes) + size +
				     3) &
		     ~3ull;
	return 0;
}

int lgmp_host_allocate(struct lgmp_host *host, uint32_t bytes, uint32_t align, uint64_t *ret_offset,
		uint32_t *ret_size) {
	const uint64_t start = (host->next + align - 1) & ~((uint64_t)align - 1);
	const uint64_t size = ((uint64_t)bytes + align - 1) & ~((uint64_t)align - 1);
	if (size > UINT32_MAX || !shm_in_range(host->shm, start, size)) {
		return -EMSGSIZE;
	}
	host->next = start + size;
	*ret_offset = start;
	*ret_size = (uint32_t)size;
	return 0;
}

uint64_t lgmp_host_available(const struct lgmp_host *host) {
	return shm_size(host->shm) - host->next;
}

int lgmp_host_add_queue(
		struct lgmp_host *host, uint32_t id, uint32_t length, uint32_t max_time_ms) {
	const struct lgmp_layout *layout = host->layout;
	if (host->queue_count == layout->queues_max) {
		return -ENOSPC;
	}
	if (length < 1 || length >= LGMP_RING_MAX ||
			(!layout->spare_slot && (length & (length - 1)) != 0)) {
		return -EMSGSIZE;
	}
	const unsigned index = host->queue_count;
	struct queue_state *queue = &host->queues[index];
	*queue = (struct queue_state){ .at = layout->queues + (uint64_t)index * layout->queue_bytes,
		.ring_length = layout->spare_slot ? length + 1 : length,
		.max_time = max_time_ms };
	uint64_t ring;
	uint32_t ring_size;
	int r = lgmp_host_allocate(host, queue->ring_length * layout->entry_bytes,
			layout->ring_align, &ring, &ring_size);
	if (r < 0) {
		return r;
	}
	queue->ring_offset = (uint32_t)ring;
	for (uint32_t i = 0; i < queue->ring_length; i++) {
		lgmp_store32(pending_at(host, queue, i), 0);
	}
	lgmp_store32(field(host, queue, layout->id), id);
	lgmp_store32(field(host, queue, layout->ring_length), queue->ring_length);
	lgmp_store32(field(host, queue, layout->new_subscribers), 0);
	lgmp_store32(field(host, queue, layout->max_time), max_time_ms);
	lgmp_store32(field(host, queue, layout->position), 0);
	lgmp_store32(field(host, queue, layout->ring_offset), queue->ring_offset);
	lgmp_store32(field(host, queue, layout->lock), 0);
	lgmp_subs_store(layout, field(host, queue, layout->subs), (struct lgmp_subs){ 0, 0 });
	lgmp_store32(field(host, queue, layout->start), 0);
	lgmp_store64(lgmp_at64(host->base, queue->at + layout->message_timeout), 0);
	lgmp_store32(field(host, queue, layout->count), 0);
	lgmp_store32(field(host, queue, layout->data_lock), 0);
	lgmp_store32(field(host, queue, layout->data_free), layout->data_slots);
	lgmp_store32(field(host, queue, layout->data_write_index), 0);
	lgmp_store32(field(host, queue, layout->data_written), 0);
	lgmp_store32(field(host, queue, layout->data_read), 0);
	host->queue_count++;
	if (!layout->session_client_id) {
		lgmp_store32(lgmp_at32(host->base, layout->queue_count), host->queue_count);
	}
	return (int)index;
}

void lgmp_host_publish(struct lgmp_host *host, uint64_t now_ms) {
	lgmp_store64(lgmp_at64(host->base, host->layout->timestamp), now_ms);
	lgmp_store32(lgmp_at32(host->base, host->layout->session), host->session);
	lgmp_store32(lgmp_at32(host->base, host->layout->magic), LGMP_MAGIC);
	/* With 12, the number of queues is what readers wait for. */
	lgmp_store32(lgmp_at32(host->base, host->layout->queue_count), host->queue_count);
	host->beat_ms = now_ms;
}

static int attach_queue(struct lgmp_host *host, struct queue_state *queue) {
	const struct lgmp_layout *layout = host->layout;
	queue->ring_length = lgmp_load32(field(host, queue, layout->ring_length));
	queue->ring_offset = lgmp_load32(field(host, queue, layout->ring_offset));
	queue->max_time = lgmp_load32(field(host, queue, layout->max_time));
	queue->position = lgmp_load32(field(host, queue, layout->position));
	const uint32_t room = lgmp_load32(field(host, queue, layout->data_free));
	const uint32_t write = lgmp_load32(field(host, queue, layout->data_write_index));
	if (queue->ring_length < 2 || queue->ring_length > LGMP_RING_MAX ||
			queue->position >= queue->ring_length || queue->ring_offset % 4 != 0 ||
			!shm_in_range(host->shm, queue->ring_offset,
					(uint64_t)queue->ring_length * layout->entry_bytes) ||
			room > layout->data_slots || write >= layout->data_slots) {
		return -EBADMSG;
	}
	/* The oldest unread message: as many back as there are. */
	queue->data_index = (write + room) % layout->data_slots;
	return 0;
}

int lgmp_host_attach(struct lgmp_host *host) {
	const struct lgmp_layout *layout = host->layout;
	const uint32_t count = lgmp_load32(lgmp_at32(host->base, layout->queue_count));
	if (lgmp_load32(lgmp_at32(host->base, layout->magic)) != LGMP_MAGIC ||
			lgmp_load32(lgmp_at32(host->base, layout->version_at)) != layout->version ||
			count > layout->queues_max) {
		return -EBADMSG;
	}
	for (uint32_t i = 0; i < count; i++) {
		host->queues[i].at = layout->queues + (uint64_t)i * layout->queue_bytes;
		if (attach_queue(host, &host->queues[i]) < 0) {
			return -EBADMSG;
		}
	}
	host->queue_count = count;
	host->session = lgmp_load32(lgmp_at32(host->base, layout->session));
	return 0;
}

static uint32_t after(const struct queue_state *queue, uint32_t index) {
	return index + 1 < queue->ring_length ? index + 1 : 0;
}

static void mark_bad(const struct lgmp_host *host, const struct queue_state *queue, uint32_t slots,
		uint64_t now_ms) {
	for (unsigned slot = 0; slot < host->layout->slots_max; slot++) {
		if (slots & 1u << slot) {
			lgmp_store64(lgmp_at64(host->base, queue->at + host->layout->timeout +
									   slot * sizeof(uint64_t)),
					now_ms + queue->max_time);
		}
	}
}

static uint32_t client_of(
		const struct lgmp_host *host, const struct queue_state *queue, unsigned slot) {
	return lgmp_load32(field(
			host, queue, host->layout->client_id + slot * (uint32_t)sizeof(uint32_t)));
}

/* The slots of a client that take messages. */
static uint32_t slots_of(
		const struct lgmp_host *host, const struct queue_state *queue, uint32_t client_id) {
	const struct lgmp_subs subs =
			lgmp_subs_load(host->layout, host->base + queue->at + host->layout->subs);
	uint32_t slots = 0;
	for (unsigned slot = 0; slot < host->layout->slots_max; slot++) {
		if (client_of(host, queue, slot) == client_id) {
			slots |= 1u << slot;
		}
	}
	return slots & subs.on & ~subs.bad;
}

/* Clients that were too late, to be told to the other queues. */
struct evicted {
	uint32_t ids[32];
	unsigned count;
};

/* Under the lock (lgmp.md 6.2, A.3). */
static int retire(struct lgmp_host *host, struct queue_state *queue, uint64_t now_ms,
		struct evicted *evicted) {
	const struct lgmp_layout *layout = host->layout;
	void *subs_at = host->base + queue->at + layout->subs;
	struct lgmp_subs subs = lgmp_subs_load(layout, subs_at);
	uint32_t *count_at = field(host, queue, layout->count);
	uint32_t *start_at = field(host, queue, layout->start);
	const uint64_t *deadline = lgmp_at64(host->base, queue->at + layout->message_timeout);

	for (uint32_t i = 0; i < queue->ring_length && lgmp_load32(count_at) > 0; i++) {
		const uint32_t start = lgmp_load32(start_at);
		if (start >= queue->ring_length) {
			return -EBADMSG;
		}
		const uint32_t pending = lgmp_load32(pending_at(host, queue, start)) & subs.on;
		const uint32_t late = pending & ~subs.bad;
		if (late != 0) {
			if (now_ms <= lgmp_load64(deadline)) {
				break;
			}
			subs.bad |= late;
			mark_bad(host, queue, late, now_ms);
			for (unsigned slot = 0; slot < layout->slots_max; slot++) {
				if (late & 1u << slot && evicted->count < 32) {
					evicted->ids[evicted->count++] =
							client_of(host, queue, slot);
				}
			}
			lgmp_store32(pending_at(host, queue, start), 0);
		}
		lgmp_store32(start_at, after(queue, start));
		lgmp_sub32(count_at, 1);
		set_message_timeout(host, queue, now_ms);
	}
	lgmp_subs_store(layout, subs_at, subs);
	return 0;
}

/* Under the lock: takes messages that all have finished back from the end of the ring. */
static int trim(struct lgmp_host *host, struct queue_state *queue) {
	const struct lgmp_layout *layout = host->layout;
	const struct lgmp_subs subs = lgmp_subs_load(layout, host->base + queue->at + layout->subs);
	uint32_t *count_at = field(host, queue, layout->count);
	if (lgmp_load32(count_at) > queue->ring_length) {
		return -EBADMSG;
	}
	for (uint32_t i = 0; i < queue->ring_length && lgmp_load32(count_at) > 0; i++) {
		const uint32_t last = (queue->position ? queue->position : queue->ring_length) - 1;
		if (lgmp_load32(pending_at(host, queue, last)) & subs.on & ~subs.bad) {
			break;
		}
		queue->position = last;
		lgmp_store32(field(host, queue, layout->position), last);
		lgmp_sub32(count_at, 1);
	}
	return 0;
}

/* One queue's lock at a time: on the other queues, too, the client is bad. */
static int evict_everywhere(
		struct lgmp_host *host, const struct evicted *evicted, uint64_t now_ms) {
	for (unsigned i = 0; i < host->queue_count && evicted->count > 0; i++) {
		struct queue_state *queue = &host->queues[i];
		void *subs_at = host->base + queue->at + host->layout->subs;
		if (!lgmp_lock(host->layout, lock_of(host, queue))) {
			return -EBADMSG;
		}
		uint32_t slots = 0;
		for (unsigned k = 0; k < evicted->count; k++) {
			slots |= slots_of(host, queue, evicted->ids[k]);
		}
		struct lgmp_subs subs = lgmp_subs_load(host->layout, subs_at);
		subs.bad |= slots;
		mark_bad(host, queue, slots, now_ms);
		lgmp_subs_store(host->layout, subs_at, subs);
		lgmp_unlock(host->layout, lock_of(host, queue));
	}
	return 0;
}

int lgmp_host_retire(struct lgmp_host *host, uint64_t now_ms) {
	struct evicted evicted = { .count = 0 };
	for (unsigned i = 0; i < host->queue_count; i++) {
		struct queue_state *queue = &host->queues[i];
		if (!lgmp_lock(host->layout, lock_of(host, queue))) {
			return -EBADMSG;
		}
		int r = retire(host, queue, now_ms, &evicted);
		if (r == 0 && host->layout->trims_tail) {
			r = trim(host, queue);
		}
		lgmp_unlock(host->layout, lock_of(host, queue));
		if (r < 0) {
			return r;
		}
	}
	return host->layout->evicts_everywhere ? evict_everywhere(host, &evicted, now_ms) : 0;
}

int lgmp_host_periodic(struct lgmp_host *host, uint64_t now_ms) {
	if (lgmp_load32(lgmp_at32(host->base, host->layout->magic)) != LGMP_MAGIC) {
		return -EBADMSG;
	}
	if (now_ms - host->beat_ms >= host->layout->heartbeat_ms) {
		lgmp_store64(lgmp_at64(host->base, host->layout->timestamp), now_ms);
		host->beat_ms = now_ms;
	}
	return lgmp_host_retire(host, now_ms);
}

/* Under the lock (lgmp.md 6.1, A.3). to: the slots that get it. */
static int post(struct lgmp_host *host, struct queue_state *queue,
		const struct lgmp_host_message *message, uint32_t to, bool aimed, uint64_t now_ms) {
	const struct lgmp_layout *layout = host->layout;
	if (to == 0 && (aimed || !layout->posts_to_nobody)) {
		return 0;
	}
	uint32_t *count_at = field(host, queue, layout->count);
	const uint32_t room = layout->spare_slot ? queue->ring_length - 1 : queue->ring_length;
	if (lgmp_load32(count_at) >= room) {
		return -ENOBUFS;
	}
	const uint64_t entry = entry_at(host, queue, queue->position);
	/* The payload is written before, the position after: their orders are what readers need. */
	if (layout->wide_udata) {
		lgmp_store64(lgmp_at64(host->base, entry + layout->entry_udata), message->udata);
	} else {
		lgmp_store32(lgmp_at32(host->base, entry + layout->entry_udata),
				(uint32_t)message->udata);
	}
	lgmp_store32(lgmp_at32(host->base, entry + layout->entry_size), message->size);
	lgmp_store32(lgmp_at32(host->base, entry + layout->entry_offset),
			(uint32_t)message->offset);
	__atomic_store_n(&queue->serials[queue->position], ++queue->serial, __ATOMIC_RELEASE);
	lgmp_store32(pending_at(host, queue, queue->position), to);
	if (lgmp_add32(count_at, 1) == 0) {
		set_message_timeout(host, queue, now_ms);
	}
	queue->position = after(queue, queue->position);
	lgmp_store32(field(host, queue, layout->position), queue->position);
	return to != 0;
}

int lgmp_host_post(struct lgmp_host *host, unsigned queue_index,
		const struct lgmp_host_message *message, uint64_t now_ms,
		struct lgmp_host_ticket *ret_ticket) {
	struct queue_state *queue = &host->queues[queue_index];
	const uint32_t index = queue->position;
	if (!lgmp_lock(host->layout, lock_of(host, queue))) {
		return -ETIMEDOUT;
	}
	const struct lgmp_subs subs =
			lgmp_subs_load(host->layout, host->base + queue->at + host->layout->subs);
	const uint32_t to = message->client_id ? slots_of(host, queue, message->client_id)
					       : subs.on & ~subs.bad;
	int r = post(host, queue, message, to, message->client_id != 0, now_ms);
	lgmp_unlock(host->layout, lock_of(host, queue));
	if (r > 0 && ret_ticket) {
		*ret_ticket = (struct lgmp_host_ticket){ index, queue->serial };
	}
	return r;
}

bool lgmp_host_is_pending(const struct lgmp_host *host, unsigned queue_index,
		struct lgmp_host_ticket ticket) {
	const struct queue_state *queue = &host->queues[queue_index];
	const struct lgmp_subs subs =
			lgmp_subs_load(host->layout, host->base + queue->at + host->layout->subs);
	/* Bits of clients that left or were marked bad stay set and mean nothing. */
	const bool some = (lgmp_load32(pending_at(host, queue, ticket.index)) & subs.on &
					  ~subs.bad) != 0;
	return some &&
	       __atomic_load_n(&queue->serials[ticket.index], __ATOMIC_ACQUIRE) == ticket.serial;
}

bool lgmp_host_has_subscribers(const struct lgmp_host *host, unsigned queue) {
	return lgmp_subs_load(host->layout,
			       host->base + host->queues[queue].at + host->layout->subs)
			       .on != 0;
}

unsigned lgmp_host_clients(
		const struct lgmp_host *host, unsigned queue, uint32_t *ret_ids, unsigned room) {
	const struct queue_state *state = &host->queues[queue];
	const struct lgmp_subs subs =
			lgmp_subs_load(host->layout, host->base + state->at + host->layout->subs);
	unsigned count = 0;
	for (unsigned slot = 0; slot < host->layout->slots_max && count < room; slot++) {
		if (subs.on & ~subs.bad & 1u << slot) {
			ret_ids[count++] = client_of(host, state, slot);
		}
	}
	return count;
}

uint32_t lgmp_host_take_new_subscribers(struct lgmp_host *host, unsigned queue) {
	return __atomic_exchange_n(field(host, &host->queues[queue], host->layout->new_subscribers),
			0, __ATOMIC_SEQ_CST);
}

unsigned lgmp_host_count(const struct lgmp_host *host, unsigned queue) {
	return lgmp_load32(field(host, &host->queues[queue], host->layout->count));
}

/* Under the client-data lock: the oldest message; acknowledged whoever sent it. */
static int take_data(struct lgmp_host *host, struct queue_state *queue, void *data) {
	const struct lgmp_layout *layout = host->layout;
	const uint64_t slot =
			queue->at + layout->data + (uint64_t)queue->data_index * layout->data_bytes;
	const uint32_t size = lgmp_load32(lgmp_at32(host->base, slot));
	int r = -EBADMSG;
	host->sender = layout->data_client_id ? lgmp_load32(lgmp_at32(host->base,
								slot + layout->data_client_id))
					      : 0;
	if (layout->checks_sender && slots_of(host, queue, host->sender) == 0) {
		r = -EACCES;
	} else if (size <= LGMP_DATA_MAX) {
		(void)shm_copy(host->shm, slot + layout->data_payload, data, size);
		r = (int)size;
	}
	queue->data_index = (queue->data_index + 1) % layout->data_slots;
	lgmp_add32(field(host, queue, layout->data_free), 1);
	return r;
}

int lgmp_host_read_data(struct lgmp_host *host, unsigned queue_index, void *data) {
	const struct lgmp_layout *layout = host->layout;
	struct queue_state *queue = &host->queues[queue_index];
	int r = -EACCES;
	for (unsigned i = 0; i < layout->data_slots && r == -EACCES; i++) {
		if (lgmp_load32(field(host, queue, layout->data_free)) >= layout->data_slots) {
			return -EAGAIN;
		}
		void *lock = host->base + queue->at + layout->data_lock;
		if (!lgmp_lock(layout, lock)) {
			return -ETIMEDOUT;
		}
		r = take_data(host, queue, data);
		lgmp_unlock(layout, lock);
		lgmp_add32(field(host, queue, layout->data_read), 1);
	}
	return r == -EACCES ? -EAGAIN : r;
}

uint32_t lgmp_host_sender(const struct lgmp_host *host) {
	return host->sender;
}
