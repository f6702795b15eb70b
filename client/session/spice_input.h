/*
 * Routed input to the SPICE inputs channel: key codes to scancodes, buttons to SPICE's. On pg-io.
 */
#pragma once

#include "host-proto/spice/draw.h"
#include "host-proto/spice/inputs.h"
#include "input/guest_input.h"

struct spice_input {
	struct spice_inputs inputs;
	/* Positions that come while the server takes relative motion only are turned into the
	 * difference to the last one. */
	bool absolute;
	/* The guest's monitor on its surface; empty = unknown. Positions count from its corner;
	 * outside the surface they would wrap in QEMU, so they are clamped. */
	struct spice_rect screen;
	bool has_position;
	int32_t x, y;
	bool moved; /* motion since spice_input_take_moved() */
	void (*flushed)(void *data);
	void *data;
};

/* flushed: something was written to the channel; watch it for the rest. */
void spice_input_init(struct spice_input *sink, void (*flushed)(void *data), void *data);
/* The table for router_set_guest(). */
struct guest_input spice_input_table(struct spice_input *sink);
/* The server takes absolute positions now, or not. */
void spice_input_set_absolute(struct spice_input *sink, bool absolute);
/* Whether motion went out since the last call. */
bool spice_input_take_moved(struct spice_input *sink);
