/* Where the pointer of the guest is led: by a mouse over the picture, and by fingers on it. */
#include "tests/support/window_input_setup.h"

/* x, y: of the window of 640x360. */
static bool finger(struct fixture *f, unsigned type, int number, int x, int y) {
	SDL_Event event = { .tfinger = { .type = type,
					    .touchId = 7,
					    .fingerId = number,
					    .x = (float)x / 640.0F,
					    .y = (float)y / 360.0F } };
	return feed(f, event);
}

static void the_pointer_is_aligned_by_the_host(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	window_event(&f, SDL_WINDOWEVENT_FOCUS_GAINED);
	CHECK(motion(&f, 100, 50, 0, 0));
	expect(&f, "set201,101 ");
	/* Two desktop pixels for each of the window. */
	CHECK(motion(&f, 110, 60, 10, 10) && motion(&f, 109, 60, -1, 0));
	expect(&f, "m20,20 m-2,0 ");
	/* At rest, and the guest's pointer is elsewhere (it accelerates). */
	const struct video_pointer wrong = { true, true, 260, 150 };
	window_input_set_guest_pointer(f.input, &wrong);
	CHECK_EQ(window_input_deadline(f.input), f.now_ns + 100 * NS_PER_MS);
	f.now_ns += 100 * NS_PER_MS;
	window_input_tick(f.input, f.now_ns);
	expect(&f, "set219,121 ");
	/* A game that hides the pointer is left alone. */
	const struct video_pointer hidden = { true, false, 5, 5 };
	window_input_set_guest_pointer(f.input, &hidden);
	motion(&f, 120, 60, 11, 0);
	f.now_ns += 100 * NS_PER_MS;
	window_input_tick(f.input, f.now_ns);
	expect(&f, "m22,0 ");
	/* Out and in again. */
	window_event(&f, SDL_WINDOWEVENT_LEAVE);
	CHECK(button(&f, SDL_BUTTON_LEFT, true, 10, 10));
	expect(&f, "set21,21 b+1 ");
	/* A drag that leaves the window goes on along its edge. */
	window_event(&f, SDL_WINDOWEVENT_LEAVE);
	CHECK(motion(&f, -50, 10, -60, 0));
	CHECK(button(&f, SDL_BUTTON_LEFT, false, -50, 10));
	expect(&f, "m-21,0 b-1 ");
	teardown(&f);
}

static void without_the_host_a_motion_aligns(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	f.can_move = false;
	window_event(&f, SDL_WINDOWEVENT_FOCUS_GAINED);
	const struct video_pointer known = { true, true, 1000, 20 };
	window_input_set_guest_pointer(f.input, &known);
	CHECK(motion(&f, 100, 50, 0, 0));
	expect(&f, "m-799,81 ");
	teardown(&f);
}

static void absolute_positions_while_spice_is_the_picture(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	window_event(&f, SDL_WINDOWEVENT_FOCUS_GAINED);
	f.view.absolute_possible = true;
	window_input_set_state(f.input, &f.view);
	expect(&f, "absolute ");
	f.view.absolute = true;
	window_input_set_state(f.input, &f.view);
	CHECK(motion(&f, 0, 0, 0, 0) && motion(&f, 639, 359, 0, 0));
	expect(&f, "p1,1 p1279,719 ");
	/* Capture wants relative motion. */
	tap_escape(&f);
	expect(&f, "relative capture1 ");
	f.view.absolute = false;
	window_input_set_state(f.input, &f.view);
	expect(&f, "");
	tap_escape(&f);
	expect(&f, "release absolute capture0 ");
	/* The frame host's picture comes: positions mean another size now. */
	f.view.absolute = true;
	f.view.absolute_possible = false;
	window_input_set_state(f.input, &f.view);
	expect(&f, "relative ");
	teardown(&f);
}

static void only_over_the_picture(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	window_event(&f, SDL_WINDOWEVENT_FOCUS_GAINED);
	f.view.picture = (struct video_geometry){ 100, 0, 440, 360, 0 };
	window_input_set_state(f.input, &f.view);
	CHECK(!motion(&f, 50, 50, 1, 1) && !button(&f, SDL_BUTTON_LEFT, true, 50, 50));
	expect(&f, "");
	SDL_Event wheel = { .wheel = { .type = SDL_MOUSEWHEEL, .preciseY = 1.0f } };
	CHECK(!feed(&f, wheel));
	CHECK_EQ(SDL_ShowCursor(SDL_QUERY), SDL_ENABLE);
	CHECK(motion(&f, 300, 50, 1, 1));
	f.log[0] = 0;
	CHECK_EQ(SDL_ShowCursor(SDL_QUERY), SDL_DISABLE);
	CHECK(feed(&f, wheel));
	wheel.wheel.preciseY = -0.25f;
	CHECK(feed(&f, wheel));
	expect(&f, "w0,120 w0,-30 ");
	motion(&f, 50, 50, 1, 1);
	CHECK_EQ(SDL_ShowCursor(SDL_QUERY), SDL_ENABLE);
	teardown(&f);
}

