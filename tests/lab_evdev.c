/*
 * Runs inside the lab's guest (tests/integration/evdev): input/devices and router on real kernel
 * devices, made with uinput; a bystander on the same node stands for the host's desktop. Exits 77
 * without uinput. With "found" only what depends on how devices are found.
 */
#include <errno.h>
#include <linux/input-event-codes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/samples.h"
#include "input/devices.h"
#include "input/event.h"
#include "input/router.h"
#include "tests/support/held_sink.h"
#include "tests/support/loop_wait.h"
#include "tests/support/uinput.h"

struct fixture {
	struct loop *loop;
	struct router *router;
	struct devices *devices;
	struct devices_status status;
	struct held_sink sink;
	struct guest_input ops;
	uint64_t heard_ns; /* when the sink was last told of a key */
	char log[4096];
	struct uinput_device *keyboard;
	struct uinput_device *mouse;
	struct bystander *at_keyboard;
};

static void on_status(const struct devices_status *status, void *data) {
	((struct fixture *)data)->status = *status;
}

static void on_key(void *data, unsigned code, bool pressed) {
	struct fixture *f = data;
	f->heard_ns = clock_now_ns();
	held_key(&f->sink, code, pressed);
}

/* The sink's data is the fixture, so that keys can be timed. */
static void on_button(void *data, enum input_button button, bool pressed, unsigned buttons) {
	held_button(&((struct fixture *)data)->sink, button, pressed, buttons);
}

static void on_motion(void *data, int32_t dx, int32_t dy, unsigned buttons) {
	held_motion(&((struct fixture *)data)->sink, dx, dy, buttons);
}

static void on_position(void *data, int32_t x, int32_t y, unsigned buttons) {
	held_position(&((struct fixture *)data)->sink, x, y, buttons);
}

static void on_wheel(void *data, int notches, unsigned buttons) {
	held_wheel(&((struct fixture *)data)->sink, notches, buttons);
}

static void on_flush(void *data) {
	held_flush(&((struct fixture *)data)->sink);
}

static void drain(struct fixture *f) {
	while (loop_run_once(f->loop, 0) > 0) {
	}
}

#define WAIT_FOR(f, condition)                     \
	do {                                       \
		WAIT_ON((f)->loop, condition, 10); \
		drain(f);                          \
	} while (0)

static void setup(struct fixture *f, const char *wanted, uint64_t watchdog_ns) {
	memset(f, 0, sizeof *f);
	CHECK_EQ(uinput_create(&f->keyboard, "Lab Keyboard", true, false), 0);
	CHECK_EQ(uinput_create(&f->mouse, "Lab Mouse", false, true), 0);
	CHECK_EQ(bystander_open(&f->at_keyboard, uinput_node(f->keyboard)), 0);

	struct router_config config = { .escape_hold_ns = ESCAPE_HOLD_NS };
	CHECK_EQ(chord_parse("ctrl-ctrl", &config.grab_toggle), 0);
	CHECK_EQ(chord_parse("scrolllock", &config.escape), 0);
	CHECK_EQ(loop_create(&f->loop), 0);
	CHECK_EQ(router_create(&f->router, &config, NULL), 0);
	held_sink_init(&f->sink);
	f->ops = (struct guest_input){ f, on_key, on_button, on_motion, on_position, on_wheel,
		on_flush };
	router_set_guest(f->router, &f->ops);

	struct devices_config devices_config = { .count = 1, .watchdog_ns = watchdog_ns };
	snprintf(devices_config.wanted[0], sizeof devices_config.wanted[0], "%s",
			wanted ? wanted : uinput_node(f->keyboard));
	const struct devices_events events = { on_status, f };
	CHECK_EQ(devices_create(&f->devices, f->loop, f->router, &devices_config, &events), 0);
}

static void teardown(struct fixture *f) {
	devices_destroy(f->devices);
	router_destroy(f->router);
	loop_destroy(f->loop);
	CHECK(f->sink.held_keys == 0 && f->sink.buttons == 0);
	bystander_close(f->at_keyboard);
	uinput_destroy(f->keyboard);
	if (f->mouse) {
		uinput_destroy(f->mouse);
	}
}

