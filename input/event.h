/*
 * One type of event for every source of input: evdev devices and the window. Keys are Linux key
 * codes (positions, not letters); the router translates them for the guest.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "input/led.h"

enum input_kind {
	INPUT_NONE,
	INPUT_KEY,      /* code = KEY_*, pressed; repeats are not forwarded */
	INPUT_BUTTON,   /* code = enum input_button, pressed */
	INPUT_MOTION,   /* x, y: relative, counts */
	INPUT_POSITION, /* x, y: absolute, pixels of the guest's desktop */
	INPUT_WHEEL,    /* x, y: 1/120 notch; y > 0 = away from the user, x > 0 = right */
};

enum input_button {
	INPUT_BUTTON_NONE,
	INPUT_BUTTON_LEFT,
	INPUT_BUTTON_MIDDLE,
	INPUT_BUTTON_RIGHT,
	INPUT_BUTTON_SIDE,
	INPUT_BUTTON_EXTRA,
	INPUT_BUTTON_COUNT,
};

#define INPUT_SOURCE_WINDOW 0u /* evdev devices are 1.. */

struct guest_input_event {
	uint64_t time_ns; /* of the kernel's event, or when the window told us */
	enum input_kind kind;
	unsigned source; /* held keys are tracked per source: an unplugged device releases its own
			  */
	unsigned code;
	bool pressed;
	int32_t x, y;
};
