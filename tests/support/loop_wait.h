/* Waiting on a loop: the condition ends it, the time only a test that fails. */
#pragma once

#include "base/clock.h"
#include "base/loop.h"
#include "tests/support/check.h"

#define WAIT_ON(loop, condition, seconds)                              \
	do {                                                           \
		uint64_t until_ = clock_now_ns() + (seconds)*NS_PER_S; \
		while (!(condition) && clock_now_ns() < until_) {      \
			CHECK(loop_run_once(loop, 20) >= 0);           \
		}                                                      \
		CHECK(condition);                                      \
	} while (0)

static inline void loop_run_for(struct loop *loop, uint64_t ms) {
	uint64_t until = clock_now_ns() + ms * NS_PER_MS;
	while (clock_now_ns() < until) {
		CHECK(loop_run_once(loop, 5) >= 0);
	}
}