static void toggle(struct fixture *f) {
	uinput_key(f->keyboard, KEY_LEFTCTRL, true);
	uinput_key(f->keyboard, KEY_RIGHTCTRL, true);
	uinput_key(f->keyboard, KEY_LEFTCTRL, false);
	uinput_key(f->keyboard, KEY_RIGHTCTRL, false);
	drain(f);
}

static void expect(struct fixture *f, const char *log) {
	drain(f);
	assert_string_equal(held_log_take(&f->sink, f->log, sizeof f->log), log);
}

static void grab_is_exclusive(void **state) {
	(void)state;
	struct fixture f;
	setup(&f, "all", 0);
	unsigned open = f.status.open; /* the guest may have a PS/2 keyboard and mouse, too */
	CHECK(open >= 2);
	uinput_key(f.keyboard, KEY_A, true);
	uinput_key(f.keyboard, KEY_A, false);
	expect(&f, "");
	CHECK_EQ(bystander_seen(f.at_keyboard, EV_KEY), 2);

	toggle(&f);
	CHECK_EQ(f.status.grabbed, open);
	CHECK_EQ(bystander_held(f.at_keyboard), 0);
	bystander_seen(f.at_keyboard, EV_KEY);
	uinput_key(f.keyboard, KEY_A, true);
	uinput_key(f.keyboard, KEY_A, false);
	uinput_emit(f.mouse, EV_REL, REL_X, 5);
	uinput_emit(f.mouse, EV_REL, REL_Y, -6);
	uinput_emit(f.mouse, EV_SYN, SYN_REPORT, 0);
	expect(&f, "+30 -30 m5,-6 ");
	CHECK_EQ(bystander_seen(f.at_keyboard, EV_KEY), 0);
	CHECK_EQ(bystander_grab(f.at_keyboard, true), -EBUSY);

	uinput_emit(f.mouse, EV_KEY, BTN_EXTRA, 1);
	uinput_emit(f.mouse, EV_SYN, SYN_REPORT, 0);
	uinput_emit(f.mouse, EV_KEY, BTN_EXTRA, 0);
	uinput_emit(f.mouse, EV_REL, REL_WHEEL, -1);
	uinput_emit(f.mouse, EV_REL, REL_WHEEL_HI_RES, -120);
	uinput_emit(f.mouse, EV_SYN, SYN_REPORT, 0);
	expect(&f, "b+5 b-5 w-1 ");

	toggle(&f);
	expect(&f, "+29 +97 -29 -97 ");
	uinput_key(f.keyboard, KEY_B, true);
	uinput_key(f.keyboard, KEY_B, false);
	expect(&f, "");
	CHECK_EQ(bystander_seen(f.at_keyboard, EV_KEY), 2);
	CHECK_EQ(bystander_held(f.at_keyboard), 0);
	teardown(&f);
}

static void a_key_down_in_the_kernel_delays_the_grab(void **state) {
	(void)state;
	struct fixture f;
	setup(&f, NULL, 0);
	/* All before we look: the kernel already has X down when we have read only the toggle. */
	uinput_key(f.keyboard, KEY_LEFTCTRL, true);
	uinput_key(f.keyboard, KEY_RIGHTCTRL, true);
	uinput_key(f.keyboard, KEY_LEFTCTRL, false);
	uinput_key(f.keyboard, KEY_RIGHTCTRL, false);
	uinput_key(f.keyboard, KEY_X, true);
	drain(&f);
	CHECK(router_grabbed(f.router));
	CHECK_EQ(f.status.grabbed, 0);
	uinput_key(f.keyboard, KEY_X, false);
	drain(&f);
	CHECK_EQ(f.status.grabbed, 1);
	CHECK_EQ(bystander_held(f.at_keyboard), 0); /* it saw the release */
	expect(&f, "");
	uinput_key(f.keyboard, KEY_Y, true);
	expect(&f, "+21 ");
	teardown(&f);
}

