/*
 * A hostile producer: changes words of a living session's memory, where they hurt. For tests and
 * fuzz targets; the reading side must survive whatever comes of it.
 */
#pragma once

#include <stdint.h>

#include "host-proto/cursor.h"
#include "host-proto/kvmfr_wire.h"
#include "host-proto/lgmp_layout.h"
#include "tests/support/guest.h"

#define HOSTILE_MEMORY (4 << 20)

struct hostile_random {
	uint64_t state;
};

static inline uint32_t hostile_next(struct hostile_random *random) {
	random->state = random->state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(random->state >> 32);
}

static inline uint32_t hostile_below(struct hostile_random *random, uint32_t limit) {
	return (uint32_t)((uint64_t)hostile_next(random) * limit >> 32);
}

static inline const struct lgmp_layout *hostile_layout(unsigned kvmfr) {
	return lgmp_layout_find(kvmfr == 19 ? 5 : kvmfr == 20 ? 6 : 12);
}

/* A word of the header of some message that stands in a ring; 0 when the memory is past that. */
static inline uint64_t hostile_payload(struct hostile_random *random, unsigned char *base,
		const struct lgmp_layout *layout, uint64_t queue, uint32_t size) {
	const uint32_t ring = lgmp_load32(lgmp_at32(base, queue + layout->ring_offset));
	const uint64_t entry = (uint64_t)ring + hostile_below(random, 3) * layout->entry_bytes;
	if (ring % 4 != 0 || entry + layout->entry_bytes > size) {
		return 0;
	}
	const uint32_t offset = lgmp_load32(lgmp_at32(base, entry + layout->entry_offset));
	if (hostile_below(random, 16) == 0) {
		return (uint64_t)offset + KVMFR_STOCK_OFFSET; /* a frame's write pointer */
	}
	return (uint64_t)offset + hostile_below(random, 20) * 4;
}

/* A place that matters: header, queue descriptors, ring entries, payload headers. Locks are left
 * out (a lock that is never released has its own test, and costs 100 ms). */
static inline uint64_t hostile_place(struct hostile_random *random, unsigned char *base,
		const struct lgmp_layout *layout, uint32_t size) {
	const uint64_t queue =
			layout->queues + (uint64_t)hostile_below(random, 2) * layout->queue_bytes;
	uint64_t at;
	switch (hostile_below(random, 12)) {
	case 0:
		at = hostile_below(random, 16) * 4; /* the header's start */
		break;
	case 1:
		at = layout->udata_size + hostile_below(random, 64) * 4;
		break;
	case 2: /* what a subscription reads */
		switch (hostile_below(random, 6)) {
		case 0:
			at = queue + layout->ring_length;
			break;
		case 1:
			at = queue + layout->ring_offset;
			break;
		case 2:
			at = queue + layout->start;
			break;
		case 3:
			at = queue + layout->count;
			break;
		case 4:
			at = queue + layout->subs + hostile_below(random, 2) * 4;
			break;
		default:
			at = queue + layout->position;
			break;
		}
		break;
	case 3:
		at = queue + hostile_below(random, layout->queue_bytes / 4) * 4;
		break;
	case 4: /* rings and small pointer blocks */
		at = layout->header_bytes + hostile_below(random, 512) * 4;
		break;
	case 5: /* anywhere */
		at = hostile_below(random, size);
		break;
	default:
		at = hostile_payload(random, base, layout, queue, size);
		break;
	}
	if (at == queue + layout->lock || at == queue + layout->data_lock) {
		at += 8;
	}
	return at + 8 <= size ? at & ~3ull : 0;
}

static inline uint32_t hostile_value(struct hostile_random *random, uint32_t before) {
	static const uint32_t nasty[] = { 0, 1, 2, 3, 4, 7, 8, 64, 65, 255, 1084, 4092, 4096, 16384,
		16385, 65535, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff, HOSTILE_MEMORY,
		HOSTILE_MEMORY - 4, HOSTILE_MEMORY - 4096 };
	switch (hostile_below(random, 4)) {
	case 0:
		return before ^ 1u << hostile_below(random, 32);
	case 1:
		return hostile_next(random);
	case 2:
		return before + hostile_below(random, 9) - 4;
	default:
		return nasty[hostile_below(random, sizeof nasty / sizeof nasty[0])];
	}
}

