#include "client/window/touch.h"

#include "base/clock.h"
#include "tests/support/check.h"

#define START_NS (100 * NS_PER_S)

static void check_step(const struct touch_steps *steps, unsigned at, enum touch_step_kind kind,
		double x, double y, bool pressed) {
	CHECK(at < steps->count);
	CHECK_EQ(steps->step[at].kind, kind);
	CHECK_EQ(steps->step[at].x, x);
	CHECK_EQ(steps->step[at].y, y);
	CHECK_EQ(steps->step[at].pressed, pressed);
}

static void a_tap_is_a_click(void **state) {
	(void)state;
	struct touch touch = { 0 };
	struct touch_steps steps;
	touch_down(&touch, 7, 100, 50, START_NS, &steps);
	CHECK_EQ(steps.count, 1u);
	check_step(&steps, 0, TOUCH_PLACE, 100, 50, false);
	CHECK(deadline_is_set(touch_deadline(&touch)));
	touch_motion(&touch, 7, 104, 52, &steps); /* a finger is no needle */
	CHECK_EQ(steps.count, 0u);
	touch_up(&touch, 7, &steps);
	CHECK_EQ(steps.count, 2u);
	check_step(&steps, 0, TOUCH_BUTTON, 100, 50, true);
	check_step(&steps, 1, TOUCH_BUTTON, 100, 50, false);
	CHECK(!deadline_is_set(touch_deadline(&touch)));
}

static void a_finger_that_moves_drags_from_where_it_began(void **state) {
	(void)state;
	struct touch touch = { 0 };
	struct touch_steps steps;
	touch_down(&touch, 1, 10, 10, START_NS, &steps);
	touch_motion(&touch, 1, 40, 10, &steps);
	CHECK_EQ(steps.count, 2u);
	check_step(&steps, 0, TOUCH_BUTTON, 10, 10, true);
	check_step(&steps, 1, TOUCH_MOVE, 40, 10, true);
	touch_down(&touch, 2, 90, 90, START_NS, &steps); /* too late for the wheel */
	CHECK_EQ(steps.count, 0u);
	touch_up(&touch, 1, &steps);
	CHECK_EQ(steps.count, 1u);
	check_step(&steps, 0, TOUCH_BUTTON, 40, 10, false);
	touch_up(&touch, 2, &steps);
	CHECK_EQ(steps.count, 0u);
}

static void a_finger_that_stays_presses_after_a_while(void **state) {
	(void)state;
	struct touch touch = { 0 };
	struct touch_steps steps;
	touch_down(&touch, 1, 10, 10, START_NS, &steps);
	touch_tick(&touch, touch_deadline(&touch) - 1, &steps);
	CHECK_EQ(steps.count, 0u);
	touch_tick(&touch, touch_deadline(&touch), &steps);
	CHECK_EQ(steps.count, 1u);
	check_step(&steps, 0, TOUCH_BUTTON, 10, 10, true);
}

static void two_fingers_turn_the_wheel_and_press_nothing(void **state) {
	(void)state;
	struct touch touch = { 0 };
	struct touch_steps steps;
	touch_down(&touch, 1, 10, 100, START_NS, &steps);
	touch_down(&touch, 2, 60, 100, START_NS + NS_PER_MS, &steps);
	CHECK(!deadline_is_set(touch_deadline(&touch)));
	double turned = 0;
	for (int i = 1; i <= 40; i++) {
		for (SDL_FingerID finger = 1; finger <= 2; finger++) {
			touch_motion(&touch, finger, finger == 1 ? 10 : 60, 100 + i, &steps);
			for (unsigned n = 0; n < steps.count; n++) {
				CHECK_EQ(steps.step[n].kind, TOUCH_WHEEL);
				turned += steps.step[n].y;
			}
		}
	}
	CHECK_EQ(turned, 120.0); /* 40 units of both fingers are one notch */
	touch_up(&touch, 1, &steps);
	CHECK_EQ(steps.count, 0u);
}

static void what_is_cancelled_does_nothing_more(void **state) {
	(void)state;
	struct touch touch = { 0 };
	struct touch_steps steps;
	touch_down(&touch, 1, 10, 10, START_NS, &steps);
	touch_cancel(&touch);
	CHECK(!deadline_is_set(touch_deadline(&touch)));
	touch_motion(&touch, 1, 90, 90, &steps);
	CHECK_EQ(steps.count, 0u);
	touch_up(&touch, 1, &steps);
	CHECK_EQ(steps.count, 0u);
	touch_down(&touch, 1, 20, 20, START_NS, &steps); /* the next one counts again */
	CHECK_EQ(steps.count, 1u);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tap_is_a_click),
		cmocka_unit_test(a_finger_that_moves_drags_from_where_it_began),
		cmocka_unit_test(a_finger_that_stays_presses_after_a_while),
		cmocka_unit_test(two_fingers_turn_the_wheel_and_press_nothing),
		cmocka_unit_test(what_is_cancelled_does_nothing_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
