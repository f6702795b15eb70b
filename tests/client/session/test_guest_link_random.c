/*
 * 100 000 seeded random steps into the whole session part, from the window and from stand-in
 * devices: presses and releases of keys and buttons, wheel, motion, focus losses, grabs by command
 * and by the toggle, unplugs, input off and on, cut channels and sessions, servers that restart. A
 * model says what the user holds and the guest was told of; after every settling the server must
 * hold exactly that, and at the end nothing, nor may the desktop be left with a key.
 *
 * PG_SEED repeats a run, PG_STEPS makes it longer.
 */
#include "client/session/guest_link.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "host-proto/sim/peer.h"
#include "input/keymap.h"
#include "tests/support/check.h"
#include "tests/support/fake_devices.h"
#include "tests/support/loop_wait.h"

#define STEPS   100000u
#define DEVICES 4u

static const unsigned keys[] = { KEY_A, KEY_B, KEY_C, KEY_UP, KEY_RIGHTCTRL, KEY_LEFTSHIFT,
	KEY_LEFTALT, KEY_KPENTER, KEY_DELETE, KEY_F5, KEY_SPACE, KEY_LEFTMETA };
#define KEYS    (sizeof keys / sizeof *keys)
#define BUTTONS 5u
static const unsigned button_codes[BUTTONS] = { BTN_LEFT, BTN_MIDDLE, BTN_RIGHT, BTN_SIDE,
	BTN_EXTRA };

/* What somebody holds and the guest was told of. */
struct holder {
	bool key[KEYS], button[BUTTONS];
};

struct fixture {
	struct loop *loop;
	struct guest_link *session;
	struct guest_link_status status;
	struct spice_peer *peer;
	struct loop_source *source;
	char path[64];
	uint64_t random;
	struct fakes fakes;
	struct holder window, device[DEVICES];
	bool enabled;
	unsigned grabs, toggles, unplugs, cuts, device_events;
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
	CHECK_EQ(spice_peer_step(f->peer), 0);
}

static void on_status(const struct guest_link_status *status, void *data) {
	((struct fixture *)data)->status = *status;
}

static void peer_start(struct fixture *f) {
	const struct spice_peer_config config = { .unix_path = f->path };
	const struct spice_peer_events events = { .key = on_key, .data = f };
	memset(f->server_key, 0, sizeof f->server_key);
	CHECK_EQ(spice_peer_create(&f->peer, &config, &events), 0);
	f->source = loop_add_fd(f->loop, spice_peer_fd(f->peer), EPOLLIN, on_peer, f);
}

static void peer_stop(struct fixture *f) {
	loop_remove(f->source);
	spice_peer_destroy(f->peer);
}

static void forget(struct fixture *f) {
	f->window = (struct holder){ 0 };
	for (unsigned i = 0; i < DEVICES; i++) {
		f->device[i] = (struct holder){ 0 };
	}
}

static void settle(struct fixture *f) {
	for (int i = 0; i < 3 || loop_run_once(f->loop, 0) > 0; i++) {
		CHECK(loop_run_once(f->loop, 0) >= 0 && i < 100000);
	}
}

static void reconnect(struct fixture *f) {
	const struct guest_link_command retry = { .kind = GUEST_LINK_RECONNECT };
	uint64_t until = clock_now_ns() + 10 * NS_PER_S;
	while (!f->status.connected && clock_now_ns() < until) {
		CHECK_EQ(guest_link_command(f->session, &retry), 0);
		CHECK(loop_run_once(f->loop, 5) >= 0);
	}
	CHECK(f->status.connected);
	settle(f);
}

/* Several may hold one: the guest sees the first press and the last release. */
static struct holder together(const struct fixture *f) {
	struct holder all = f->window;
	for (unsigned d = 0; d < DEVICES; d++) {
		for (unsigned i = 0; i < KEYS; i++) {
			all.key[i] = all.key[i] || f->device[d].key[i];
		}
		for (unsigned i = 0; i < BUTTONS; i++) {
			all.button[i] = all.button[i] || f->device[d].button[i];
		}
	}
	return all;
}

