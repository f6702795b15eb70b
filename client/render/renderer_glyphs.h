/*
 * The glyphs of the overlay: of the embedded face where that is drawn in its own size, else of the
 * desktop's fonts. On pg-video, with the current context unless they are `plain`.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/gl/gl.h"

struct glyph_font;

#define RENDERER_GLYPHS 1024 /* a power of two; the table is never fuller than half */

/* Glyphs in one texture, each in the sizes that it was used in, drawn when first used. */
struct renderer_glyphs {
	bool plain;            /* constant: in memory, without GL */
	unsigned char *pixels; /* plain: rows of side; NULL = none yet */
	GLuint texture;        /* 0 = none yet */
	int side;              /* px */
	int x, y, high;        /* the row of them that is being filled */
	unsigned count;
	bool full;    /* since the last renderer_glyphs_enlarge() */
	bool emptied; /* for this load, at its largest */
	struct {
		uint32_t code; /* 0 = free */
		unsigned short x, y, width, height;
	} table[RENDERER_GLYPHS];
	struct glyph_font *font;
	char family[128]; /* asked first; "" = the desktop's */
	bool font_tried;
};

void renderer_glyphs_finish(struct renderer_glyphs *glyphs);
/* Where the character lies in the texture in that size: left, top, right, bottom in 0..1. Nothing
 * (an empty place) where there is no room for it: renderer_glyphs_enlarge() says so. */
void renderer_glyphs_find(struct renderer_glyphs *glyphs, uint32_t code, int width, int height,
		float ret_uv[4]);
/* The same of plain glyphs: coverage in rows of side, or NULL. */
const unsigned char *renderer_glyphs_cover(
		struct renderer_glyphs *glyphs, uint32_t code, int width, int height);
/* True: there was no room, now there is more, and all places are others. */
bool renderer_glyphs_enlarge(struct renderer_glyphs *glyphs);
