/*
 * The guest's end of the input: the SPICE inputs channel, or the host program's own input stream
 * (kvmfr.md A.5). The router calls these functions on pg-io; none of them blocks. Motion that
 * cannot be sent now (it is above the channel's window) is merged there; keys and buttons must be
 * taken.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "input/event.h"

struct guest_input {
	void *data;
	void (*key)(void *data, unsigned key_code, bool pressed);
	/* buttons: bit (1 << enum input_button) of all that are held after this event */
	void (*button)(void *data, enum input_button button, bool pressed, unsigned buttons);
	void (*motion)(void *data, int32_t dx, int32_t dy, unsigned buttons);
	void (*position)(void *data, int32_t x, int32_t y, unsigned buttons);
	/* whole notches, > 0 = up */
	void (*wheel)(void *data, int notches, unsigned buttons);
	/* All that the events of one wake-up gave is in: write it out now. */
	void (*flush)(void *data);
};
