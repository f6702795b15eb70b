#include "input/router.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>

#include "tests/support/check.h"
#include "tests/support/held_sink.h"

#define MS 1000000ull

enum { WINDOW = INPUT_SOURCE_WINDOW, KEYBOARD, MOUSE };

struct fixture {
	struct router *router;
	struct held_sink sink;
	struct guest_input ops;
	uint64_t now_ns;
	bool grab_reported;
	unsigned leds_reported;
	char log[4096];
	char actions[256]; /* D, U, K<code>, G0, G1 */
};

static void on_action(enum router_action action, unsigned code, void *data) {
	struct fixture *f = data;
	size_t len = strlen(f->actions);
	char *at = f->actions + len;
	size_t room = sizeof f->actions - len;
	switch (action) {
	case ROUTER_ESCAPE_DOWN:
		snprintf(at, room, "D ");
		break;
	case ROUTER_ESCAPE_UP:
		snprintf(at, room, "U ");
		break;
	case ROUTER_ESCAPE_KEY:
		snprintf(at, room, "K%u ", code);
		break;
	case ROUTER_GRAB_CHANGED:
		snprintf(at, room, "G%u ", code);
		break;
	}
}

/* Grabs both devices as a machine would: at once and with success. */
static void on_grab(void *data, bool on) {
	struct fixture *f = data;
	CHECK(f->grab_reported != on);
	f->grab_reported = on;
	router_device_grabbed(f->router, KEYBOARD, on);
	router_device_grabbed(f->router, MOUSE, on);
}

static void on_leds(void *data, unsigned leds) {
	((struct fixture *)data)->leds_reported = leds;
}

static void setup_with(struct fixture *f, const char *toggle, const char *escape,
		struct router_config config) {
	*f = (struct fixture){ .now_ns = 1000 };
	CHECK_EQ(chord_parse(toggle, &config.grab_toggle), 0);
	CHECK_EQ(chord_parse(escape, &config.escape), 0);
	config.escape_hold_ns = ESCAPE_HOLD_NS;
	const struct router_events events = { on_action, f };
	const struct router_grabber grabber = { on_grab, on_leds, f };
	CHECK_EQ(router_create(&f->router, &config, &events), 0);
	router_set_grabber(f->router, &grabber);
	f->ops = held_sink_init(&f->sink);
	router_set_guest(f->router, &f->ops);
}

static void setup(struct fixture *f) {
	setup_with(f, "ctrl-ctrl", "scrolllock", (struct router_config){ 0 });
}

static void teardown(struct fixture *f) {
	router_destroy(f->router);
	CHECK(f->sink.held_keys == 0 && f->sink.buttons == 0 && !f->grab_reported);
}

static void send(struct fixture *f, unsigned source, enum input_kind kind, unsigned code,
		bool pressed, int32_t x, int32_t y) {
	f->now_ns += MS;
	const struct guest_input_event event = { f->now_ns, kind, source, code, pressed, x, y };
	router_event(f->router, &event);
}

static void key(struct fixture *f, unsigned source, unsigned code, bool pressed) {
	send(f, source, INPUT_KEY, code, pressed, 0, 0);
}

static void tap(struct fixture *f, unsigned source, unsigned code) {
	key(f, source, code, true);
	key(f, source, code, false);
}

static void toggle(struct fixture *f) {
	key(f, KEYBOARD, KEY_LEFTCTRL, true);
	key(f, KEYBOARD, KEY_RIGHTCTRL, true);
	key(f, KEYBOARD, KEY_RIGHTCTRL, false);
	key(f, KEYBOARD, KEY_LEFTCTRL, false);
}

static void expect(struct fixture *f, const char *log) {
	router_flush(f->router);
	char now[sizeof f->log];
	assert_string_equal(held_log_take(&f->sink, now, sizeof now), log);
	CHECK(!f->sink.dirty);
}

static void expect_actions(struct fixture *f, const char *actions) {
	assert_string_equal(f->actions, actions);
	f->actions[0] = 0;
}

