/* A bitmap font of 5 by 7 dots for the demo guest: digits, capitals and some signs. */
#pragma once

#include <stdint.h>

#define BITMAP_FONT_WIDTH  5
#define BITMAP_FONT_HEIGHT 7

/* Rows from the top, bit 4 = left; an empty glyph for anything it does not have. */
const uint8_t *bitmap_font_glyph(char character);
