#include "host-proto/lgmp_layout.h"

#include <sched.h>

#include "base/clock.h"

#define QUEUE_FIELDS(wire)                                                                        \
	.queue_bytes = sizeof(struct wire), .id = offsetof(struct wire, id),                      \
	.ring_length = offsetof(struct wire, ring_length),                                        \
	.new_subscribers = offsetof(struct wire, new_subscribers),                                \
	.max_time = offsetof(struct wire, max_time), .position = offsetof(struct wire, position), \
	.ring_offset = offsetof(struct wire, ring_offset),                                        \
	.timeout = offsetof(struct wire, timeout), .client_id = offsetof(struct wire, client_id), \
	.lock = offsetof(struct wire, lock), .subs = offsetof(struct wire, subs),                 \
	.start = offsetof(struct wire, start),                                                    \
	.message_timeout = offsetof(struct wire, message_timeout),                                \
	.count = offsetof(struct wire, count), .data_lock = offsetof(struct wire, data_lock),     \
	.data_free = offsetof(struct wire, data_free),                                            \
	.data_write_index = offsetof(struct wire, data_write_index),                              \
	.data_written = offsetof(struct wire, data_written),                                      \
	.data_read = offsetof(struct wire, data_read), .data = offsetof(struct wire, data)

#define HEADER_FIELDS(wire)                                                                       \
	.header_bytes = sizeof(struct wire), .magic = offsetof(struct wire, magic),               \
	.version_at = offsetof(struct wire, version), .session = offsetof(struct wire, session),  \
	.timestamp = offsetof(struct wire, timestamp),                                            \
	.queue_count = offsetof(struct wire, queue_count),                                        \
	.queues = offsetof(struct wire, queues), .udata_size = offsetof(struct wire, udata_size), \
	.udata = offsetof(struct wire, udata_start)

#define ENTRY_FIELDS(wire)                                                                        \
	.entry_bytes = sizeof(struct wire), .entry_udata = offsetof(struct wire, udata),          \
	.entry_size = offsetof(struct wire, size), .entry_offset = offsetof(struct wire, offset), \
	.entry_pending = offsetof(struct wire, pending)

#define FIELDS_5                                                                               \
	HEADER_FIELDS(lgmp5_header_wire), QUEUE_FIELDS(lgmp5_queue_wire),                      \
			ENTRY_FIELDS(lgmp5_entry_wire),                                        \
			.queues_max = LGMP5_QUEUES, .slots_max = LGMP5_SLOTS, .ring_align = 4, \
			.ring_read_align = 4, .reader = &lgmp_reader_by_position,              \
			.wide_subs = true, .spare_slot = true, .data_slots = LGMP5_DATA_SLOTS, \
			.data_bytes = sizeof(struct lgmp5_data_wire),                          \
			.data_payload = offsetof(struct lgmp5_data_wire, data)

static const struct lgmp_layout layouts[] = {
	{ .version = 5, FIELDS_5, .byte_locks = true },
	{ .version = 6, FIELDS_5 },
	{ .version = 12,
			.reader = &lgmp_reader_by_pending,
			.trims_tail = true,
			.posts_to_nobody = true,
			.evicts_everywhere = true,
			.session_client_id = true,
			.checks_sender = true,
			.heartbeat_ms = 250,
			HEADER_FIELDS(lgmp12_header_wire),
			QUEUE_FIELDS(lgmp12_queue_wire),
			ENTRY_FIELDS(lgmp12_entry_wire),
			.queues_max = LGMP12_QUEUES,
			.slots_max = LGMP12_SLOTS,
			.ring_align = 64,
			.ring_read_align = 16,
			.ring_after_udata = true,
			.next_client_id = offsetof(struct lgmp12_header_wire, next_client_id),
			.wide_udata = true,
			.data_slots = LGMP12_DATA_SLOTS,
			.data_bytes = sizeof(struct lgmp12_data_wire),
			.data_payload = offsetof(struct lgmp12_data_wire, data),
			.data_client_id = offsetof(struct lgmp12_data_wire, client_id) },
};

const struct lgmp_layout *lgmp_layout_find(unsigned version) {
	for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
		if (layouts[i].version == version) {
			return &layouts[i];
		}
	}
	return NULL;
}

static void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

bool lgmp_lock_briefly(const struct lgmp_layout *layout, void *lock) {
	for (unsigned i = 0; i < 256; i++) {
		if (lgmp_try_lock(layout, lock)) {
			return true;
		}
		pause_briefly();
	}
	return false;
}

bool lgmp_lock(const struct lgmp_layout *layout, void *lock) {
	if (lgmp_lock_briefly(layout, lock)) {
		return true;
	}
	/* Its holder has lost the processor, or its life. */
	const uint64_t give_up_ns = clock_now_ns() + LGMP_LOCK_LIMIT_NS;
	do {
		if (lgmp_try_lock(layout, lock)) {
			return true;
		}
		sched_yield();
	} while (clock_now_ns() < give_up_ns);
	return false;
}
