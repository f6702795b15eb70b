/*
 * A set of window rectangles that must be drawn again. Pure. Bounded: when there are too many,
 * rectangles are merged into larger ones.
 */
#pragma once

#include <stdbool.h>

#include "client/gl/picture_types.h"

#define REGION_RECTS_MAX 24

struct region {
	bool all;
	unsigned count;
	struct rect rects[REGION_RECTS_MAX];
};

void region_clear(struct region *region);
void region_add_all(struct region *region);
void region_add(struct region *region, const struct rect *rect);
void region_add_region(struct region *region, const struct region *other);
bool region_empty(const struct region *region);

/* Adds a rectangle to a region of at most `most` rectangles (fewer than REGION_RECTS_MAX), none of
 * which overlap: what it touches becomes one with it, and where there are too many the two that lie
 * best together do. */
void region_cover(struct region *region, const struct rect *rect, unsigned most);

/* Takes what lies in `cut` out of the region, which is finished, and adds it to the other one.
 * False: the rest would be too many rectangles; nothing was changed. */
bool region_cut(struct region *region, const struct rect *cut, struct region *ret_cut);

/* Calls `part` with those parts of the rectangle, which do not overlap, that lie in none of the
 * cuts: exact, however many there are. */
void region_outside(const struct rect *rect, const struct rect *cuts, unsigned count,
		void (*part)(const struct rect *part, void *data), void *data);

/* Clamps to the window, replaces `all` by one rectangle, and makes the rectangles not overlap (a
 * pixel drawn twice would be blended twice). */
void region_finish(struct region *region, int width, int height);
