#include "client/renderer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/egl.h"
#include "client/gl.h"
#include "client/gl_util.h"
#include "client/glyph_font.h"
#include "client/glyphs.h"
#include "client/layout.h"
#include "client/overlay.h"
#include "client/renderer_internal.h"
#include "client/renderer_shaders.h"

#define LOG_MODULE "renderer"
#include "base/log.h"

static bool finish_program(struct renderer_program *program) {
	program->tried = true;
	if (program->id == 0) {
		return false;
	}
	glUseProgram(program->id);
	program->at = (struct renderer_uniforms){
		.flip = glGetUniformLocation(program->id, "flip"),
		.to_image = glGetUniformLocation(program->id, "to_image"),
		.to_image_b = glGetUniformLocation(program->id, "to_image_b"),
		.size = glGetUniformLocation(program->id, "size"),
		.dim = glGetUniformLocation(program->id, "dim"),
		.pointer = glGetUniformLocation(program->id, "pointer"),
		.pointer_b = glGetUniformLocation(program->id, "pointer_b"),
	};
	glUniform1i(glGetUniformLocation(program->id, "picture"), 0);
	glUniform1i(glGetUniformLocation(program->id, "pointer_color"), 1);
	glUniform1i(glGetUniformLocation(program->id, "pointer_invert"), 2);
	return true;
}

/* Made when first used: most sessions need one filter, and compiling delays the first frame. */
static struct renderer_program *picture_program(
		struct renderer *renderer, enum renderer_filter filter) {
	struct renderer_program *program = &renderer->picture_programs[filter];
	if (!program->tried) {
		char defines[32];
		snprintf(defines, sizeof defines, "#define FILTER %d\n", (int)filter);
		program->id = gl_program(defines, shader_sample, shader_cover, shader_picture);
		finish_program(program);
	}
	return program;
}

static struct renderer_program *pointer_program(struct renderer *renderer, bool invert) {
	struct renderer_program *program = &renderer->pointer_programs[invert];
	if (!program->tried) {
		char defines[64];
		snprintf(defines, sizeof defines, "#define FILTER 1\n#define INVERT %d\n", invert);
		program->id = gl_program(defines, shader_sample, shader_cover, shader_pointer);
		finish_program(program);
	}
	return program;
}

static bool make_overlay(struct renderer *renderer) {
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
	if (pixels == NULL) {
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

int renderer_create(struct renderer **ret_renderer, bool software, enum video_upload upload) {
	struct renderer *renderer = calloc(1, sizeof *renderer);
	if (renderer == NULL) {
		return -ENOMEM;
	}
	renderer->software = software;
	renderer_set_upload(renderer, upload);
	renderer->hdr = (struct renderer_hdr){
		.map = true, .peak_nits = 250, .max_cll_nits = 10000
	};
	glGetIntegerv(GL_MAX_TEXTURE_SIZE, &renderer->texture_side_max);
	renderer->has_bgra = gl_has_extension("GL_EXT_texture_format_BGRA8888");
	glGenVertexArrays(1, &renderer->empty_array);
	glGenFramebuffers(1, &renderer->read_framebuffer);
	glGenSamplers(2, renderer->samplers);
	for (int i = 0; i < 2; i++) {
		const GLint filter = i == 0 ? GL_NEAREST : GL_LINEAR;
		glSamplerParameteri(renderer->samplers[i], GL_TEXTURE_MIN_FILTER, filter);
		glSamplerParameteri(renderer->samplers[i], GL_TEXTURE_MAG_FILTER, filter);
		glSamplerParameteri(renderer->samplers[i], GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
		glSamplerParameteri(renderer->samplers[i], GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
	}
	glDisable(GL_DITHER);
	glDisable(GL_DEPTH_TEST);
	if (!make_overlay(renderer)) {
		renderer_destroy(renderer);
		return -EIO;
	}
	*ret_renderer = renderer;
	return 0;
}

void renderer_destroy(struct renderer *renderer) {
	if (renderer == NULL) {
		return;
	}
	renderer_textures_finish(renderer);
	for (int i = 0; i < FILTER_COUNT; i++) {
		glDeleteProgram(renderer->picture_programs[i].id);
	}
	for (int i = 0; i < 2; i++) {
		glDeleteProgram(renderer->pointer_programs[i].id);
	}
	glDeleteProgram(renderer->overlay_program);
	glDeleteTextures(1, &renderer->overlay_atlas);
	glDeleteTextures(1, &renderer->cursor_color);
	glDeleteTextures(1, &renderer->cursor_invert);
	glDeleteBuffers(1, &renderer->overlay_buffer);
	glDeleteVertexArrays(1, &renderer->overlay_array);
	glDeleteVertexArrays(1, &renderer->empty_array);
	glDeleteSamplers(2, renderer->samplers);
	glyph_font_destroy(renderer->font);
	free(renderer);
}

static void cursor_texture(
		GLuint *texture, const struct cursor_shape *shape, const uint32_t *pixels) {
	if (*texture == 0) {
		glGenTextures(1, texture);
	}
	glBindTexture(GL_TEXTURE_2D, *texture);
	glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
	/* Words are 0xAARRGGBB, so bytes are B, G, R, A. */
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, (GLsizei)shape->width, (GLsizei)shape->height, 0,
			GL_RGBA, GL_UNSIGNED_BYTE, pixels);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 0);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_SWIZZLE_R, GL_BLUE);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_SWIZZLE_B, GL_RED);
}

