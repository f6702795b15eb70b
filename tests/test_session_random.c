/*
 * 100 000 seeded random steps into the whole session part: presses and releases of keys and
 * buttons, wheel, motion, focus losses, input off and on, combinations, cut channels and sessions,
 * servers that restart. A model says what the user holds; after every settling the server must hold
 * exactly what the router was told and did not release, and at the end nothing.
 */
#include "client/session.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "host-proto/spice/peer.h"
#include "input/keymap.h"
#include "tests/support/check.h"

#define STEPS 100000u

static const unsigned keys[] = { KEY_A, KEY_B, KEY_C, KEY_UP, KEY_RIGHTCTRL, KEY_LEFTSHIFT,
	KEY_LEFTALT, KEY_KPENTER, KEY_DELETE, KEY_F5, KEY_SPACE, KEY_LEFTMETA };
#define KEYS    (sizeof keys / sizeof *keys)
#define BUTTONS 5u

struct fixture {
	struct loop *loop;
	struct session *session;
	struct session_status status;
	struct spice_peer *peer;
	struct loop_source *source;
	char path[64];
	uint64_t random;
	/* the model: what the user holds and the guest was told of */
	bool key[KEYS], button[BUTTONS];
	bool enabled;
	uint64_t order_errors;
	bool server_key[65536];
};

static uint32_t random_u32(struct fixture *f) {
	f->random = f->random * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(f->random >> 33);
}

/* A press of what is held, or a release of what is not, would be an event out of order. */
static void on_key(unsigned scancode, bool pressed, void *data) {
	struct fixture *f = data;
	f->order_errors += f->server_key[scancode & 0xffff] == pressed;
	f->server_key[scancode & 0xffff] = pressed;
}

static void on_peer(int fd, uint32_t events, void *data) {
	struct fixture *f = data;
	(void)fd;
	(void)events;
	CHECK(spice_peer_step(f->peer) == 0);
}

static void on_status(const struct session_status *status, void *data) {
	((struct fixture *)data)->status = *status;
}

static void peer_start(struct fixture *f) {
	const struct spice_peer_config config = { .unix_path = f->path };
	const struct spice_peer_events events = { .key = on_key, .data = f };
	memset(f->server_key, 0, sizeof f->server_key);
	CHECK(spice_peer_create(&f->peer, &config, &events) == 0);
	f->source = loop_add_fd(f->loop, spice_peer_fd(f->peer), EPOLLIN, on_peer, f);
}

static void peer_stop(struct fixture *f) {
	loop_remove(f->source);
	spice_peer_destroy(f->peer);
}

static void forget(struct fixture *f) {
	memset(f->key, 0, sizeof f->key);
	memset(f->button, 0, sizeof f->button);
}

static void settle(struct fixture *f) {
	for (int i = 0; i < 3 || loop_run_once(f->loop, 0) > 0; i++) {
		CHECK(loop_run_once(f->loop, 0) >= 0 && i < 100000);
	}
}

static void reconnect(struct fixture *f) {
	const struct session_command retry = { .kind = SESSION_RECONNECT };
	uint64_t until = clock_now_ns() + 10 * NS_PER_S;
	while (!f->status.connected && clock_now_ns() < until) {
		CHECK(session_command(f->session, &retry) == 0);
		CHECK(loop_run_once(f->loop, 5) >= 0);
	}
	CHECK(f->status.connected);
	settle(f);
}

static bool held_as_modelled(const struct fixture *f) {
	unsigned held = 0;
	for (unsigned i = 0; i < KEYS; i++) {
		if (spice_peer_key_held(f->peer, keymap_scancode(keys[i])) != f->key[i]) {
			return false;
		}
		held += f->key[i];
	}
	unsigned buttons = 0;
	static const unsigned numbers[BUTTONS] = { SPICE_BUTTON_LEFT, SPICE_BUTTON_MIDDLE,
		SPICE_BUTTON_RIGHT, SPICE_BUTTON_SIDE, SPICE_BUTTON_EXTRA };
	for (unsigned i = 0; i < BUTTONS; i++) {
		buttons |= f->button[i] ? 1u << numbers[i] : 0;
	}
	return spice_peer_state(f->peer)->keys_held == held &&
	       spice_peer_state(f->peer)->buttons == buttons;
}

