#include "base/clock.h"

#include <errno.h>
#include <time.h>

static uint64_t read_clock(clockid_t id) {
	struct timespec now;
	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t clock_now_ns(void) {
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_process_cpu_ns(void) {
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t clock_thread_cpu_ns(void) {
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_realtime_to_monotonic_ns(void) {
	int64_t best = 0;
	uint64_t best_gap = UINT64_MAX;
	for (int i = 0; i < 3; i++) {
		uint64_t before = clock_now_ns();
		uint64_t real = read_clock(CLOCK_REALTIME);
		uint64_t after = clock_now_ns();
		if (after - before < best_gap) {
			best_gap = after - before;
			best = (int64_t)(before + best_gap / 2 - real);
		}
	}
	return best;
}

void clock_sleep_until_ns(uint64_t deadline_ns) {
	struct timespec at = {
		.tv_sec = (time_t)(deadline_ns / NS_PER_S),
		.tv_nsec = (long)(deadline_ns % NS_PER_S),
	};
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {
	}
}

void clock_sleep_ns(uint64_t duration_ns) {
	clock_sleep_until_ns(clock_now_ns() + duration_ns);
}