static bool held_as_modelled(const struct fixture *f) {
	const struct holder all = together(f);
	unsigned held = 0;
	for (unsigned i = 0; i < KEYS; i++) {
		if (spice_peer_key_held(f->peer, keymap_scancode(keys[i])) != all.key[i]) {
			return false;
		}
		held += all.key[i];
	}
	unsigned buttons = 0;
	static const unsigned numbers[BUTTONS] = { SPICE_BUTTON_LEFT, SPICE_BUTTON_MIDDLE,
		SPICE_BUTTON_RIGHT, SPICE_BUTTON_SIDE, SPICE_BUTTON_EXTRA };
	for (unsigned i = 0; i < BUTTONS; i++) {
		buttons |= all.button[i] ? 1u << numbers[i] : 0;
	}
	return spice_peer_state(f->peer)->keys_held == held &&
	       spice_peer_state(f->peer)->buttons == buttons;
}

static void input(struct fixture *f, enum input_kind kind, unsigned code, bool pressed, int x,
		int y) {
	const struct guest_input_event event = {
		.kind = kind, .code = code, .pressed = pressed, .x = x, .y = y
	};
	if (guest_link_input(&event, f->session) == -ENOBUFS) {
		settle(f);
		CHECK_EQ(guest_link_input(&event, f->session), 0);
	}
}

static void command(struct fixture *f, enum guest_link_command_kind kind, bool on) {
	const struct guest_link_command c = { .kind = kind, .on = on };
	settle(f);
	CHECK_EQ(guest_link_command(f->session, &c), 0);
	settle(f);
}

static void window_step(struct fixture *f) {
	if (random_u32(f) % 4) {
		unsigned i = random_u32(f) % KEYS;
		bool pressed = !f->window.key[i];
		/* A key that went down while nothing was forwarded stays unknown: let it be up. */
		f->window.key[i] = pressed && f->enabled;
		input(f, INPUT_KEY, keys[i], pressed, 0, 0);
		if (!f->enabled) {
			input(f, INPUT_KEY, keys[i], false, 0, 0);
		}
	} else {
		unsigned i = random_u32(f) % BUTTONS;
		bool pressed = !f->window.button[i];
		f->window.button[i] = pressed && f->enabled;
		input(f, INPUT_BUTTON, INPUT_BUTTON_LEFT + i, pressed, 0, 0);
		if (!f->enabled) {
			input(f, INPUT_BUTTON, INPUT_BUTTON_LEFT + i, false, 0, 0);
		}
	}
}

/* A key or button of a device, whoever sees it. */
static void device_change(struct fixture *f, unsigned d, bool is_key, unsigned i) {
	struct fake *fake = &f->fakes.fake[d];
	const unsigned code = is_key ? keys[i] : button_codes[i];
	bool *reported = is_key ? &f->device[d].key[i] : &f->device[d].button[i];
	const bool pressed = !key_set_has(&fake->down, code);
	*reported = pressed && fake->grabbed;
	fake_key(fake, code, pressed);
	f->device_events++;
	settle(f); /* a release may be what a grab has waited for */
}

static void device_step(struct fixture *f) {
	const unsigned d = random_u32(f) % DEVICES;
	struct fake *fake = &f->fakes.fake[d];
	if (!fake->plugged) {
		return;
	}
	switch (random_u32(f) % 8) {
	case 0:
		fake_emit(fake, EV_REL, random_u32(f) % 2 ? REL_X : REL_Y, 3);
		fake_emit(fake, EV_SYN, SYN_REPORT, 0);
		break;
	case 1:
		if (fake->info.mouse) {
			device_change(f, d, false, random_u32(f) % BUTTONS);
		}
		break;
	default:
		if (fake->info.keyboard) {
			device_change(f, d, true, random_u32(f) % KEYS);
		}
		break;
	}
}