static void guest_pointer_follows_ours(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	window_event(&f, SDL_WINDOWEVENT_FOCUS_GAINED);
	CHECK(!window_input_guest_pointer(f.input)); /* ours was not here yet */
	motion(&f, 300, 200, 1, 0);
	CHECK(window_input_guest_pointer(f.input));
	window_event(&f, SDL_WINDOWEVENT_LEAVE);
	CHECK(!window_input_guest_pointer(f.input));
	/* In the window, beside the picture. */
	f.view.picture = (struct video_geometry){ 100, 0, 440, 360, 0 };
	window_input_set_state(f.input, &f.view);
	motion(&f, 50, 50, 1, 0);
	CHECK(!window_input_guest_pointer(f.input));
	/* Somebody else leads it: captured, devices given to the guest, no input of ours at all. */
	tap_escape(&f);
	CHECK(window_input_captured(f.input) && window_input_guest_pointer(f.input));
	tap_escape(&f);
	CHECK(!window_input_guest_pointer(f.input));
	f.view.grabbed = true;
	window_input_set_state(f.input, &f.view);
	CHECK(window_input_guest_pointer(f.input));
	f.view.grabbed = false;
	f.view.connected = false;
	window_input_set_state(f.input, &f.view);
	CHECK(window_input_guest_pointer(f.input));
	teardown(&f);

	setup_with(&f, (struct window_input_config){ .always_show_cursor = true });
	CHECK(window_input_guest_pointer(f.input));
	teardown(&f);
}

static void one_finger_is_a_mouse(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	f.view.absolute = f.view.absolute_possible = true;
	window_input_set_state(f.input, &f.view);
	f.log[0] = 0;
	/* A tap, also before the window has the focus; a little unsteady. */
	CHECK(finger(&f, SDL_FINGERDOWN, 1, 100, 50));
	expect(&f, "p201,101 ");
	CHECK(finger(&f, SDL_FINGERMOTION, 1, 103, 52));
	CHECK(finger(&f, SDL_FINGERUP, 1, 103, 52));
	expect(&f, "p201,101 b+1 b-1 ");
	/* What SDL makes of it is no second click. */
	SDL_Event mouse = { .button = { .type = SDL_MOUSEBUTTONDOWN,
					    .which = SDL_TOUCH_MOUSEID,
					    .button = SDL_BUTTON_LEFT,
					    .x = 100,
					    .y = 50 } };
	CHECK(!feed(&f, mouse));
	expect(&f, "");
	/* A drag begins where the finger came down, and goes on outside the picture. */
	finger(&f, SDL_FINGERDOWN, 2, 100, 50);
	f.log[0] = 0;
	finger(&f, SDL_FINGERMOTION, 2, 150, 60);
	expect(&f, "p201,101 b+1 p301,121 ");
	finger(&f, SDL_FINGERMOTION, 2, 150, 359);
	finger(&f, SDL_FINGERMOTION, 2, 150, 400);
	finger(&f, SDL_FINGERUP, 2, 150, 400);
	expect(&f, "p301,719 p301,719 b-1 ");
	/* Held still, it is a button that is held. */
	finger(&f, SDL_FINGERDOWN, 3, 10, 10);
	f.log[0] = 0;
	CHECK(window_input_deadline(f.input) > f.now_ns);
	f.now_ns += NS_PER_S;
	window_input_tick(f.input, f.now_ns);
	expect(&f, "p21,21 b+1 ");
	finger(&f, SDL_FINGERUP, 3, 10, 10);
	expect(&f, "b-1 ");
	/* The focus goes in the middle of a drag. */
	finger(&f, SDL_FINGERDOWN, 4, 100, 50);
	finger(&f, SDL_FINGERMOTION, 4, 150, 60);
	f.log[0] = 0;
	window_event(&f, SDL_WINDOWEVENT_FOCUS_LOST);
	finger(&f, SDL_FINGERMOTION, 4, 200, 60);
	finger(&f, SDL_FINGERUP, 4, 200, 60);
	expect(&f, "release ");
	teardown(&f);
}

