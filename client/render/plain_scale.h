/*
 * Draws a picture in memory at its size in a window in memory: copied at 1:1, else the nearest
 * pixel or linear between four. For windows without OpenGL. Pure but for the tables that it keeps.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct layout;
struct rect;

struct plain_image { /* pixels 0x..RRGGBB */
	const uint32_t *pixels;
	size_t stride; /* pixels */
};

struct plain_scale {
	uint32_t *row; /* of the image, between two of its rows */
	struct plain_column *columns;
	size_t row_size, columns_size;
};

void plain_scale_finish(struct plain_scale *scale);
/* Draws what of the picture lies in the rectangle, which is inside the layout's picture and the
 * target. level: 256 shows it as it is, 0 is black. False: there is no memory, nothing was drawn.
 */
bool plain_scale_draw(struct plain_scale *scale, const struct plain_image *image,
		const struct layout *layout, bool linear, unsigned level, uint32_t *target,
		size_t stride, const struct rect *rect);