static void the_window_is_forwarded_and_repeats_are_not(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	key(&f, WINDOW, KEY_A, true);
	key(&f, WINDOW, KEY_A, true);
	key(&f, WINDOW, KEY_A, false);
	key(&f, WINDOW, KEY_A, false);
	send(&f, WINDOW, INPUT_BUTTON, INPUT_BUTTON_LEFT, true, 0, 0);
	send(&f, WINDOW, INPUT_BUTTON, INPUT_BUTTON_LEFT, true, 0, 0);
	send(&f, WINDOW, INPUT_BUTTON, INPUT_BUTTON_LEFT, false, 0, 0);
	expect(&f, "+30 -30 b+1 b-1 ");
	/* The window's escape key is the window's business. */
	tap(&f, WINDOW, KEY_SCROLLLOCK);
	expect(&f, "+70 -70 ");
	expect_actions(&f, "");
	teardown(&f);
}

static void motion_is_merged_and_never_overtakes(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	for (int i = 0; i < 8; i++) {
		send(&f, WINDOW, INPUT_MOTION, 0, false, 1, -2);
	}
	key(&f, WINDOW, KEY_A, true);
	send(&f, WINDOW, INPUT_MOTION, 0, false, 5, 5);
	send(&f, WINDOW, INPUT_BUTTON, INPUT_BUTTON_RIGHT, true, 0, 0);
	send(&f, WINDOW, INPUT_MOTION, 0, false, 5, 5);
	send(&f, WINDOW, INPUT_WHEEL, 0, false, 0, -120);
	send(&f, WINDOW, INPUT_MOTION, 0, false, 3, 0);
	send(&f, WINDOW, INPUT_POSITION, 0, false, 100, 200);
	send(&f, WINDOW, INPUT_POSITION, 0, false, 101, 201);
	send(&f, WINDOW, INPUT_MOTION, 0, false, 1, 0);
	send(&f, WINDOW, INPUT_MOTION, 0, false, -1, 0);
	expect(&f, "m8,-16 +30 m5,5 b+3 m5,5 w-1 m3,0 p101,201 ");
	CHECK_EQ(f.sink.flushes, 1);
	router_flush(f.router);
	CHECK_EQ(f.sink.flushes, 1);
	/* Too large for one message: nothing is lost, nothing wraps. */
	send(&f, WINDOW, INPUT_MOTION, 0, false, 30000, 0);
	send(&f, WINDOW, INPUT_MOTION, 0, false, 30000, 0);
	send(&f, WINDOW, INPUT_MOTION, 0, false, INT32_MAX, INT32_MIN);
	expect(&f, "m30000,0 m30000,0 m32767,-32767 ");
	teardown(&f);
}

static void sensitivity_keeps_the_rest(void **state) {
	(void)state;
	for (int n = -9; n <= 9; n++) {
		struct fixture f;
		setup_with(&f, "none", "none", (struct router_config){ .sensitivity = n });
		for (int i = 0; i < 1000; i++) {
			send(&f, WINDOW, INPUT_MOTION, 0, false, 1, -3);
			router_flush(f.router);
		}
		assert_int_equal(f.sink.dx, 100 * (n + 10));
		assert_int_equal(f.sink.dy, -300 * (n + 10));
		teardown(&f);
	}
	struct router *router;
	CHECK_EQ(router_create(&router, &(struct router_config){ .sensitivity = 10 }, NULL),
			-EINVAL);
}

static void the_wheel_gives_whole_notches(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	for (int i = 0; i < 7; i++) {
		send(&f, WINDOW, INPUT_WHEEL, 0, false, 0, 15);
	}
	expect(&f, "");
	send(&f, WINDOW, INPUT_WHEEL, 0, false, 0, 15);
	expect(&f, "w1 ");
	send(&f, WINDOW, INPUT_WHEEL, 0, false, 0, 100);
	/* The other way: what was collected upwards is forgotten. */
	send(&f, WINDOW, INPUT_WHEEL, 0, false, 0, -119);
	expect(&f, "");
	send(&f, WINDOW, INPUT_WHEEL, 0, false, 0, -1);
	expect(&f, "w-1 ");
	send(&f, WINDOW, INPUT_WHEEL, 0, false, 0, 370);
	send(&f, WINDOW, INPUT_WHEEL, 0, false, 500, 0);
	expect(&f, "w3 ");
	send(&f, WINDOW, INPUT_WHEEL, 0, false, 0, 110);
	expect(&f, "w1 ");
	teardown(&f);
}

