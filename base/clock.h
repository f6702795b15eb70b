/*
 * Time. Everywhere in pierglass a point in time is uint64_t nanoseconds of CLOCK_MONOTONIC and has
 * a name that ends in _ns. Callable from any thread.
 */
#pragma once

#include <stdint.h>

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S  1000000000ull

uint64_t clock_now_ns(void);

/* CPU time of the whole process, all threads. */
uint64_t clock_process_cpu_ns(void);

/* CPU time of the calling thread. */
uint64_t clock_thread_cpu_ns(void);

/* What to add to a CLOCK_REALTIME time to get a CLOCK_MONOTONIC one, now. Both clocks are read
 * around each other and the pair that lay closest together counts. */
int64_t clock_realtime_to_monotonic_ns(void);

/* Sleeps until the deadline or for the duration. Signals do not shorten it. */
void clock_sleep_until_ns(uint64_t deadline_ns);
void clock_sleep_ns(uint64_t duration_ns);
