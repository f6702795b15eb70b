/* A face of 5 by 7 dots for the demo guest: digits, capitals and some signs. */
#pragma once

#include <stdint.h>

#define DEMO_FACE_WIDTH  5
#define DEMO_FACE_HEIGHT 7

/* Rows from the top, bit 4 = left; an empty glyph for anything it does not have. */
const uint8_t *demo_face_glyph(char character);