static void two_keyboards_hold_one_key(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	router_request_grab(f.router, true);
	key(&f, WINDOW, KEY_W, true);
	key(&f, KEYBOARD, KEY_W, true);
	key(&f, WINDOW, KEY_W, false);
	expect(&f, "+17 ");
	key(&f, KEYBOARD, KEY_W, false);
	expect(&f, "-17 ");
	teardown(&f);
}

static void ungrabbed_devices_are_not_forwarded(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	tap(&f, KEYBOARD, KEY_A);
	send(&f, MOUSE, INPUT_MOTION, 0, false, 5, 5);
	send(&f, MOUSE, INPUT_BUTTON, INPUT_BUTTON_LEFT, true, 0, 0);
	send(&f, MOUSE, INPUT_BUTTON, INPUT_BUTTON_LEFT, false, 0, 0);
	tap(&f, KEYBOARD, KEY_SCROLLLOCK);
	expect(&f, "");
	expect_actions(&f, "");
	/* One that could not be grabbed stays out while the other is in. */
	router_request_grab(f.router, true);
	router_device_grabbed(f.router, MOUSE, false);
	send(&f, MOUSE, INPUT_MOTION, 0, false, 5, 5);
	tap(&f, KEYBOARD, KEY_A);
	expect(&f, "+30 -30 ");
	teardown(&f);
}

/* On the devices that it was pressed on: what is held elsewhere is its device's business. */
static void the_toggle_waits_until_its_device_is_up(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	key(&f, KEYBOARD, KEY_W, true);
	send(&f, MOUSE, INPUT_BUTTON, INPUT_BUTTON_SIDE, true, 0, 0);
	toggle(&f);
	CHECK(!router_grabbed(f.router));
	key(&f, KEYBOARD, KEY_W, false);
	CHECK(router_grabbed(f.router) && f.grab_reported);
	CHECK(router_device_idle(f.router, KEYBOARD) && !router_device_idle(f.router, MOUSE));
	send(&f, MOUSE, INPUT_BUTTON, INPUT_BUTTON_SIDE, false, 0, 0);
	expect_actions(&f, "G1 ");
	expect(&f, "");

	/* And back. QEMU's toggle keys reach the guest, pressed and released. */
	key(&f, KEYBOARD, KEY_W, true);
	toggle(&f);
	CHECK(router_grabbed(f.router));
	key(&f, KEYBOARD, KEY_W, false);
	CHECK(!router_grabbed(f.router));
	expect(&f, "+17 +29 +97 -97 -29 -17 ");
	expect_actions(&f, "G0 ");
	teardown(&f);
}

static void a_stuck_key_cannot_keep_the_grab(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	toggle(&f);
	key(&f, KEYBOARD, KEY_W, true);
	toggle(&f);
	CHECK(router_grabbed(f.router));
	toggle(&f); /* asked twice: it is not waited for */
	CHECK(!router_grabbed(f.router));
	CHECK_EQ(f.sink.held_keys, 0);
	CHECK_EQ(f.sink.buttons, 0);
	teardown(&f);
}

/* Something lies on a pedal. */
static void a_key_held_elsewhere_blocks_no_toggle(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	router_device_held(f.router, MOUSE, INPUT_KEY, KEY_X);
	toggle(&f);
	CHECK(router_grabbed(f.router));
	toggle(&f);
	CHECK(!router_grabbed(f.router));
	teardown(&f);
}

