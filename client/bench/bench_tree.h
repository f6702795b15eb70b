/*
 * The cost of a tree of processes: CPU and wake-ups of a process and of all that it started, read
 * from /proc. A reading is a value; the difference of two is a cost. Any thread.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#define BENCH_TREE_MAX 64 /* processes; of more the rest is left out */

struct bench_process {
	pid_t pid;
	char name[16];
	uint64_t cpu_ns;    /* of all its threads, also of those that ended */
	uint64_t reaped_ns; /* of its children that ended; good to a clock tick (10 ms) */
	uint64_t wakes;     /* how often threads that run still went to sleep by themselves */
};

struct bench_tree {
	uint64_t at_ns;
	unsigned count;
	struct bench_process processes[BENCH_TREE_MAX];
};

/* Returns 0, or a negative errno: -ESRCH when there is no such process. */
int bench_tree_read(struct bench_tree *ret_tree, pid_t root);

/* The CPU time of the tree between two readings. */
uint64_t bench_tree_cpu_ns(const struct bench_tree *from, const struct bench_tree *to);
/* Of one process of `to`: what it was at `from`, zero where it had not begun. */
struct bench_process bench_tree_before(
		const struct bench_tree *from, const struct bench_process *process);
