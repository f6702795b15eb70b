/*
 * Raster operations on surfaces of words (spice.md 9.2). Pure. The caller clips the rectangles;
 * those of a copy may overlap.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host-proto/spice/image.h"

struct spice_rect {
	int32_t left, top, right, bottom; /* right and bottom exclusive */
};

static inline bool spice_rect_is_empty(const struct spice_rect *rect) {
	return rect->right <= rect->left || rect->bottom <= rect->top;
}

struct spice_rect spice_rect_intersect(const struct spice_rect *a, const struct spice_rect *b);

enum draw_kind {
	DRAW_ROP,         /* enum spice_rop on source (image or colour) and destination */
	DRAW_ROP3,        /* Windows' ternary operation on pattern (colour), source, destination */
	DRAW_TRANSPARENT, /* source pixels but those of one colour */
	DRAW_ALPHA,       /* source over destination; premultiplied when it has alpha of its own */
};

/* One operation: what is drawn into `box`; of it, the part inside `clip`. */
struct draw {
	enum draw_kind kind;
	unsigned rop;   /* DRAW_ROP: enum spice_rop; DRAW_ROP3: 0..255 */
	uint32_t color; /* brush, or the transparent colour */
	uint8_t alpha;  /* DRAW_ALPHA */
	bool image_has_alpha;
	const struct spice_image *image; /* NULL: the colour is the source */
	struct spice_rect area;          /* of the image; scaled to the box when sizes differ */
	struct spice_rect box;
};

/* clip lies inside box and inside the surface, and is not empty. row: room for
 * SPICE_IMAGE_SIDE_MAX words. */
void draw_clipped(const struct draw *draw, const struct spice_surface *surface,
		const struct spice_rect *clip, uint32_t *row);

/* What a pixel of it costs, in pixels that are copied. */
int draw_cost(const struct draw *draw);

/* Moves box's pixels from (src_x, src_y); both rectangles lie inside the surface. Of its rows those
 * from number first on, in the order in which they must be moved. Returns where they went. */
struct spice_rect draw_move(const struct spice_surface *surface, const struct spice_rect *box,
		int32_t src_x, int32_t src_y, int32_t first, int32_t count);
