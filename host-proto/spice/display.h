/*
 * The display channel of the client (doc/protocol/spice.md 9): surfaces and what is drawn on them.
 * Covers all that QEMU's std, virtio and qxl devices send with compression off, and the cheap rest
 * of QXL's operations. An operation that is not drawn is counted and named, never a reason to fail.
 *
 * No thread, no log. The primary surface's memory is the target's: it is locked while one message
 * is drawn, or a part of a large one. Work per message is bounded by the size of the surface, work
 * per call by a number of pixels, whatever the message says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-proto/spice/draw.h"
#include "host-proto/spice/image.h"
#include "host-proto/spice/wire.h"

#define SPICE_SURFACES_MAX 16u
#define SPICE_STREAMS_MAX  64u

/* What is told to the server. Without a codec in it no area becomes a video stream: the server goes
 * on to draw it. */
uint32_t spice_display_caps(void);

struct spice_display;

struct spice_display_target {
	/* A primary surface of this size, black. Called when something is drawn for the first time,
	 * so that there is no black picture in between. A negative errno: nothing is shown. */
	int (*resize)(uint32_t width, uint32_t height, void *data);
	void (*lock)(struct spice_surface *ret_surface, void *data);
	void (*damage)(uint32_t x, uint32_t y, uint32_t width, uint32_t height, void *data);
	void (*unlock)(void *data);
	/* The part of the primary surface that is the guest's monitor, mostly the whole. Called
	 * after resize() and when it changed. */
	void (*crop)(const struct spice_rect *monitor, void *data);
	/* The same, as positions of the pointer refer to it; at once, also before something is
	 * drawn.
	 */
	void (*screen)(const struct spice_rect *monitor, void *data);
	void *data;
};

int spice_display_create(
		struct spice_display **ret_display, const struct spice_display_target *target);
void spice_display_destroy(struct spice_display *display); /* accepts NULL */

/* Forgets all surfaces: the channel was closed. */
void spice_display_reset(struct spice_display *display);

/* A message of the server. Returns 0, -EBADMSG, or 1: a large draw is done in part, a few
 * milliseconds of it; call again with the same message, before any other, when the keys had their
 * turn. */
int spice_display_message(
		struct spice_display *display, unsigned type, const uint8_t *body, size_t len);

#define SPICE_DISPLAY_CODEC "video as "

/* What was asked for and not drawn, a name each kind once; NULL = nothing new. A codec begins with
 * SPICE_DISPLAY_CODEC. */
const char *spice_display_take_unsupported(struct spice_display *display);
