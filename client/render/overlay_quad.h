/*
 * The overlay as it is laid out: glyphs and plain rectangles, in the order of drawing.
 */
#pragma once

#include <stdint.h>

/* One thing to draw, in window pixels from the top left. glyph = 0: a plain rectangle. Colours are
 * straight 0xAARRGGBB. */
struct overlay_quad {
	float x, y, width, height;
	uint32_t glyph; /* code point; drawn into the rectangle */
	uint32_t color;
};