void renderer_set_cursor(struct renderer *renderer, const struct cursor_shape *shape) {
	renderer->has_cursor = shape != NULL && shape->width > 0 && shape->height > 0;
	if (!renderer->has_cursor) {
		return;
	}
	glActiveTexture(GL_TEXTURE0);
	renderer->cursor_inverts = shape->has_invert;
	renderer->cursor_width = shape->width;
	renderer->cursor_height = shape->height;
	cursor_texture(&renderer->cursor_color, shape, shape->color);
	if (shape->has_invert) {
		cursor_texture(&renderer->cursor_invert, shape, shape->invert);
	}
}

/* ---- drawing ---- */

/* Scissor in window pixels from the top left. */
static void scissor(const struct egl_target *target, const struct egl_rect *rect) {
	const int y = target->top_first ? rect->y : target->height - rect->y - rect->height;
	glScissor(rect->x, y, rect->width, rect->height);
}

static bool intersect(
		const struct egl_rect *a, const struct egl_rect *b, struct egl_rect *ret_rect) {
	const int left = a->x > b->x ? a->x : b->x;
	const int top = a->y > b->y ? a->y : b->y;
	const int right = a->x + a->width < b->x + b->width ? a->x + a->width : b->x + b->width;
	const int bottom =
			a->y + a->height < b->y + b->height ? a->y + a->height : b->y + b->height;
	*ret_rect = (struct egl_rect){ left, top, right - left, bottom - top };
	return left < right && top < bottom;
}

static enum renderer_filter choose_filter(
		const struct renderer *renderer, const struct renderer_scene *scene) {
	const struct layout *layout = scene->layout;
	if (layout->exact) {
		return FILTER_NEAREST;
	}
	const bool turned = layout->rotation % 2 != 0;
	const uint32_t width = turned ? layout->image_height : layout->image_width;
	const bool grows = layout->width >= (int)width;
	switch (scene->scale) {
	case VIDEO_SCALE_NEAREST:
		return FILTER_NEAREST;
	case VIDEO_SCALE_LINEAR:
		return FILTER_LINEAR;
	case VIDEO_SCALE_SHARP:
		return grows ? FILTER_UP : FILTER_DOWN;
	case VIDEO_SCALE_AUTO:
		break;
	}
	if (grows) {
		/* Whole factors stay crisp. */
		return layout->width % (int)width == 0 ? FILTER_NEAREST : FILTER_LINEAR;
	}
	/* Averaging properly costs a CPU too much. */
	return renderer->software ? FILTER_LINEAR : FILTER_DOWN;
}

