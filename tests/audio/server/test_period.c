/* How much the server takes at a time, learned from positions that are asked for at odd times. */
#include "audio/server/period.h"

#include "tests/support/check.h"

/* Reports of a device at 48 kHz that moves `quantum` frames of its own at a time; the stream's are
 * `ratio` as many. Returns after how many it was learned; 0 = not. */
static unsigned learn(struct period *period, double *t_ms, double quantum, double ratio,
		double every_ms, unsigned reports) {
	unsigned learned_at = 0;
	for (unsigned i = 0; i < reports; i++) {
		*t_ms += every_ms * (8 + i * 5 % 8) / 12;
		const double steps = (double)(int64_t)(*t_ms * 48 / quantum);
		if (period_report(period, (int64_t)(steps * quantum * ratio))) {
			learned_at = i + 1;
		}
	}
	return learned_at;
}

static void quanta_are_learned(void **state) {
	(void)state;
	static const double quanta[] = { 32, 64, 128, 256, 441, 480, 512, 1024, 2048, 4096, 8192 };
	for (size_t i = 0; i < sizeof quanta / sizeof *quanta; i++) {
		for (double every_ms = 10; every_ms <= 250; every_ms += 240) {
			struct period period;
			double t_ms = 0;
			period_init(&period);
			const unsigned at = learn(&period, &t_ms, quanta[i], 1, every_ms, 400);
			if (at == 0 || period.frames != quanta[i]) {
				fail_msg("%.0f asked each %.0f ms: %u after %u", quanta[i],
						every_ms, period.frames, at);
			}
		}
	}
}

static void a_change_is_followed(void **state) {
	(void)state;
	static const double quanta[] = { 256, 1024, 128, 8192, 512 };
	struct period period;
	double t_ms = 0;
	period_init(&period);
	for (size_t i = 0; i < sizeof quanta / sizeof *quanta; i++) {
		(void)learn(&period, &t_ms, quanta[i], 1, 100, 300);
		/* The position went on from where it was: the steps before are forgotten. */
		assert_int_equal(period.frames, quanta[i]);
	}
}

/* Another rate of the graph: steps are rounded, their size is a fraction. */
static void a_resampled_stream_is_learned(void **state) {
	(void)state;
	struct period period;
	double t_ms = 0;
	period_init(&period);
	(void)learn(&period, &t_ms, 1024, 48.0 / 44.1, 10, 200);
	CHECK(period.frames >= 1113 && period.frames <= 1116);
}

static void nonsense_is_ignored(void **state) {
	(void)state;
	struct period period;
	period_init(&period);
	CHECK(!period_report(&period, 5));
	CHECK(!period_report(&period, 5));
	CHECK(!period_report(&period, 0));
	CHECK(!period_report(&period, INT64_MAX));
	for (int64_t i = 0; i < 100; i++) {
		(void)period_report(&period, i * 3); /* smooth: no period worth the name */
	}
	CHECK(period.frames == 0 || period.frames >= 16);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quanta_are_learned),
		cmocka_unit_test(a_change_is_followed),
		cmocka_unit_test(a_resampled_stream_is_learned),
		cmocka_unit_test(nonsense_is_ignored),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
