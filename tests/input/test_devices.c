#include "input/devices.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/loop.h"
#include "input/event.h"
#include "input/router.h"
#include "tests/support/fake_devices.h"
#include "tests/support/held_sink.h"
#include "tests/support/login_files.h"
#include "tests/support/loop_wait.h"
#ifdef PG_HAVE_SYSTEMD
#include "tests/support/mock_logind.h"
#endif

#define LIMIT_NS (300 * NS_PER_MS) /* of the watchdog */

struct fixture {
	struct loop *loop;
	struct router *router;
	struct devices *devices;
	struct held_sink sink;
	struct guest_input ops;
	struct fakes fakes;
	struct devices_status status;
	char root[40];
	char log[4096];
};

static void on_status(const struct devices_status *status, void *data) {
	((struct fixture *)data)->status = *status;
}

static void setup_router(struct fixture *f) {
	struct router_config config = { .escape_hold_ns = ESCAPE_HOLD_NS };
	CHECK_EQ(chord_parse("ctrl-ctrl", &config.grab_toggle), 0);
	CHECK_EQ(chord_parse("scrolllock", &config.escape), 0);
	CHECK_EQ(loop_create(&f->loop), 0);
	CHECK_EQ(router_create(&f->router, &config, NULL), 0);
	f->ops = held_sink_init(&f->sink);
	router_set_guest(f->router, &f->ops);
}

static void setup_devices(struct fixture *f, const char *first, const char *second,
		uint64_t watchdog_ns, void (*watchdog_release)(int fd)) {
	struct device_finder finder = fakes_finder(&f->fakes);
	struct devices_config config = {
		.count = second ? 2 : 1,
		.root = f->root, /* an empty folder: no logind, no terminals */
		.finder = &finder,
		.watchdog_ns = watchdog_ns,
		.watchdog_release = watchdog_release,
	};
	const struct devices_events events = { on_status, f };
	snprintf(config.wanted[0], sizeof config.wanted[0], "%s", first);
	if (second) {
		snprintf(config.wanted[1], sizeof config.wanted[1], "%s", second);
	}
	CHECK_EQ(devices_create(&f->devices, f->loop, f->router, &config, &events), 0);
}

static void setup(struct fixture *f) {
	memset(f, 0, sizeof *f);
	f->fakes.linked = -1;
	snprintf(f->root, sizeof f->root, "/tmp/pierglass-devices-XXXXXX");
	CHECK(mkdtemp(f->root));
	setup_router(f);
}

static void teardown(struct fixture *f) {
	devices_destroy(f->devices);
	for (unsigned i = 0; i < f->fakes.count; i++) {
		CHECK(!f->fakes.fake[i].grabbed && f->fakes.fake[i].our_end < 0);
	}
	router_destroy(f->router);
	loop_destroy(f->loop);
	CHECK(f->sink.held_keys == 0 && f->sink.buttons == 0);
	rmdir(f->root);
}

static void drain(struct fixture *f) {
	while (loop_run_once(f->loop, 0) > 0) {
	}
}

/* Hotplug is looked at a little later; wait for that timer, not for a time. */
static void wait_open(struct fixture *f, unsigned open) {
	WAIT_ON(f->loop, f->status.open == open, 5);
}

static void expect(struct fixture *f, const char *log) {
	drain(f);
	assert_string_equal(held_log_take(&f->sink, f->log, sizeof f->log), log);
}

static void toggle(struct fixture *f, struct fake *keyboard) {
	fake_key(keyboard, KEY_LEFTCTRL, true);
	fake_key(keyboard, KEY_RIGHTCTRL, true);
	fake_key(keyboard, KEY_LEFTCTRL, false);
	fake_key(keyboard, KEY_RIGHTCTRL, false);
	drain(f);
}

