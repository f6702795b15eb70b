/*
 * Glyphs from the fonts of the desktop: fontconfig finds a font that has the character, FreeType
 * draws it. One column wide from a fixed-width font, two columns wide (Chinese, Japanese, Korean)
 * from any. Each character stands for itself: nothing is shaped, joined or turned from right to
 * left (Arabic, Hebrew, Devanagari). Without these libraries at build time, or without a font,
 * there are none. pg-video only; looked for on first use.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct glyph_font;

/* family is asked first ("" = the desktop's choice); copied. Accepts failure: NULL is a font
 * without glyphs. */
struct glyph_font *glyph_font_create(const char *family);
void glyph_font_destroy(struct glyph_font *font); /* accepts NULL */

/* Draws the character into width x height bytes of coverage, top row first: the cell that it has in
 * a line of that height. columns: 1 or 2 (glyphs.h). False if no font has it. May read files. */
bool glyph_font_draw(struct glyph_font *font, uint32_t code, int columns, int width, int height,
		unsigned char *pixels);

/* Whether each character of the text (UTF-8) is in the embedded face or in a font. Reads files
 * where the face does not do. Any thread. */
bool glyph_font_writes(const char *family, const char *text);
