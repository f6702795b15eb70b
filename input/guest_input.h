/*
 * Where routed input goes: the SPICE inputs channel now, the host program's own input queue for
 * later hosts (kvmfr.md A.5). The router calls these on pg-io; none of them blocks. What the sink
 * cannot take now (motion above its window) it merges; keys and buttons it must take.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "input/event.h"

struct input_sink {
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
