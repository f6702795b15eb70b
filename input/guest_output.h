/*
 * The guest's side of the router: the keys and buttons that the guest believes are held, by any
 * number of sources, and the motion that waits to be sent. The guest hears of the first press and
 * the last release. The router decides what each source may send. Pure; one thread at a time.
 *
 * Zeroed memory is an output without a guest: what is pressed then is booked and reaches nobody.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "input/chord.h"
#include "input/guest_input.h"
#include "input/keymap.h"

#define GUEST_MOTION_MAX 32767 /* of one message; QEMU takes it whole (spice.md 5.4) */

/* What one source holds in the guest. */
struct guest_held {
	struct key_set keys;
	unsigned buttons; /* bits of enum input_button */
};

struct guest_output {
	struct guest_input guest;
	bool has_guest;
	uint8_t key_holders[KEYMAP_CODES]; /* sources that have sent this key as pressed */
	uint8_t button_holders[INPUT_BUTTON_COUNT];
	unsigned keys_held;    /* keys the guest believes are held */
	unsigned buttons_held; /* the same of buttons: bits */
	bool motion_waits;
	bool position_waits;
	int32_t dx, dy;
	int32_t x, y;
	bool unflushed;
};

void guest_output_key(
		struct guest_output *out, struct guest_held *held, unsigned code, bool pressed);
void guest_output_button(
		struct guest_output *out, struct guest_held *held, unsigned button, bool pressed);
/* All that the source holds. */
void guest_output_release(struct guest_output *out, struct guest_held *held);

/* Motion is collected until the next key, button, notch or flush. */
void guest_output_motion(struct guest_output *out, int32_t dx, int32_t dy);
void guest_output_position(struct guest_output *out, int32_t x, int32_t y);
void guest_output_wheel(struct guest_output *out, int notches);
/* Collected motion goes out, ahead of what follows. */
void guest_output_send_motion(struct guest_output *out);
/* Collected motion goes out, and everything is written. */
void guest_output_flush(struct guest_output *out);

/* The guest is there (copied). */
void guest_output_set(struct guest_output *out, const struct guest_input *guest);
/* The guest is gone, and what waits for it with it. Then release what the sources hold, and call
 * guest_output_forget(). */
void guest_output_lose(struct guest_output *out);
/* Nothing is left to be flushed. */
void guest_output_forget(struct guest_output *out);
/* Another way to the same guest (copied): what is held is pressed on it, but for the keys in `but`
 * (NULL: none), which its owner presses. */
void guest_output_switch(struct guest_output *out, const struct guest_input *guest,
		const struct key_set *but);
