/*
 * Input over the host's own stream, with our producer at the other end of the memory: every key
 * arrives as the scancode that SPICE would send, what ends in whatever way leaves nothing held and
 * nothing typed twice, and 100 000 random steps. PG_SEED repeats a run, PG_STEPS makes it longer.
 */
#include <linux/input-event-codes.h>
#include <stdlib.h>

#include "client/session/guest_way.h"
#include "host-proto/input_port.h"
#include "host-proto/sim/input_host.h"
#include "input/hid_usage.h"
#include "input/led.h"
#include "input/router.h"
#include "tests/support/guest.h"
#include "tests/support/held_sink.h"
#include "tests/support/loop_wait.h"

#define MEMORY (8 << 20)
#define STEPS  100000u

struct world {
	struct guest guest;
	struct input_host *service;
	struct lgmp_client *client;
	struct input_port *port;
	struct loop *loop;
	struct router *router;
	struct guest_way *way;
	struct held_sink spice;
	struct guest_input spice_table;
	bool spice_up, host_reads;
	uint32_t session;
	unsigned host_key; /* the newest press over the stream */
	char text[64];     /* keys that were pressed over the stream, as key codes of letters */
	unsigned leds, grab_changes;
	uint64_t random;
};

static void on_host_key(unsigned scancode, bool pressed, void *data) {
	struct world *w = data;
	if (pressed) {
		w->host_key = scancode;
	}
}

static void on_moved(void *data) {
	(void)data;
}

/* The host's turn, then pg-lgmp's, then pg-io's. */
static void turn(struct world *w) {
	struct lgmp_message message;
	w->guest.now_ns += 2 * NS_PER_MS;
	if (w->host_reads) {
		input_host_step(w->service, w->guest.now_ns);
	}
	CHECK_EQ(kvmfr_host_periodic(w->guest.host, guest_ms(&w->guest)), 0);
	lgmp_client_step(w->client, w->guest.now_ns);
	while (lgmp_client_next(w->client, LGMP_QUEUE_INPUT, &message) > 0) {
		struct input_offer offer = {
			.host = { .session = true, .shm = message.shm, .lgmp = 12 }
		};
		lgmp_client_identity(w->client, &offer.host.session_id, &offer.host.client_id);
		CHECK_EQ(kvmfr_input_status_read(message.shm, message.offset, message.size,
					 offer.host.client_id, &offer.status),
				0);
		if (lgmp_client_finish(w->client, &message) == 0) {
			input_port_put(w->port, &offer);
		}
	}
	if (lgmp_client_status(w->client)->state != LGMP_STATE_RUNNING) {
		input_port_withdraw(w->port);
	}
	CHECK(loop_run_once(w->loop, 0) >= 0);
}

static void turns(struct world *w, unsigned count) {
	for (unsigned i = 0; i < count; i++) {
		turn(w);
	}
}

static void until(struct world *w, bool host) {
	for (unsigned i = 0; i < 2000 && guest_way_is_host(w->way) != host; i++) {
		turn(w);
	}
	CHECK_EQ(guest_way_is_host(w->way), host);
}

static void key(struct world *w, unsigned code, bool pressed) {
	const struct guest_input_event event = {
		.time_ns = clock_now_ns(), .kind = INPUT_KEY, .code = code, .pressed = pressed
	};
	router_event(w->router, &event);
	router_flush(w->router);
	guest_way_settle(w->way);
}

static void tap(struct world *w, unsigned code) {
	key(w, code, true);
	key(w, code, false);
}

static void button(struct world *w, enum input_button code, bool pressed) {
	const struct guest_input_event event = {
		.time_ns = clock_now_ns(), .kind = INPUT_BUTTON, .code = code, .pressed = pressed
	};
	router_event(w->router, &event);
	router_flush(w->router);
	guest_way_settle(w->way);
}

/* A key that ends the stream is the router's to flush: it may have nothing to say to SPICE. */
static void flush_spice(void *data) {
	struct held_sink *sink = data;
	sink->dirty = false;
}

static const struct input_host_state *host_state(const struct world *w) {
	return input_host_state(w->service);
}

