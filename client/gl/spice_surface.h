/*
 * The fallback picture: the SPICE display's surface and pointer, written by pg-io, shown by
 * pg-video while there is no Looking Glass session.
 *
 * One lock, held while a draw is applied or while damage is uploaded; nothing waits for a swap
 * under it. Created and destroyed by the program; outlives the session part and the video part.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-proto/cursor.h"
#include "host-proto/frame.h"

struct fallback;

#define FALLBACK_SIDE_MAX   8192u
#define FALLBACK_DAMAGE_MAX 32u

int fallback_create(struct fallback **ret_fallback);
void fallback_destroy(struct fallback *fallback); /* accepts NULL */

/* Called on pg-io after each change; it must not take this lock. The video part sets it. NULL =
 * none, and after that call it never runs again. */
void fallback_set_wake(struct fallback *fallback, void (*wake)(void *data), void *data);

/* ---- pg-io ---- */

/* A new primary surface, black; shown with the first draw. -EINVAL: a side is 0 or above
 * FALLBACK_SIDE_MAX; -ENOMEM. */
int fallback_resize(struct fallback *fallback, uint32_t width, uint32_t height);
/* What is shown of the surface (a monitor on it), until the next fallback_resize(), which shows all
 * of it. Clamped; a rectangle of which nothing is left shows all. */
void fallback_crop(
		struct fallback *fallback, uint32_t x, uint32_t y, uint32_t width, uint32_t height);
/* The surface is gone: nothing to show. */
void fallback_clear(struct fallback *fallback);

/* The surface to draw into, under the lock. Words are 0xXXRRGGBB, rows `stride` words apart. */
struct fallback_surface {
	uint32_t *pixels; /* NULL: there is none */
	uint32_t width, height, stride;
};
void fallback_lock(struct fallback *fallback, struct fallback_surface *ret_surface);
/* Marks a rectangle (clamped to the surface) as changed; with the lock held. */
void fallback_damage(
		struct fallback *fallback, uint32_t x, uint32_t y, uint32_t width, uint32_t height);
void fallback_unlock(struct fallback *fallback); /* wakes if anything was damaged */

/* The pointer's image; the fallback copies it. Its serial is ignored. NULL = none. */
void fallback_set_cursor(struct fallback *fallback, const struct cursor_shape *shape);
/* Position of the hot spot on the surface. */
void fallback_move_cursor(struct fallback *fallback, int x, int y, bool visible);

/* ---- pg-video ---- */

/* What is shown, and what of it changed since the last take; locks. Pixels stay valid until
 * fallback_take_done(). */
struct fallback_view {
	const uint32_t *pixels; /* NULL: nothing to show */
	uint32_t width, height, stride;
	uint32_t generation; /* differs after every fallback_resize(), and when the crop changed */
	unsigned damage_count;
	struct frame_rect damage[FALLBACK_DAMAGE_MAX];
};
void fallback_take(struct fallback *fallback, struct fallback_view *ret_view);
/* uploaded: the damage was consumed, forget it. */
void fallback_take_done(struct fallback *fallback, bool uploaded);

struct fallback_pointer {
	bool known, visible;
	int x, y;              /* hot spot, from the corner of what is shown */
	uint32_t shape_serial; /* 0 = no shape yet; else differs from that of every other shape */
};
void fallback_get_pointer(struct fallback *fallback, struct fallback_pointer *ret_pointer);
/* Copies the shape out; false if there is none. */
bool fallback_get_cursor(struct fallback *fallback, struct cursor_shape *ret_shape);
