/*
 * Glyphs that the embedded face lacks (Chinese, Japanese, Korean, …), from the fonts of the
 * desktop: fontconfig finds a font that has the character, FreeType draws it. Without these
 * libraries at build time, or without such a font, there are none. pg-video only; looked for on
 * first use.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct glyph_font;

#define GLYPH_FONT_SIDE 18 /* pixels of a drawn cell, both ways */

/* family is asked first ("" = the desktop's sans); copied. Accepts failure: NULL is a font without
 * glyphs. */
struct glyph_font *glyph_font_create(const char *family);
void glyph_font_destroy(struct glyph_font *font); /* accepts NULL */

/* Draws the character into GLYPH_FONT_SIDE x GLYPH_FONT_SIDE bytes of coverage, top row first.
 * False if no font has it. May read files. */
bool glyph_font_draw(struct glyph_font *font, uint32_t code, unsigned char *pixels);