static void a_toggle_key_that_is_no_modifier_stays_here(void **state) {
	(void)state;
	struct fixture f;
	setup_with(&f, "ctrl+alt+g", "scrolllock", (struct router_config){ 0 });
	for (int i = 0; i < 2; i++) {
		key(&f, KEYBOARD, KEY_LEFTCTRL, true);
		key(&f, KEYBOARD, KEY_LEFTALT, true);
		key(&f, KEYBOARD, KEY_G, true);
		key(&f, KEYBOARD, KEY_G, false);
		key(&f, KEYBOARD, KEY_LEFTALT, false);
		key(&f, KEYBOARD, KEY_LEFTCTRL, false);
		expect(&f, i == 0 ? "" : "+29 +56 -56 -29 ");
	}
	expect_actions(&f, "G1 G0 ");
	teardown(&f);
}

static void the_escape_key_of_a_grabbed_keyboard(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	toggle(&f);
	expect_actions(&f, "G1 ");

	/* held: help */
	key(&f, KEYBOARD, KEY_SCROLLLOCK, true);
	f.now_ns += 300 * MS;
	key(&f, KEYBOARD, KEY_SCROLLLOCK, false);
	expect_actions(&f, "D U ");
	CHECK(router_grabbed(f.router));

	/* with a key: a command, while the game goes on */
	key(&f, KEYBOARD, KEY_W, true);
	key(&f, KEYBOARD, KEY_SCROLLLOCK, true);
	key(&f, KEYBOARD, KEY_F, true);
	send(&f, MOUSE, INPUT_MOTION, 0, false, 2, 0);
	key(&f, KEYBOARD, KEY_W, false);
	key(&f, KEYBOARD, KEY_SCROLLLOCK, false);
	key(&f, KEYBOARD, KEY_F, false);
	expect(&f, "+17 m2,0 -17 ");
	expect_actions(&f, "D K33 U ");
	CHECK(router_grabbed(f.router));

	/* a tap lets go */
	tap(&f, KEYBOARD, KEY_SCROLLLOCK);
	expect(&f, "");
	expect_actions(&f, "D U G0 ");
	CHECK(!router_grabbed(f.router));
	teardown(&f);
}

static void one_key_for_both(void **state) {
	(void)state;
	struct fixture f;
	setup_with(&f, "scrolllock", "scrolllock", (struct router_config){ 0 });
	tap(&f, KEYBOARD, KEY_SCROLLLOCK);
	expect_actions(&f, "G1 ");
	key(&f, KEYBOARD, KEY_SCROLLLOCK, true);
	tap(&f, KEYBOARD, KEY_Q);
	key(&f, KEYBOARD, KEY_SCROLLLOCK, false);
	key(&f, KEYBOARD, KEY_SCROLLLOCK, true);
	f.now_ns += 300 * MS;
	key(&f, KEYBOARD, KEY_SCROLLLOCK, false);
	expect_actions(&f, "D K16 U D U ");
	CHECK(router_grabbed(f.router));
	tap(&f, KEYBOARD, KEY_SCROLLLOCK);
	expect_actions(&f, "D U G0 ");
	expect(&f, "");
	teardown(&f);
}

static void windows_keys_may_be_kept_back(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	tap(&f, WINDOW, KEY_LEFTMETA);
	expect(&f, "+125 -125 ");
	teardown(&f);
	setup_with(&f, "ctrl-ctrl", "scrolllock",
			(struct router_config){ .ignore_windows_keys = true });
	tap(&f, WINDOW, KEY_LEFTMETA);
	router_request_grab(f.router, true);
	tap(&f, KEYBOARD, KEY_RIGHTMETA);
	expect(&f, "");
	tap(&f, KEYBOARD, KEY_A);
	expect(&f, "+30 -30 ");
	const unsigned keys[] = { KEY_LEFTMETA };
	CHECK_EQ(router_send_keys(f.router, keys, 1), 0);
	expect(&f, "+125 -125 ");
	teardown(&f);
}