static void another_program_has_it(void **state) {
	(void)state;
	struct fixture f;
	setup(&f, NULL, 0);
	toggle(&f);
	toggle(&f);
	held_log_take(&f.sink, f.log, sizeof f.log);
	router_request_grab(f.router, false);
	CHECK_EQ(bystander_grab(f.at_keyboard, true), 0);
	router_request_grab(f.router, true);
	drain(&f);
	CHECK_EQ(f.status.part.state, PART_FAILED);
	CHECK_EQ(f.status.grabbed, 0);
	CHECK(strstr(f.status.part.reason, "Lab Keyboard") &&
			strstr(f.status.part.reason, "evdev"));
	CHECK_EQ(bystander_grab(f.at_keyboard, false), 0);
	uint64_t start_ns = clock_now_ns();
	WAIT_FOR(&f, f.status.grabbed == 1);
	print_message("grabbed %.0f ms after the other program let go\n",
			(double)(clock_now_ns() - start_ns) / NS_PER_MS);
	CHECK_EQ(f.status.part.state, PART_RUNNING);
	teardown(&f);
}

static void lock_lights(void **state) {
	(void)state;
	struct fixture f;
	setup(&f, NULL, 0);
	toggle(&f);
	router_set_leds(f.router, INPUT_LED_CAPS | INPUT_LED_SCROLL);
	CHECK_EQ(uinput_leds(f.keyboard), (INPUT_LED_CAPS | INPUT_LED_SCROLL));
	router_set_leds(f.router, INPUT_LED_NUM);
	CHECK_EQ(uinput_leds(f.keyboard), INPUT_LED_NUM);
	toggle(&f);
	CHECK_EQ(uinput_leds(f.keyboard), 0); /* as the host had them */
	teardown(&f);
}

/* Unplugged with keys and buttons held, plugged in again, perhaps under another number. */
static void replugged(void **state) {
	const int replugs = *(const int *)*state;
	struct fixture f;
	setup(&f, "all", 0);
	unsigned open = f.status.open;
	struct samples back;
	CHECK_EQ(samples_init(&back, (size_t)replugs), 0);
	router_request_grab(f.router, true);
	unsigned long events = 0;
	for (int i = 0; i < replugs; i++) {
		uinput_key(f.keyboard, KEY_W, true);
		uinput_key(f.mouse, BTN_LEFT, true);
		drain(&f);
		CHECK_EQ(f.sink.held_keys, 1);
		CHECK(f.sink.buttons == 1u << INPUT_BUTTON_LEFT);
		held_log_take(&f.sink, f.log, sizeof f.log);
		uinput_emit(f.keyboard, EV_KEY, KEY_E, 1); /* in flight while it goes */
		uinput_emit(f.keyboard, EV_SYN, SYN_REPORT, 0);
		uinput_destroy(f.keyboard);
		uinput_destroy(f.mouse);
		WAIT_FOR(&f, f.status.open == open - 2);
		CHECK_EQ(f.sink.held_keys, 0);
		CHECK_EQ(f.sink.buttons, 0);

		uint64_t start_ns = clock_now_ns();
		CHECK_EQ(uinput_create(&f.keyboard, "Lab Keyboard", true, false), 0);
		CHECK_EQ(uinput_create(&f.mouse, "Lab Mouse", false, true), 0);
		WAIT_FOR(&f, f.status.grabbed == open);
		samples_add(&back, (double)(clock_now_ns() - start_ns) / 1e6);
		held_log_take(&f.sink, f.log, sizeof f.log);
		events = f.sink.events;
		uinput_key(f.keyboard, KEY_A, true);
		uinput_key(f.keyboard, KEY_A, false);
		expect(&f, "+30 -30 ");
		CHECK_EQ(f.sink.events, events + 2);
	}
	print_message("%d replugs, back and grabbed after ms: p50 %.1f max %.1f\n", replugs,
			samples_percentile(&back, 0.5), back.max);
	samples_finish(&back);
	teardown(&f);
}

