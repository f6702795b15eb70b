/* Keys, the capture, the focus and the options; pointer and fingers: test_window_pointer.c. */
#include "tests/support/window_input_setup.h"

#include <linux/input-event-codes.h>

#include "input/keymap.h"
#include "input/led.h"

/* Whether the grab was asked for; without a focus of its own SDL does not carry it out. */
static bool keyboard_wanted(const struct fixture *f) {
	return SDL_GetWindowFlags(f->window) & SDL_WINDOW_KEYBOARD_GRABBED;
}

static void every_key_of_a_pc_has_its_position(void **state) {
	(void)state;
	/* What a 105-key keyboard sends, by USB usage. */
	unsigned missing = 0;
	for (unsigned scancode = SDL_SCANCODE_A; scancode <= SDL_SCANCODE_APPLICATION; scancode++) {
		unsigned code = window_input_key((SDL_Scancode)scancode);
		if (code == 0 || keymap_scancode(code) == 0) {
			missing++;
		}
	}
	CHECK_EQ(missing, 0);
	/* No two of them are the same, but for the ANSI and ISO forms of one key. */
	for (unsigned a = SDL_SCANCODE_A; a <= SDL_SCANCODE_APPLICATION; a++) {
		for (unsigned b = a + 1; b <= SDL_SCANCODE_APPLICATION; b++) {
			if (window_input_key((SDL_Scancode)a) ==
					window_input_key((SDL_Scancode)b)) {
				CHECK_EQ(a, SDL_SCANCODE_BACKSLASH);
				CHECK_EQ(b, SDL_SCANCODE_NONUSHASH);
			}
		}
	}
	CHECK_EQ(window_input_key(SDL_SCANCODE_Y), KEY_Y);
	CHECK_EQ(window_input_key(SDL_SCANCODE_RGUI), KEY_RIGHTMETA);
	CHECK_EQ(window_input_key(SDL_SCANCODE_UNKNOWN), 0);
	CHECK_EQ(window_input_key((SDL_Scancode)100000), 0);
}

static void plain_keys_and_repeats(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	CHECK(key(&f, SDL_SCANCODE_A, true));
	SDL_Event repeat = { .key = { .type = SDL_KEYDOWN, .repeat = 1 } };
	repeat.key.keysym.scancode = SDL_SCANCODE_A;
	CHECK(feed(&f, repeat));
	CHECK(key(&f, SDL_SCANCODE_A, false));
	expect(&f, "+30 -30 ");
	/* Without a guest the keys are the program's. */
	f.view.connected = false;
	window_input_set_state(f.input, &f.view);
	expect(&f, "release ");
	CHECK(!key(&f, SDL_SCANCODE_A, true));
	key(&f, SDL_SCANCODE_A, false);
	CHECK(!motion(&f, 5, 5, 0, 0) && !button(&f, SDL_BUTTON_LEFT, true, 5, 5));
	expect(&f, "-30 ");
	teardown(&f);
}

static void a_key_takes_the_server_back(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	f.view.connected = false;
	f.view.taken = true; /* "press a key to take it back" */
	window_input_set_state(f.input, &f.view);
	f.log[0] = 0;
	key(&f, SDL_SCANCODE_A, true);
	key(&f, SDL_SCANCODE_A, false);
	expect(&f, "+30 -30 ");
	CHECK(!button(&f, SDL_BUTTON_LEFT, true, 5, 5));
	f.view.overlay = true;
	window_input_set_state(f.input, &f.view);
	key(&f, SDL_SCANCODE_A, true);
	expect(&f, "");
	teardown(&f);
}

static void capture_and_back(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	tap_escape(&f);
	expect(&f, "capture1 ");
	CHECK(window_input_captured(f.input) && SDL_GetRelativeMouseMode());
	CHECK(motion(&f, 0, 0, 7, -3));
	CHECK(button(&f, SDL_BUTTON_X1, true, 0, 0) && button(&f, SDL_BUTTON_X1, false, 0, 0));
	expect(&f, "m7,-3 b+4 b-4 ");
	tap_escape(&f);
	expect(&f, "release capture0 ");
	CHECK(!SDL_GetRelativeMouseMode());

	/* No way to the guest, no capture. */
	f.view.connected = false;
	window_input_set_state(f.input, &f.view);
	f.log[0] = 0;
	tap_escape(&f);
	expect(&f, "refused0 ");
	teardown(&f);
}

static void motion_comes_from_one_place(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	window_event(&f, SDL_WINDOWEVENT_FOCUS_GAINED);
	f.other_motion = true;
	tap_escape(&f);
	expect(&f, "other1,0 capture1 ");
	motion(&f, 300, 200, 5, 0);
	expect(&f, "");
	/* The picture is turned. */
	f.view.picture.rotation = 3;
	window_input_set_state(f.input, &f.view);
	expect(&f, "other1,3 ");
	/* Once more where the queue had no place for it. */
	f.other_motion = false;
	tap_escape(&f);
	expect(&f, "release capture0 ");
	f.other_motion = true;
	window_input_set_state(f.input, &f.view);
	expect(&f, "other0,3 ");
	/* There is none: SDL's is taken. */
	f.other_motion = false;
	tap_escape(&f);
	f.log[0] = 0;
	motion(&f, 300, 200, 5, 0);
	expect(&f, "m0,5 ");
	teardown(&f);
}