/* Every way of losing something, with a key, a button and pending motion each. */
static void hold_everything(struct fixture *f) {
	router_request_grab(f->router, true);
	key(f, WINDOW, KEY_A, true);
	key(f, KEYBOARD, KEY_B, true);
	send(f, WINDOW, INPUT_BUTTON, INPUT_BUTTON_RIGHT, true, 0, 0);
	send(f, MOUSE, INPUT_BUTTON, INPUT_BUTTON_LEFT, true, 0, 0);
	send(f, MOUSE, INPUT_MOTION, 0, false, 1, 1);
	CHECK(f->sink.held_keys == 2);
	CHECK(f->sink.buttons == 0xA);
	CHECK_EQ(router_held(f->router), 4);
}

static void release_everything(struct fixture *f) {
	key(f, KEYBOARD, KEY_B, false);
	send(f, MOUSE, INPUT_BUTTON, INPUT_BUTTON_LEFT, false, 0, 0);
	router_flush(f->router);
}

static void every_loss_releases(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);

	hold_everything(&f);
	router_release(f.router, WINDOW); /* focus */
	CHECK_EQ(f.sink.held_keys, 1);
	CHECK_EQ(f.sink.buttons, 2);
	CHECK(!f.sink.dirty);
	key(&f, WINDOW, KEY_A, false); /* comes too late */
	router_device_gone(f.router, MOUSE);
	router_device_gone(f.router, KEYBOARD);
	CHECK_EQ(router_held(f.router), 0);
	CHECK_EQ(f.sink.held_keys, 0);
	CHECK_EQ(f.sink.buttons, 0);
	router_request_grab(f.router, false);

	hold_everything(&f);
	router_request_grab(f.router, false);
	CHECK_EQ(f.sink.held_keys, 1);
	CHECK_EQ(f.sink.buttons, 8);
	CHECK(!f.sink.dirty);
	release_everything(&f);
	router_release_all(f.router);
	CHECK_EQ(router_held(f.router), 0);
	CHECK_EQ(f.sink.held_keys, 0);
	CHECK_EQ(f.sink.buttons, 0);

	hold_everything(&f);
	router_set_enabled(f.router, false);
	CHECK_EQ(router_held(f.router), 0);
	CHECK_EQ(f.sink.held_keys, 0);
	CHECK(!router_grabbed(f.router));
	tap(&f, WINDOW, KEY_C);
	release_everything(&f);
	held_log_take(&f.sink, f.log, sizeof f.log);
	router_set_enabled(f.router, true);
	CHECK(router_grabbed(f.router)); /* the wish was kept */
	expect(&f, "");
	router_request_grab(f.router, false);

	hold_everything(&f);
	router_set_seat(f.router, false);
	CHECK(!router_grabbed(f.router));
	CHECK_EQ(f.sink.held_keys, 1);
	CHECK_EQ(f.sink.buttons, 8);
	router_set_seat(f.router, true);
	CHECK(router_grabbed(f.router)); /* B and the button are still down: devices.c waits */
	release_everything(&f);
	router_release_all(f.router);

	hold_everything(&f);
	router_set_guest(f.router, NULL);
	CHECK_EQ(router_held(f.router), 0);
	CHECK(!router_grabbed(f.router));
	release_everything(&f);
	f.ops = held_sink_init(&f.sink); /* the server has released all by itself */
	router_set_guest(f.router, &f.ops);
	CHECK(!router_grabbed(f.router) && !router_grab_wanted(f.router));
	expect(&f, "");
	teardown(&f);
}

static void a_key_held_through_a_loss_is_not_pressed_again(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	router_request_grab(f.router, true);
	key(&f, KEYBOARD, KEY_W, true);
	router_release_all(f.router);
	key(&f, KEYBOARD, KEY_W, true); /* a repeat that a driver gave as a press */
	key(&f, KEYBOARD, KEY_W, false);
	key(&f, KEYBOARD, KEY_W, true);
	expect(&f, "+17 -17 +17 ");
	teardown(&f);
}

