#include "client/render/renderer_glyphs.h"

#include <stdlib.h>
#include <string.h>

#include "client/text/glyph_font.h"
#include "client/text/glyphs.h"

#define SIDE_FIRST 256
#define SIDE_MAX   2048

static void make_texture(struct renderer_glyphs *glyphs, int side) {
	if (glyphs->texture == 0) {
		glGenTextures(1, &glyphs->texture);
	}
	glActiveTexture(GL_TEXTURE0);
	glBindTexture(GL_TEXTURE_2D, glyphs->texture);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_R8, side, side, 0, GL_RED, GL_UNSIGNED_BYTE, NULL);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 0);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
}

/* An empty one. False: there is no memory. */
static bool make_room(struct renderer_glyphs *glyphs, int side) {
	if (glyphs->plain) {
		free(glyphs->pixels);
		glyphs->pixels = calloc((size_t)side, (size_t)side);
	} else {
		make_texture(glyphs, side);
	}
	memset(glyphs->table, 0, sizeof glyphs->table);
	glyphs->side = glyphs->plain && !glyphs->pixels ? 0 : side;
	glyphs->x = glyphs->y = glyphs->high = 0;
	glyphs->count = 0;
	return glyphs->side > 0;
}

bool renderer_glyphs_enlarge(struct renderer_glyphs *glyphs) {
	if (!glyphs->full) {
		return false;
	}
	glyphs->full = false;
	/* At the largest: what is used no more makes room. Once a load. */
	if (glyphs->side == SIDE_MAX && glyphs->emptied) {
		glyphs->emptied = false;
		return false;
	}
	glyphs->emptied = glyphs->side == SIDE_MAX;
	return make_room(glyphs, glyphs->side < SIDE_MAX ? 2 * glyphs->side : SIDE_MAX);
}

void renderer_glyphs_finish(struct renderer_glyphs *glyphs) {
	if (!glyphs->plain) {
		glDeleteTextures(1, &glyphs->texture);
	}
	free(glyphs->pixels);
	glyph_font_destroy(glyphs->font);
}

/* A place of that size; false: there is none. */
static bool find_room(
		struct renderer_glyphs *glyphs, int width, int height, int *ret_x, int *ret_y) {
	if (glyphs->x + width > glyphs->side) {
		glyphs->y += glyphs->high;
		glyphs->x = glyphs->high = 0;
	}
	if (glyphs->count >= RENDERER_GLYPHS / 2 || glyphs->x + width > glyphs->side ||
			glyphs->y + height > glyphs->side) {
		return false;
	}
	*ret_x = glyphs->x;
	*ret_y = glyphs->y;
	glyphs->x += width;
	glyphs->high = height > glyphs->high ? height : glyphs->high;
	return true;
}

static void draw(struct renderer_glyphs *glyphs, uint32_t code, int width, int height,
		unsigned char *pixels) {
	const int columns = glyphs_columns(code);
	/* Its pixels are crisp in this size, and no font has to be looked for. */
	const bool own = glyphs_has(code) && height == GLYPHS_HEIGHT;
	if (!own && !glyphs->font_tried) {
		glyphs->font_tried = true;
		glyphs->font = glyph_font_create(glyphs->family);
	}
	if (own || !glyph_font_draw(glyphs->font, code, columns, width, height, pixels)) {
		glyphs_draw(code, width, height, pixels);
	}
}

/* The entry of that glyph, or the free one that it gets. */
static unsigned find(const struct renderer_glyphs *glyphs, uint32_t code, int width, int height) {
	unsigned at = (code * 2654435761u ^ (unsigned)height * 40503u) % RENDERER_GLYPHS;
	while (glyphs->table[at].code != 0 &&
			(glyphs->table[at].code != code || glyphs->table[at].height != height ||
					glyphs->table[at].width != width)) {
		at = (at + 1) % RENDERER_GLYPHS;
	}
	return at;
}

static void put(struct renderer_glyphs *glyphs, int x, int y, int width, int height,
		const unsigned char *pixels) {
	if (!glyphs->plain) {
		glActiveTexture(GL_TEXTURE0);
		glBindTexture(GL_TEXTURE_2D, glyphs->texture);
		glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
		glTexSubImage2D(GL_TEXTURE_2D, 0, x, y, width, height, GL_RED, GL_UNSIGNED_BYTE,
				pixels);
		return;
	}
	for (int row = 0; row < height; row++) {
		memcpy(glyphs->pixels + (size_t)(y + row) * (size_t)glyphs->side + x,
				pixels + (size_t)row * (size_t)width, (size_t)width);
	}
}

static bool add(struct renderer_glyphs *glyphs, unsigned at, uint32_t code, int width, int height) {
	int x;
	int y;
	unsigned char *pixels = malloc((size_t)width * (size_t)height);
	if (!pixels || !find_room(glyphs, width, height, &x, &y)) {
		glyphs->full = pixels != NULL;
		free(pixels);
		return false;
	}
	draw(glyphs, code, width, height, pixels);
	put(glyphs, x, y, width, height, pixels);
	free(pixels);
	glyphs->table[at].code = code;
	glyphs->table[at].x = (unsigned short)x;
	glyphs->table[at].y = (unsigned short)y;
	glyphs->table[at].width = (unsigned short)width;
	glyphs->table[at].height = (unsigned short)height;
	glyphs->count++;
	return true;
}

/* Its entry, drawn if need be. False: there is no room for it. */
static bool place(struct renderer_glyphs *glyphs, uint32_t code, int width, int height,
		unsigned *ret_at) {
	if (width < 1 || height < 1 || (glyphs->side == 0 && !make_room(glyphs, SIDE_FIRST))) {
		return false;
	}
	*ret_at = find(glyphs, code, width, height);
	return glyphs->table[*ret_at].code != 0 || add(glyphs, *ret_at, code, width, height);
}

const unsigned char *renderer_glyphs_cover(
		struct renderer_glyphs *glyphs, uint32_t code, int width, int height) {
	unsigned at;
	if (!place(glyphs, code, width, height, &at)) {
		return NULL;
	}
	return glyphs->pixels + (size_t)glyphs->table[at].y * (size_t)glyphs->side +
	       glyphs->table[at].x;
}

void renderer_glyphs_find(struct renderer_glyphs *glyphs, uint32_t code, int width, int height,
		float ret_uv[4]) {
	unsigned at;
	if (!place(glyphs, code, width, height, &at)) {
		memset(ret_uv, 0, 4 * sizeof *ret_uv);
		return;
	}
	const float side = (float)glyphs->side;
	ret_uv[0] = (float)glyphs->table[at].x / side;
	ret_uv[1] = (float)glyphs->table[at].y / side;
	ret_uv[2] = (float)(glyphs->table[at].x + width) / side;
	ret_uv[3] = (float)(glyphs->table[at].y + height) / side;
}