static void spice(struct world *w, bool up) {
	if (w->spice_up != up) {
		w->spice_up = up;
		(void)held_sink_init(&w->spice);
		guest_way_set_spice(w->way, up);
	}
}

/* As the session does it: a changed grab is news of the focus, which asks for the way. */
static void on_action(enum router_action action, unsigned code, void *data) {
	struct world *w = data;
	(void)code;
	if (action == ROUTER_GRAB_CHANGED && w->way) {
		w->grab_changes++;
		guest_way_want(w->way, true);
	}
}

static void set_up_with(struct world *w, bool grabs) {
	*w = (struct world){ .host_reads = true, .session = 77, .random = 88172645463325252u };
	guest_file(&w->guest, MEMORY);
	CHECK_EQ(shm_map(&w->guest.shm, w->guest.path), 0);
	struct kvmfr_info info = guest_info(34);
	info.features |= KVMFR_FEATURE_INPUT;
	CHECK_EQ(kvmfr_host_create(&w->guest.host, w->guest.shm, &info), 0);
	const struct input_host_events host = { .key = on_host_key, .data = w };
	CHECK_EQ(input_host_create(
				 &w->service, w->guest.shm, kvmfr_host_lgmp(w->guest.host), &host),
			0);
	kvmfr_host_set_input(w->guest.host, w->service);
	CHECK_EQ(kvmfr_host_begin(w->guest.host, w->session, guest_ms(&w->guest)), 0);
	CHECK_EQ(lgmp_client_create(&w->client, w->guest.path), 0);
	lgmp_client_want(w->client, LGMP_QUEUE_INPUT);
	CHECK_EQ(input_port_create(&w->port), 0);
	CHECK_EQ(loop_create(&w->loop), 0);
	const struct router_config config = { .escape_hold_ns = ESCAPE_HOLD_NS,
		.grab_on_start = grabs };
	const struct router_events router_events = { .action = on_action, .data = w };
	CHECK_EQ(router_create(&w->router, &config, &router_events), 0);
	const struct guest_way_events events = { on_moved, on_moved, w };
	w->spice_table = held_sink_init(&w->spice);
	w->spice_table.flush = flush_spice;
	CHECK_EQ(guest_way_create(&w->way, w->loop, w->router, &w->spice_table, w->port, &events),
			0);
	spice(w, true);
	guest_way_want(w->way, true);
	until(w, true);
	CHECK(guest_way_is_host(w->way));
}

static void set_up(struct world *w) {
	set_up_with(w, false);
}

static void tear_down(struct world *w) {
	guest_way_destroy(w->way);
	turn(w);
	CHECK_EQ(host_state(w)->keys_held, 0);
	CHECK_EQ(host_state(w)->buttons, 0);
	CHECK_EQ(host_state(w)->owned, false);
	router_destroy(w->router);
	CHECK_EQ(w->spice.held_keys, 0);
	loop_destroy(w->loop);
	lgmp_client_destroy(w->client);
	input_port_destroy(w->port);
	input_host_destroy(w->service);
	guest_close(&w->guest);
}

static void restart(struct world *w) {
	CHECK_EQ(kvmfr_host_begin(w->guest.host, ++w->session, guest_ms(&w->guest)), 0);
}

static void every_key_arrives(void **state) {
	(void)state;
	struct world w;
	char line[128], name[40], log[4096], wanted[64];
	unsigned rows = 0, over_stream = 0;
	set_up(&w);
	FILE *table = fopen("tests/data/evdev-scancode.csv", "r");
	CHECK(table && fgets(line, sizeof line, table));
	while (fgets(line, sizeof line, table)) {
		unsigned code, scancode;
		CHECK_EQ(sscanf(line, "%39[^,],%u,%x", name, &code, &scancode), 3);
		w.host_key = 0;
		tap(&w, code);
		turn(&w);
		held_log_take(&w.spice, log, sizeof log);
		rows++;
		if (hid_usage(code)) {
			over_stream++;
			CHECK_EQ(w.host_key, scancode);
			assert_string_equal(log, "");
		} else {
			snprintf(wanted, sizeof wanted, "+%u -%u ", code, code);
			CHECK_EQ(w.host_key, 0);
			assert_string_equal(log, wanted);
		}
	}
	fclose(table);
	printf("%u keys, of these %u over the stream\n", rows, over_stream);
	CHECK_EQ(rows, 230);
	CHECK_EQ(over_stream, 130);
	tear_down(&w);
}

