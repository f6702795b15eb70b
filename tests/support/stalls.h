/*
 * The machine's own stalls: moments at which a 1 ms timer, of the priority that players of sound
 * have, on one of its processors did not run for more than 8 ms. Nobody can play through them.
 *
 * With $PG_STALLS they are read from that file, which `sound-probe --stalls` writes for several
 * probes at once; otherwise stalls_start() watches by itself.
 */
#pragma once

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

#define STALL_NS         (8 * NS_PER_MS)
#define STALLS_EXCUSE_NS (300 * NS_PER_MS)
#define STALLS_MAX       16384
#define STALLS_CPUS      64
#define STALLS_PRIORITY  5

struct stall {
	uint64_t at_ns, for_ns;
};

struct stalls {
	atomic_bool ended;
	pthread_t threads[STALLS_CPUS];
	unsigned thread_count;
	FILE *out; /* each is written there too; may be NULL */
	pthread_mutex_t lock;
	unsigned count; /* under the lock, while threads run */
	struct stall list[STALLS_MAX];
};

static struct stalls stalls = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void stalls_note(uint64_t at_ns, uint64_t for_ns) {
	pthread_mutex_lock(&stalls.lock);
	if (stalls.count < STALLS_MAX) {
		stalls.list[stalls.count++] = (struct stall){ at_ns, for_ns };
	}
	if (stalls.out) {
		fprintf(stalls.out, "%llu %llu\n", (unsigned long long)at_ns,
				(unsigned long long)for_ns);
		fflush(stalls.out);
	}
	pthread_mutex_unlock(&stalls.lock);
}

static void *stalls_watch(void *data) {
	const struct sched_param param = { .sched_priority = STALLS_PRIORITY };
	cpu_set_t cpu;
	CPU_ZERO(&cpu);
	CPU_SET((unsigned)(uintptr_t)data, &cpu);
	(void)!pthread_setaffinity_np(pthread_self(), sizeof cpu, &cpu);
	(void)!pthread_setschedparam(pthread_self(), SCHED_RR, &param);
	uint64_t due = clock_now_ns();
	while (!atomic_load(&stalls.ended)) {
		due += NS_PER_MS;
		clock_sleep_until_ns(due);
		uint64_t now = clock_now_ns();
		if (now - due > STALL_NS) {
			stalls_note(now, now - due);
			due = now;
		}
	}
	return NULL;
}

static void stalls_start(void) {
	cpu_set_t cpus;
	if (getenv("PG_STALLS") || sched_getaffinity(0, sizeof cpus, &cpus) < 0) {
		return;
	}
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && stalls.thread_count < STALLS_CPUS; cpu++) {
		if (CPU_ISSET(cpu, &cpus) &&
				pthread_create(&stalls.threads[stalls.thread_count], NULL,
						stalls_watch, (void *)(uintptr_t)cpu) == 0) {
			stalls.thread_count++;
		}
	}
}

/* The list is complete and stays as it is after this. */
static void stalls_end(uint64_t since_ns) {
	const char *path = getenv("PG_STALLS");
	atomic_store(&stalls.ended, true);
	for (unsigned i = 0; i < stalls.thread_count; i++) {
		pthread_join(stalls.threads[i], NULL);
	}
	FILE *in = path ? fopen(path, "r") : NULL;
	char line[80];
	while (in && fgets(line, sizeof line, in)) {
		char *rest;
		uint64_t at_ns = strtoull(line, &rest, 10);
		if (at_ns >= since_ns) {
			stalls_note(at_ns, strtoull(rest, NULL, 10));
		}
	}
	if (in) {
		fclose(in);
	}
}

static bool stalls_excuse(uint64_t at_ns) {
	for (unsigned i = 0; i < stalls.count; i++) {
		uint64_t stall_ns = stalls.list[i].at_ns;
		uint64_t apart = at_ns > stall_ns ? at_ns - stall_ns : stall_ns - at_ns;
		if (apart < STALLS_EXCUSE_NS) {
			return true;
		}
	}
	return false;
}
