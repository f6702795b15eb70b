/*
 * The inputs channel of the client (doc/protocol/spice.md 5): messages for keys, buttons, wheel and
 * motion, and the window of motion that the server has not acknowledged. No I/O of its own: bytes
 * go into the channel's queue, and a flush writes them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-proto/spice/wire.h"

struct spice_channel;

#define SPICE_MOTION_WINDOW 8u

struct spice_inputs {
	struct spice_channel *channel; /* NULL = not linked: everything is dropped */
	unsigned buttons;              /* enum spice_button_mask: what the server was told */

	unsigned window;      /* motions that may be on the way */
	unsigned outstanding; /* not acknowledged yet */
	bool pending_motion;
	int64_t dx, dy;
	bool pending_position;
	uint32_t x, y;

	bool leds_reported;    /* the server has said them, on this link */
	unsigned wanted_leds;  /* until then: what they are to be … */
	unsigned wanted_locks; /* … of these */
	unsigned server_leds;  /* the server's idea, which Pause turns wrong (5.3) */
	bool scroll_is_wrong;  /* its idea of scroll lock is the opposite of the truth */

	uint64_t sent;   /* motions and positions */
	uint64_t merged; /* that went into a later one */
};

/* window: 1..32; 0 = SPICE_MOTION_WINDOW. */
void spice_inputs_init(struct spice_inputs *inputs, unsigned window);

/* The channel was linked: starts afresh and tells the server that no button is held, because it
 * keeps those of a client that crashed. */
void spice_inputs_linked(struct spice_inputs *inputs, struct spice_channel *channel);
void spice_inputs_closed(struct spice_inputs *inputs);

/* A message of the server. Returns 1 when the lock keys changed, 0, or -EBADMSG. */
int spice_inputs_message(
		struct spice_inputs *inputs, unsigned type, const uint8_t *body, size_t len);

/* Set-1 scancode: 0x1e, or 0xe048 for one with prefix. Pause is 0xe046. */
void spice_inputs_key(struct spice_inputs *inputs, uint16_t scancode, bool pressed);
/* LEFT, MIDDLE, RIGHT, SIDE, EXTRA. Motion that was held back goes out before it. */
void spice_inputs_button(struct spice_inputs *inputs, enum spice_button button, bool pressed);
/* Notches, > 0 = up; at most 64 at a time are sent. */
void spice_inputs_wheel(struct spice_inputs *inputs, int notches);
void spice_inputs_motion(struct spice_inputs *inputs, int32_t dx, int32_t dy);
/* Pixels of the primary surface. */
void spice_inputs_position(struct spice_inputs *inputs, uint32_t x, uint32_t y);
void spice_inputs_flush(struct spice_inputs *inputs);

/* The guest's lock keys (enum spice_modifier), as far as known. */
unsigned spice_inputs_leds(const struct spice_inputs *inputs);
/* Makes those of the guest's lock keys that are in `locks` equal to `leds`, if they differ; once
 * the server has said how they are. */
void spice_inputs_set_leds(struct spice_inputs *inputs, unsigned leds, unsigned locks);