static void focus_loss_ends_all(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	tap_escape(&f);
	key(&f, SDL_SCANCODE_W, true);
	expect(&f, "capture1 +17 ");
	window_event(&f, SDL_WINDOWEVENT_FOCUS_LOST);
	expect(&f, "release capture0q release ");
	CHECK(!window_input_captured(f.input) && !SDL_GetRelativeMouseMode());

	/* The escape key held while the focus goes: no help, no capture. */
	window_event(&f, SDL_WINDOWEVENT_FOCUS_GAINED);
	key(&f, SDL_SCANCODE_SCROLLLOCK, true);
	window_event(&f, SDL_WINDOWEVENT_FOCUS_LOST);
	window_input_tick(f.input, f.now_ns + NS_PER_S);
	key(&f, SDL_SCANCODE_SCROLLLOCK, false);
	expect(&f, "release -70 ");
	CHECK_EQ(window_input_deadline(f.input), 0);
	teardown(&f);
}

static void the_shortcut_that_brought_us_here_is_not_for_the_guest(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	SDL_Event focus = { .window = { .type = SDL_WINDOWEVENT,
					    .event = SDL_WINDOWEVENT_FOCUS_GAINED } };
	feed(&f, focus);
	SDL_Event alt = { .key = { .type = SDL_KEYDOWN, .timestamp = f.ms } };
	alt.key.keysym.scancode = SDL_SCANCODE_LALT;
	CHECK(window_input_event(f.input, &alt, f.now_ns));
	/* Nor is any other key that was held before. */
	SDL_Event space = { .key = { .type = SDL_KEYDOWN, .timestamp = f.ms } };
	space.key.keysym.scancode = SDL_SCANCODE_SPACE;
	CHECK(window_input_event(f.input, &space, f.now_ns));
	expect(&f, "");
	CHECK(key(&f, SDL_SCANCODE_LALT, true));
	expect(&f, "+56 ");
	teardown(&f);
}

/* A password is typed: keys are the program's, but those of the escape key keep their meaning. */
static void the_escape_key_works_while_the_program_asks(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	f.view.overlay = true;
	window_input_set_state(f.input, &f.view);
	f.log[0] = 0;
	CHECK(!key(&f, SDL_SCANCODE_W, true)); /* for the password */
	CHECK(!window_input_escape_is_down(f.input));
	key(&f, SDL_SCANCODE_W, false);
	f.log[0] = 0;
	CHECK(key(&f, SDL_SCANCODE_SCROLLLOCK, true));
	CHECK(window_input_escape_is_down(f.input));
	CHECK(key(&f, SDL_SCANCODE_Q, true));
	expect(&f, "key16 ");
	key(&f, SDL_SCANCODE_Q, false);
	key(&f, SDL_SCANCODE_SCROLLLOCK, false);
	CHECK(!window_input_escape_is_down(f.input));
	CHECK(!window_input_captured(f.input));
	teardown(&f);
}

static void help_and_commands(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	key(&f, SDL_SCANCODE_SCROLLLOCK, true);
	CHECK_EQ(window_input_deadline(f.input), f.now_ns + 200 * NS_PER_MS);
	f.now_ns += 199 * NS_PER_MS;
	window_input_tick(f.input, f.now_ns);
	expect(&f, "");
	f.now_ns += NS_PER_MS;
	window_input_tick(f.input, f.now_ns);
	expect(&f, "help1 ");
	CHECK(key(&f, SDL_SCANCODE_R, true) && key(&f, SDL_SCANCODE_R, false));
	CHECK(key(&f, SDL_SCANCODE_LSHIFT, true));
	CHECK(key(&f, SDL_SCANCODE_R, true) && key(&f, SDL_SCANCODE_R, false));
	CHECK(key(&f, SDL_SCANCODE_LSHIFT, false));
	CHECK(key(&f, SDL_SCANCODE_SCROLLLOCK, false));
	expect(&f, "key19 key19S help0 ");
	CHECK(!window_input_captured(f.input));

	/* From a grabbed device. */
	window_input_remote_escape(f.input, true, f.now_ns);
	window_input_remote_key(f.input, KEY_F);
	window_input_remote_key(f.input, KEY_RIGHTSHIFT);
	window_input_remote_key(f.input, KEY_R);
	window_input_tick(f.input, f.now_ns + 300 * NS_PER_MS);
	window_input_remote_escape(f.input, false, f.now_ns);
	expect(&f, "key33 key19S help1S help0 ");
	teardown(&f);
}