static void input(struct fixture *f, enum input_kind kind, unsigned code, bool pressed, int x,
		int y) {
	const struct input_event event = {
		.kind = kind, .code = code, .pressed = pressed, .x = x, .y = y
	};
	if (session_input(f->session, &event) == -ENOBUFS) {
		settle(f);
		CHECK(session_input(f->session, &event) == 0);
	}
}

static void command(struct fixture *f, enum session_command_kind kind, bool on) {
	const struct session_command c = { .kind = kind, .on = on };
	settle(f);
	CHECK(session_command(f->session, &c) == 0);
	settle(f);
}

static void press_or_release(struct fixture *f) {
	if (random_u32(f) % 4) {
		unsigned i = random_u32(f) % KEYS;
		bool pressed = !f->key[i];
		/* A key that went down while nothing was forwarded stays unknown: let it be up. */
		f->key[i] = pressed && f->enabled;
		input(f, INPUT_KEY, keys[i], pressed, 0, 0);
		if (!f->enabled) {
			input(f, INPUT_KEY, keys[i], false, 0, 0);
		}
	} else {
		unsigned i = random_u32(f) % BUTTONS;
		bool pressed = !f->button[i];
		f->button[i] = pressed && f->enabled;
		input(f, INPUT_BUTTON, INPUT_BUTTON_LEFT + i, pressed, 0, 0);
		if (!f->enabled) {
			input(f, INPUT_BUTTON, INPUT_BUTTON_LEFT + i, false, 0, 0);
		}
	}
}

/* Rare things: 1 of 200 steps. */
static void upset(struct fixture *f) {
	switch (random_u32(f) % 12) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
		command(f, SESSION_RELEASE_ALL, true);
		break;
	case 5:
	case 6:
	case 7:
		f->enabled = !f->enabled;
		command(f, SESSION_INPUT, f->enabled);
		break;
	case 8:
	case 9:
		settle(f);
		spice_peer_close(f->peer, SPICE_CHANNEL_INPUTS);
		settle(f);
		reconnect(f);
		command(f, SESSION_RELEASE_ALL, true);
		break;
	case 10:
		settle(f);
		spice_peer_close(f->peer, SPICE_CHANNEL_NONE);
		settle(f);
		reconnect(f);
		command(f, SESSION_RELEASE_ALL, true);
		break;
	default:
		settle(f);
		peer_stop(f);
		settle(f);
		peer_start(f);
		reconnect(f);
		command(f, SESSION_RELEASE_ALL, true);
		break;
	}
	forget(f);
}

static void nothing_stays_held(void **state) {
	(void)state;
	static struct fixture f = { .random = 1, .enabled = true };
	log_set_level(LOG_NONE);
	snprintf(f.path, sizeof f.path, "/tmp/pierglass-random-%d.sock", (int)getpid());
	struct session_config config = {
		.input = true, .grab_toggle = "ctrl-ctrl", .escape_key = "scrolllock"
	};
	snprintf(config.uri, sizeof config.uri, "unix:%s", f.path);
	CHECK(loop_create(&f.loop) == 0);
	peer_start(&f);
	const struct session_events events = { .status = on_status, .data = &f };
	CHECK(session_create(&f.session, f.loop, &config, NULL, NULL, &events) == 0);
	reconnect(&f);
	unsigned upsets = 0;
	for (unsigned step = 0; step < STEPS; step++) {
		uint32_t what = random_u32(&f) % 200;
		if (what == 0) {
			upsets++;
			upset(&f);
		} else if (what < 120) {
			press_or_release(&f);
		} else if (what < 180) {
			input(&f, INPUT_MOTION, 0, false, (int)(random_u32(&f) % 9) - 4, 1);
		} else {
			input(&f, INPUT_WHEEL, 0, false, 0, 120);
		}
		if (step % 50 == 0) {
			settle(&f);
			if (!held_as_modelled(&f)) {
				fail_msg("step %u: the guest holds something else", step);
			}
		}
	}
	print_message("%u steps, %u upsets, order errors %llu\n", STEPS, upsets,
			(unsigned long long)f.order_errors);
	command(&f, SESSION_RELEASE_ALL, true);
	CHECK(spice_peer_state(f.peer)->keys_held == 0 && spice_peer_state(f.peer)->buttons == 0);
	CHECK(f.order_errors == 0 && spice_peer_state(f.peer)->errors == 0);
	session_destroy(f.session);
	peer_stop(&f);
	loop_destroy(f.loop);
}

int main(void) {
	const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_stays_held) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
