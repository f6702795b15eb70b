/*
 * The embedded face: a fixed cell of 9x18 pixels for Latin, Greek, Cyrillic and some signs. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define GLYPHS_WIDTH        9
#define GLYPHS_HEIGHT       18
#define GLYPHS_COLUMNS      25
#define GLYPHS_ATLAS_WIDTH  512
#define GLYPHS_ATLAS_HEIGHT 512
#define GLYPHS_FREE_X       256 /* from here on the atlas is empty: room for other fonts */

/* Fills GLYPHS_ATLAS_WIDTH x GLYPHS_ATLAS_HEIGHT bytes, 0 or 255, top row first. */
void glyphs_draw_atlas(unsigned char *pixels);

/* left, top, right, bottom in 0..1 of the atlas; a box for what the face lacks. */
void glyphs_find(uint32_t code, float ret_uv[4]);
bool glyphs_has(uint32_t code);

/* Cells that the character takes: 2 for the wide ones of East Asia, else 1. */
int glyphs_columns(uint32_t code);
