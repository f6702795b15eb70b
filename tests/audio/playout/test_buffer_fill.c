/* How much is in flight, of reports that move smoothly, in steps, or jump. */
#include "audio/playout/buffer_fill.h"

#include <math.h>

#include "base/clock.h"
#include "tests/support/check.h"

#define RATE 48000

/* A device that plays since START: 1 s was written, so the fill is a second less what has passed.
 */
#define START (100 * NS_PER_S)

static double true_fill(uint64_t t_ns, double lost_s) {
	return RATE * (1 - (double)(t_ns - START) * 1e-9 + lost_s);
}

static void a_smooth_position_is_known_soon(void **state) {
	struct buffer_fill fill;
	(void)state;
	buffer_fill_init(&fill, RATE, 0, false);
	buffer_fill_wrote(&fill, RATE);
	for (uint64_t t = START; t < START + 100 * NS_PER_MS; t += 10 * NS_PER_MS) {
		(void)buffer_fill_report(&fill, RATE - true_fill(t, 0), t);
	}
	CHECK(buffer_fill_known(&fill));
	const uint64_t now = START + 200 * NS_PER_MS;
	CHECK(fabs(buffer_fill_at(&fill, (double)now) - true_fill(now, 0)) < 2);
}

static void the_middle_of_the_stairs_is_found(void **state) {
	static const unsigned quanta[] = { 32, 256, 1024, 4096, 8192 };
	(void)state;
	for (size_t i = 0; i < sizeof quanta / sizeof *quanta; i++) {
		struct buffer_fill fill;
		const double quantum = quanta[i];
		uint64_t t = START;
		buffer_fill_init(&fill, RATE, quanta[i], false);
		for (unsigned k = 0; k < 60; k++, t += (8 + k * 5 % 8) * 12 * NS_PER_MS) {
			const double played = (double)(t - START) * 1e-9 * RATE;
			/* It takes a whole step when the one before has been played. */
			const double taken = (floor(played / quantum) + 1) * quantum;
			(void)buffer_fill_report(&fill, taken, t);
		}
		CHECK(buffer_fill_known(&fill));
		const double middle = (double)(t - START) * 1e-9 * RATE + quantum / 2;
		if (fabs(-buffer_fill_at(&fill, (double)t) - middle) > fmax(48, quantum * 0.06)) {
			fail_msg("steps of %u: %.0f frames beside the middle", quanta[i],
					-buffer_fill_at(&fill, (double)t) - middle);
		}
	}
}

/* Until it is known how much the server takes at a time, nothing is learned of its speed, which
 * would be half a thousandth off for a minute, and what is in flight with it. */
static void unknown_steps_teach_no_speed(void **state) {
	struct buffer_fill fill;
	const double quantum = 8192;
	uint64_t t = START;
	(void)state;
	buffer_fill_init(&fill, RATE, 256, true);
	for (unsigned k = 0; k < 80;
			k++, t += (8 + k * 5 % 8) * (k < 40 ? NS_PER_MS : 9 * NS_PER_MS)) {
		const double played = (double)(t - START) * 1e-9 * RATE;
		(void)buffer_fill_report(&fill, (floor(played / quantum) + 1) * quantum, t);
		if (k == 25) {
			buffer_fill_set_quantum(&fill, 8192, false);
		}
	}
	CHECK(fabs(buffer_fill_sink_ppm(&fill)) < 30);
}

static void a_jump_is_believed_the_second_time(void **state) {
	struct buffer_fill fill;
	uint64_t t = START;
	(void)state;
	buffer_fill_init(&fill, RATE, 0, false);
	buffer_fill_wrote(&fill, RATE);
	for (; t < START + 500 * NS_PER_MS; t += 50 * NS_PER_MS) {
		CHECK(!buffer_fill_report(&fill, RATE - true_fill(t, 0), t));
	}
	/* The device stood still for 0.1 s. */
	CHECK(!buffer_fill_report(&fill, RATE - true_fill(t, 0.1), t));
	t += 50 * NS_PER_MS;
	CHECK(buffer_fill_report(&fill, RATE - true_fill(t, 0.1), t));
	CHECK(fabs(buffer_fill_at(&fill, (double)t) - true_fill(t, 0.1)) < 2);
}