static void release_device(struct fixture *f, unsigned d) {
	for (unsigned i = 0; i < KEYS; i++) {
		if (key_set_has(&f->fakes.fake[d].down, keys[i])) {
			device_change(f, d, true, i);
		}
	}
	for (unsigned i = 0; i < BUTTONS; i++) {
		if (key_set_has(&f->fakes.fake[d].down, button_codes[i])) {
			device_change(f, d, false, i);
		}
	}
}

static void release_devices(struct fixture *f) {
	for (unsigned d = 0; d < DEVICES; d++) {
		release_device(f, d);
	}
}

static void wait_open(struct fixture *f, const struct fake *fake) {
	WAIT_ON(f->loop, fake->our_end >= 0, 5);
	settle(f);
}

static void replug(struct fixture *f) {
	const unsigned d = random_u32(f) % DEVICES;
	struct fake *fake = &f->fakes.fake[d];
	if (fake->plugged) {
		f->device[d] = (struct holder){ 0 };
		fake_unplug(&f->fakes, fake);
		f->unplugs++;
		settle(f);
	} else {
		fake_plug(&f->fakes, fake);
		wait_open(f, fake);
	}
}

/* The grab is let go: what devices held is released. */
static void forget_devices(struct fixture *f) {
	for (unsigned d = 0; d < DEVICES; d++) {
		f->device[d] = (struct holder){ 0 };
	}
}

static void change_grab(struct fixture *f) {
	const bool on = random_u32(f) % 4 != 0;
	if (!on) {
		forget_devices(f);
	}
	command(f, GUEST_LINK_GRAB, on);
	f->grabs += on;
	if (on && random_u32(f) % 2) {
		release_devices(f); /* the switch happens when all is up */
		const struct fake *fake = &f->fakes.fake[0];
		CHECK(!fake->plugged || fake->grabbed == f->enabled);
	}
}

/* ctrl-ctrl on the first keyboard, with nothing else down. */
static void toggle(struct fixture *f) {
	struct fake *fake = &f->fakes.fake[0];
	release_devices(f);
	if (!fake->plugged || !f->enabled) {
		return;
	}
	const bool was = fake->grabbed;
	const unsigned rightctrl = 4;
	CHECK_EQ(keys[rightctrl], KEY_RIGHTCTRL);
	fake_key(fake, KEY_LEFTCTRL, true);
	fake_key(fake, KEY_RIGHTCTRL, true);
	fake_key(fake, KEY_RIGHTCTRL, false);
	fake_key(fake, KEY_LEFTCTRL, false);
	settle(f);
	CHECK_EQ(fake->grabbed, !was);
	f->toggles++;
}

static void change_enabled(struct fixture *f) {
	f->enabled = !f->enabled;
	command(f, GUEST_LINK_INPUT, f->enabled);
	forget(f);
}

/* What cuts takes the devices back from us; they are not grabbed again by themselves. */
static void cut(struct fixture *f) {
	settle(f);
	switch (random_u32(f) % 3) {
	case 0:
		spice_peer_close(f->peer, SPICE_CHANNEL_INPUTS);
		break;
	case 1:
		spice_peer_close(f->peer, SPICE_CHANNEL_NONE);
		break;
	default:
		peer_stop(f);
		settle(f);
		peer_start(f);
		break;
	}
	settle(f);
	reconnect(f);
	forget(f);
	for (unsigned d = 0; d < DEVICES; d++) {
		CHECK(!f->fakes.fake[d].grabbed);
	}
	command(f, GUEST_LINK_RELEASE_ALL, true);
	f->cuts++;
}

/* Rare things: 1 of 200 steps. */
static void upset(struct fixture *f) {
	switch (random_u32(f) % 16) {
	case 0:
	case 1:
	case 2:
		command(f, GUEST_LINK_RELEASE_ALL, true);
		f->window = (struct holder){ 0 };
		break;
	case 3:
	case 4:
		change_enabled(f);
		break;
	case 5:
	case 6:
	case 7:
	case 8:
	case 9:
		change_grab(f);
		break;
	case 10:
	case 11:
		toggle(f);
		break;
	case 12:
	case 13:
		replug(f);
		break;
	default:
		cut(f);
		break;
	}
}