static void grab_on_start_waits_for_the_server(void **state) {
	(void)state;
	struct fixture f;
	setup_with(&f, "ctrl-ctrl", "scrolllock", (struct router_config){ .grab_on_start = true });
	CHECK(router_grabbed(f.router));
	router_set_guest(f.router, NULL);
	CHECK(!router_grabbed(f.router));
	toggle(&f); /* means nothing while there is nobody to play with */
	router_device_held(f.router, KEYBOARD, INPUT_KEY, KEY_X);
	CHECK(!router_device_idle(f.router, KEYBOARD) && router_device_idle(f.router, MOUSE));
	f.ops = held_sink_init(&f.sink);
	router_set_guest(f.router, &f.ops);
	CHECK(router_grabbed(f.router));
	key(&f, KEYBOARD, KEY_X, false);
	CHECK(router_device_idle(f.router, KEYBOARD));
	teardown(&f);
}

/* Whoever watched the escape key is told that it is over, and what waited goes out first. */
static void the_grab_ends_while_the_escape_key_is_held(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	toggle(&f);
	key(&f, KEYBOARD, KEY_W, true);
	key(&f, KEYBOARD, KEY_SCROLLLOCK, true);
	send(&f, MOUSE, INPUT_MOTION, 0, false, 4, 2);
	router_request_grab(f.router, false);
	CHECK(!f.sink.dirty);
	expect(&f, "+17 m4,2 -17 ");
	expect_actions(&f, "G1 D U G0 ");
	key(&f, KEYBOARD, KEY_SCROLLLOCK, false);
	expect(&f, "");
	expect_actions(&f, "");
	teardown(&f);
}

static void another_key_of_an_unplugged_keyboard(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	toggle(&f);
	key(&f, KEYBOARD, KEY_A, true);
	key(&f, KEYBOARD, KEY_SCROLLLOCK, true);
	key(&f, MOUSE, KEY_B, true);
	router_device_gone(f.router, MOUSE); /* the escape key is another device's */
	expect_actions(&f, "G1 D K48 ");
	key(&f, KEYBOARD, KEY_SCROLLLOCK, false);
	expect_actions(&f, "U ");
	key(&f, KEYBOARD, KEY_A, false);
	expect(&f, "+30 -30 ");
	router_request_grab(f.router, false);
	teardown(&f);
}

static void the_escape_key_is_unplugged(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	toggle(&f);
	key(&f, KEYBOARD, KEY_SCROLLLOCK, true);
	router_device_gone(f.router, KEYBOARD);
	expect_actions(&f, "G1 D U ");
	router_device_grabbed(f.router, KEYBOARD, true);
	tap(&f, KEYBOARD, KEY_A);
	expect(&f, "+30 -30 ");
	teardown(&f);
}

static void key_combinations(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	const unsigned cad[] = { KEY_LEFTCTRL, KEY_LEFTALT, KEY_DELETE };
	CHECK_EQ(router_send_keys(f.router, cad, 3), 0);
	expect(&f, "+29 +56 +111 -111 -56 -29 ");
	/* The user's own Ctrl stays held. */
	key(&f, WINDOW, KEY_LEFTCTRL, true);
	CHECK_EQ(router_send_keys(f.router, cad, 3), 0);
	expect(&f, "+29 +56 +111 -111 -56 ");
	const unsigned bad[] = { KEY_A, 0 };
	CHECK_EQ(router_send_keys(f.router, bad, 2), -EINVAL);
	CHECK_EQ(router_send_keys(f.router, cad, 0), -EINVAL);
	CHECK_EQ(router_send_keys(f.router, cad, 9), -EINVAL);
	router_set_enabled(f.router, false);
	CHECK_EQ(router_send_keys(f.router, cad, 3), -ENOTCONN);
	CHECK_EQ(router_type(f.router, "a"), -ENOTCONN);
	teardown(&f);
}