static void a_keyboard_and_a_mouse(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	struct fake *keyboard = fakes_add(&f.fakes, 3, "Board", true, false);
	struct fake *mouse = fakes_add(&f.fakes, 4, "Mouse", false, true);
	struct fake *lid = fakes_add(&f.fakes, 5, "Lid Switch", false, false);
	setup_devices(&f, "keyboards", "mice", 0, NULL);
	CHECK_EQ(f.status.open, 2);
	CHECK_EQ(f.status.grabbed, 0);
	CHECK(lid->opened == 0);
	CHECK_EQ(f.status.part.state, PART_RUNNING);

	fake_key(keyboard, KEY_A, true);
	fake_key(keyboard, KEY_A, false);
	expect(&f, "");
	toggle(&f, keyboard);
	CHECK(keyboard->grabbed);
	CHECK(mouse->grabbed);
	CHECK_EQ(f.status.grabbed, 2);
	CHECK_EQ(keyboard->host_down.count, 0);
	CHECK(strstr(f.status.part.reason, "2 of 2"));

	fake_emit(mouse, EV_REL, REL_X, 3);
	fake_emit(mouse, EV_REL, REL_Y, -1);
	fake_emit(mouse, EV_SYN, SYN_REPORT, 0);
	fake_emit(mouse, EV_REL, REL_X, 2);
	fake_emit(mouse, EV_SYN, SYN_REPORT, 0);
	fake_emit(mouse, EV_KEY, BTN_SIDE, 1);
	fake_emit(mouse, EV_REL, REL_X, 1);
	fake_emit(mouse, EV_SYN, SYN_REPORT, 0);
	fake_emit(mouse, EV_KEY, BTN_SIDE, 0);
	fake_emit(mouse, EV_REL, REL_WHEEL, 1);
	fake_emit(mouse, EV_REL, REL_WHEEL_HI_RES, 120);
	fake_emit(mouse, EV_SYN, SYN_REPORT, 0);
	/* The first report does not wait for the others, which are merged. */
	expect(&f, "m3,-1 m2,0 b+4 m1,0 b-4 w1 ");

	fake_key(keyboard, KEY_Q, true);
	fake_emit(keyboard, EV_KEY, KEY_Q, 2);
	fake_emit(keyboard, EV_KEY, KEY_Q, 2);
	fake_key(keyboard, KEY_Q, false);
	expect(&f, "+16 -16 ");

	toggle(&f, keyboard);
	expect(&f, "+29 +97 -29 -97 ");
	CHECK(!keyboard->grabbed);
	CHECK(!mouse->grabbed);
	CHECK_EQ(f.status.grabbed, 0);
	teardown(&f);
}

static void what_a_device_announces_and_never_sends(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	struct fake *keyboard = fakes_add(&f.fakes, 3, "Board", true, false);
	struct fake *media = fakes_add(&f.fakes, 4, "Board Media", false, false);
	struct fake *mouse = fakes_add(&f.fakes, 5, "Mouse", false, true);
	struct fake *pedal = fakes_add(&f.fakes, 6, "Pedal", true, false);
	media->info.media = true;
	/* Held since before: a button that no guest has, and a pedal that something lies on. */
	fake_emit(mouse, EV_KEY, BTN_TASK, 1);
	fake_key(pedal, KEY_F13, true);
	setup_devices(&f, "all", NULL, 0, NULL);
	CHECK_EQ(f.status.open, 4);
	toggle(&f, keyboard);
	CHECK(keyboard->grabbed && mouse->grabbed && media->grabbed && !pedal->grabbed);
	/* A wheel that has whole notches only, whatever it announces; then both; then fine ones. */
	fake_emit(mouse, EV_REL, REL_WHEEL, -1);
	fake_emit(mouse, EV_SYN, SYN_REPORT, 0);
	fake_emit(mouse, EV_REL, REL_WHEEL_HI_RES, 120);
	fake_emit(mouse, EV_REL, REL_WHEEL, 1);
	fake_emit(mouse, EV_SYN, SYN_REPORT, 0);
	fake_emit(mouse, EV_REL, REL_WHEEL_HI_RES, 60);
	fake_emit(mouse, EV_SYN, SYN_REPORT, 0);
	fake_emit(mouse, EV_REL, REL_WHEEL_HI_RES, 60);
	fake_emit(mouse, EV_REL, REL_WHEEL, 1);
	fake_emit(mouse, EV_SYN, SYN_REPORT, 0);
	fake_emit(mouse, EV_KEY, BTN_TASK, 0);
	fake_emit(mouse, EV_SYN, SYN_REPORT, 0);
	expect(&f, "w-1 w1 w1 ");
	fake_key(media, KEY_VOLUMEUP, true);
	fake_key(media, KEY_VOLUMEUP, false);
	drain(&f);
	CHECK_EQ(f.sink.held_keys, 0);
	held_log_take(&f.sink, f.log, sizeof f.log);
	CHECK(strstr(f.log, "+") && strstr(f.log, "-"));
	/* The pedal joins when it is let go. */
	fake_key(pedal, KEY_F13, false);
	drain(&f);
	CHECK(pedal->grabbed && pedal->host_down.count == 0);
	toggle(&f, keyboard);
	CHECK(!keyboard->grabbed && !pedal->grabbed);
	teardown(&f);
}

