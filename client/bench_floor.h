/*
 * The floors that --bench=video tells its figures beside: what copying one frame out of the shared
 * memory costs, how soon the plainest follower of the write pointer gives a frame back (it spins
 * and copies each step as it comes), and what the plainest program costs that puts one on the
 * screen (whole upload, one textured triangle, swap, finish). On the main thread, while the video
 * part does not run.
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
	/* Frames posted in this time were followed: their producer knows when they were given back.
	 * Both 0 = none was. */
	uint64_t followed_from_ns, followed_to_ns;
};

/* tick: called now and then, so that the window stays alive and the guest's reports are read;
 * returns false to stop. Returns 0 or a negative errno. */
int bench_floor_measure(struct bench_floor *ret_floor, const char *shm_path,
		struct window_surface *surface, uint64_t duration_ns, bool (*tick)(void *data),
		void *data);