static void a_node_is_followed(void **state) {
	(void)state;
	struct fixture f;
	setup(&f, NULL, 0);
	CHECK_EQ(f.status.open, 1);
	char before[64];
	snprintf(before, sizeof before, "%s", uinput_node(f.keyboard));
	struct uinput_device *other;
	uinput_destroy(f.keyboard);
	WAIT_FOR(&f, f.status.open == 0);
	/* Another device takes the number. */
	CHECK_EQ(uinput_create(&other, "Lab Other", true, false), 0);
	CHECK_EQ(uinput_create(&f.keyboard, "Lab Keyboard", true, false), 0);
	WAIT_FOR(&f, f.status.open == 1);
	print_message("was %s, the other is %s, found at %s\n", before, uinput_node(other),
			uinput_node(f.keyboard));
	router_request_grab(f.router, true);
	uinput_key(other, KEY_B, true);
	uinput_key(f.keyboard, KEY_A, true);
	expect(&f, "+30 ");
	uinput_destroy(other);
	teardown(&f);
}

/* The kernel's buffer overruns while we do not look: keys changed meanwhile end up right. */
static void dropped_events_leave_nothing_held(void **state) {
	(void)state;
	struct fixture f;
	setup(&f, NULL, 0);
	toggle(&f);
	uinput_key(f.keyboard, KEY_W, true);
	expect(&f, "+17 ");
	for (int i = 0; i < 2000; i++) {
		uinput_key(f.keyboard, KEY_A, i % 2 == 0);
	}
	uinput_key(f.keyboard, KEY_W, false);
	uinput_key(f.keyboard, KEY_D, true);
	drain(&f);
	CHECK(!f.sink.keys[KEY_W] && f.sink.keys[KEY_D] && !f.sink.keys[KEY_A]);
	CHECK_EQ(f.sink.held_keys, 1);
	CHECK(f.sink.events < 4000); /* they were dropped indeed */
	uinput_key(f.keyboard, KEY_D, false);
	drain(&f);
	CHECK_EQ(f.sink.held_keys, 0);
	teardown(&f);
}

struct fast_mouse {
	struct uinput_device *device;
	unsigned hz, reports;
	atomic_bool done;
	int64_t sum;
};

static void *move_fast(void *data) {
	struct fast_mouse *fast = data;
	uint64_t next_ns = clock_now_ns();
	for (unsigned i = 0; i < fast->reports; i++) {
		int32_t dx = 1 + (int32_t)(i % 3);
		uinput_emit(fast->device, EV_REL, REL_X, dx);
		if (i % 500 == 250) {
			uinput_emit(fast->device, EV_KEY, BTN_LEFT, (i / 500) % 2 == 0);
		}
		uinput_emit(fast->device, EV_SYN, SYN_REPORT, 0);
		fast->sum += dx;
		/* A real mouse does not catch up in a burst (which the kernel would drop: it keeps
		 * 64 events). */
		next_ns += NS_PER_S / fast->hz;
		uint64_t now_ns = clock_now_ns();
		next_ns = now_ns > next_ns ? now_ns : next_ns;
		clock_sleep_until_ns(next_ns);
	}
	atomic_store(&fast->done, true);
	return NULL;
}

static void reports_at(unsigned hz, unsigned count) {
	struct fixture f;
	setup(&f, "mice", 0);
	router_request_grab(f.router, true);
	struct fast_mouse fast = { .device = f.mouse, .hz = hz, .reports = count };
	pthread_t thread;
	uint64_t cpu_ns = clock_thread_cpu_ns();
	uint64_t start_ns = clock_now_ns();
	CHECK_EQ(pthread_create(&thread, NULL, move_fast, &fast), 0);
	while (!atomic_load(&fast.done)) {
		CHECK(loop_run_once(f.loop, 20) >= 0);
	}
	CHECK_EQ(pthread_join(thread, NULL), 0);
	drain(&f);
	uint64_t took_ns = clock_now_ns() - start_ns;
	print_message("uinput, %u Hz: %u reports of %lld counts in %.2f s: %lu events of %lld to the "
		      "guest, our CPU %.1f %%\n",
			hz, count, (long long)fast.sum, (double)took_ns / 1e9, f.sink.events,
			(long long)f.sink.dx,
			100.0 * (double)(clock_thread_cpu_ns() - cpu_ns) / (double)took_ns);
	CHECK_EQ(f.sink.dx, fast.sum);
	CHECK_EQ(f.sink.buttons, 0);
	teardown(&f);
}

