/*
 * Recorded sessions of real B6 and B7 host programs (tests/data/shm, README-shm.md there), brought
 * back to life: a private copy of the image, a heartbeat, and its recorded messages posted again
 * unchanged.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "host-proto/shm.h"

#define GOLDEN_BYTES        8388608u
#define GOLDEN_MESSAGES_MAX 24

struct lgmp_host;

struct golden_message {
	uint64_t udata;
	uint64_t offset;
	uint32_t size;
	uint32_t serial; /* of a frame */
};

struct golden {
	struct shm *shm;
	struct lgmp_host *host;
	uint64_t base_ms; /* the recorded timestamp: time goes on from there */
	uint64_t start_ns;
	unsigned frame_count, pointer_count;
	struct golden_message frames[GOLDEN_MESSAGES_MAX];
	struct golden_message pointers[GOLDEN_MESSAGES_MAX];
};

/* Unpacks tests/data/shm/lgmp-NAME.shm.zst (name: "b7-640x360-3") into a new file at path and maps
 * it. folder: of the images. Returns 0 or a negative errno. */
int golden_open(struct golden *golden, const char *folder, const char *name, const char *path,
		uint64_t now_ns);
void golden_close(struct golden *golden);

/* Heartbeat and retiring, as every 10 ms. */
int golden_beat(struct golden *golden, uint64_t now_ns);
bool golden_has_subscribers(const struct golden *golden);
/* Whether someone subscribed since the last call. */
bool golden_new_subscribers(struct golden *golden);
/* Posts a recorded message again; lgmp_host_post()'s result. */
int golden_post_frame(struct golden *golden, unsigned index, uint64_t now_ns);
int golden_post_pointer(struct golden *golden, unsigned index, uint64_t now_ns);
