/*
 * A small guest for tests: shared memory in a private file, and the producer library on it, stepped
 * by hand with a clock of the test's own.
 */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "host-proto/lgmp_client.h"
#include "host-proto/shm.h"
#include "host-proto/sim/kvmfr_host.h"
#include "host-proto/sim/lgmp_host.h"
#include "tests/support/check.h"

struct guest {
	char path[64];
	struct shm *shm;
	struct kvmfr_host *host;
	uint64_t now_ns;
	uint32_t serial;
};

static inline uint64_t guest_ms(const struct guest *guest) {
	return guest->now_ns / NS_PER_MS;
}

static inline void guest_file(struct guest *guest, off_t bytes) {
	snprintf(guest->path, sizeof guest->path, "/tmp/pierglass-test-XXXXXX");
	int fd = mkstemp(guest->path);
	CHECK(fd >= 0);
	CHECK(ftruncate(fd, bytes) == 0);
	close(fd);
	guest->now_ns = 1000 * NS_PER_S;
}

static inline struct kvmfr_info guest_info(unsigned kvmfr) {
	struct kvmfr_info info = { .version = kvmfr,
		.host_version = "B-test",
		.features = KVMFR_FEATURE_SET_CURSOR_POS,
		.has_vm = true,
		.uuid = { 1, 2, 3 },
		.capture = "TEST",
		.cpus = 8,
		.cores = 4,
		.sockets = 1,
		.model = "A processor",
		.has_os = true,
		.os = 3,
		.os_name = "Windows" };
	return info;
}

static inline void guest_open(struct guest *guest, unsigned kvmfr, off_t bytes) {
	memset(guest, 0, sizeof *guest);
	guest_file(guest, bytes);
	CHECK(shm_map(&guest->shm, guest->path) == 0);
	const struct kvmfr_info info = guest_info(kvmfr);
	CHECK(kvmfr_host_create(&guest->host, guest->shm, &info) == 0);
	CHECK(kvmfr_host_begin(guest->host, 77, guest_ms(guest)) == 0);
}

static inline void guest_close(struct guest *guest) {
	kvmfr_host_destroy(guest->host);
	shm_unref(guest->shm);
	unlink(guest->path);
}

static inline struct frame guest_frame(uint32_t width, uint32_t height) {
	struct frame frame = { .format_version = 1,
		.format = FRAME_FORMAT_BGRA,
		.screen_width = width,
		.screen_height = height,
		.width = width,
		.height = height,
		.data_width = width,
		.rows = height,
		.pitch = width * 4 };
	return frame;
}

/* Posts a frame whose every byte is its serial; whole. Returns kvmfr_host_post_frame()'s result. */
static inline int guest_post(struct guest *guest, uint32_t width, uint32_t height) {
	struct frame frame = guest_frame(width, height);
	struct kvmfr_host_frame at;
	frame.serial = guest->serial;
	int r = kvmfr_host_post_frame(guest->host, &frame, guest_ms(guest), &at);
	if (r == 0) {
		memset(at.pixels, (int)(guest->serial & 0xff), frame.pitch * frame.rows);
		kvmfr_host_written(&at, frame.pitch * frame.rows);
		guest->serial++;
	}
	return r;
}

/* One host period of 10 ms on both sides. */
static inline void guest_tick(struct guest *guest, struct lgmp_client *client) {
	guest->now_ns += 10 * NS_PER_MS;
	CHECK(kvmfr_host_periodic(guest->host, guest_ms(guest)) == 0);
	if (client) {
		lgmp_client_step(client, guest->now_ns);
	}
}

static inline enum lgmp_state client_state(const struct lgmp_client *client) {
	return lgmp_client_status(client)->state;
}

/* Ticks until the client runs. */
static inline void guest_connect(struct guest *guest, struct lgmp_client *client) {
	for (unsigned i = 0; i < 100 && client_state(client) != LGMP_STATE_RUNNING; i++) {
		guest_tick(guest, client);
	}
	CHECK(client_state(client) == LGMP_STATE_RUNNING);
}
