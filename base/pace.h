/*
 * A rate limit for what a foreign peer may cause: a burst, then one event per period. An event that
 * comes sooner is postponed, not dropped. Plain data, all 0 at the start; the caller gives the
 * time.
 */
#pragma once

#include <stdint.h>

struct pace {
	uint64_t full_ns; /* when everything that happened so far is paid for */
};

/* Something happens now: 0, or how long to put it off. It is counted in either case. */
static inline uint64_t pace_wait_ns(
		struct pace *pace, uint64_t now_ns, unsigned burst, uint64_t period_ns) {
	const uint64_t most_ns = burst * period_ns;
	if (pace->full_ns < now_ns) {
		pace->full_ns = now_ns;
	}
	pace->full_ns += period_ns;
	const uint64_t wait_ns =
			pace->full_ns - now_ns > most_ns ? pace->full_ns - now_ns - most_ns : 0;
	/* A foreigner who goes on meanwhile waits no longer for it. */
	if (wait_ns > period_ns) {
		pace->full_ns = now_ns + most_ns + period_ns;
		return period_ns;
	}
	return wait_ns;
}