static void set_uniforms(const struct renderer_program *program, const struct egl_target *target,
		const struct renderer_scene *scene) {
	const float *m = scene->layout->to_image;
	glUseProgram(program->id);
	glUniform2f(program->at.flip, target->top_first ? 0.0f : (float)target->height,
			target->top_first ? 1.0f : -1.0f);
	glUniform4f(program->at.to_image, m[0], m[1], m[3], m[4]);
	glUniform2f(program->at.to_image_b, m[2], m[5]);
	glUniform2f(program->at.size, (float)scene->layout->image_width,
			(float)scene->layout->image_height);
	glUniform1f(program->at.dim, scene->dim);
}

/* Without a shader: rows are copied. Only 1:1, upright, in the target's own memory order. */
static bool can_copy(const struct renderer *renderer, const struct egl_target *target,
		const struct renderer_scene *scene) {
	return scene->layout->exact && scene->layout->rotation == 0 && scene->dim >= 1.0f &&
	       renderer->shown_readable && renderer->shown_bgra == target->bgra &&
	       (renderer->shown_bgra || renderer->converts ||
			       renderer->picture.format == FRAME_FORMAT_RGBA);
}

static void copy_rect(const struct renderer *renderer, const struct egl_target *target,
		const struct layout *layout, const struct egl_rect *rect) {
	const int x = rect->x - layout->x;
	const int y = rect->y - layout->y;
	const int top = target->top_first ? rect->y : target->height - rect->y;
	const int bottom = target->top_first ? rect->y + rect->height
					     : target->height - rect->y - rect->height;
	glBindFramebuffer(GL_READ_FRAMEBUFFER, renderer->read_framebuffer);
	glBlitFramebuffer(x, y, x + rect->width, y + rect->height, rect->x, top,
			rect->x + rect->width, bottom, GL_COLOR_BUFFER_BIT, GL_NEAREST);
	glBindFramebuffer(GL_READ_FRAMEBUFFER, target->framebuffer);
}

static void draw_picture(struct renderer *renderer, const struct egl_target *target,
		const struct renderer_scene *scene, const struct egl_rect *rect) {
	const struct layout *layout = scene->layout;
	const struct egl_rect area = { layout->x, layout->y, layout->width, layout->height };
	struct egl_rect part;
	const bool any = intersect(rect, &area, &part);
	if (!any || part.width != rect->width || part.height != rect->height) {
		scissor(target, rect);
		glClearColor(0, 0, 0, 1);
		glClear(GL_COLOR_BUFFER_BIT);
	}
	if (!any) {
		return;
	}
	scissor(target, &part);
	glDisable(GL_BLEND);
	if (can_copy(renderer, target, scene)) {
		copy_rect(renderer, target, layout, &part);
		return;
	}
	const enum renderer_filter filter = choose_filter(renderer, scene);
	const struct renderer_program *program = picture_program(renderer, filter);
	set_uniforms(program, target, scene);
	glActiveTexture(GL_TEXTURE0);
	glBindTexture(GL_TEXTURE_2D, renderer->shown);
	glBindSampler(0, renderer->samplers[filter == FILTER_LINEAR]);
	glBindVertexArray(renderer->empty_array);
	glDrawArrays(GL_TRIANGLES, 0, 3);
	glBindSampler(0, 0);
}

