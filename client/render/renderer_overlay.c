/* What we write over the picture: the glyph atlas and the quads of the overlay. */
#include "client/render/renderer_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/gl/egl.h"
#include "client/gl/gl_util.h"
#include "client/render/glyph_font.h"
#include "client/render/glyphs.h"
#include "client/render/overlay.h"
#include "client/render/renderer_shaders.h"

bool renderer_overlay_create(struct renderer *renderer) {
	renderer->overlay_program =
			gl_program("", "", shader_overlay_vertex, shader_overlay_fragment);
	if (renderer->overlay_program == 0) {
		return false;
	}
	renderer->overlay_scale = glGetUniformLocation(renderer->overlay_program, "scale");
	renderer->overlay_offset = glGetUniformLocation(renderer->overlay_program, "offset");
	glGenBuffers(1, &renderer->overlay_buffer);
	glGenVertexArrays(1, &renderer->overlay_array);
	glBindVertexArray(renderer->overlay_array);
	glBindBuffer(GL_ARRAY_BUFFER, renderer->overlay_buffer);
	const GLsizei stride = 5 * (GLsizei)sizeof(float);
	glEnableVertexAttribArray(0);
	glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, stride, NULL);
	glEnableVertexAttribArray(1);
	glVertexAttribPointer(1, 2, GL_FLOAT, GL_FALSE, stride,
			(const void *)(uintptr_t)(2 * sizeof(float)));
	glEnableVertexAttribArray(2);
	glVertexAttribPointer(2, 4, GL_UNSIGNED_BYTE, GL_TRUE, stride,
			(const void *)(uintptr_t)(4 * sizeof(float)));
	glBindVertexArray(0);

	unsigned char *pixels = malloc((size_t)GLYPHS_ATLAS_WIDTH * GLYPHS_ATLAS_HEIGHT);
	if (!pixels) {
		return false;
	}
	glyphs_draw_atlas(pixels);
	glGenTextures(1, &renderer->overlay_atlas);
	glBindTexture(GL_TEXTURE_2D, renderer->overlay_atlas);
	glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_R8, GLYPHS_ATLAS_WIDTH, GLYPHS_ATLAS_HEIGHT, 0, GL_RED,
			GL_UNSIGNED_BYTE, pixels);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 0);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
	free(pixels);
	return true;
}

void renderer_overlay_finish(struct renderer *renderer) {
	glDeleteProgram(renderer->overlay_program);
	glDeleteTextures(1, &renderer->overlay_atlas);
	glDeleteBuffers(1, &renderer->overlay_buffer);
	glDeleteVertexArrays(1, &renderer->overlay_array);
	glyph_font_destroy(renderer->font);
}

struct overlay_vertex {
	float x, y, u, v;
	unsigned char color[4];
};

static void other_cell(unsigned index, int *ret_x, int *ret_y) {
	const unsigned columns = (GLYPHS_ATLAS_WIDTH - GLYPHS_FREE_X) / (GLYPH_FONT_SIDE + 1);
	static_assert((GLYPHS_ATLAS_WIDTH - GLYPHS_FREE_X) / (GLYPH_FONT_SIDE + 1) *
							(GLYPHS_ATLAS_HEIGHT /
									(GLYPH_FONT_SIDE + 1)) >=
					RENDERER_OTHER_GLYPHS,
			"the atlas has room for them");
	*ret_x = GLYPHS_FREE_X + (int)(index % columns) * (GLYPH_FONT_SIDE + 1);
	*ret_y = (int)(index / columns) * (GLYPH_FONT_SIDE + 1);
}

void renderer_set_font(struct renderer *renderer, const char *family) {
	snprintf(renderer->font_family, sizeof renderer->font_family, "%s", family);
}

/* A character that the embedded face lacks: its place among those of other fonts, drawn now if it
 * is new. False if there is none. */
