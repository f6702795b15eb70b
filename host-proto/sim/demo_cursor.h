/* The demo guest's pointer shapes, one of each kind (doc/protocol/kvmfr.md 6.2). Pure. */
#pragma once

#include "host-proto/sim/kvmfr_host.h"

#define DEMO_CURSOR_SIDE 32

struct demo_cursor_shape {
	struct kvmfr_host_shape shape; /* data points to pixels */
	uint8_t pixels[DEMO_CURSOR_SIDE * DEMO_CURSOR_SIDE * 4];
};

/* type: 0 = an arrow with a soft shadow (premultiplied), 1 = a text bar that inverts, 2 = a cross
 * that inverts with a ring that replaces. */
void demo_cursor_draw(unsigned type, struct demo_cursor_shape *shape);
