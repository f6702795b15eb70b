/*
 * 100 000 random steps (presses, releases, motion, focus losses, grabs, locked sessions, unplugs,
 * socket cuts) through devices and router, against models of the kernel, the host's desktop and the
 * guest. Whatever happens: the guest holds only what somebody holds, the desktop is never left with
 * a key, and in the end nothing is held. PG_SEED repeats a run, PG_STEPS makes it longer.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/loop.h"
#include "input/devices.h"
#include "input/event.h"
#include "input/router.h"
#include "tests/support/fake_devices.h"
#include "tests/support/held_sink.h"
#include "tests/support/loop_wait.h"

#define STEPS      100000u
#define KEYS_COUNT (sizeof keys / sizeof keys[0])

static const unsigned keys[] = { KEY_A, KEY_W, KEY_S, KEY_SPACE, KEY_F5, KEY_LEFTSHIFT,
	KEY_LEFTMETA, KEY_LEFTCTRL, KEY_RIGHTCTRL, KEY_SCROLLLOCK };
static const unsigned plain_keys[] = { KEY_A, KEY_W, KEY_S, KEY_SPACE, KEY_F5, KEY_UP };
static const unsigned buttons[] = { BTN_LEFT, BTN_RIGHT, BTN_MIDDLE, BTN_SIDE, BTN_EXTRA };

struct world {
	struct loop *loop;
	struct router *router;
	struct devices *devices;
	struct held_sink sink;
	struct guest_input ops;
	bool connected;
	struct fakes fakes;
	unsigned open;
	struct key_set window_down;
	unsigned window_buttons;
	uint64_t random;
	char root[40];
	unsigned long grabs, unplugs, cuts, batches;
};

static unsigned random_below(struct world *w, unsigned limit) {
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (unsigned)((w->random >> 20) % limit);
}

static void on_status(const struct devices_status *status, void *data) {
	((struct world *)data)->open = status->open;
}

static void drain(struct world *w) {
	while (loop_run_once(w->loop, 0) > 0) {
	}
}

static unsigned plugged(const struct world *w) {
	unsigned n = 0;
	for (unsigned i = 0; i < w->fakes.count; i++) {
		n += w->fakes.fake[i].plugged;
	}
	return n;
}

static void wait_open(struct world *w) {
	WAIT_ON(w->loop, w->open == plugged(w), 5);
}

static void check(const struct world *w) {
	for (unsigned code = 1; code < KEYMAP_CODES && w->sink.held_keys; code++) {
		bool somebody = key_set_has(&w->window_down, code);
		for (unsigned i = 0; i < w->fakes.count; i++) {
			somebody = somebody || key_set_has(&w->fakes.fake[i].down, code);
		}
		CHECK(somebody || !w->sink.keys[code]);
	}
	for (unsigned i = 0; i < w->fakes.count; i++) {
		const struct fake *fake = &w->fakes.fake[i];
		for (unsigned code = key_set_next(&fake->host_down, 1); code;
				code = key_set_next(&fake->host_down, code + 1)) {
			CHECK(key_set_has(&fake->down, code));
		}
	}
	CHECK(w->connected || router_held(w->router) == 0);
	CHECK_EQ(router_held(w->router),
			w->sink.held_keys + (unsigned)__builtin_popcount(w->sink.buttons));
}

static void change_key(struct world *w, struct fake *fake, unsigned code) {
	if (key_set_has(&fake->down, code)) {
		fake_key(fake, code, false);
	} else {
		fake_key(fake, code, true);
		if (random_below(w, 4) == 0) {
			fake_emit(fake, EV_KEY, code, 2);
		}
	}
}

static void device_step(struct world *w) {
	struct fake *fake = &w->fakes.fake[random_below(w, w->fakes.count)];
	switch (random_below(w, 6)) {
	case 0:
		fake_emit(fake, EV_REL, random_below(w, 2) ? REL_X : REL_Y,
				(int32_t)random_below(w, 21) - 10);
		fake_emit(fake, EV_SYN, SYN_REPORT, 0);
		break;
	case 1:
		if (fake->info.mouse) {
			change_key(w, fake, buttons[random_below(w, 5)]);
		}
		break;
	case 2:
		fake_emit(fake, EV_REL, REL_WHEEL_HI_RES, 30 * ((int32_t)random_below(w, 9) - 4));
		fake_emit(fake, EV_SYN, SYN_REPORT, 0);
		break;
	case 3: /* somebody lets everything go, so that switches happen */
		for (unsigned code = key_set_next(&fake->down, 1); code;
				code = key_set_next(&fake->down, code + 1)) {
			fake_key(fake, code, false);
		}
		break;
	default:
		change_key(w, fake, keys[random_below(w, KEYS_COUNT)]);
		break;
	}
}