/* A seventh key has no place in a report. */
static void a_seventh_key_goes_over_spice(void **state) {
	(void)state;
	struct world w;
	char log[4096];
	set_up(&w);
	for (unsigned code = KEY_Q; code <= KEY_U; code++) { /* Q W E R T Y U */
		key(&w, code, true);
	}
	turn(&w);
	CHECK_EQ(host_state(&w)->keys_held, 6);
	assert_string_equal(held_log_take(&w.spice, log, sizeof log), "+22 ");
	key(&w, KEY_Q, false);
	key(&w, KEY_U, false); /* where it went down */
	turn(&w);
	CHECK_EQ(host_state(&w)->keys_held, 5);
	assert_string_equal(held_log_take(&w.spice, log, sizeof log), "-22 ");
	router_release_all(w.router);
	turn(&w);
	CHECK_EQ(host_state(&w)->keys_held, 0);
	tear_down(&w);
}

static void a_new_session_takes_nothing_away(void **state) {
	(void)state;
	struct world w;
	char log[4096];
	set_up(&w);
	key(&w, KEY_LEFTSHIFT, true);
	turn(&w);
	CHECK_EQ(host_state(&w)->keys_held, 1);
	/* The host stops reading, the user goes on typing, the host begins anew. */
	w.host_reads = false;
	tap(&w, KEY_A);
	key(&w, KEY_B, true);
	restart(&w);
	until(&w, false);
	/* Shift is held all the time; A and B were not read, and B is still down. */
	assert_string_equal(held_log_take(&w.spice, log, sizeof log), "+42 +30 -30 +48 ");
	w.host_reads = true;
	turns(&w, 300); /* offered and owned again, but not taken while something is held */
	CHECK(!guest_way_is_host(w.way));
	key(&w, KEY_B, false);
	key(&w, KEY_LEFTSHIFT, false);
	until(&w, true);
	assert_string_equal(held_log_take(&w.spice, log, sizeof log), "-48 -42 ");
	tap(&w, KEY_C);
	turn(&w);
	CHECK_EQ(w.host_key, 0x2e);
	assert_string_equal(held_log_take(&w.spice, log, sizeof log), "");
	tear_down(&w);
}

/* It may read what it has later: that is not said twice. What found no room is. */
static void a_host_that_does_not_read_is_left(void **state) {
	(void)state;
	struct world w;
	char log[4096];
	set_up(&w);
	input_host_set_stalled(w.service, true);
	tap(&w, KEY_X); /* in the stream: the host reads it late */
	key(&w, KEY_A, true);
	const uint64_t begin_ns = clock_now_ns();
	while (guest_way_is_host(w.way)) {
		turn(&w);
		CHECK(loop_run_once(w.loop, 5) >= 0);
		CHECK(clock_now_ns() - begin_ns < 2 * NS_PER_S);
	}
	assert_string_equal(held_log_take(&w.spice, log, sizeof log), "+30 ");
	tap(&w, KEY_B);
	assert_string_equal(held_log_take(&w.spice, log, sizeof log), "+48 -48 ");
	input_host_set_stalled(w.service, false);
	turn(&w);
	CHECK_EQ(w.host_key, 0x1e);
	CHECK_EQ(host_state(&w)->key_events, 4);
	CHECK_EQ(host_state(&w)->keys_held, 0); /* pressed, and reset */
	key(&w, KEY_A, false);
	CHECK_EQ(router_held(w.router), 0);
	tear_down(&w);
}

