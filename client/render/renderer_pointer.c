#include "client/render/renderer_pointer.h"

#include "client/gl/egl.h"
#include "client/gl/gl_util.h"
#include "client/render/layout.h"
#include "client/render/renderer_shaders.h"
#include "client/render/renderer_types.h"
#include "host-proto/cursor.h"

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

void renderer_pointer_set(struct renderer_pointer *pointer, const struct cursor_shape *shape) {
	pointer->has = shape != NULL && shape->width > 0 && shape->height > 0;
	if (!pointer->has) {
		return;
	}
	if (pointer->empty_array == 0) {
		glGenVertexArrays(1, &pointer->empty_array);
	}
	glActiveTexture(GL_TEXTURE0);
	pointer->inverts = shape->has_invert;
	pointer->width = shape->width;
	pointer->height = shape->height;
	cursor_texture(&pointer->color, shape, shape->color);
	if (shape->has_invert) {
		cursor_texture(&pointer->invert, shape, shape->invert);
	}
}

static struct renderer_program *pointer_program(struct renderer_pointer *pointer, bool invert) {
	struct renderer_program *program = &pointer->programs[invert];
	renderer_make_program(program, invert ? "#define INVERT 1\n" : "#define INVERT 0\n", "",
			shader_pointer);
	return program;
}

/* Window pixels -> pixels of the shape. */
static void pointer_uniforms(const struct renderer_pointer *pointer,
		const struct renderer_program *program, const struct egl_target *target,
		const struct renderer_scene *scene) {
	float m[6];
	layout_pointer_matrix(scene->pointer_rect, scene->pointer_rotation, pointer->width,
			pointer->height, m);
	glUseProgram(program->id);
	glUniform2f(program->at.flip, target->top_first ? 0.0f : (float)target->height,
			target->top_first ? 1.0f : -1.0f);
	glUniform4f(program->at.pointer, m[0], m[1], m[3], m[4]);
	glUniform2f(program->at.pointer_b, m[2], m[5]);
}

/* A texture of at least that size, attached to a framebuffer of its own. */
static bool make_under(struct renderer_pointer *pointer, int width, int height) {
	if (pointer->under != 0 && pointer->under_width >= width &&
			pointer->under_height >= height) {
		return true;
	}
	pointer->under_width = width > pointer->under_width ? width : pointer->under_width;
	pointer->under_height = height > pointer->under_height ? height : pointer->under_height;
	if (pointer->under == 0) {
		glGenTextures(1, &pointer->under);
		glGenFramebuffers(1, &pointer->under_framebuffer);
	}
	return renderer_make_layer(pointer->under, pointer->under_framebuffer, GL_RGBA8,
			pointer->under_width, pointer->under_height);
}

/* What is on the screen there, to be inverted. part: window pixels. */
static void copy_under(struct renderer_pointer *pointer, const struct renderer_program *program,
		const struct egl_target *target, const struct rect *part) {
	const int y = target->top_first ? part->y : target->height - part->y - part->height;
	glActiveTexture(GL_TEXTURE0);
	if (!make_under(pointer, part->width, part->height)) {
		return;
	}
	glBindFramebuffer(GL_READ_FRAMEBUFFER, target->framebuffer);
	glBindFramebuffer(GL_DRAW_FRAMEBUFFER, pointer->under_framebuffer);
	glDisable(GL_SCISSOR_TEST);
	glBlitFramebuffer(part->x, y, part->x + part->width, y + part->height, 0, 0, part->width,
			part->height, GL_COLOR_BUFFER_BIT, GL_NEAREST);
	glEnable(GL_SCISSOR_TEST);
	glBindFramebuffer(GL_FRAMEBUFFER, target->framebuffer);
	glBindTexture(GL_TEXTURE_2D, pointer->under);
	glUniform2f(program->at.under_at, (float)part->x, (float)y);
}

void renderer_pointer_draw(struct renderer_pointer *pointer, const struct egl_target *target,
		const struct renderer_scene *scene, const struct rect *rect) {
	struct rect area;
	layout_pointer_cover(scene->pointer_rect, &area);
	struct rect part;
	if (!scene->pointer || !pointer->has || !renderer_intersect(rect, &area, &part)) {
		return;
	}
	const struct renderer_program *program = pointer_program(pointer, pointer->inverts);
	pointer_uniforms(pointer, program, target, scene);
	if (pointer->inverts) {
		copy_under(pointer, program, target, &part);
		glActiveTexture(GL_TEXTURE2);
		glBindTexture(GL_TEXTURE_2D, pointer->invert);
	} else {
		glEnable(GL_BLEND);
		glBlendFunc(GL_ONE, GL_ONE_MINUS_SRC_ALPHA);
	}
	glActiveTexture(GL_TEXTURE1);
	glBindTexture(GL_TEXTURE_2D, pointer->color);
	renderer_scissor(target, &part);
	glBindVertexArray(pointer->empty_array);
	glDrawArrays(GL_TRIANGLES, 0, 3);
	glDisable(GL_BLEND);
	glActiveTexture(GL_TEXTURE0);
}

void renderer_pointer_finish(struct renderer_pointer *pointer) {
	for (int i = 0; i < 2; i++) {
		glDeleteProgram(pointer->programs[i].id);
	}
	glDeleteVertexArrays(1, &pointer->empty_array);
	glDeleteTextures(1, &pointer->color);
	glDeleteTextures(1, &pointer->invert);
	glDeleteTextures(1, &pointer->under);
	glDeleteFramebuffers(1, &pointer->under_framebuffer);
}
