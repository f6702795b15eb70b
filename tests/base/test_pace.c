#include "base/pace.h"

#include "tests/support/check.h"

#define SECOND 1000000000ull

static void a_burst_and_then_one_a_period(void **state) {
	(void)state;
	struct pace pace = { 0 };
	uint64_t now = 5 * SECOND;
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(pace_wait_ns(&pace, now, 4, 2 * SECOND), 0);
	}
	CHECK_EQ(pace_wait_ns(&pace, now, 4, 2 * SECOND), 2 * SECOND);
	/* However often it comes, it waits a period and no longer. */
	for (int i = 0; i < 1000; i++) {
		CHECK_EQ(pace_wait_ns(&pace, now, 4, 2 * SECOND), 2 * SECOND);
	}
	now += 2 * SECOND;
	CHECK_EQ(pace_wait_ns(&pace, now, 4, 2 * SECOND), 2 * SECOND);
	now += 4 * SECOND;
	CHECK_EQ(pace_wait_ns(&pace, now, 4, 2 * SECOND), 0);
	now += 100 * SECOND;
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(pace_wait_ns(&pace, now, 4, 2 * SECOND), 0);
	}
	CHECK(pace_wait_ns(&pace, now, 4, 2 * SECOND) > 0);
}

int main(void) {
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_burst_and_then_one_a_period) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
