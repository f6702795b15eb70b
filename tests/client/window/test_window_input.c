#include "client/window/window_input.h"

#include <SDL.h>
#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "input/keymap.h"
#include "input/led.h"
#include "tests/support/check.h"

/* SDL's dummy driver has a window and a mouse, but nobody behind them: all events are made here. */
struct fixture {
	SDL_Window *window;
	struct window_input *input;
	struct window_input_state view;
	uint64_t now_ns;
	uint32_t ms;
	bool can_move;
	unsigned locks_reported, leds, locks;
	bool other_motion; /* there is one */
	char log[2048];
};

__attribute__((format(printf, 2, 3))) static void note(struct fixture *f, const char *format, ...) {
	size_t len = strlen(f->log);
	va_list args;
	va_start(args, format);
	vsnprintf(f->log + len, sizeof f->log - len, format, args);
	va_end(args);
}

static int on_input(const struct guest_input_event *event, void *data) {
	struct fixture *f = data;
	CHECK(event->source == INPUT_SOURCE_WINDOW && event->time_ns == f->now_ns);
	switch (event->kind) {
	case INPUT_KEY:
		note(f, "%c%u ", event->pressed ? '+' : '-', event->code);
		break;
	case INPUT_BUTTON:
		note(f, "b%c%u ", event->pressed ? '+' : '-', event->code);
		break;
	case INPUT_MOTION:
		note(f, "m%d,%d ", event->x, event->y);
		break;
	case INPUT_POSITION:
		note(f, "p%d,%d ", event->x, event->y);
		break;
	case INPUT_WHEEL:
		note(f, "w%d,%d ", event->x, event->y);
		break;
	case INPUT_NONE:
		fail();
	}
	return 0;
}

static void on_release(void *data) {
	note(data, "release ");
}

static void on_mouse_mode(bool absolute, void *data) {
	note(data, absolute ? "absolute " : "relative ");
}

static void on_locks(unsigned leds, unsigned locks, void *data) {
	struct fixture *f = data;
	f->locks_reported++;
	f->leds = leds;
	f->locks = locks;
}

static int on_move(int x, int y, void *data) {
	struct fixture *f = data;
	if (!f->can_move) {
		return -EOPNOTSUPP;
	}
	note(f, "set%d,%d ", x, y);
	return 0;
}

static bool on_other_motion(bool on, unsigned rotation, void *data) {
	struct fixture *f = data;
	if (f->other_motion) {
		note(f, "other%d,%u ", on, rotation);
	}
	return f->other_motion;
}

static void on_request(enum window_request request, int value, bool shift, bool quiet, void *data) {
	static const char *const names[] = { "capture", "help", "key", "refused" };
	note(data, "%s%d%s%s ", names[request], value, shift ? "S" : "", quiet ? "q" : "");
}

static void setup_with(struct fixture *f, struct window_input_config config) {
	memset(f, 0, sizeof *f);
	f->now_ns = 1000 * NS_PER_S;
	f->ms = 5000;
	f->can_move = true;
	window_input_hints();
	setenv("SDL_VIDEODRIVER", "dummy", 1);
	CHECK_EQ(SDL_InitSubSystem(SDL_INIT_VIDEO), 0);
	/* Hidden: in SDL 2.32 a shown one has the focus at once. */
	f->window = SDL_CreateWindow("test", 0, 0, 640, 360, SDL_WINDOW_HIDDEN);
	CHECK(f->window);
	if (!config.escape_key[0]) {
		snprintf(config.escape_key, sizeof config.escape_key, "scrolllock");
	}
	config.help_delay_ms = 200;
	const struct window_input_hooks hooks = { on_release, on_mouse_mode, on_locks, on_move,
		on_other_motion, on_request, f };
	CHECK_EQ(window_input_create(&f->input, f->window, &config, &hooks), 0);
	window_input_connect(f->input, on_input, f);
	f->view = (struct window_input_state){ .window_width = 640,
		.window_height = 360,
		.pixel_width = 640,
		.pixel_height = 360,
		.picture = { 0, 0, 640, 360, 0 },
		.desktop_width = 1280,
		.desktop_height = 720,
		.connected = true,
		.enabled = true };
	window_input_set_state(f->input, &f->view);
	f->log[0] = 0;
}

static void setup(struct fixture *f) {
	setup_with(f, (struct window_input_config){ .scale_cursor = true, .hide_cursor = true });
}

static void teardown(struct fixture *f) {
	window_input_destroy(f->input);
	SDL_DestroyWindow(f->window);
	SDL_QuitSubSystem(SDL_INIT_VIDEO);
}

/* Whether the grab was asked for; without a focus of its own SDL does not carry it out. */
static bool keyboard_wanted(const struct fixture *f) {
	return SDL_GetWindowFlags(f->window) & SDL_WINDOW_KEYBOARD_GRABBED;
}

static bool feed(struct fixture *f, SDL_Event event) {
	f->now_ns += NS_PER_MS;
	f->ms += 5;
	event.common.timestamp = f->ms;
	return window_input_event(f->input, &event, f->now_ns);
}

static bool key(struct fixture *f, SDL_Scancode scancode, bool pressed) {
	SDL_Event event = { .key = { .type = pressed ? SDL_KEYDOWN : SDL_KEYUP } };
	event.key.keysym.scancode = scancode;
	return feed(f, event);
}

static bool motion(struct fixture *f, int x, int y, int dx, int dy) {
	SDL_Event event = {
		.motion = { .type = SDL_MOUSEMOTION, .x = x, .y = y, .xrel = dx, .yrel = dy }
	};
	return feed(f, event);
}

static bool button(struct fixture *f, unsigned number, bool pressed, int x, int y) {
	SDL_Event event = { .button = { .type = pressed ? SDL_MOUSEBUTTONDOWN : SDL_MOUSEBUTTONUP,
					    .button = (Uint8)number,
					    .x = x,
					    .y = y } };
	return feed(f, event);
}

/* x, y: of the window of 640x360. */
static bool finger(struct fixture *f, unsigned type, int number, int x, int y) {
	SDL_Event event = { .tfinger = { .type = type,
					    .touchId = 7,
					    .fingerId = number,
					    .x = (float)x / 640.0F,
					    .y = (float)y / 360.0F } };
	return feed(f, event);
}

static void window_event(struct fixture *f, unsigned what) {
	SDL_Event event = { .window = { .type = SDL_WINDOWEVENT, .event = (Uint8)what } };
	CHECK(!feed(f, event));
}

static void expect(struct fixture *f, const char *log) {
	assert_string_equal(f->log, log);
	f->log[0] = 0;
}

static void tap_escape(struct fixture *f) {
	CHECK(key(f, SDL_SCANCODE_SCROLLLOCK, true) && key(f, SDL_SCANCODE_SCROLLLOCK, false));
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
		cmocka_unit_test(the_pointer_is_aligned_by_the_host),
		cmocka_unit_test(without_the_host_a_motion_aligns),
		cmocka_unit_test(absolute_positions_while_spice_is_the_picture),
		cmocka_unit_test(only_over_the_picture),
		cmocka_unit_test(options),
		cmocka_unit_test(guest_pointer_follows_ours),
		cmocka_unit_test(lock_keys_are_told_once),
		cmocka_unit_test(one_finger_is_a_mouse),
		cmocka_unit_test(two_fingers_turn_the_wheel),
		cmocka_unit_test(fingers_that_are_the_desktops),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