static void every_end_releases(void **state) {
	(void)state;
	struct world w;
	set_up(&w);
	for (unsigned round = 0; round < 4; round++) {
		until(&w, true);
		key(&w, KEY_W, true);
		button(&w, INPUT_BUTTON_LEFT, true);
		turn(&w);
		CHECK_EQ(host_state(&w)->keys_held, 1);
		CHECK(host_state(&w)->buttons != 0);
		switch (round) {
		case 0: /* the focus goes: what was held first, then the claim */
			router_release(w.router, INPUT_SOURCE_WINDOW);
			guest_way_want(w.way, false);
			turn(&w);
			CHECK(!guest_way_is_host(w.way) && !host_state(&w)->owned);
			guest_way_want(w.way, true);
			break;
		case 1: /* the host binds anew: SPICE holds them */
			input_host_rebind(w.service);
			until(&w, false);
			CHECK_EQ(w.spice.held_keys, 1);
			CHECK_EQ(w.spice.buttons, 1u << INPUT_BUTTON_LEFT);
			router_release(w.router, INPUT_SOURCE_WINDOW);
			break;
		case 2: /* it is withdrawn */
			input_host_set_off(w.service, true);
			until(&w, false);
			input_host_set_off(w.service, false);
			router_release(w.router, INPUT_SOURCE_WINDOW);
			break;
		default: /* it goes with SPICE away, too */
			spice(&w, false);
			input_host_set_off(w.service, true);
			until(&w, false);
			CHECK_EQ(router_held(w.router), 0);
			spice(&w, true);
			router_release(w.router, INPUT_SOURCE_WINDOW);
			break;
		}
		turn(&w);
		CHECK_EQ(host_state(&w)->keys_held, 0);
		CHECK_EQ(host_state(&w)->buttons, 0);
		CHECK_EQ(w.spice.held_keys, 0);
		CHECK_EQ(w.spice.buttons, 0);
		CHECK_EQ(router_held(w.router), 0);
	}
	tear_down(&w);
}

static void another_client_has_it(void **state) {
	(void)state;
	struct world w;
	char log[4096];
	set_up(&w);
	input_host_set_busy(w.service, true);
	until(&w, false);
	turns(&w, 50);
	CHECK_EQ(host_state(&w)->claims, 1);
	CHECK(guest_way_is_there(w.way));
	spice(&w, false);
	CHECK(!guest_way_is_there(w.way)); /* it is somebody else's */
	spice(&w, true);
	tap(&w, KEY_A);
	assert_string_equal(held_log_take(&w.spice, log, sizeof log), "+30 -30 ");
	tear_down(&w);
}

static void lights_are_those_of_the_host(void **state) {
	(void)state;
	struct world w;
	set_up(&w);
	guest_way_set_spice_leds(w.way, INPUT_LED_SCROLL);
	CHECK_EQ(guest_way_leds(w.way), 0);
	tap(&w, KEY_CAPSLOCK);
	turns(&w, 3);
	CHECK_EQ(guest_way_leds(w.way), INPUT_LED_CAPS);
	CHECK_EQ(router_leds(w.router), INPUT_LED_CAPS);
	/* As the focus comes: Num Lock is on here, and Caps Lock is off. */
	CHECK(guest_way_sync_leds(w.way, INPUT_LED_NUM, INPUT_LED_NUM | INPUT_LED_CAPS));
	turns(&w, 3);
	CHECK_EQ(guest_way_leds(w.way), INPUT_LED_NUM);
	input_host_set_off(w.service, true);
	until(&w, false);
	CHECK_EQ(router_leds(w.router), INPUT_LED_SCROLL);
	CHECK(!guest_way_sync_leds(w.way, 0, INPUT_LED_NUM));
	tear_down(&w);
}

/* ---- at random ---- */

static unsigned below(struct world *w, unsigned limit) {
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (unsigned)((w->random >> 20) % limit);
}

static void fault(struct world *w) {
	switch (below(w, 8)) {
	case 0:
		restart(w);
		break;
	case 1:
		input_host_rebind(w->service);
		break;
	case 2:
		input_host_set_off(w->service, below(w, 2));
		break;
	case 3:
		input_host_set_busy(w->service, below(w, 2));
		break;
	case 4:
		w->host_reads = !w->host_reads;
		break;
	case 5:
		spice(w, !w->spice_up);
		break;
	case 6:
		guest_way_want(w->way, below(w, 4) != 0);
		break;
	default:
		router_release_all(w->router);
		break;
	}
}

