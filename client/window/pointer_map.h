/*
 * Maps a point of the window to the guest's desktop. Pure.
 */
#pragma once

#include <stdbool.h>

#include "client/gl/picture_types.h"

struct pointer_map {
	/* Pixels of the window per unit of SDL's coordinates. */
	double scale_x, scale_y;
	struct video_geometry picture;
	int desktop_width, desktop_height; /* upright; 0 = there is none */
};

struct pointer_point {
	double x, y; /* pixels of the desktop, clamped to 0 .. size - 1 */
	bool inside; /* the point is on the picture */
};

/* x, y: SDL's coordinates (the middle of that unit is meant). Without a picture: 0, 0, not inside.
 */
struct pointer_point pointer_map_point(const struct pointer_map *map, double x, double y);

/* A motion as the user sees it, turned as the picture is. */
void pointer_map_turn(
		const struct pointer_map *map, double dx, double dy, double *ret_x, double *ret_y);
