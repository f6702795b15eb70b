/* The arrival clock and the servo, alone. */
#include "audio/playout/drift.h"

#include <math.h>

#include "base/clock.h"
#include "tests/support/check.h"

#define FRAMES 288u
#define PACKET 6e6 /* ns */

static struct arrival_result put(struct arrival *arrival, double t_ns) {
	return arrival_packet(arrival, (uint64_t)t_ns, FRAMES);
}

static void the_clock_learns_the_senders_rate(void **state) {
	struct arrival arrival;
	double t = 1e9;
	(void)state;
	arrival_init(&arrival, 48000);
	for (int i = 0; i < 20000; i++, t += PACKET * (1 + 200e-6)) {
		(void)put(&arrival, t);
	}
	const double ppm = (arrival.frame_ns / arrival.nominal_ns - 1) * 1e6;
	CHECK(ppm > 190 && ppm < 210);
}

static void an_outlier_does_not_pull_it(void **state) {
	struct arrival arrival;
	double t = 1e9;
	(void)state;
	arrival_init(&arrival, 48000);
	for (int i = 0; i < 500; i++, t += PACKET) {
		(void)put(&arrival, t);
	}
	CHECK_EQ(put(&arrival, t + 30e6).verdict, ARRIVAL_HELD);
	t += PACKET;
	const struct arrival_result next = put(&arrival, t);
	CHECK_EQ(next.verdict, ARRIVAL_STEADY);
	CHECK(fabs(next.error_ns) < 100e3);
}

static void a_loss_is_stepped_over(void **state) {
	struct arrival arrival;
	double t = 1e9;
	unsigned lost = 0;
	(void)state;
	arrival_init(&arrival, 48000);
	arrival.limit_ns = 2.5e6;
	for (int i = 0; i < 1000; i++, t += PACKET) {
		if (i == 500) {
			t += 2 * PACKET; /* two never came */
		}
		const struct arrival_result result = put(&arrival, t);
		lost += result.verdict == ARRIVAL_LOST ? result.lost : 0;
	}
	assert_int_equal(lost, 2);
}

/* A stream whose level answers to the correction: the loop must bring it to the target. */
static void the_servo_brings_the_level_to_the_target(void **state) {
	struct servo servo;
	double error = 480;
	uint64_t now = NS_PER_S;
	(void)state;
	servo_init(&servo, 48000);
	servo_sync(&servo, now);
	for (int i = 0; i < 167 * 60; i++, now += 6 * NS_PER_MS) {
		/* The sender is 300 ppm fast: so much more comes with each packet. */
		const double correction = servo_update(&servo, error, FRAMES, false, now);
		error += FRAMES * (300e-6 + correction - 1);
		CHECK(fabs(correction - 1) <= SERVO_LIMIT + 1e-9);
	}
	CHECK(fabs(error) < 10);
	CHECK(fabs(servo.z3 * 1e6 - 300) < 15);
}

static void regaining_learns_nothing(void **state) {
	struct servo servo;
	double gone = 0;
	(void)state;
	servo_init(&servo, 48000);
	servo.z3 = 100e-6;
	for (int i = 0; i < 167; i++) {
		gone -= FRAMES * (servo_regain(&servo, true, FRAMES) - 1);
	}
	assert_true(servo.z3 == 100e-6);
	/* 0.2 % in a second, less what it needs to get there. */
	CHECK(gone > 80 && gone < 100);
	for (int i = 0; i < 167; i++) {
		(void)servo_regain(&servo, false, FRAMES);
	}
	CHECK(servo.correction > 1 + SERVO_LIMIT - 150e-6);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clock_learns_the_senders_rate),
		cmocka_unit_test(an_outlier_does_not_pull_it),
		cmocka_unit_test(a_loss_is_stepped_over),
		cmocka_unit_test(the_servo_brings_the_level_to_the_target),
		cmocka_unit_test(regaining_learns_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