static void typing_text(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	key(&f, WINDOW, KEY_LEFTCTRL, true);
	CHECK_EQ(router_type(f.router, "ab\xc3\xa9"
				       "C\r\n\xff\xf0\x9f\x98\x80\xe4\xb8"),
			5);     /* a malformed byte each */
	expect(&f, "+29 -29 "); /* a held Ctrl would have made it Ctrl+A */
	CHECK(router_type_step(f.router));
	expect(&f, "+30 -30 +48 -48 ");
	CHECK(router_type_step(f.router));
	expect(&f, "+42 +46 -46 -42 ");
	CHECK(!router_type_step(f.router));
	expect(&f, "+28 -28 ");
	CHECK(!router_type_step(f.router));

	router_set_leds(f.router, INPUT_LED_CAPS);
	CHECK_EQ(f.leds_reported, INPUT_LED_CAPS);
	CHECK_EQ(router_leds(f.router), INPUT_LED_CAPS);
	CHECK_EQ(router_type(f.router, "A1b!"), 0);
	CHECK(router_type_step(f.router));
	expect(&f, "+30 -30 +2 -2 ");
	CHECK(router_type_step(f.router));
	expect(&f, "+42 +48 -48 -42 ");
	router_set_guest(f.router, NULL);
	CHECK(!router_type_step(f.router));
	f.ops = held_sink_init(&f.sink);

	char *large = malloc(70000);
	CHECK(large);
	memset(large, 'x', 69999);
	large[69999] = 0;
	router_set_guest(f.router, &f.ops);
	CHECK_EQ(router_type(f.router, large), -E2BIG);
	free(large);
	CHECK_EQ(router_type(f.router, "left behind"), 0);
	teardown(&f);
}

static void nonsense_changes_nothing(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	key(&f, ROUTER_SOURCES, KEY_A, true);
	key(&f, 5000, KEY_A, true);
	key(&f, WINDOW, 0, true);
	key(&f, WINDOW, KEYMAP_CODES, true);
	send(&f, WINDOW, INPUT_BUTTON, INPUT_BUTTON_NONE, true, 0, 0);
	send(&f, WINDOW, INPUT_BUTTON, INPUT_BUTTON_COUNT, true, 0, 0);
	send(&f, WINDOW, INPUT_NONE, 1, true, 1, 1);
	router_device_grabbed(f.router, WINDOW, true);
	router_device_gone(f.router, WINDOW);
	router_device_held(f.router, 5000, INPUT_KEY, KEY_A);
	router_device_held(f.router, 1, INPUT_KEY, 100000);
	router_release(f.router, 5000);
	expect(&f, "");
	teardown(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_window_is_forwarded_and_repeats_are_not),
		cmocka_unit_test(motion_is_merged_and_never_overtakes),
		cmocka_unit_test(sensitivity_keeps_the_rest),
		cmocka_unit_test(the_wheel_gives_whole_notches),
		cmocka_unit_test(two_keyboards_hold_one_key),
		cmocka_unit_test(ungrabbed_devices_are_not_forwarded),
		cmocka_unit_test(the_toggle_waits_until_its_device_is_up),
		cmocka_unit_test(a_stuck_key_cannot_keep_the_grab),
		cmocka_unit_test(a_key_held_elsewhere_blocks_no_toggle),
		cmocka_unit_test(a_toggle_key_that_is_no_modifier_stays_here),
		cmocka_unit_test(the_escape_key_of_a_grabbed_keyboard),
		cmocka_unit_test(one_key_for_both),
		cmocka_unit_test(windows_keys_may_be_kept_back),
		cmocka_unit_test(every_loss_releases),
		cmocka_unit_test(a_key_held_through_a_loss_is_not_pressed_again),
		cmocka_unit_test(grab_on_start_waits_for_the_server),
		cmocka_unit_test(the_grab_ends_while_the_escape_key_is_held),
		cmocka_unit_test(another_key_of_an_unplugged_keyboard),
		cmocka_unit_test(the_escape_key_is_unplugged),
		cmocka_unit_test(key_combinations),
		cmocka_unit_test(typing_text),
		cmocka_unit_test(nonsense_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
