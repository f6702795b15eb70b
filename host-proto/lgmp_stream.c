#include "host-proto/lgmp_stream.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "host-proto/lgmp_layout.h"
#include "host-proto/lgmp_stream_wire.h"
#include "host-proto/shm.h"

#define READ_TRIES 8u

#define HEAD(field)   ((uint32_t)offsetof(struct lgmp_stream_head_wire, field))
#define CURSOR(field) ((uint32_t)offsetof(struct lgmp_stream_cursor_wire, field))

static uint32_t *word(const struct lgmp_stream *stream, uint32_t offset) {
	return lgmp_at32(stream->base, (uint64_t)stream->place.offset + offset);
}

static uint32_t own_cursor(const struct lgmp_stream *stream) {
	return stream->producer ? HEAD(producer) : HEAD(consumer);
}

static uint32_t other_cursor(const struct lgmp_stream *stream) {
	return stream->producer ? HEAD(consumer) : HEAD(producer);
}

static uint32_t stride_of(uint32_t slot_bytes) {
	return (LGMP_STREAM_SLOT_HEAD + slot_bytes + 63) & ~63u;
}

uint32_t lgmp_stream_region_bytes(uint32_t slot_count, uint32_t slot_bytes) {
	return LGMP_STREAM_SLOTS_AT + slot_count * stride_of(slot_bytes);
}

int lgmp_stream_place_read(const struct shm *shm, const void *descriptor,
		enum lgmp_stream_direction direction, uint32_t slot_min,
		struct lgmp_stream_place *ret_place) {
	struct lgmp_stream_descriptor_wire wire;
	memcpy(&wire, descriptor, sizeof wire);
	if (wire.magic != LGMP_STREAM_DESCRIPTOR_MAGIC || wire.version != LGMP_STREAM_VERSION ||
			wire.size != sizeof wire || wire.direction != (uint32_t)direction ||
			wire.policy != LGMP_STREAM_RELIABLE) {
		return -EBADMSG;
	}
	if (wire.slot_count < 2 || wire.slot_count > LGMP_STREAM_SLOTS_MAX ||
			(wire.slot_count & (wire.slot_count - 1)) != 0 ||
			wire.slot_bytes < slot_min || wire.slot_bytes > 1u << 20) {
		return -EBADMSG;
	}
	const uint64_t bytes = LGMP_STREAM_SLOTS_AT +
			       (uint64_t)wire.slot_count * stride_of(wire.slot_bytes);
	if (wire.offset % 64 != 0 || wire.offset < LGMP_HEADER_MIN || wire.region_bytes < bytes ||
			!shm_in_range(shm, wire.offset, wire.region_bytes)) {
		return -EBADMSG;
	}
	*ret_place = (struct lgmp_stream_place){ .offset = wire.offset,
		.region_bytes = wire.region_bytes,
		.slot_count = wire.slot_count,
		.slot_bytes = wire.slot_bytes,
		.direction = direction };
	return 0;
}

void lgmp_stream_describe(const struct lgmp_stream_place *place, void *ret_descriptor) {
	const struct lgmp_stream_descriptor_wire wire = { .magic = LGMP_STREAM_DESCRIPTOR_MAGIC,
		.version = LGMP_STREAM_VERSION,
		.size = sizeof wire,
		.offset = place->offset,
		.region_bytes = place->region_bytes,
		.direction = (uint32_t)place->direction,
		.policy = LGMP_STREAM_RELIABLE,
		.slot_count = place->slot_count,
		.slot_bytes = place->slot_bytes };
	memcpy(ret_descriptor, &wire, sizeof wire);
}

bool lgmp_stream_is_bound(const struct lgmp_stream *stream) {
	return lgmp_load32(lgmp_at32(stream->base, stream->session_at)) == stream->session &&
	       lgmp_load32(word(stream, HEAD(magic))) == LGMP_STREAM_MAGIC &&
	       lgmp_load32(word(stream, HEAD(session))) == stream->session &&
	       lgmp_load32(word(stream, HEAD(state))) == LGMP_STREAM_READY &&
	       lgmp_load32(word(stream, HEAD(epoch))) == stream->epoch &&
	       lgmp_load32(word(stream, HEAD(client_id))) == stream->client_id;
}

/* What a cursor says for that epoch; one that was never moved in it stands at 0. */
static int load_cursor(const struct lgmp_stream *stream, uint32_t at, uint32_t *ret_sequence) {
	for (unsigned i = 0; i < READ_TRIES; i++) {
		const uint32_t stamp = lgmp_load32(word(stream, at + CURSOR(stamp)));
		const uint32_t value = at + CURSOR(value) + (stamp & 1) * 8;
		const uint32_t epoch = lgmp_load32(word(stream, value));
		const uint32_t sequence = lgmp_load32(word(stream, value + 4));
		if (lgmp_load32(word(stream, at + CURSOR(stamp))) == stamp) {
			*ret_sequence = epoch == stream->epoch ? sequence : 0;
			return 0;
		}
	}
	return -EAGAIN;
}