static inline void hostile_change(struct hostile_random *random, unsigned char *base,
		const struct lgmp_layout *layout, uint32_t size) {
	uint32_t *word = lgmp_at32(base, hostile_place(random, base, layout, size));
	__atomic_store_n(word, hostile_value(random, __atomic_load_n(word, __ATOMIC_RELAXED)),
			__ATOMIC_RELAXED);
}

/* --- the reading side: everything that the client does with a message ---------------------- */

struct hostile_reader {
	unsigned char *copy; /* as large as the memory: no frame is larger */
	struct cursor_shape *shape;
	uint64_t frames, pointers, refused; /* decoded, decoded, refused by the decoders */
	uint32_t sum;
	/* NULL, or what else is done with a frame that was decoded. */
	void (*use)(const struct frame *frame, void *data);
	void *data;
};

static inline void hostile_read_frame(
		struct hostile_reader *reader, const struct lgmp_message *message) {
	struct frame frame;
	if (frame_read(message->shm, message->kvmfr, message->offset, message->size, &frame) < 0) {
		reader->refused++;
		return;
	}
	reader->frames++;
	/* What the checks promise. */
	CHECK(frame.width >= 1 && frame.width <= FRAME_SIDE_MAX);
	CHECK(frame.rows >= 1 && frame.rows <= frame.height && frame.height <= FRAME_SIDE_MAX);
	CHECK(frame.rotation <= 3 && frame.damage_count <= FRAME_DAMAGE_MAX);
	const size_t bytes = (size_t)frame.pitch * frame.rows;
	CHECK(bytes <= HOSTILE_MEMORY && frame_written(&frame) <= bytes);
	memcpy(reader->copy, frame.pixels, bytes);
	for (unsigned i = 0; i < frame.damage_count; i++) {
		const struct frame_rect *rect = &frame.damage[i];
		CHECK(rect->width >= 1 && rect->height >= 1);
		CHECK(rect->x + rect->width <= frame.width);
		CHECK(rect->y + rect->height <= frame.rows);
		reader->sum += reader->copy[(size_t)(rect->y + rect->height - 1) * frame.pitch];
	}
	/* As the uploads read it: rows of texels. */
	const size_t row =
			frame.format == FRAME_FORMAT_BGR_32
					? (size_t)frame.data_width * 4
					: (size_t)frame.width * frame_bytes_per_pixel(frame.format);
	CHECK(row <= frame.pitch);
	reader->sum += frame.pixels[0] +
		       frame.pixels[(size_t)(frame.rows - 1) * frame.pitch + row - 1];
	if (reader->use) {
		reader->use(&frame, reader->data);
	}
	struct frame older = frame;
	older.serial--;
	frame_merge_damage(&frame, &older);
	CHECK(frame.damage_count <= FRAME_DAMAGE_MAX);
}

static inline void hostile_read_pointer(
		struct hostile_reader *reader, const struct lgmp_message *message) {
	struct cursor_update update;
	if (cursor_read(message->shm, message->kvmfr, (uint32_t)message->udata, message->offset,
			    message->size, reader->pointers % 2, &update, reader->shape) < 0) {
		reader->refused++;
		return;
	}
	reader->pointers++;
	if (update.has_shape) {
		const struct cursor_shape *shape = reader->shape;
		CHECK(shape->width >= 1 && shape->width <= CURSOR_SIDE_MAX);
		CHECK(shape->height >= 1 && shape->height <= CURSOR_SIDE_MAX);
		reader->sum += shape->color[shape->width * shape->height - 1];
	}
}

/* Drains both queues as pg-lgmp does. Bounded: a hostile position could go round for ever. */
static inline void hostile_drain(struct hostile_reader *reader, struct lgmp_client *client) {
	struct lgmp_message message;
	for (unsigned i = 0; i < 8 && lgmp_client_next(client, LGMP_QUEUE_POINTER, &message) > 0;
			i++) {
		hostile_read_pointer(reader, &message);
		lgmp_client_finish(client, &message);
	}
	for (unsigned i = 0; i < 4 && lgmp_client_next(client, LGMP_QUEUE_FRAME, &message) > 0;
			i++) {
		hostile_read_frame(reader, &message);
		lgmp_client_finish(client, &message);
	}
}

static inline void hostile_reader_init(struct hostile_reader *reader) {
	memset(reader, 0, sizeof *reader);
	reader->copy = malloc(HOSTILE_MEMORY);
	reader->shape = calloc(1, sizeof *reader->shape);
	CHECK(reader->copy && reader->shape);
}

static inline void hostile_reader_finish(struct hostile_reader *reader) {
	free(reader->copy);
	free(reader->shape);
}