static void check_held(const struct fixture *f, unsigned long step) {
	if (!held_as_modelled(f)) {
		fail_msg("step %lu: the guest holds something else", step);
	}
	for (unsigned d = 0; d < DEVICES; d++) {
		const struct fake *fake = &f->fakes.fake[d];
		for (unsigned code = key_set_next(&fake->host_down, 1); code;
				code = key_set_next(&fake->host_down, code + 1)) {
			if (!key_set_has(&fake->down, code)) {
				fail_msg("step %lu: the desktop was left with key %u", step, code);
			}
		}
	}
}

static void start(struct fixture *f) {
	const char *seed = getenv("PG_SEED");
	f->random = seed ? strtoull(seed, NULL, 10) : 1;
	f->enabled = true;
	log_set_level(LOG_NONE);
	snprintf(f->path, sizeof f->path, "/tmp/pierglass-random-%d.sock", (int)getpid());
	f->fakes.linked = -1;
	fakes_add(&f->fakes, 1, "Board", true, false);
	fakes_add(&f->fakes, 2, "Second Board", true, false);
	fakes_add(&f->fakes, 3, "Mouse", false, true);
	fakes_add(&f->fakes, 4, "Combined", true, true);
	const struct device_finder finder = fakes_finder(&f->fakes);
	struct guest_link_config config = { .input = true,
		.grab_toggle = "ctrl-ctrl",
		.escape_key = "scrolllock",
		.evdev_count = 1,
		.evdev = { "all" },
		.finder = &finder };
	snprintf(config.uri, sizeof config.uri, "unix:%s", f->path);
	CHECK_EQ(loop_create(&f->loop), 0);
	peer_start(f);
	const struct guest_link_events events = { .status = on_status, .data = f };
	CHECK_EQ(guest_link_create(&f->session, f->loop, &config, NULL, NULL, &events), 0);
	reconnect(f);
	for (unsigned d = 0; d < DEVICES; d++) {
		wait_open(f, &f->fakes.fake[d]);
	}
}

static void finish(struct fixture *f) {
	release_devices(f);
	command(f, GUEST_LINK_RELEASE_ALL, true);
	CHECK(spice_peer_state(f->peer)->keys_held == 0 && spice_peer_state(f->peer)->buttons == 0);
	CHECK(f->order_errors == 0 && spice_peer_state(f->peer)->errors == 0);
	guest_link_destroy(f->session);
	for (unsigned d = 0; d < DEVICES; d++) {
		CHECK(!f->fakes.fake[d].grabbed && f->fakes.fake[d].our_end < 0 &&
				f->fakes.fake[d].host_down.count == 0);
	}
	peer_stop(f);
	loop_destroy(f->loop);
}

static void nothing_stays_held(void **state) {
	(void)state;
	static struct fixture f;
	const char *steps_text = getenv("PG_STEPS");
	const unsigned long steps = steps_text ? strtoul(steps_text, NULL, 10) : STEPS;
	start(&f);
	unsigned upsets = 0;
	for (unsigned long step = 0; step < steps; step++) {
		uint32_t what = random_u32(&f) % 200;
		if (what == 0) {
			upsets++;
			upset(&f);
		} else if (what < 70) {
			window_step(&f);
		} else if (what < 150) {
			device_step(&f);
		} else if (what < 190) {
			input(&f, INPUT_MOTION, 0, false, (int)(random_u32(&f) % 9) - 4, 1);
		} else {
			input(&f, INPUT_WHEEL, 0, false, 0, 120);
		}
		if (step % 20 == 0 || what == 0) {
			settle(&f);
			check_held(&f, step);
		}
	}
	print_message("%lu steps: %u events of devices, %u upsets, of them %u grabs, %u toggles, "
		      "%u unplugs, %u cuts; order errors %llu\n",
			steps, f.device_events, upsets, f.grabs, f.toggles, f.unplugs, f.cuts,
			(unsigned long long)f.order_errors);
	CHECK(steps < STEPS || (f.grabs > 50 && f.toggles > 3 && f.unplugs > 20 && f.cuts > 20));
	finish(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_stays_held) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