static void random_event(struct world *w, struct key_set *down) {
	static const unsigned keys[] = { KEY_A, KEY_W, KEY_S, KEY_D, KEY_E, KEY_R, KEY_T, KEY_F,
		KEY_SPACE, KEY_LEFTSHIFT, KEY_LEFTCTRL, KEY_MUTE, KEY_NUMLOCK };
	struct guest_input_event event = { .time_ns = clock_now_ns(), .kind = INPUT_KEY };
	const unsigned what = below(w, 10);
	if (what < 7) {
		event.code = keys[below(w, sizeof keys / sizeof *keys)];
		event.pressed = key_set_add(down, event.code);
		if (!event.pressed) {
			key_set_remove(down, event.code);
		}
	} else if (what == 7) {
		event.kind = INPUT_BUTTON;
		event.code = 1 + below(w, INPUT_BUTTON_COUNT - 1);
		event.pressed = below(w, 2);
	} else if (what == 8) {
		event.kind = INPUT_WHEEL;
		event.y = 120;
	} else {
		event.kind = INPUT_MOTION;
		event.x = (int32_t)below(w, 9) - 4;
		event.y = 1;
	}
	router_event(w->router, &event);
	if (below(w, 2)) {
		router_flush(w->router);
		guest_way_settle(w->way);
	}
}

/* The user lets everything go, and the host is well and begins anew. */
static void calm_down(struct world *w, struct key_set *down) {
	w->host_reads = true;
	input_host_set_busy(w->service, false);
	input_host_set_off(w->service, false);
	spice(w, true);
	for (unsigned code = key_set_next(down, 1); code; code = key_set_next(down, code + 1)) {
		key(w, code, false);
	}
	router_release_all(w->router);
	*down = (struct key_set){ .count = 0 };
	restart(w);
	turns(w, 5);
	guest_way_want(w->way, true);
	until(w, true);
	CHECK_EQ(router_held(w->router), 0);
	CHECK_EQ(host_state(w)->keys_held, 0);
	CHECK_EQ(host_state(w)->buttons, 0);
	CHECK_EQ(w->spice.held_keys, 0);
	CHECK_EQ(w->spice.buttons, 0);
}

/* What the guest believes, on both of its keyboards. */
static void check_held(struct world *w) {
	router_flush(w->router);
	for (unsigned i = 0; i < 4; i++) { /* what found no room goes a millisecond later */
		turns(w, 2);
		clock_sleep_ns(NS_PER_MS);
		CHECK(loop_run_once(w->loop, 0) >= 0);
	}
	turns(w, 2);
	if (w->host_reads && w->spice_up && guest_way_is_host(w->way)) {
		CHECK_EQ(host_state(w)->keys_held + w->spice.held_keys +
						(unsigned)__builtin_popcount(
								host_state(w)->buttons) +
						(unsigned)__builtin_popcount(w->spice.buttons),
				router_held(w->router));
	}
}

static void nothing_is_ever_stuck(void **state) {
	(void)state;
	const char *seed = getenv("PG_SEED");
	const char *steps_text = getenv("PG_STEPS");
	const unsigned long steps = steps_text ? strtoul(steps_text, NULL, 10) : STEPS;
	struct world w;
	struct key_set down = { .count = 0 };
	unsigned long switches = 0;
	bool host = true;
	set_up(&w);
	w.random += seed ? strtoull(seed, NULL, 10) : 0;
	for (unsigned long i = 0; i < steps; i++) {
		random_event(&w, &down);
		if (below(&w, 16) == 0) {
			turn(&w);
		}
		if (below(&w, 200) == 0) {
			fault(&w);
		}
		if (below(&w, 400) == 0) {
			check_held(&w);
		}
		if (below(&w, 400) == 0) {
			calm_down(&w, &down);
		}
		switches += guest_way_is_host(w.way) != host;
		host = guest_way_is_host(w.way);
	}
	calm_down(&w, &down);
	printf("%lu steps, %lu changes of the way, %llu records\n", steps, switches,
			(unsigned long long)host_state(&w)->records);
	CHECK(steps < STEPS || (switches > 50 && host_state(&w)->records > 1000));
	tear_down(&w);
}

