/*
 * The floors beside the figures of --bench=video: the cost of copying one frame out of the shared
 * memory; how soon the plainest follower of the write pointer gives a frame back (it spins, copies
 * each step as it comes, and shows the copy afterwards, so that its caches are no warmer than a
 * player's); and the cost of the plainest program that puts a frame on the screen (whole upload,
 * one textured triangle, swap, finish). On the main thread, while the video part does not run.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct window_surface;

struct bench_floor {
	double copy_us;  /* median; 0 = not measured */
	double us;       /* median wall time of a frame */
	double cpu_us;   /* of all threads, per frame */
	unsigned frames; /* measured */
};

struct bench_floor_events {
	/* Now and then, so that the window stays alive and the guest's reports are read; returns
	 * false to stop. */
	bool (*tick)(void *data);
	/* A frame was followed from its first step on, and given back then (CLOCK_MONOTONIC). */
	void (*followed)(uint32_t serial, uint64_t seen_ns, uint64_t given_back_ns, void *data);
	void *data;
};

/* Returns 0 or a negative errno; -EINTR when tick said so. */
int bench_floor_measure(struct bench_floor *ret_floor, const char *shm_path,
		struct window_surface *surface, uint64_t duration_ns,
		const struct bench_floor_events *events);
