/*
 * The embedded face: fixed cells of 9x18 pixels for Latin, Greek, Cyrillic and some signs. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define GLYPHS_WIDTH  9
#define GLYPHS_HEIGHT 18

bool glyphs_has(uint32_t code);
/* Fills width x height bytes of coverage, top row first: in the size of the face its pixels, in
 * another one their share of each. A box for what the face lacks. */
void glyphs_draw(uint32_t code, int width, int height, unsigned char *pixels);

/* Cells that the character takes: 2 for the wide ones of East Asia, else 1. */
int glyphs_columns(uint32_t code);
