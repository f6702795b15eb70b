/*
 * The surface and the pointer of the SPICE display: written by pg-io, shown by pg-video while there
 * is no Looking Glass session.
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

struct spice_surface;

#define SPICE_SURFACE_SIDE_MAX   8192u
#define SPICE_SURFACE_DAMAGE_MAX 32u

int spice_surface_create(struct spice_surface **ret_surface);
void spice_surface_destroy(struct spice_surface *spice_surface); /* accepts NULL */

/* Called on pg-io after each change; it must not take this lock. The video part sets it. NULL =
 * none, and after that call it never runs again. */
void spice_surface_set_wake(
		struct spice_surface *spice_surface, void (*wake)(void *data), void *data);

/* ---- pg-io ---- */

/* A new primary surface, black; shown with the first draw. -EINVAL: a side is 0 or above
 * SPICE_SURFACE_SIDE_MAX; -ENOMEM. */
int spice_surface_resize(struct spice_surface *spice_surface, uint32_t width, uint32_t height);
/* What is shown of the surface (a monitor on it), until the next spice_surface_resize(), which
 * shows all of it. Clamped; a rectangle of which nothing is left shows all. */
void spice_surface_crop(struct spice_surface *spice_surface, uint32_t x, uint32_t y, uint32_t width,
		uint32_t height);
/* The surface is gone: nothing to show. */
void spice_surface_clear(struct spice_surface *spice_surface);

/* The surface to draw into, under the lock. Words are 0xXXRRGGBB, rows `stride` words apart. */
struct spice_surface_pixels {
	uint32_t *pixels; /* NULL: there is none */
	uint32_t width, height, stride;
};
void spice_surface_lock(
		struct spice_surface *spice_surface, struct spice_surface_pixels *ret_surface);
/* Marks a rectangle (clamped to the surface) as changed; with the lock held. */
void spice_surface_damage(struct spice_surface *spice_surface, uint32_t x, uint32_t y,
		uint32_t width, uint32_t height);
void spice_surface_unlock(struct spice_surface *spice_surface); /* wakes if anything was damaged */

/* The pointer's image; the SPICE surface copies it. Its serial is ignored. NULL = none. */
void spice_surface_set_cursor(
		struct spice_surface *spice_surface, const struct cursor_shape *shape);
/* Position of the hot spot on the surface. */
void spice_surface_move_cursor(struct spice_surface *spice_surface, int x, int y, bool visible);

/* ---- pg-video ---- */

/* What is shown, and what of it changed since the last take; locks. Pixels stay valid until
 * spice_surface_take_done(). */
struct spice_surface_view {
	const uint32_t *pixels; /* NULL: nothing to show */
	uint32_t width, height, stride;
	uint32_t generation; /* differs after every spice_surface_resize(), and when the crop
				changed */
	unsigned damage_count;
	struct frame_rect damage[SPICE_SURFACE_DAMAGE_MAX];
};
void spice_surface_take(struct spice_surface *spice_surface, struct spice_surface_view *ret_view);
/* uploaded: the damage was consumed, forget it. */
void spice_surface_take_done(struct spice_surface *spice_surface, bool uploaded);

struct spice_surface_pointer {
	bool known, visible;
	int x, y;              /* hot spot, from the corner of what is shown */
	uint32_t shape_serial; /* 0 = no shape yet; else differs from that of every other shape */
};
void spice_surface_get_pointer(
		struct spice_surface *spice_surface, struct spice_surface_pointer *ret_pointer);
/* Copies the shape out; false if there is none. */
bool spice_surface_get_cursor(struct spice_surface *spice_surface, struct cursor_shape *ret_shape);