static void positions_stay_with_the_host(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	struct fake *keyboard = fakes_add(&f.fakes, 3, "Board", true, false);
	struct fake *tablet = fakes_add(&f.fakes, 4, "KVM Tablet", false, false);
	tablet->info.absolute = true;
	setup_devices(&f, "/dev/input/event3", "/dev/input/event4", 0, NULL);
	CHECK_EQ(f.status.open, 1);
	CHECK(tablet->opened == 0);
	CHECK(keyboard->opened == 1);
	CHECK_EQ(f.status.part.state, PART_FAILED);
	CHECK_EQ(f.status.refused, 1);
	CHECK(strstr(f.status.part.reason, "KVM Tablet reports positions"));
	toggle(&f, keyboard);
	CHECK(keyboard->grabbed);
	teardown(&f);
}

static void lock_lights_follow_the_guest_and_come_back(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	struct fake *keyboard = fakes_add(&f.fakes, 3, "Board", true, false);
	keyboard->leds = INPUT_LED_NUM;
	setup_devices(&f, "all", NULL, 0, NULL);
	router_set_leds(f.router, INPUT_LED_CAPS);
	CHECK_EQ(keyboard->leds, INPUT_LED_NUM); /* the host's, while it is the host's */
	toggle(&f, keyboard);
	CHECK_EQ(keyboard->leds, INPUT_LED_CAPS);
	router_set_leds(f.router, INPUT_LED_CAPS | INPUT_LED_SCROLL);
	CHECK_EQ(keyboard->leds, (INPUT_LED_CAPS | INPUT_LED_SCROLL));
	toggle(&f, keyboard);
	CHECK_EQ(keyboard->leds, INPUT_LED_NUM);
	teardown(&f);
}

static void what_was_typed_before_the_grab_is_the_hosts(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	struct fake *keyboard = fakes_add(&f.fakes, 3, "Board", true, false);
	setup_devices(&f, "keyboards", NULL, 0, NULL);
	/* All of it is in the socket before we look once: the desktop has seen it too. */
	fake_key(keyboard, KEY_LEFTCTRL, true);
	fake_key(keyboard, KEY_RIGHTCTRL, true);
	fake_key(keyboard, KEY_LEFTCTRL, false);
	fake_key(keyboard, KEY_RIGHTCTRL, false);
	fake_key(keyboard, KEY_A, true);
	fake_key(keyboard, KEY_A, false);
	fake_key(keyboard, KEY_B, true);
	expect(&f, "");
	CHECK(!keyboard->grabbed && router_grabbed(f.router));
	fake_key(keyboard, KEY_B, false);
	expect(&f, "");
	CHECK(keyboard->grabbed && keyboard->host_down.count == 0);
	fake_key(keyboard, KEY_C, true);
	fake_key(keyboard, KEY_C, false);
	expect(&f, "+46 -46 ");

	/* The same without a key left down: the grab succeeds within the read that finds it. */
	toggle(&f, keyboard);
	held_log_take(&f.sink, f.log, sizeof f.log);
	fake_key(keyboard, KEY_LEFTCTRL, true);
	fake_key(keyboard, KEY_RIGHTCTRL, true);
	fake_key(keyboard, KEY_LEFTCTRL, false);
	fake_key(keyboard, KEY_RIGHTCTRL, false);
	fake_key(keyboard, KEY_A, true);
	fake_key(keyboard, KEY_A, false);
	expect(&f, "");
	CHECK(keyboard->grabbed);
	fake_key(keyboard, KEY_C, true);
	expect(&f, "+46 ");
	teardown(&f);
}