static void two_fingers_turn_the_wheel(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	f.view.absolute = f.view.absolute_possible = true;
	window_input_set_state(f.input, &f.view);
	finger(&f, SDL_FINGERDOWN, 1, 100, 100);
	finger(&f, SDL_FINGERDOWN, 2, 140, 100);
	f.log[0] = 0;
	/* Both 40 units down: one notch away from the user, as the content follows the fingers. */
	finger(&f, SDL_FINGERMOTION, 1, 100, 120);
	finger(&f, SDL_FINGERMOTION, 2, 140, 120);
	finger(&f, SDL_FINGERMOTION, 1, 100, 140);
	finger(&f, SDL_FINGERMOTION, 2, 140, 140);
	expect(&f, "w0,30 w0,30 w0,30 w0,30 ");
	finger(&f, SDL_FINGERMOTION, 1, 120, 140);
	expect(&f, "w-30,0 ");
	/* The one that is left does nothing, a third one neither; then all is new. */
	finger(&f, SDL_FINGERUP, 1, 120, 140);
	finger(&f, SDL_FINGERDOWN, 3, 20, 20);
	finger(&f, SDL_FINGERMOTION, 2, 300, 140);
	finger(&f, SDL_FINGERUP, 2, 300, 140);
	finger(&f, SDL_FINGERUP, 3, 20, 20);
	expect(&f, "");
	finger(&f, SDL_FINGERDOWN, 1, 100, 50);
	finger(&f, SDL_FINGERUP, 1, 100, 50);
	expect(&f, "p201,101 p201,101 b+1 b-1 ");
	teardown(&f);
}

static void fingers_that_are_the_desktops(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	/* Beside the picture; while the pointer is captured; while nobody listens. */
	f.view.picture = (struct video_geometry){ 100, 0, 440, 360, 0 };
	window_input_set_state(f.input, &f.view);
	CHECK(!finger(&f, SDL_FINGERDOWN, 1, 50, 50));
	CHECK(!finger(&f, SDL_FINGERMOTION, 1, 300, 50));
	CHECK(!finger(&f, SDL_FINGERUP, 1, 300, 50));
	expect(&f, "");
	window_event(&f, SDL_WINDOWEVENT_FOCUS_GAINED);
	tap_escape(&f);
	f.log[0] = 0;
	CHECK(!finger(&f, SDL_FINGERDOWN, 1, 300, 50));
	finger(&f, SDL_FINGERUP, 1, 300, 50);
	expect(&f, "");
	tap_escape(&f);
	/* The frame host puts the pointer where the finger is; where nobody can, a tap would be
	 * somewhere else. */
	f.log[0] = 0;
	f.view.picture = (struct video_geometry){ 0, 0, 640, 360, 0 };
	window_input_set_state(f.input, &f.view);
	finger(&f, SDL_FINGERDOWN, 1, 100, 50);
	finger(&f, SDL_FINGERUP, 1, 100, 50);
	expect(&f, "set201,101 set201,101 b+1 b-1 ");
	f.can_move = false;
	finger(&f, SDL_FINGERDOWN, 1, 200, 50);
	finger(&f, SDL_FINGERUP, 1, 200, 50);
	expect(&f, "");
	teardown(&f);
}

/* After Ctrl+Z all that the display server kept comes at once. */
static void what_finds_no_room_comes_later(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	f.view.absolute = true;
	window_input_set_state(f.input, &f.view);
	window_event(&f, SDL_WINDOWEVENT_FOCUS_GAINED);
	motion(&f, 10, 10, 1, 1);
	f.log[0] = 0;
	f.full = true;
	key(&f, SDL_SCANCODE_A, true);
	for (int i = 0; i < 20000; i++) {
		motion(&f, 20 + i % 100, 20, 1, 0);
	}
	motion(&f, 100, 50, 1, 0);
	key(&f, SDL_SCANCODE_A, false);
	expect(&f, "");
	window_input_tick(f.input, f.now_ns += 5 * NS_PER_MS);
	expect(&f, "");
	f.full = false;
	CHECK(window_input_deadline(f.input) <= f.now_ns + 5 * NS_PER_MS);
	window_input_tick(f.input, f.now_ns += 5 * NS_PER_MS);
	expect(&f, "+30 p201,101 -30 ");
	window_input_tick(f.input, f.now_ns += 5 * NS_PER_MS);
	expect(&f, "");
	/* Before what is new, and not behind the release of everything. */
	f.full = true;
	key(&f, SDL_SCANCODE_A, true);
	f.full = false;
	key(&f, SDL_SCANCODE_A, false);
	expect(&f, "+30 -30 ");
	f.full = true;
	key(&f, SDL_SCANCODE_A, true);
	window_event(&f, SDL_WINDOWEVENT_FOCUS_LOST);
	f.log[0] = 0;
	f.full = false;
	window_input_tick(f.input, f.now_ns += 5 * NS_PER_MS);
	expect(&f, "");
	teardown(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pointer_is_aligned_by_the_host),
		cmocka_unit_test(without_the_host_a_motion_aligns),
		cmocka_unit_test(absolute_positions_while_spice_is_the_picture),
		cmocka_unit_test(only_over_the_picture),
		cmocka_unit_test(guest_pointer_follows_ours),
		cmocka_unit_test(one_finger_is_a_mouse),
		cmocka_unit_test(two_fingers_turn_the_wheel),
		cmocka_unit_test(fingers_that_are_the_desktops),
		cmocka_unit_test(what_finds_no_room_comes_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
