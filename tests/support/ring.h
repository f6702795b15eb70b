/*
 * One ring of LGMP 12 between our producer and some subscribers, without a client around them: for
 * tests of the rules (doc/protocol/lgmp.md A.3).
 */
#pragma once

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host-proto/lgmp_queue.h"
#include "host-proto/shm.h"
#include "host-proto/sim/lgmp_host.h"
#include "tests/support/check.h"

#define RING_BYTES   (64 << 10)
#define RING_SESSION 7
#define RING_QUEUE   1
#define RING_LATE_MS 1001

struct ring {
	struct shm *shm;
	struct lgmp_host *host;
	struct lgmp_layout layout; /* of 12; a test may change it before it subscribes */
	uint64_t payload;
	uint64_t now_ms;
};

static inline void ring_open(struct ring *ring, uint32_t length) {
	uint32_t size;
	int fd = memfd_create("ring", MFD_CLOEXEC);
	CHECK(fd >= 0 && ftruncate(fd, RING_BYTES) == 0);
	CHECK(shm_map_fd(&ring->shm, fd) == 0);
	close(fd);
	ring->layout = *lgmp_layout_find(12);
	ring->now_ms = 5000;
	CHECK(lgmp_host_create(&ring->host, ring->shm, 12) == 0);
	CHECK(lgmp_host_begin(ring->host, RING_SESSION, "", 1) == 0);
	CHECK(lgmp_host_add_queue(ring->host, RING_QUEUE, length, 1000) == 0);
	CHECK(lgmp_host_allocate(ring->host, 64, 4, &ring->payload, &size) == 0);
	lgmp_host_publish(ring->host, ring->now_ms);
}

static inline void ring_close(struct ring *ring) {
	lgmp_host_destroy(ring->host);
	shm_unref(ring->shm);
}

static inline void ring_join(struct ring *ring, struct lgmp_subscription *sub, uint32_t client_id) {
	CHECK(lgmp_subscribe(sub, ring->shm, &ring->layout, RING_QUEUE, RING_SESSION, client_id) ==
			0);
}

/* client_id: 0 = for all. lgmp_host_post()'s result. */
static inline int ring_post(struct ring *ring, uint64_t udata, uint32_t client_id) {
	const struct lgmp_host_message message = {
		.udata = udata, .offset = ring->payload, .size = 64, .client_id = client_id
	};
	return lgmp_host_post(ring->host, 0, &message, ring->now_ms, NULL);
}

static inline void ring_tick(struct ring *ring, uint64_t ms) {
	ring->now_ms += ms;
	CHECK(lgmp_host_periodic(ring->host, ring->now_ms) == 0);
}