static void every_report_of_every_rate(void **state) {
	(void)state;
	reports_at(125, 25);
	reports_at(500, 100);
	reports_at(1000, 200);
	reports_at(2000, 1000);
	reports_at(4000, 1000);
	reports_at(8000, 4000);
}

static void key_latency(void **state) {
	(void)state;
	struct fixture f;
	setup(&f, NULL, 0);
	toggle(&f);
	struct samples latency;
	CHECK_EQ(samples_init(&latency, 1000), 0);
	for (int i = 0; i < 1000; i++) {
		uint64_t start_ns = clock_now_ns();
		f.heard_ns = 0;
		uinput_key(f.keyboard, KEY_A, i % 2 == 0);
		while (f.heard_ns == 0) {
			CHECK(loop_run_once(f.loop, 100) >= 0);
		}
		samples_add(&latency, (double)(f.heard_ns - start_ns) / 1e3);
	}
	print_message("write to uinput until the sink has it, us: p50 %.1f p99 %.1f max %.1f\n",
			samples_percentile(&latency, 0.5), samples_percentile(&latency, 0.99),
			latency.max);
	samples_finish(&latency);
	teardown(&f);
}

static void the_watchdog_ungrabs(void **state) {
	(void)state;
	struct fixture f;
	setup(&f, NULL, 300 * NS_PER_MS);
	toggle(&f);
	uinput_key(f.keyboard, KEY_W, true);
	expect(&f, "+17 ");
	bystander_seen(f.at_keyboard, EV_KEY);
	/* This thread hangs. Somebody types on. */
	uint64_t end_ns = clock_now_ns() + 10 * NS_PER_S;
	uint64_t start_ns = clock_now_ns();
	while (bystander_seen(f.at_keyboard, EV_KEY) == 0) {
		CHECK(clock_now_ns() < end_ns);
		uinput_key(f.keyboard, KEY_A, true);
		uinput_key(f.keyboard, KEY_A, false);
		clock_sleep_ns(10 * NS_PER_MS);
	}
	print_message("the host has its keyboard again after %.0f ms\n",
			(double)(clock_now_ns() - start_ns) / NS_PER_MS);
	uinput_key(f.keyboard, KEY_W, false);
	drain(&f);
	CHECK_EQ(f.sink.held_keys, 0);
	CHECK(!router_grabbed(f.router));
	expect(&f, "-17 ");
	toggle(&f);
	CHECK_EQ(f.status.grabbed, 1);
	CHECK_EQ(bystander_grab(f.at_keyboard, true), -EBUSY);
	teardown(&f);
}

int main(int argc, char **argv) {
	if (access("/dev/uinput", W_OK) < 0) {
		fprintf(stderr, "no /dev/uinput\n");
		return 77;
	}
	int replugs = 50;
	int few_replugs = 5;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grab_is_exclusive),
		cmocka_unit_test_prestate(replugged, &replugs),
		cmocka_unit_test(a_key_down_in_the_kernel_delays_the_grab),
		cmocka_unit_test(another_program_has_it),
		cmocka_unit_test(lock_lights),
		cmocka_unit_test(a_node_is_followed),
		cmocka_unit_test(dropped_events_leave_nothing_held),
		cmocka_unit_test(every_report_of_every_rate),
		cmocka_unit_test(key_latency),
		cmocka_unit_test(the_watchdog_ungrabs),
	};
	/* What depends on how devices are found. */
	const struct CMUnitTest found[] = {
		cmocka_unit_test(grab_is_exclusive),
		cmocka_unit_test_prestate(replugged, &few_replugs),
		cmocka_unit_test(a_node_is_followed),
	};
	if (argc > 1 && strcmp(argv[1], "found") == 0) {
		return cmocka_run_group_tests(found, NULL, NULL);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