static void options(void **state) {
	(void)state;
	struct fixture f;
	setup_with(&f, (struct window_input_config){ .capture_only = true });
	window_event(&f, SDL_WINDOWEVENT_FOCUS_GAINED);
	CHECK(!key(&f, SDL_SCANCODE_A, true) && !motion(&f, 5, 5, 0, 0));
	expect(&f, "");
	tap_escape(&f);
	key(&f, SDL_SCANCODE_B, true);
	expect(&f, "capture1 +48 ");
	teardown(&f);

	setup_with(&f, (struct window_input_config){
				       .capture_on_focus = true, .grab_keyboard = true });
	window_event(&f, SDL_WINDOWEVENT_FOCUS_GAINED);
	expect(&f, "capture1 ");
	CHECK(keyboard_wanted(&f));
	tap_escape(&f);
	expect(&f, "release capture0 ");
	CHECK(!keyboard_wanted(&f));
	window_input_set_state(f.input, &f.view);
	expect(&f, "");
	teardown(&f);

	/* The window opens with the focus, and the guest listens later. */
	setup_with(&f, (struct window_input_config){ .capture_on_focus = true });
	f.view.connected = false;
	window_input_set_state(f.input, &f.view);
	window_event(&f, SDL_WINDOWEVENT_FOCUS_GAINED);
	f.log[0] = 0;
	f.view.connected = true;
	window_input_set_state(f.input, &f.view);
	expect(&f, "capture1 ");
	teardown(&f);

	setup_with(&f, (struct window_input_config){ .capture_on_start = true });
	f.view.connected = false;
	window_input_set_state(f.input, &f.view);
	window_event(&f, SDL_WINDOWEVENT_FOCUS_GAINED);
	f.log[0] = 0;
	f.view.connected = true;
	window_input_set_state(f.input, &f.view);
	expect(&f, "capture1 ");
	tap_escape(&f);
	window_input_set_state(f.input, &f.view);
	expect(&f, "release capture0 "); /* once, not for ever */
	teardown(&f);

	setup_with(&f, (struct window_input_config){
				       .grab_keyboard_on_focus = true, .scale_cursor = false });
	window_event(&f, SDL_WINDOWEVENT_FOCUS_GAINED);
	CHECK(!keyboard_wanted(&f));
	motion(&f, 5, 5, 0, 0);
	CHECK(keyboard_wanted(&f));
	motion(&f, 8, 9, 3, 4);
	expect(&f, "set11,11 m3,4 ");
	window_event(&f, SDL_WINDOWEVENT_FOCUS_LOST);
	CHECK(!keyboard_wanted(&f));
	teardown(&f);

	struct window_input *input;
	struct window_input_config bad = { .escape_key = "nonsense" };
	CHECK_EQ(window_input_create(&input, NULL, &bad, NULL), -EINVAL);
}

static void lock_keys_are_told_once(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	CHECK_EQ(f.locks_reported, 0); /* no focus */
	SDL_SetModState(KMOD_CAPS | KMOD_LSHIFT);
	window_event(&f, SDL_WINDOWEVENT_FOCUS_GAINED);
	CHECK_EQ(f.locks_reported, 1);
	CHECK_EQ(f.leds, INPUT_LED_CAPS);
	CHECK_EQ(f.locks, (INPUT_LED_NUM | INPUT_LED_CAPS));
	tap_escape(&f);
	tap_escape(&f);
	CHECK_EQ(f.locks_reported, 1);
	/* Again after each time that keys went elsewhere: another window, no server, input off. */
	SDL_SetModState(KMOD_NUM);
	window_event(&f, SDL_WINDOWEVENT_FOCUS_LOST);
	CHECK_EQ(f.locks_reported, 1);
	window_event(&f, SDL_WINDOWEVENT_FOCUS_GAINED);
	CHECK_EQ(f.locks_reported, 2);
	CHECK_EQ(f.leds, INPUT_LED_NUM);
	f.view.connected = false;
	window_input_set_state(f.input, &f.view);
	f.view.connected = true;
	window_input_set_state(f.input, &f.view);
	CHECK_EQ(f.locks_reported, 3);
	f.view.enabled = false;
	window_input_set_state(f.input, &f.view);
	f.view.enabled = true;
	window_input_set_state(f.input, &f.view);
	CHECK_EQ(f.locks_reported, 4);
	teardown(&f);

	/* A lock key that is the escape key is nobody's lock. */
	setup_with(&f, (struct window_input_config){ .escape_key = "capslock" });
	window_event(&f, SDL_WINDOWEVENT_FOCUS_GAINED);
	CHECK_EQ(f.locks_reported, 1);
	CHECK_EQ(f.locks, INPUT_LED_NUM);
	SDL_SetModState(KMOD_NONE);
	teardown(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_of_a_pc_has_its_position),
		cmocka_unit_test(plain_keys_and_repeats),
		cmocka_unit_test(a_key_takes_the_server_back),
		cmocka_unit_test(capture_and_back),
		cmocka_unit_test(motion_comes_from_one_place),
		cmocka_unit_test(focus_loss_ends_all),
		cmocka_unit_test(the_shortcut_that_brought_us_here_is_not_for_the_guest),
		cmocka_unit_test(the_escape_key_works_while_the_program_asks),
		cmocka_unit_test(help_and_commands),
		cmocka_unit_test(options),
		cmocka_unit_test(lock_keys_are_told_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