static void pointer_uniforms(const struct renderer *renderer,
		const struct renderer_program *program, const struct renderer_scene *scene) {
	static const float turns[4][6] = {
		{ 1, 0, 0, 0, 1, 0 },
		{ 0, 1, 0, -1, 0, 1 },
		{ -1, 0, 1, 0, -1, 1 },
		{ 0, -1, 1, 1, 0, 0 },
	};
	const float *turn = turns[scene->pointer_rotation % 4];
	const float *r = scene->pointer_rect;
	const float sides[2] = { (float)renderer->cursor_width, (float)renderer->cursor_height };
	float m[6];
	for (int i = 0; i < 2; i++) {
		m[3 * i] = turn[3 * i] * sides[i] / r[2];
		m[3 * i + 1] = turn[3 * i + 1] * sides[i] / r[3];
		m[3 * i + 2] = turn[3 * i + 2] * sides[i] - m[3 * i] * r[0] - m[3 * i + 1] * r[1];
	}
	glUniform4f(program->at.pointer, m[0], m[1], m[3], m[4]);
	glUniform2f(program->at.pointer_b, m[2], m[5]);
}

static void draw_pointer(struct renderer *renderer, const struct egl_target *target,
		const struct renderer_scene *scene, const struct egl_rect *rect) {
	const float *r = scene->pointer_rect;
	/* Pixels whose centre lies inside. */
	const int left = (int)(r[0] + 0.5f + 4096) - 4096;
	const int top = (int)(r[1] + 0.5f + 4096) - 4096;
	const int right = (int)(r[0] + r[2] + 0.5f + 4096) - 4096;
	const int bottom = (int)(r[1] + r[3] + 0.5f + 4096) - 4096;
	const struct egl_rect area = { left, top, right - left, bottom - top };
	struct egl_rect part;
	if (!scene->pointer || !renderer->has_cursor || !intersect(rect, &area, &part)) {
		return;
	}
	const struct renderer_program *program =
			pointer_program(renderer, renderer->cursor_inverts);
	scissor(target, &part);
	set_uniforms(program, target, scene);
	pointer_uniforms(renderer, program, scene);
	glActiveTexture(GL_TEXTURE2);
	glBindTexture(GL_TEXTURE_2D, renderer->cursor_invert);
	glActiveTexture(GL_TEXTURE1);
	glBindTexture(GL_TEXTURE_2D, renderer->cursor_color);
	glActiveTexture(GL_TEXTURE0);
	glBindTexture(GL_TEXTURE_2D, renderer->shown);
	glBindSampler(0, renderer->samplers[!scene->layout->exact]);
	if (!renderer->cursor_inverts) {
		glEnable(GL_BLEND);
		glBlendFunc(GL_ONE, GL_ONE_MINUS_SRC_ALPHA);
	}
	glBindVertexArray(renderer->empty_array);
	glDrawArrays(GL_TRIANGLES, 0, 3);
	glDisable(GL_BLEND);
	glBindSampler(0, 0);
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
		renderer->font = glyph_font_create();
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

/* The quads as triangles into the buffer, once for all rectangles. */
static void load_overlay(struct renderer *renderer, const struct renderer_scene *scene) {
	glBindBuffer(GL_ARRAY_BUFFER, renderer->overlay_buffer);
	const size_t bytes = scene->quad_count * 6 * sizeof(struct overlay_vertex);
	glBufferData(GL_ARRAY_BUFFER, (GLsizeiptr)bytes, NULL, GL_STREAM_DRAW);
	struct overlay_vertex *v = glMapBufferRange(GL_ARRAY_BUFFER, 0, (GLsizeiptr)bytes,
			GL_MAP_WRITE_BIT | GL_MAP_INVALIDATE_BUFFER_BIT);
	if (v != NULL) {
		for (size_t i = 0; i < scene->quad_count; i++) {
			put_quad(renderer, v + 6 * i, &scene->quads[i]);
		}
		glUnmapBuffer(GL_ARRAY_BUFFER);
	}
}

static void draw_overlay(struct renderer *renderer, const struct egl_target *target,
		const struct renderer_scene *scene, const struct egl_rect *rect) {
	scissor(target, rect);
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

void renderer_draw(struct renderer *renderer, const struct egl_target *target,
		const struct renderer_scene *scene, const struct egl_rect *rects, unsigned count) {
	glBindFramebuffer(GL_FRAMEBUFFER, target->framebuffer);
	glViewport(0, 0, target->width, target->height);
	glEnable(GL_SCISSOR_TEST);
	if (scene->quad_count > 0) {
		load_overlay(renderer, scene);
	}
	for (unsigned i = 0; i < count; i++) {
		if (scene->layout != NULL && renderer->has_picture) {
			draw_picture(renderer, target, scene, &rects[i]);
			draw_pointer(renderer, target, scene, &rects[i]);
		} else {
			scissor(target, &rects[i]);
			glClearColor(0.05f, 0.06f, 0.09f, 1);
			glClear(GL_COLOR_BUFFER_BIT);
		}
		if (scene->quad_count > 0) {
			draw_overlay(renderer, target, scene, &rects[i]);
		}
	}
}

const char *renderer_upload_name(const struct renderer *renderer) {
	switch (renderer->upload) {
	case VIDEO_UPLOAD_PBO:
		return "pbo";
	case VIDEO_UPLOAD_PERSISTENT:
		return "persistent";
	case VIDEO_UPLOAD_DMABUF:
		return "dmabuf";
	case VIDEO_UPLOAD_AUTO:
	case VIDEO_UPLOAD_DIRECT:
		break;
	}
	return "direct";
}

/* ---- reading back ---- */

int renderer_read_rows(struct renderer *renderer, uint32_t y, uint32_t height, uint32_t width,
		unsigned char *ret_pixels) {
	if (!renderer->has_picture || !renderer->shown_readable) {
		return -ENODATA;
	}
	glBindFramebuffer(GL_FRAMEBUFFER, renderer->read_framebuffer);
	glPixelStorei(GL_PACK_ALIGNMENT, 4);
	glReadPixels(0, (GLint)y, (GLsizei)width, (GLsizei)height, GL_RGBA, GL_UNSIGNED_BYTE,
			ret_pixels);
	return gl_clear_errors() == 0 ? 0 : -EIO;
}

int renderer_read(struct renderer *renderer, unsigned rotation, const float *pointer,
		unsigned char *ret_rgb) {
	if (!renderer->has_picture) {
		return -ENODATA;
	}
	const struct renderer_picture *picture = &renderer->picture;
	const bool turned = rotation % 2 != 0;
	const int width = (int)(turned ? picture->height : picture->width);
	const int height = (int)(turned ? picture->width : picture->height);
	unsigned char *rgba = malloc((size_t)width * (size_t)height * 4);
	GLuint texture = 0, framebuffer = 0;
	int r = -ENOMEM;
	if (rgba == NULL) {
		return r;
	}
	gl_clear_errors();
	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	glGenFramebuffers(1, &framebuffer);
	glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
	glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);

	struct layout layout;
	const struct layout_input input = {
		.image_width = picture->width,
		.image_height = picture->height,
		.user_rotation = rotation,
		.window_width = width,
		.window_height = height,
		.keep_aspect = true,
	};
	layout_compute(&layout, &input);
	struct renderer_scene scene = { .layout = &layout, .scale = VIDEO_SCALE_NEAREST, .dim = 1 };
	if (pointer != NULL) {
		scene.pointer = true;
		memcpy(scene.pointer_rect, pointer, sizeof scene.pointer_rect);
	}
	const struct egl_target target = {
		.width = width, .height = height, .framebuffer = framebuffer, .top_first = true
	};
	const struct egl_rect all = { 0, 0, width, height };
	renderer_draw(renderer, &target, &scene, &all, 1);
	glPixelStorei(GL_PACK_ALIGNMENT, 4);
	glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
	glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, rgba);
	r = gl_clear_errors() == 0 ? 0 : -EIO;
	if (r == 0) {
		const size_t count = (size_t)width * (size_t)height;
		for (size_t i = 0; i < count; i++) {
			memcpy(ret_rgb + 3 * i, rgba + 4 * i, 3);
		}
	}
	glDeleteFramebuffers(1, &framebuffer);
	glDeleteTextures(1, &texture);
	free(rgba);
	return r;
}