static void window_step(struct world *w) {
	struct guest_input_event event = { .time_ns = clock_now_ns(),
		.kind = INPUT_KEY,
		.code = keys[random_below(w, KEYS_COUNT)] };
	if (random_below(w, 4) == 0) {
		event.kind = INPUT_BUTTON;
		event.code = 1 + random_below(w, INPUT_BUTTON_COUNT - 1);
		event.pressed = !(w->window_buttons & 1u << event.code);
		w->window_buttons ^= 1u << event.code;
	} else {
		event.pressed = key_set_add(&w->window_down, event.code);
		if (!event.pressed) {
			key_set_remove(&w->window_down, event.code);
		}
	}
	router_event(w->router, &event);
	if (random_below(w, 2)) {
		router_flush(w->router);
	}
}

static void lose_focus(struct world *w) {
	router_release(w->router, INPUT_SOURCE_WINDOW);
	w->window_down = (struct key_set){ 0 };
	w->window_buttons = 0;
}

/* The server goes, or comes back and holds nothing (it releases keys; the session clears buttons).
 */
static void change_socket(struct world *w) {
	w->connected = !w->connected;
	w->ops = held_sink_init(&w->sink);
	router_set_guest(w->router, w->connected ? &w->ops : NULL);
	w->cuts++;
}

static void change_plug(struct world *w) {
	struct fake *fake = &w->fakes.fake[random_below(w, w->fakes.count)];
	if (!fake->plugged) {
		/* Sometimes with a key down. */
		if (random_below(w, 3) == 0) {
			key_set_add(&fake->down, KEY_A);
			key_set_add(&fake->host_down, KEY_A);
		}
		fake_plug(&w->fakes, fake);
		wait_open(w);
	} else {
		fake_unplug(&w->fakes, fake);
		w->unplugs++;
		if (random_below(w, 2)) {
			drain(w);
		}
	}
}

static void rare_step(struct world *w) {
	static const char text[] = "Text\nwith 7 lines";
	const unsigned combination[] = { KEY_LEFTCTRL, KEY_LEFTALT, KEY_DELETE };
	switch (random_below(w, 9)) {
	case 0:
		lose_focus(w);
		break;
	case 1:
		router_request_grab(w->router, random_below(w, 3) != 0);
		break;
	case 2:
		router_set_seat(w->router, random_below(w, 3) != 0);
		break;
	case 3:
		router_set_enabled(w->router, random_below(w, 3) != 0);
		break;
	case 4:
		change_socket(w);
		break;
	case 5:
		router_release_all(w->router);
		w->window_down = (struct key_set){ 0 };
		w->window_buttons = 0;
		break;
	case 6:
		router_send_keys(w->router, combination, 3);
		break;
	case 7:
		router_type(w->router, text);
		break;
	default:
		router_type_step(w->router);
		break;
	}
}

/* What the sink must have heard of one device's events, in the simplest way to say it. */
struct expected {
	char log[4096];
	size_t len;
	int32_t dx, dy, wheel;
};