static void unplugged_while_held(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	struct fake *keyboard = fakes_add(&f.fakes, 3, "Board", true, false);
	struct fake *mouse = fakes_add(&f.fakes, 4, "Mouse", false, true);
	setup_devices(&f, "all", NULL, 0, NULL);
	toggle(&f, keyboard);
	fake_key(keyboard, KEY_W, true);
	fake_key(mouse, BTN_LEFT, true);
	expect(&f, "+17 b+1 ");
	fake_unplug(&f.fakes, mouse);
	expect(&f, "b-1 ");
	fake_unplug(&f.fakes, keyboard);
	expect(&f, "-17 ");
	CHECK_EQ(f.status.open, 0);
	CHECK_EQ(f.status.part.state, PART_WAITING);
	CHECK(router_grabbed(f.router));

	/* Plugged in again with a key down: the grab waits for it. */
	key_set_add(&keyboard->down, KEY_X);
	key_set_add(&keyboard->host_down, KEY_X);
	fake_plug(&f.fakes, keyboard);
	fake_plug(&f.fakes, mouse);
	wait_open(&f, 2);
	CHECK(!keyboard->grabbed && mouse->grabbed);
	fake_key(keyboard, KEY_X, false);
	drain(&f);
	CHECK(keyboard->grabbed && keyboard->host_down.count == 0);
	fake_key(keyboard, KEY_E, true);
	expect(&f, "+18 ");
	teardown(&f);
}

static void a_node_is_followed_by_what_it_is(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	struct fake *twin = fakes_add(&f.fakes, 2, "Board", true, false);
	struct fake *keyboard = fakes_add(&f.fakes, 3, "Board", true, false);
	struct fake *other = fakes_add(&f.fakes, 9, "Other", true, false);
	setup_devices(&f, "/dev/input/event3", NULL, 0, NULL);
	CHECK_EQ(f.status.open, 1);
	CHECK(keyboard->opened == 1);
	CHECK(twin->opened == 0);
	fake_unplug(&f.fakes, twin);
	fake_unplug(&f.fakes, keyboard);
	fake_unplug(&f.fakes, other);
	drain(&f);
	/* Its number goes to another device; it comes back in the same socket as event8. */
	snprintf(other->info.node, sizeof other->info.node, "/dev/input/event3");
	snprintf(keyboard->info.node, sizeof keyboard->info.node, "/dev/input/event8");
	fake_plug(&f.fakes, other);
	fake_plug(&f.fakes, twin);
	fake_plug(&f.fakes, keyboard);
	wait_open(&f, 1);
	CHECK(keyboard->opened == 2 && other->opened == 0 && twin->opened == 0);
	teardown(&f);
}

static void a_link_is_followed_where_it_leads(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	struct fake *a = fakes_add(&f.fakes, 3, "Board", true, false);
	struct fake *b = fakes_add(&f.fakes, 4, "Board", true, false);
	snprintf(f.fakes.link, sizeof f.fakes.link, "/dev/input/by-id/usb-Board-event-kbd");
	setup_devices(&f, f.fakes.link, NULL, 0, NULL);
	CHECK_EQ(f.status.open, 0);
	CHECK_EQ(f.status.part.state, PART_WAITING);
	CHECK(strstr(f.status.part.reason, "usb-Board-event-kbd"));
	f.fakes.linked = 1;
	fakes_tell(&f.fakes);
	wait_open(&f, 1);
	CHECK(a->opened == 0 && b->opened == 1);
	fake_unplug(&f.fakes, b);
	f.fakes.linked = 0;
	fakes_tell(&f.fakes);
	wait_open(&f, 0);
	wait_open(&f, 1);
	CHECK(a->opened == 1 && b->opened == 1);
	teardown(&f);
}

