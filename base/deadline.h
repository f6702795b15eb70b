/*
 * A deadline: the time at which something is due, on clock.h's clock. DEADLINE_NONE is the one way
 * to say "never", and deadline_first() the one minimum that knows it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

typedef uint64_t deadline;          /* nanoseconds, or one of these */
#define DEADLINE_NONE ((deadline)0) /* never */
#define DEADLINE_NOW  ((deadline)1) /* past already */

static inline bool deadline_is_set(deadline due) {
	return due != DEADLINE_NONE;
}

static inline bool deadline_is_over(deadline due, uint64_t now_ns) {
	return due != DEADLINE_NONE && due <= now_ns;
}

static inline deadline deadline_first(deadline a, deadline b) {
	return a == DEADLINE_NONE ? b : b == DEADLINE_NONE || a < b ? a : b;
}

/* For poll(), rounded up: -1 = it is never due, 0 = it is over; otherwise most_ms at the most. */
static inline int deadline_wait_ms(deadline due, uint64_t now_ns, int most_ms) {
	if (due == DEADLINE_NONE) {
		return -1;
	}
	if (due <= now_ns) {
		return 0;
	}
	const uint64_t ms = (due - now_ns - 1) / NS_PER_MS + 1;
	return ms > (uint64_t)most_ms ? most_ms : (int)ms;
}