__attribute__((format(printf, 2, 3))) static void expect(
		struct expected *e, const char *format, ...) {
	if (e->dx || e->dy) {
		int32_t dx = e->dx;
		int32_t dy = e->dy;
		e->dx = e->dy = 0;
		e->len += (size_t)snprintf(
				e->log + e->len, sizeof e->log - e->len, "m%d,%d ", dx, dy);
	}
	va_list args;
	va_start(args, format);
	e->len += (size_t)vsnprintf(e->log + e->len, sizeof e->log - e->len, format, args);
	va_end(args);
	CHECK(e->len < sizeof e->log);
}

/* A burst on a grabbed mouse while nothing else happens: every event arrives, in order, once. */
static void batch(struct world *w, struct fake *fake) {
	static const unsigned button_of[] = { 1, 3, 2, 4, 5 }; /* enum input_button of buttons[] */
	struct expected e = { .wheel = 0 };
	char log[4096];
	held_log_take(&w->sink, log, sizeof log);
	/* A turn the other way forgets what was collected before this burst. */
	fake_emit(fake, EV_REL, REL_WHEEL_HI_RES, 1);
	fake_emit(fake, EV_SYN, SYN_REPORT, 0);
	fake_emit(fake, EV_REL, REL_WHEEL_HI_RES, -1);
	fake_emit(fake, EV_SYN, SYN_REPORT, 0);
	e.wheel = -1;
	drain(w);
	held_log_take(&w->sink, log, sizeof log);

	unsigned reports = 1 + random_below(w, 40);
	for (unsigned i = 0; i < reports; i++) {
		unsigned which = random_below(w, 4);
		if (which == 0) {
			int32_t dx = (int32_t)random_below(w, 9) - 4;
			int32_t dy = (int32_t)random_below(w, 9) - 4;
			fake_emit(fake, EV_REL, REL_X, dx);
			fake_emit(fake, EV_REL, REL_Y, dy);
			e.dx += dx;
			e.dy += dy;
		} else if (which == 1) {
			unsigned b = random_below(w, 5);
			bool pressed = !key_set_has(&fake->down, buttons[b]);
			fake_emit(fake, EV_KEY, buttons[b], pressed);
			expect(&e, "b%c%u ", pressed ? '+' : '-', button_of[b]);
		} else if (which == 2) {
			unsigned code = plain_keys[random_below(w, 6)];
			bool pressed = !key_set_has(&fake->down, code);
			fake_emit(fake, EV_KEY, code, pressed);
			expect(&e, "%c%u ", pressed ? '+' : '-', code);
		} else {
			int32_t turn = 60 * (int32_t)(1 + random_below(w, 4));
			turn = random_below(w, 2) ? turn : -turn;
			fake_emit(fake, EV_REL, REL_WHEEL_HI_RES, turn);
			e.wheel = (turn > 0) == (e.wheel > 0) ? e.wheel + turn : turn;
			if (e.wheel / 120) {
				expect(&e, "w%d ", e.wheel / 120);
			}
			e.wheel %= 120;
		}
		fake_emit(fake, EV_SYN, SYN_REPORT, 0);
		if (i == 0) {
			expect(&e, "%s", ""); /* the first report goes out at once */
		}
	}
	expect(&e, "%s", "");
	drain(w);
	assert_string_equal(held_log_take(&w->sink, log, sizeof log), e.log);
	w->batches++;
}

static void release_devices(struct world *w) {
	for (unsigned i = 0; i < w->fakes.count; i++) {
		struct fake *fake = &w->fakes.fake[i];
		for (unsigned code = key_set_next(&fake->down, 1); code;
				code = key_set_next(&fake->down, code + 1)) {
			fake_key(fake, code, false);
		}
	}
	drain(w);
}