static void refusals_are_explained(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	struct fake *keyboard = fakes_add(&f.fakes, 3, "Board", true, false);
	struct fake *mouse = fakes_add(&f.fakes, 4, "Mouse", false, true);
	keyboard->foreign = true;
	mouse->forbidden = true;
	setup_devices(&f, "all", NULL, 0, NULL);
	CHECK_EQ(f.status.part.state, PART_FAILED);
	CHECK_EQ(f.status.refused, 1);
	CHECK(strstr(f.status.part.reason, "/dev/input/event4") &&
			strstr(f.status.part.reason, "group \"input\"") &&
			strstr(f.status.part.reason, "pierglass setup input"));
	mouse->forbidden = false;
	fakes_tell(&f.fakes);
	wait_open(&f, 2);
	CHECK_EQ(f.status.part.state, PART_RUNNING);
	CHECK_EQ(f.status.refused, 0);

	toggle(&f, keyboard);
	CHECK_EQ(f.status.part.state, PART_FAILED);
	CHECK_EQ(f.status.grabbed, 1);
	CHECK(strstr(f.status.part.reason, "Board") &&
			strstr(f.status.part.reason, "<input type='evdev'>"));
	fake_key(keyboard, KEY_A, true);
	fake_key(keyboard, KEY_A, false);
	expect(&f, ""); /* what is not ours alone is not forwarded */

	/* QEMU has let go: it is tried again by itself. */
	keyboard->foreign = false;
	WAIT_ON(f.loop, keyboard->grabbed, 5);
	CHECK_EQ(f.status.part.state, PART_RUNNING);
	teardown(&f);
}

/* On pg-watchdog: it only counts, what the kernel does then is done by the test. */
static atomic_uint released_by_watchdog;

static void release_fake(int fd) {
	(void)fd;
	atomic_fetch_add(&released_by_watchdog, 1);
}

static void a_hung_loop_loses_its_devices(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	struct fake *keyboard = fakes_add(&f.fakes, 3, "Board", true, false);
	atomic_store(&released_by_watchdog, 0);
	setup_devices(&f, "keyboards", NULL, LIMIT_NS, release_fake);
	toggle(&f, keyboard);
	CHECK(keyboard->grabbed);
	fake_key(keyboard, KEY_W, true);
	expect(&f, "+17 ");

	uint64_t start_ns = clock_now_ns();
	while (atomic_load(&released_by_watchdog) == 0) {
		CHECK(clock_now_ns() - start_ns < 5 * NS_PER_S);
		clock_sleep_ns(NS_PER_MS); /* this thread is the one that hangs */
	}
	CHECK(clock_now_ns() - start_ns >= LIMIT_NS * 9 / 10);
	keyboard->grabbed = false;
	/* It turns again: the key is released, and the devices stay the host's. */
	fake_key(keyboard, KEY_W, false);
	fake_key(keyboard, KEY_A, true);
	fake_key(keyboard, KEY_A, false);
	expect(&f, "-17 ");
	CHECK(!router_grabbed(f.router) && !keyboard->grabbed);
	/* And they can be had again. */
	toggle(&f, keyboard);
	CHECK(keyboard->grabbed);
	teardown(&f);
}

static void wait_seat(struct fixture *f, bool active) {
	WAIT_ON(f->loop, router_grabbed(f->router) == active, 5);
	drain(f);
}

