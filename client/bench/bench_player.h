/*
 * The cost of playing as a player has it: the real pierglass as a child, with its look-up of the
 * VM, its session, clipboard and sound, on the bench's demo guest; CPU and wake-ups of its whole
 * process tree. On the main thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/bench/bench_tree.h"

struct config;
struct demo_info;

struct bench_player {
	bool known; /* false: it was not measured; the rest is nothing */
	double seconds;
	uint64_t frames;    /* shown */
	double cpu_percent; /* of a core, the whole tree */
	double cpu_us;      /* per shown frame, 0 without frames */
	struct bench_tree from, to;
};

/* Plays for about so many whole seconds after its first ones. tick is asked again and again
 * meanwhile; false ends it. Returns 0 also where it cannot be measured, which is said; -EINTR. */
int bench_player_measure(struct bench_player *ret_player, const struct config *config,
		const struct demo_info *guest, double seconds, bool (*tick)(void *data),
		void *data);