static void try_batch(struct world *w) {
	struct fake *mouse = &w->fakes.fake[2];
	lose_focus(w);
	router_type_cancel(w->router);
	router_set_seat(w->router, true);
	router_set_enabled(w->router, true);
	if (!w->connected) {
		change_socket(w);
	}
	if (!mouse->plugged) {
		fake_plug(&w->fakes, mouse);
		wait_open(w);
	}
	release_devices(w);
	router_request_grab(w->router, true);
	/* Whoever was plugged in with a key down is grabbed now that it is up. */
	fake_emit(mouse, EV_SYN, SYN_REPORT, 0);
	drain(w);
	CHECK(router_grabbed(w->router));
	CHECK(mouse->grabbed);
	CHECK_EQ(router_held(w->router), 0);
	w->grabs++;
	batch(w, mouse);
	release_devices(w);
	CHECK_EQ(router_held(w->router), 0);
}

static void finish(struct world *w) {
	drain(w);
	lose_focus(w);
	release_devices(w);
	CHECK_EQ(router_held(w->router), 0);
	CHECK(w->sink.held_keys == 0);
	CHECK(w->sink.buttons == 0);
	for (unsigned i = 0; i < w->fakes.count; i++) {
		CHECK_EQ(w->fakes.fake[i].host_down.count, 0);
	}
}

static void setup(struct world *w, uint64_t seed) {
	*w = (struct world){ .random = seed * 0x9E3779B97F4A7C15ull + 1 };
	snprintf(w->root, sizeof w->root, "/tmp/pierglass-random-XXXXXX");
	CHECK(mkdtemp(w->root));
	w->fakes.linked = -1;
	fakes_add(&w->fakes, 1, "Board", true, false);
	fakes_add(&w->fakes, 2, "Second Board", true, false);
	fakes_add(&w->fakes, 3, "Mouse", false, true);
	fakes_add(&w->fakes, 4, "Combined", true, true);

	struct router_config config = { .escape_hold_ns = ESCAPE_HOLD_NS };
	CHECK_EQ(chord_parse("ctrl-ctrl", &config.grab_toggle), 0);
	CHECK_EQ(chord_parse("scrolllock", &config.escape), 0);
	CHECK_EQ(loop_create(&w->loop), 0);
	CHECK_EQ(router_create(&w->router, &config, NULL), 0);
	struct device_finder finder = fakes_finder(&w->fakes);
	const struct devices_config devices_config = {
		.count = 1, .wanted = { "all" }, .root = w->root, .finder = &finder
	};
	const struct devices_events events = { on_status, w };
	CHECK_EQ(devices_create(&w->devices, w->loop, w->router, &devices_config, &events), 0);
	change_socket(w);
}

static void nothing_is_ever_stuck(void **state) {
	(void)state;
	const char *seed_text = getenv("PG_SEED");
	const char *steps_text = getenv("PG_STEPS");
	uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : 20260822;
	unsigned long steps = steps_text ? strtoul(steps_text, NULL, 10) : STEPS;
	struct world w;
	setup(&w, seed);
	for (unsigned long step = 0; step < steps; step++) {
		if (random_below(&w, 2500) == 0) {
			change_plug(&w);
		} else if (random_below(&w, 400) == 0) {
			try_batch(&w);
		} else if (random_below(&w, 100) == 0) {
			rare_step(&w);
		} else if (random_below(&w, 8) == 0) {
			window_step(&w);
		} else {
			device_step(&w);
		}
		if (random_below(&w, 3) == 0) {
			drain(&w);
			check(&w);
		}
	}
	finish(&w);
	print_message("seed %llu: %lu steps, %lu grabs for bursts, %lu unplugs, %lu socket changes, "
		      "%lu events at the end\n",
			(unsigned long long)seed, steps, w.grabs, w.unplugs, w.cuts, w.sink.events);
	CHECK(steps < STEPS || (w.unplugs > 5 && w.cuts > 20 && w.batches > 100));
	devices_destroy(w.devices);
	router_destroy(w.router);
	loop_destroy(w.loop);
	rmdir(w.root);
}

int main(void) {
	const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_is_ever_stuck) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