static void publish(struct lgmp_stream *stream) {
	const uint32_t at = own_cursor(stream);
	const uint32_t next = stream->stamp + 1;
	const uint32_t value = at + CURSOR(value) + (next & 1) * 8;
	lgmp_store32(word(stream, value), stream->epoch);
	lgmp_store32(word(stream, value + 4), stream->sequence);
	lgmp_store32(word(stream, at + CURSOR(stamp)), next);
	stream->stamp = next;
}

/* Says that this end is at work, so that the host waits with taking the region away. */
static bool enter(struct lgmp_stream *stream) {
	if (!lgmp_stream_is_bound(stream)) {
		return false;
	}
	uint32_t *active =
			word(stream, own_cursor(stream) + CURSOR(active) + (stream->epoch & 1) * 4);
	lgmp_store32(active, stream->epoch);
	if (lgmp_stream_is_bound(stream)) {
		return true;
	}
	lgmp_store32(active, 0);
	return false;
}

static void leave(struct lgmp_stream *stream) {
	lgmp_store32(word(stream, own_cursor(stream) + CURSOR(active) + (stream->epoch & 1) * 4),
			0);
}

static uint32_t slot_at(const struct lgmp_stream *stream, uint32_t sequence) {
	return LGMP_STREAM_SLOTS_AT + sequence % stream->place.slot_count * stream->stride;
}

int lgmp_stream_open(struct lgmp_stream *ret_stream, struct shm *shm, unsigned lgmp,
		const struct lgmp_stream_place *place, uint32_t session, uint32_t client_id) {
	const struct lgmp_layout *layout = lgmp_layout_find(lgmp);
	struct lgmp_stream_head_wire head;
	if (!layout || !layout->session_client_id) {
		return -EPROTONOSUPPORT;
	}
	int r = shm_copy(shm, place->offset, &head, sizeof head);
	if (r < 0) {
		return -EBADMSG;
	}
	const uint32_t stride = stride_of(place->slot_bytes);
	if (head.magic != LGMP_STREAM_MAGIC || head.session != session ||
			head.state != LGMP_STREAM_READY || head.client_id != client_id ||
			head.epoch == 0) {
		return -ENOTCONN;
	}
	if (head.version != LGMP_STREAM_VERSION || head.header_bytes != LGMP_STREAM_SLOTS_AT ||
			head.direction != (uint32_t)place->direction ||
			head.policy != LGMP_STREAM_RELIABLE ||
			head.slot_count != place->slot_count ||
			head.slot_bytes != place->slot_bytes || head.slot_stride != stride ||
			head.slots_at != LGMP_STREAM_SLOTS_AT) {
		return -EBADMSG;
	}
	*ret_stream = (struct lgmp_stream){ .shm = shm,
		.base = shm_base(shm),
		.place = *place,
		.session = session,
		.client_id = client_id,
		.epoch = head.epoch,
		.stride = stride,
		.session_at = layout->session,
		.producer = place->direction == LGMP_STREAM_TO_HOST };
	r = load_cursor(ret_stream, own_cursor(ret_stream), &ret_stream->sequence);
	ret_stream->stamp = lgmp_load32(word(ret_stream, own_cursor(ret_stream) + CURSOR(stamp)));
	return r < 0 ? -EBADMSG : 0;
}

void lgmp_stream_make(struct lgmp_stream *ret_stream, struct shm *shm, unsigned lgmp,
		const struct lgmp_stream_place *place, uint32_t session) {
	const struct lgmp_layout *layout = lgmp_layout_find(lgmp);
	*ret_stream = (struct lgmp_stream){ .shm = shm,
		.base = shm_base(shm),
		.place = *place,
		.session = session,
		.stride = stride_of(place->slot_bytes),
		.session_at = layout ? layout->session : 0,
		.producer = place->direction == LGMP_STREAM_TO_CLIENT };
	lgmp_store32(word(ret_stream, HEAD(magic)), 0);
	const struct lgmp_stream_head_wire head = { .version = LGMP_STREAM_VERSION,
		.header_bytes = LGMP_STREAM_SLOTS_AT,
		.region_bytes = place->region_bytes,
		.session = session,
		.direction = (uint32_t)place->direction,
		.policy = LGMP_STREAM_RELIABLE,
		.slot_count = place->slot_count,
		.slot_bytes = place->slot_bytes,
		.slot_stride = ret_stream->stride,
		.slots_at = LGMP_STREAM_SLOTS_AT };
	uint32_t words[sizeof head / 4];
	memcpy(words, &head, sizeof head);
	for (uint32_t i = 1; i < sizeof head / 4; i++) {
		lgmp_store32(word(ret_stream, i * 4), words[i]);
	}
	lgmp_store32(word(ret_stream, HEAD(magic)), LGMP_STREAM_MAGIC);
}