static bool find_other(struct renderer *renderer, uint32_t code, unsigned *ret_index) {
	for (unsigned i = 0; i < renderer->other_count; i++) {
		if (renderer->other_glyphs[i] == code) {
			*ret_index = i;
			return renderer->other_has[i];
		}
	}
	if (renderer->other_count == RENDERER_OTHER_GLYPHS) {
		return false;
	}
	if (!renderer->font_tried) {
		renderer->font_tried = true;
		renderer->font = glyph_font_create(renderer->font_family);
	}
	const unsigned index = renderer->other_count++;
	unsigned char pixels[GLYPH_FONT_SIDE * GLYPH_FONT_SIDE];
	renderer->other_glyphs[index] = code;
	renderer->other_has[index] = glyph_font_draw(renderer->font, code, pixels);
	int x, y;
	other_cell(index, &x, &y);
	glActiveTexture(GL_TEXTURE0);
	glBindTexture(GL_TEXTURE_2D, renderer->overlay_atlas);
	glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
	glTexSubImage2D(GL_TEXTURE_2D, 0, x, y, GLYPH_FONT_SIDE, GLYPH_FONT_SIDE, GL_RED,
			GL_UNSIGNED_BYTE, pixels);
	*ret_index = index;
	return renderer->other_has[index];
}

static void find_glyph(struct renderer *renderer, uint32_t code, float ret_uv[4]) {
	unsigned index;
	if (glyphs_has(code) || !find_other(renderer, code, &index)) {
		glyphs_find(code, ret_uv);
		return;
	}
	int x, y;
	other_cell(index, &x, &y);
	const int width = glyphs_columns(code) * GLYPHS_WIDTH;
	ret_uv[0] = (float)x / GLYPHS_ATLAS_WIDTH;
	ret_uv[1] = (float)y / GLYPHS_ATLAS_HEIGHT;
	ret_uv[2] = (float)(x + width) / GLYPHS_ATLAS_WIDTH;
	ret_uv[3] = (float)(y + GLYPHS_HEIGHT) / GLYPHS_ATLAS_HEIGHT;
}

static void put_quad(struct renderer *renderer, struct overlay_vertex *v,
		const struct overlay_quad *quad) {
	float uv[4] = { -1, -1, -1, -1 };
	if (quad->glyph != 0) {
		find_glyph(renderer, quad->glyph, uv);
	}
	static const unsigned char corner[6][2] = { { 0, 0 }, { 1, 0 }, { 0, 1 }, { 0, 1 },
		{ 1, 0 }, { 1, 1 } };
	for (int i = 0; i < 6; i++) {
		v[i].x = quad->x + (corner[i][0] ? quad->width : 0);
		v[i].y = quad->y + (corner[i][1] ? quad->height : 0);
		v[i].u = uv[corner[i][0] ? 2 : 0];
		v[i].v = uv[corner[i][1] ? 3 : 1];
		v[i].color[0] = (unsigned char)(quad->color >> 16);
		v[i].color[1] = (unsigned char)(quad->color >> 8);
		v[i].color[2] = (unsigned char)quad->color;
		v[i].color[3] = (unsigned char)(quad->color >> 24);
	}
}

void renderer_overlay_load(struct renderer *renderer, const struct renderer_scene *scene) {
	glBindBuffer(GL_ARRAY_BUFFER, renderer->overlay_buffer);
	const size_t bytes = scene->quad_count * 6 * sizeof(struct overlay_vertex);
	glBufferData(GL_ARRAY_BUFFER, (GLsizeiptr)bytes, NULL, GL_STREAM_DRAW);
	struct overlay_vertex *v = glMapBufferRange(GL_ARRAY_BUFFER, 0, (GLsizeiptr)bytes,
			GL_MAP_WRITE_BIT | GL_MAP_INVALIDATE_BUFFER_BIT);
	if (v) {
		for (size_t i = 0; i < scene->quad_count; i++) {
			put_quad(renderer, v + 6 * i, &scene->quads[i]);
		}
		glUnmapBuffer(GL_ARRAY_BUFFER);
	}
}

void renderer_overlay_draw(struct renderer *renderer, const struct egl_target *target,
		const struct renderer_scene *scene, const struct rect *rect) {
	renderer_scissor(target, rect);
	glUseProgram(renderer->overlay_program);
	const float sign = target->top_first ? 1.0f : -1.0f;
	glUniform2f(renderer->overlay_scale, 2.0f / (float)target->width,
			sign * 2.0f / (float)target->height);
	glUniform2f(renderer->overlay_offset, -1.0f, -sign);
	glActiveTexture(GL_TEXTURE0);
	glBindTexture(GL_TEXTURE_2D, renderer->overlay_atlas);
	glBindVertexArray(renderer->overlay_array);
	glEnable(GL_BLEND);
	glBlendFuncSeparate(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA, GL_ONE, GL_ONE_MINUS_SRC_ALPHA);
	glDrawArrays(GL_TRIANGLES, 0, (GLsizei)(scene->quad_count * 6));
	glDisable(GL_BLEND);
}
