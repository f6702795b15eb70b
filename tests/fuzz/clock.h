/* The program's clock for fuzz targets: it stands still until the input moves it. Included by one
 * file of a target, whose definitions then stand for base/clock.c. */
#pragma once

#include "base/clock.h"

static uint64_t fuzz_now_ns = 1000 * NS_PER_S;

uint64_t clock_now_ns(void) {
	return fuzz_now_ns;
}

uint64_t clock_process_cpu_ns(void) {
	return fuzz_now_ns;
}

uint64_t clock_thread_cpu_ns(void) {
	return fuzz_now_ns;
}

int64_t clock_realtime_to_monotonic_ns(void) {
	return 0;
}

void clock_sleep_until_ns(uint64_t deadline_ns) {
	fuzz_now_ns = deadline_ns > fuzz_now_ns ? deadline_ns : fuzz_now_ns;
}

void clock_sleep_ns(uint64_t duration_ns) {
	fuzz_now_ns += duration_ns;
}
