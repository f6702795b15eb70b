/*
 * Layouts of LGMP as they lie in the shared memory (doc/protocol/lgmp.md 1). Only
 * lgmp_layout.c, which turns them into tables of offsets, and tests include this.
 */
#pragma once

#include "base/wire.h"

#define LGMP_MAGIC 0x504D474Cu /* "LGMP" */

/* LGMP 5 (release B6) and 6 (B7): they differ in the width of the lock words only. */

#define LGMP5_QUEUES     5
#define LGMP5_SLOTS      32 /* subscribers of a queue */
#define LGMP5_DATA_SLOTS 10

struct lgmp5_data_wire { /* 1.4 */
	uint32_t size;
	uint8_t data[64];
};
WIRE_AT(lgmp5_data_wire, data, 4);
WIRE_SIZE(lgmp5_data_wire, 68);

struct lgmp5_queue_wire { /* 1.2 */
	uint32_t id;
	uint32_t ring_length; /* one more than the messages that it holds */
	uint32_t new_subscribers;
	uint32_t max_time; /* ms */
	uint32_t position;
	uint32_t ring_offset;
	uint64_t timeout[LGMP5_SLOTS];
	uint32_t client_id[LGMP5_SLOTS];
	uint32_t lock; /* 5: only the first byte */
	uint64_t subs; /* high half: on, low half: bad */
	uint32_t start;
	uint64_t message_timeout;
	uint32_t count;
	uint32_t data_lock; /* 5: only the first byte */
	uint32_t data_free;
	uint32_t data_write_index;
	uint32_t data_written; /* serial */
	uint32_t data_read;    /* serial */
	struct lgmp5_data_wire data[LGMP5_DATA_SLOTS];
};
WIRE_AT(lgmp5_queue_wire, max_time, 12);
WIRE_AT(lgmp5_queue_wire, position, 16);
WIRE_AT(lgmp5_queue_wire, ring_offset, 20);
WIRE_AT(lgmp5_queue_wire, timeout, 24);
WIRE_AT(lgmp5_queue_wire, client_id, 280);
WIRE_AT(lgmp5_queue_wire, lock, 408);
WIRE_AT(lgmp5_queue_wire, subs, 416);
WIRE_AT(lgmp5_queue_wire, start, 424);
WIRE_AT(lgmp5_queue_wire, message_timeout, 432);
WIRE_AT(lgmp5_queue_wire, count, 440);
WIRE_AT(lgmp5_queue_wire, data_lock, 444);
WIRE_AT(lgmp5_queue_wire, data_free, 448);
WIRE_AT(lgmp5_queue_wire, data_read, 460);
WIRE_AT(lgmp5_queue_wire, data, 464);
WIRE_SIZE(lgmp5_queue_wire, 1144);

struct lgmp5_header_wire { /* 1.1; the user data starts inside it, at LGMP5_UDATA */
	uint32_t magic;
	uint32_t version;
	uint32_t session;
	uint64_t timestamp; /* ms; only its change means something */
	uint32_t queue_count;
	struct lgmp5_queue_wire queues[LGMP5_QUEUES];
	uint32_t udata_size;
	uint32_t udata_start;
};
#define LGMP5_UDATA 5756
WIRE_AT(lgmp5_header_wire, version, 4);
WIRE_AT(lgmp5_header_wire, session, 8);
WIRE_AT(lgmp5_header_wire, timestamp, 16);
WIRE_AT(lgmp5_header_wire, queue_count, 24);
WIRE_AT(lgmp5_header_wire, queues, 32);
WIRE_AT(lgmp5_header_wire, udata_size, 5752);
WIRE_AT(lgmp5_header_wire, udata_start, LGMP5_UDATA);
WIRE_SIZE(lgmp5_header_wire, 5760);

struct lgmp5_entry_wire { /* 1.3 */
	uint32_t udata;
	uint32_t size;
	uint32_t offset;
	uint32_t pending;
};
WIRE_SIZE(lgmp5_entry_wire, 16);

/* LGMP 12 (development branch of 2026-08), appendix A. */

#define LGMP12_QUEUES     6
#define LGMP12_SLOTS      8
#define LGMP12_DATA_SLOTS 16

struct lgmp12_data_wire {
	uint32_t size;
	uint32_t client_id;
	uint8_t reserved[8];
	uint8_t data[64];
};
WIRE_AT(lgmp12_data_wire, data, 16);
WIRE_SIZE(lgmp12_data_wire, 80);

struct lgmp12_queue_wire {
	uint32_t position;
	uint32_t start;
	uint32_t count;
	uint64_t message_timeout __attribute__((aligned(8)));
	uint32_t lock __attribute__((aligned(64)));
	uint32_t data_lock __attribute__((aligned(64)));
	uint32_t data_free;
	uint32_t data_write_index;
	uint32_t data_written;
	uint32_t data_read;
	uint32_t subs __attribute__((aligned(64))); /* high half: on, low half: bad */
	uint32_t new_subscribers;
	uint32_t client_id[LGMP12_SLOTS];
	uint64_t timeout[LGMP12_SLOTS];
	uint32_t id;
	uint32_t ring_length; /* a power of two; holds as many messages */
	uint32_t ring_offset;
	uint32_t max_time;
	struct lgmp12_data_wire data[LGMP12_DATA_SLOTS] __attribute__((aligned(64)));
};
WIRE_AT(lgmp12_queue_wire, message_timeout, 16);
WIRE_AT(lgmp12_queue_wire, lock, 64);
WIRE_AT(lgmp12_queue_wire, data_lock, 128);
WIRE_AT(lgmp12_queue_wire, data_read, 144);
WIRE_AT(lgmp12_queue_wire, subs, 192);
WIRE_AT(lgmp12_queue_wire, client_id, 200);
WIRE_AT(lgmp12_queue_wire, timeout, 232);
WIRE_AT(lgmp12_queue_wire, id, 296);
WIRE_AT(lgmp12_queue_wire, max_time, 308);
WIRE_AT(lgmp12_queue_wire, data, 320);
WIRE_SIZE(lgmp12_queue_wire, 1600);

struct lgmp12_header_wire {
	uint64_t timestamp;
	uint32_t next_client_id;
	struct lgmp12_queue_wire queues[LGMP12_QUEUES];
	uint32_t magic;
	uint32_t version;
	uint32_t session;
	uint32_t queue_count;
	uint32_t udata_size;
	uint32_t udata_start;
};
#define LGMP12_UDATA 9684
WIRE_AT(lgmp12_header_wire, next_client_id, 8);
WIRE_AT(lgmp12_header_wire, queues, 64);
WIRE_AT(lgmp12_header_wire, magic, 9664);
WIRE_AT(lgmp12_header_wire, udata_size, 9680);
WIRE_AT(lgmp12_header_wire, udata_start, LGMP12_UDATA);
WIRE_SIZE(lgmp12_header_wire, 9728);

struct lgmp12_entry_wire {
	uint64_t udata;
	uint32_t size;
	uint32_t offset;
	uint32_t pending;
	uint8_t reserved[12];
};
WIRE_AT(lgmp12_entry_wire, size, 8);
WIRE_AT(lgmp12_entry_wire, pending, 16);
WIRE_SIZE(lgmp12_entry_wire, 32);
