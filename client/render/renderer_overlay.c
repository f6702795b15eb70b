#include "client/render/renderer_overlay.h"

#include <stdint.h>

#include "client/gl/egl.h"
#include "client/gl/gl_util.h"
#include "client/render/overlay_quad.h"
#include "client/render/renderer_program.h"
#include "client/render/renderer_shaders.h"
#include "client/render/renderer_types.h"

bool renderer_overlay_create(struct renderer_overlay *overlay) {
	overlay->program = gl_program("", "", shader_overlay_vertex, shader_overlay_fragment);
	if (overlay->program == 0) {
		return false;
	}
	overlay->scale = glGetUniformLocation(overlay->program, "scale");
	overlay->offset = glGetUniformLocation(overlay->program, "offset");
	glGenBuffers(1, &overlay->buffer);
	glGenVertexArrays(1, &overlay->array);
	glBindVertexArray(overlay->array);
	glBindBuffer(GL_ARRAY_BUFFER, overlay->buffer);
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

	return true;
}

void renderer_overlay_finish(struct renderer_overlay *overlay) {
	glDeleteProgram(overlay->program);
	glDeleteBuffers(1, &overlay->buffer);
	glDeleteVertexArrays(1, &overlay->array);
	renderer_glyphs_finish(&overlay->glyphs);
}

struct overlay_vertex {
	float x, y, u, v;
	unsigned char color[4];
};

static void put_quad(struct renderer_overlay *overlay, struct overlay_vertex *v,
		const struct overlay_quad *quad) {
	float uv[4] = { -1, -1, -1, -1 };
	if (quad->glyph != 0) {
		renderer_glyphs_find(&overlay->glyphs, quad->glyph, (int)quad->width,
				(int)quad->height, uv);
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

static void load(struct renderer_overlay *overlay, const struct renderer_scene *scene) {
	glBindBuffer(GL_ARRAY_BUFFER, overlay->buffer);
	const size_t bytes = scene->quad_count * 6 * sizeof(struct overlay_vertex);
	glBufferData(GL_ARRAY_BUFFER, (GLsizeiptr)bytes, NULL, GL_STREAM_DRAW);
	struct overlay_vertex *v = glMapBufferRange(GL_ARRAY_BUFFER, 0, (GLsizeiptr)bytes,
			GL_MAP_WRITE_BIT | GL_MAP_INVALIDATE_BUFFER_BIT);
	if (v) {
		for (size_t i = 0; i < scene->quad_count; i++) {
			put_quad(overlay, v + 6 * i, &scene->quads[i]);
		}
		glUnmapBuffer(GL_ARRAY_BUFFER);
	}
}

void renderer_overlay_load(struct renderer_overlay *overlay, const struct renderer_scene *scene) {
	do {
		load(overlay, scene);
	} while (renderer_glyphs_enlarge(&overlay->glyphs));
}

void renderer_overlay_draw(struct renderer_overlay *overlay, const struct egl_target *target,
		const struct renderer_scene *scene, const struct rect *rect) {
	renderer_scissor(target, rect);
	glUseProgram(overlay->program);
	const float sign = target->top_first ? 1.0f : -1.0f;
	glUniform2f(overlay->scale, 2.0f / (float)target->width,
			sign * 2.0f / (float)target->height);
	glUniform2f(overlay->offset, -1.0f, -sign);
	glActiveTexture(GL_TEXTURE0);
	glBindTexture(GL_TEXTURE_2D, overlay->glyphs.texture);
	glBindVertexArray(overlay->array);
	glEnable(GL_BLEND);
	glBlendFuncSeparate(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA, GL_ONE, GL_ONE_MINUS_SRC_ALPHA);
	glDrawArrays(GL_TRIANGLES, 0, (GLsizei)(scene->quad_count * 6));
	glDisable(GL_BLEND);
}
