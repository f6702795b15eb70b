/*
 * Runs inside the lab's guest beside a pierglass that reads all devices (tests/integration/
 * evdev-spice): plays a keyboard and a mouse that are unplugged with things held and plugged in
 * again. Every round presses the same, so that the other end can tell what is missing.
 *
 *	lab_replug ROUNDS
 */
#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "tests/support/uinput.h"

#define GRAB_NS  (20 * NS_PER_S)
#define PAUSE_NS (60 * NS_PER_MS) /* what is not read when a device goes is lost in the kernel */

/* Until somebody has grabbed the node. Grabbing it ourselves is the only way to ask. */
static int wait_grabbed(struct uinput_device *device) {
	uint64_t end_ns = clock_now_ns() + GRAB_NS;
	struct bystander *bystander;
	int r = bystander_open(&bystander, uinput_node(device));
	while (r == 0) {
		clock_sleep_ns(40 * NS_PER_MS);
		int grabbed = bystander_grab(bystander, true);
		if (grabbed == -EBUSY) {
			break;
		}
		bystander_grab(bystander, false);
		r = clock_now_ns() > end_ns ? -ETIMEDOUT : grabbed;
	}
	if (r == 0 || r == -ETIMEDOUT) {
		bystander_close(bystander);
	}
	return r;
}

static int play_round(bool mouse_first) {
	struct uinput_device *keyboard;
	struct uinput_device *mouse;
	int r = uinput_create(&keyboard, "Lab Keyboard", true, false);
	if (r < 0) {
		return r;
	}
	r = uinput_create(&mouse, "Lab Mouse", false, true);
	if (r < 0) {
		uinput_destroy(keyboard);
		return r;
	}
	r = wait_grabbed(keyboard);
	r = r < 0 ? r : wait_grabbed(mouse);
	if (r == 0) {
		uinput_key(keyboard, KEY_W, true);
		uinput_key(keyboard, KEY_A, true);
		uinput_key(keyboard, KEY_A, false);
		clock_sleep_ns(PAUSE_NS);
		uinput_emit(mouse, EV_REL, REL_X, 3);
		uinput_emit(mouse, EV_REL, REL_Y, -2);
		uinput_emit(mouse, EV_SYN, SYN_REPORT, 0);
		uinput_key(mouse, BTN_LEFT, true);
		clock_sleep_ns(PAUSE_NS);
	}
	uinput_destroy(mouse_first ? mouse : keyboard);
	clock_sleep_ns(PAUSE_NS);
	uinput_destroy(mouse_first ? keyboard : mouse);
	clock_sleep_ns(PAUSE_NS);
	return r;
}

int main(int argc, char **argv) {
	int rounds = argc > 1 ? atoi(argv[1]) : 50;
	for (int i = 0; i < rounds; i++) {
		int r = play_round(i % 2);
		if (r < 0) {
			fprintf(stderr, "round %d: %d\n", i, r);
			return 1;
		}
	}
	printf("%d rounds played\n", rounds);
	return 0;
}
