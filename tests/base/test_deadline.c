/* Deadlines: "never" is later than everything, and a wait is never too short. */
#include "base/deadline.h"
#include "tests/support/check.h"

static void never_is_last(void **state) {
	(void)state;
	static const struct {
		deadline a, b, first;
	} cases[] = {
		{ DEADLINE_NONE, DEADLINE_NONE, DEADLINE_NONE },
		{ DEADLINE_NONE, 5, 5 },
		{ 5, DEADLINE_NONE, 5 },
		{ 5, 6, 5 },
		{ 6, 5, 5 },
		{ DEADLINE_NOW, 5, DEADLINE_NOW },
		{ UINT64_MAX, 5, 5 },
		{ UINT64_MAX, DEADLINE_NONE, UINT64_MAX },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CHECK_EQ(deadline_first(cases[i].a, cases[i].b), cases[i].first);
	}
}

static void it_is_over_at_its_time(void **state) {
	(void)state;
	CHECK(!deadline_is_over(DEADLINE_NONE, UINT64_MAX));
	CHECK(!deadline_is_over(10, 9));
	CHECK(deadline_is_over(10, 10));
	CHECK(deadline_is_over(DEADLINE_NOW, 1));
}

static void waits_are_rounded_up(void **state) {
	(void)state;
	const uint64_t now = 77 * NS_PER_S;
	CHECK_EQ(deadline_wait_ms(DEADLINE_NONE, now, 60000), -1);
	CHECK_EQ(deadline_wait_ms(now, now, 60000), 0);
	CHECK_EQ(deadline_wait_ms(DEADLINE_NOW, now, 60000), 0);
	CHECK_EQ(deadline_wait_ms(now + 1, now, 60000), 1);
	CHECK_EQ(deadline_wait_ms(now + NS_PER_MS, now, 60000), 1);
	CHECK_EQ(deadline_wait_ms(now + NS_PER_MS + 1, now, 60000), 2);
	CHECK_EQ(deadline_wait_ms(now + 100 * NS_PER_S, now, 60000), 60000);
	CHECK_EQ(deadline_wait_ms(UINT64_MAX, 0, 60000), 60000);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_is_last),
		cmocka_unit_test(it_is_over_at_its_time),
		cmocka_unit_test(waits_are_rounded_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