/* A device that takes whole steps, asked four times a second. */
struct stairs {
	struct buffer_fill fill;
	double quantum;
	double ppm, lost_ns;
	unsigned asked;
	uint64_t t;
	bool jumped;
	double worst_ppm; /* beside the true speed */
};

static double played(const struct stairs *s) {
	return ((double)(s->t - START) - s->lost_ns) * 1e-9 * RATE * (1 + s->ppm * 1e-6);
}

static void climb_until(struct stairs *s, uint64_t end) {
	for (; s->t < end; s->asked++) {
		s->t += (8 + s->asked * 5 % 8) * (s->asked < 60 ? 1 : 2) * 12 * NS_PER_MS;
		const double taken = (floor(played(s) / s->quantum) + 1) * s->quantum;
		s->jumped |= buffer_fill_report(&s->fill, taken, s->t);
		s->worst_ppm = fmax(s->worst_ppm, fabs(buffer_fill_sink_ppm(&s->fill) - s->ppm));
	}
}

static double beside_ms(const struct stairs *s) {
	const double middle = played(s) + s->quantum / 2;
	return fabs(-buffer_fill_at(&s->fill, (double)s->t) - middle) * 1e3 / RATE;
}

/* A server that is not run in time plays nothing meanwhile, which is no slower device: for half a
 * minute what is in flight would be told wrong, and played faster or slower for it. */
static void lost_time_is_no_speed(void **state) {
	static const unsigned quanta[] = { 128, 256, 1024, 2048 };
	static const double lost_ms[] = { 0, 6, 12, 25, 60 };
	(void)state;
	for (size_t i = 0; i < 4 * 5; i++) {
		struct stairs s = { .quantum = quanta[i / 5], .ppm = 30, .t = START };
		buffer_fill_init(&s.fill, RATE, quanta[i / 5], false);
		climb_until(&s, START + 40 * NS_PER_S);
		s.jumped = false;
		s.worst_ppm = 0;
		s.lost_ns = lost_ms[i % 5] * 1e6;
		climb_until(&s, START + 46 * NS_PER_S);
		const double beside = beside_ms(&s);
		climb_until(&s, START + 70 * NS_PER_S);
		const double steps = lost_ms[i % 5] * 1e-3 * RATE / s.quantum;
		if (s.worst_ppm > 200 || beside > fmax(2, s.quantum * 0.2 * 1e3 / RATE) ||
				(steps > 0.5 && !s.jumped) || (steps == 0 && s.jumped)) {
			fail_msg("%.0f ms lost in steps of %.0f: %.0f ppm, %.1f ms beside, %s",
					lost_ms[i % 5], s.quantum, s.worst_ppm, beside,
					s.jumped ? "a jump" : "no jump");
		}
	}
}

static void a_speed_is_learned_from_stairs(void **state) {
	(void)state;
	for (unsigned quantum = 128; quantum <= 1024; quantum *= 2) {
		struct stairs s = { .quantum = quantum, .ppm = 200, .t = START };
		buffer_fill_init(&s.fill, RATE, quantum, false);
		climb_until(&s, START + 60 * NS_PER_S);
		const double off_ppm = fabs(buffer_fill_sink_ppm(&s.fill) - 200);
		if (off_ppm > 60 || beside_ms(&s) > 2 || s.jumped) {
			fail_msg("steps of %u: %.0f ppm and %.1f ms beside", quantum, off_ppm,
					beside_ms(&s));
		}
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_smooth_position_is_known_soon),
		cmocka_unit_test(the_middle_of_the_stairs_is_found),
		cmocka_unit_test(unknown_steps_teach_no_speed),
		cmocka_unit_test(a_jump_is_believed_the_second_time),
		cmocka_unit_test(lost_time_is_no_speed),
		cmocka_unit_test(a_speed_is_learned_from_stairs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
