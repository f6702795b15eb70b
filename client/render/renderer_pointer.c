/* The pointer's image over the picture. */
#include "client/render/renderer_internal.h"

#include "client/gl/egl.h"
#include "client/gl/gl_util.h"
#include "client/render/renderer_shaders.h"

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

static struct renderer_program *pointer_program(struct renderer *renderer, bool invert) {
	struct renderer_program *program = &renderer->pointer_programs[invert];
	renderer_make_program(program, invert ? "#define INVERT 1\n" : "#define INVERT 0\n", "",
			shader_pointer);
	return program;
}

/* Window pixels -> pixels of the shape. */
static void pointer_uniforms(const struct renderer *renderer,
		const struct renderer_program *program, const struct egl_target *target,
		const struct renderer_scene *scene) {
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
	glUseProgram(program->id);
	glUniform2f(program->at.flip, target->top_first ? 0.0f : (float)target->height,
			target->top_first ? 1.0f : -1.0f);
	glUniform4f(program->at.pointer, m[0], m[1], m[3], m[4]);
	glUniform2f(program->at.pointer_b, m[2], m[5]);
}

/* A texture of at least that size, attached to a framebuffer of its own. */
static bool make_under(struct renderer *renderer, int width, int height) {
	if (renderer->under != 0 && renderer->under_width >= width &&
			renderer->under_height >= height) {
		return true;
	}
	renderer->under_width = width > renderer->under_width ? width : renderer->under_width;
	renderer->under_height = height > renderer->under_height ? height : renderer->under_height;
	if (renderer->under == 0) {
		glGenTextures(1, &renderer->under);
		glGenFramebuffers(1, &renderer->under_framebuffer);
	}
	return renderer_make_layer(renderer->under, renderer->under_framebuffer, GL_RGBA8,
			renderer->under_width, renderer->under_height);
}

/* What is on the screen there, to be inverted. part: window pixels. */
static void copy_under(struct renderer *renderer, const struct renderer_program *program,
		const struct egl_target *target, const struct rect *part) {
	const int y = target->top_first ? part->y : target->height - part->y - part->height;
	glActiveTexture(GL_TEXTURE0);
	if (!make_under(renderer, part->width, part->height)) {
		return;
	}
	glBindFramebuffer(GL_READ_FRAMEBUFFER, target->framebuffer);
	glBindFramebuffer(GL_DRAW_FRAMEBUFFER, renderer->under_framebuffer);
	glDisable(GL_SCISSOR_TEST);
	glBlitFramebuffer(part->x, y, part->x + part->width, y + part->height, 0, 0, part->width,
			part->height, GL_COLOR_BUFFER_BIT, GL_NEAREST);
	glEnable(GL_SCISSOR_TEST);
	glBindFramebuffer(GL_FRAMEBUFFER, target->framebuffer);
	glBindTexture(GL_TEXTURE_2D, renderer->under);
	glUniform2f(program->at.under_at, (float)part->x, (float)y);
}

void renderer_pointer_draw(struct renderer *renderer, const struct egl_target *target,
		const struct renderer_scene *scene, const struct rect *rect) {
	const float *r = scene->pointer_rect;
	/* Pixels whose centre lies inside. */
	const int left = (int)(r[0] + 0.5f + 4096) - 4096;
	const int top = (int)(r[1] + 0.5f + 4096) - 4096;
	const int right = (int)(r[0] + r[2] + 0.5f + 4096) - 4096;
	const int bottom = (int)(r[1] + r[3] + 0.5f + 4096) - 4096;
	const struct rect area = { left, top, right - left, bottom - top };
	struct rect part;
	if (!scene->pointer || !renderer->has_cursor || !renderer_intersect(rect, &area, &part)) {
		return;
	}
	const struct renderer_program *program =
			pointer_program(renderer, renderer->cursor_inverts);
	pointer_uniforms(renderer, program, target, scene);
	if (renderer->cursor_inverts) {
		copy_under(renderer, program, target, &part);
		glActiveTexture(GL_TEXTURE2);
		glBindTexture(GL_TEXTURE_2D, renderer->cursor_invert);
	} else {
		glEnable(GL_BLEND);
		glBlendFunc(GL_ONE, GL_ONE_MINUS_SRC_ALPHA);
	}
	glActiveTexture(GL_TEXTURE1);
	glBindTexture(GL_TEXTURE_2D, renderer->cursor_color);
	renderer_scissor(target, &part);
	glBindVertexArray(renderer->empty_array);
	glDrawArrays(GL_TRIANGLES, 0, 3);
	glDisable(GL_BLEND);
	glActiveTexture(GL_TEXTURE0);
}

void renderer_pointer_finish(struct renderer *renderer) {
	for (int i = 0; i < 2; i++) {
		glDeleteProgram(renderer->pointer_programs[i].id);
	}
	glDeleteTextures(1, &renderer->cursor_color);
	glDeleteTextures(1, &renderer->cursor_invert);
	glDeleteTextures(1, &renderer->under);
	glDeleteFramebuffers(1, &renderer->under_framebuffer);
}
