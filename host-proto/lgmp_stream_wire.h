/*
 * Layouts of an LGMP stream as they lie in the shared memory (doc/protocol/lgmp.md A.1). Only
 * lgmp_stream.c, the producing side and tests include this.
 */
#pragma once

#include "base/wire.h"

#define LGMP_STREAM_DESCRIPTOR_MAGIC 0x5254534Cu
#define LGMP_STREAM_MAGIC            0x4853534Cu
#define LGMP_STREAM_VERSION          1u
#define LGMP_STREAM_RELIABLE         1u /* policy */
#define LGMP_STREAM_SLOTS_AT         256u
#define LGMP_STREAM_SLOT_HEAD        64u

struct lgmp_stream_descriptor_wire {
	uint32_t magic;
	uint16_t version;
	uint16_t size; /* 32 */
	uint32_t offset;
	uint32_t region_bytes;
	uint32_t direction;
	uint32_t policy;
	uint32_t slot_count;
	uint32_t slot_bytes;
};
WIRE_AT(lgmp_stream_descriptor_wire, offset, 8);
WIRE_AT(lgmp_stream_descriptor_wire, direction, 16);
WIRE_AT(lgmp_stream_descriptor_wire, slot_bytes, 28);
WIRE_SIZE(lgmp_stream_descriptor_wire, 32);

/* Where one side stands: value[stamp & 1] is the newest. */
struct lgmp_stream_cursor_wire {
	uint32_t stamp;
	uint32_t active[2];
	uint32_t padding;
	struct {
		uint32_t epoch, sequence;
	} value[2];
};
WIRE_AT(lgmp_stream_cursor_wire, active, 4);
WIRE_AT(lgmp_stream_cursor_wire, value, 16);
WIRE_SIZE(lgmp_stream_cursor_wire, 32);

struct lgmp_stream_head_wire {
	uint32_t magic; /* written last */
	uint16_t version;
	uint16_t header_bytes; /* 256 */
	uint32_t region_bytes;
	uint32_t session;
	uint32_t direction;
	uint32_t policy;
	uint32_t slot_count, slot_bytes, slot_stride, slots_at;
	uint32_t state __attribute__((aligned(64))); /* enum lgmp_stream_state */
	uint32_t epoch;
	uint32_t client_id;
	struct lgmp_stream_cursor_wire producer __attribute__((aligned(64)));
	struct lgmp_stream_cursor_wire consumer __attribute__((aligned(64)));
};
WIRE_AT(lgmp_stream_head_wire, session, 12);
WIRE_AT(lgmp_stream_head_wire, slots_at, 36);
WIRE_AT(lgmp_stream_head_wire, state, 64);
WIRE_AT(lgmp_stream_head_wire, client_id, 72);
WIRE_AT(lgmp_stream_head_wire, producer, 128);
WIRE_AT(lgmp_stream_head_wire, consumer, 192);
WIRE_SIZE(lgmp_stream_head_wire, 256);

struct lgmp_stream_slot_wire { /* the data follows at LGMP_STREAM_SLOT_HEAD */
	uint32_t epoch;
	uint32_t ticket;
	uint32_t length;
	uint32_t reserved;
};
WIRE_SIZE(lgmp_stream_slot_wire, 16);