void lgmp_stream_bind(struct lgmp_stream *stream, uint32_t client_id) {
	lgmp_store32(word(stream, HEAD(state)), LGMP_STREAM_BINDING);
	stream->epoch += stream->epoch == UINT32_MAX ? 2 : 1;
	stream->client_id = client_id;
	stream->sequence = 0;
	lgmp_store32(word(stream, HEAD(epoch)), stream->epoch);
	lgmp_store32(word(stream, HEAD(client_id)), client_id);
	publish(stream);
	lgmp_store32(word(stream, HEAD(state)), LGMP_STREAM_READY);
}

void lgmp_stream_unbind(struct lgmp_stream *stream) {
	lgmp_store32(word(stream, HEAD(state)), LGMP_STREAM_DRAINING);
	lgmp_store32(word(stream, HEAD(client_id)), 0);
	lgmp_store32(word(stream, HEAD(state)), LGMP_STREAM_UNBOUND);
	stream->client_id = 0;
}

/* Inside enter() and leave(). */
static int write_slot(struct lgmp_stream *stream, const void *head, uint32_t head_size,
		const void *data, uint32_t size) {
	uint32_t taken;
	int r = load_cursor(stream, other_cursor(stream), &taken);
	if (r < 0) {
		return r;
	}
	const uint32_t used = stream->sequence - taken;
	if (used >= stream->place.slot_count) {
		return used == stream->place.slot_count ? -EAGAIN : -EBADMSG;
	}
	const uint32_t slot = slot_at(stream, stream->sequence);
	unsigned char *to = (unsigned char *)word(stream, slot + LGMP_STREAM_SLOT_HEAD);
	if (head_size > 0) {
		memcpy(to, head, head_size);
	}
	if (size > 0) {
		memcpy(to + head_size, data, size);
	}
	lgmp_store32(word(stream, slot), stream->epoch);
	lgmp_store32(word(stream, slot + 4), stream->sequence);
	lgmp_store32(word(stream, slot + 8), head_size + size);
	stream->sequence++;
	publish(stream);
	return 0;
}

uint32_t lgmp_stream_room(const struct lgmp_stream *stream) {
	return stream->place.slot_bytes;
}

int lgmp_stream_write_parts(struct lgmp_stream *stream, const void *head, uint32_t head_size,
		const void *data, uint32_t size) {
	const uint32_t room = stream->place.slot_bytes;
	if (head_size > room || size > room - head_size) {
		return -EMSGSIZE;
	}
	if (!enter(stream)) {
		return -ENOTCONN;
	}
	int r = write_slot(stream, head, head_size, data, size);
	leave(stream);
	return r;
}

int lgmp_stream_write(struct lgmp_stream *stream, const void *data, uint32_t size) {
	return lgmp_stream_write_parts(stream, NULL, 0, data, size);
}

static int read_slot(struct lgmp_stream *stream, void *data, uint32_t room) {
	uint32_t written;
	int r = load_cursor(stream, other_cursor(stream), &written);
	if (r < 0) {
		return r;
	}
	const uint32_t used = written - stream->sequence;
	if (used == 0 || used > stream->place.slot_count) {
		return used == 0 ? -EAGAIN : -EBADMSG;
	}
	const uint32_t slot = slot_at(stream, stream->sequence);
	const uint32_t epoch = lgmp_load32(word(stream, slot));
	const uint32_t size = lgmp_load32(word(stream, slot + 8));
	r = -EBADMSG;
	if (epoch == stream->epoch && size <= stream->place.slot_bytes && size <= room) {
		(void)shm_copy(stream->shm,
				(uint64_t)stream->place.offset + slot + LGMP_STREAM_SLOT_HEAD, data,
				size);
		r = (int)size;
	}
	stream->sequence++;
	publish(stream);
	return r;
}

int lgmp_stream_read(struct lgmp_stream *stream, void *data, uint32_t room) {
	if (!enter(stream)) {
		return -ENOTCONN;
	}
	int r = read_slot(stream, data, room);
	leave(stream);
	return r;
}

int lgmp_stream_taken(const struct lgmp_stream *stream, uint32_t *ret_count) {
	if (lgmp_load32(word(stream, HEAD(magic))) != LGMP_STREAM_MAGIC ||
			lgmp_load32(word(stream, HEAD(session))) != stream->session ||
			lgmp_load32(word(stream, HEAD(epoch))) != stream->epoch) {
		return -ENOTCONN;
	}
	return load_cursor(stream, other_cursor(stream), ret_count);
}