/* Away with keys held, and back: the guest is told of the release, the host has its devices. */
static void go_and_come_back(struct fixture *f, struct fake *keyboard, struct fake *mouse,
		void (*go)(struct fixture *f, void *data),
		void (*come)(struct fixture *f, void *data), void *data, const char *reason) {
	CHECK(keyboard->grabbed && mouse->grabbed);
	fake_key(keyboard, KEY_W, true);
	fake_key(mouse, BTN_LEFT, true);
	expect(f, "+17 b+1 ");
	go(f, data);
	wait_seat(f, false);
	expect(f, "-17 b-1 ");
	CHECK(!keyboard->grabbed && !mouse->grabbed && f->status.grabbed == 0);
	CHECK(strstr(f->status.part.reason, reason) && f->status.part.state == PART_RUNNING);
	/* What is typed meanwhile (a password, at best) is the host's alone. */
	fake_key(keyboard, KEY_W, false);
	fake_key(mouse, BTN_LEFT, false);
	fake_key(keyboard, KEY_S, true);
	expect(f, "");
	come(f, data);
	drain(f);
	CHECK(!keyboard->grabbed); /* the host would be left with S */
	fake_key(keyboard, KEY_S, false);
	wait_seat(f, true);
	CHECK(keyboard->grabbed && mouse->grabbed && f->status.grabbed == 2);
	fake_key(keyboard, KEY_A, true);
	fake_key(keyboard, KEY_A, false);
	expect(f, "+30 -30 ");
}

static void leave_session(struct fixture *f, void *data) {
	(void)data;
	login_write(f->root, "/run/systemd/sessions/2", LOGIN_SESSION("0"));
}

static void enter_session(struct fixture *f, void *data) {
	(void)data;
	login_write(f->root, "/run/systemd/sessions/2", LOGIN_SESSION("1"));
}

#ifdef PG_HAVE_SYSTEMD
static void lock_screen(struct fixture *f, void *data) {
	(void)f;
	mock_logind_lock(data, true);
}

static void unlock_screen(struct fixture *f, void *data) {
	mock_logind_lock(data, false);
	/* It is told over the bus: until then nothing may be grabbed. */
	loop_run_for(f->loop, 100);
}
#endif

static void the_grab_goes_and_comes_with_the_seat(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	struct fake *keyboard = fakes_add(&f.fakes, 3, "Board", true, false);
	struct fake *mouse = fakes_add(&f.fakes, 4, "Mouse", false, true);
	login_make_session(f.root);
#ifdef PG_HAVE_SYSTEMD
	struct mock_logind mock;
	const bool bus = mock_logind_start(&mock, f.loop, f.root);
#endif
	setup_devices(&f, "all", NULL, 0, NULL);
	wait_open(&f, 2);
	toggle(&f, keyboard);
	char log[4096];
	held_log_take(&f.sink, log, sizeof log);
	/* Another user's turn, or another virtual terminal: logind says the same of both. */
	go_and_come_back(&f, keyboard, mouse, leave_session, enter_session, NULL,
			"another session is active");
#ifdef PG_HAVE_SYSTEMD
	if (bus) {
		WAIT_ON(f.loop, mock.asked > 0, 5);
		go_and_come_back(&f, keyboard, mouse, lock_screen, unlock_screen, &mock,
				"the session is locked");
		mock_logind_stop(&mock);
	}
#endif
	login_remove(f.root);
	teardown(&f);
}

static void nothing_wanted_is_off(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	const struct devices_config none = { 0 };
	CHECK_EQ(devices_create(&f.devices, f.loop, f.router, &none, NULL), 0);
	drain(&f);
	CHECK_EQ(f.status.part.state, PART_OFF);
	teardown(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_keyboard_and_a_mouse),
		cmocka_unit_test(what_a_device_announces_and_never_sends),
		cmocka_unit_test(positions_stay_with_the_host),
		cmocka_unit_test(lock_lights_follow_the_guest_and_come_back),
		cmocka_unit_test(what_was_typed_before_the_grab_is_the_hosts),
		cmocka_unit_test(unplugged_while_held),
		cmocka_unit_test(a_node_is_followed_by_what_it_is),
		cmocka_unit_test(a_link_is_followed_where_it_leads),
		cmocka_unit_test(refusals_are_explained),
		cmocka_unit_test(a_hung_loop_loses_its_devices),
		cmocka_unit_test(the_grab_goes_and_comes_with_the_seat),
		cmocka_unit_test(nothing_wanted_is_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