static void a_grab_that_asks_for_the_way_changes_nothing(void **state) {
	(void)state;
	struct world w;
	set_up_with(&w, true);
	CHECK(w.grab_changes > 0);

	/* From no way to the host's, which grabs. */
	spice(&w, false);
	input_host_set_off(w.service, true);
	until(&w, false);
	input_host_set_off(w.service, false);
	until(&w, true);
	tap(&w, KEY_A);
	turns(&w, 20);
	CHECK_EQ(w.host_key, 0x1e);

	/* From SPICE, which is lost with a key down while the host waits: what is let go leads to
	 * it. */
	spice(&w, true);
	input_host_set_off(w.service, true);
	until(&w, false);
	key(&w, KEY_A, true);
	input_host_set_off(w.service, false);
	turns(&w, 60);
	CHECK(!guest_way_is_host(w.way));
	spice(&w, false);
	until(&w, true);
	key(&w, KEY_A, false);
	tap(&w, KEY_B);
	turns(&w, 20);
	CHECK_EQ(w.host_key, 0x30);
	tear_down(&w);
}

/* The program stood still for longer than the lease, with more keys down than the stream takes. */
static void a_lease_that_ended_leaves_nothing_down(void **state) {
	(void)state;
	struct world w;
	set_up(&w);
	for (unsigned code = KEY_Q; code <= KEY_P; code++) {
		key(&w, code, true);
	}
	turns(&w, 5);
	CHECK_EQ(w.spice.held_keys, 4);
	CHECK(host_state(&w)->keys_held == 6);
	w.guest.now_ns += 600 * NS_PER_MS;
	input_host_step(w.service, w.guest.now_ns);
	CHECK_EQ(host_state(&w)->keys_held, 0);
	for (unsigned code = KEY_Q; code <= KEY_P; code++) {
		const struct guest_input_event event = {
			.time_ns = clock_now_ns(), .kind = INPUT_KEY, .code = code
		};
		router_event(w.router, &event);
		if (code == KEY_Q) {
			router_flush(w.router);
		}
	}
	router_flush(w.router);
	turns(&w, 20);
	CHECK_EQ(w.spice.held_keys, 0);
	CHECK_EQ(host_state(&w)->keys_held, 0);
	tear_down(&w);
}

/* A stream that turns out to be gone while keys are flushed takes none of those along that go over
 * SPICE. */
static void what_goes_over_spice_goes_out(void **state) {
	(void)state;
	struct world w;
	set_up(&w);
	for (unsigned code = KEY_Q; code <= KEY_P; code++) {
		key(&w, code, true);
	}
	turns(&w, 5);
	CHECK_EQ(w.spice.held_keys, 4);
	CHECK(!w.spice.dirty);
	clock_sleep_ns(10 * NS_PER_MS); /* it is seen that the host has read the presses */
	turns(&w, 5);
	CHECK_EQ(kvmfr_host_begin(w.guest.host, ++w.session, guest_ms(&w.guest)), 0);
	for (unsigned code = KEY_P; code >= KEY_Q; code--) {
		const struct guest_input_event event = {
			.time_ns = clock_now_ns(), .kind = INPUT_KEY, .code = code
		};
		router_event(w.router, &event);
	}
	CHECK(w.spice.dirty);
	router_flush(w.router);
	CHECK(!w.spice.dirty);
	CHECK_EQ(w.spice.held_keys, 0);
	tear_down(&w);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_arrives),
		cmocka_unit_test(a_seventh_key_goes_over_spice),
		cmocka_unit_test(a_new_session_takes_nothing_away),
		cmocka_unit_test(a_host_that_does_not_read_is_left),
		cmocka_unit_test(every_end_releases),
		cmocka_unit_test(another_client_has_it),
		cmocka_unit_test(lights_are_those_of_the_host),
		cmocka_unit_test(a_grab_that_asks_for_the_way_changes_nothing),
		cmocka_unit_test(a_lease_that_ended_leaves_nothing_down),
		cmocka_unit_test(what_goes_over_spice_goes_out),
		cmocka_unit_test(nothing_is_ever_stuck),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
