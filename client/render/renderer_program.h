/*
 * The tools of the renderer's drawing parts: programs that are compiled when first used, layers to
 * draw into, rectangles. With the current context, on pg-video.
 */
#pragma once

#include <stdbool.h>

#include "client/gl/gl.h"

struct egl_target;
struct rect;

struct renderer_uniforms {
	GLint flip, to_image, to_image_b, size, shrink, dim;
	GLint pointer, pointer_b, under_at;
};

struct renderer_program {
	GLuint id;
	bool tried; /* a driver that cannot compile it is not asked for every frame */
	struct renderer_uniforms at;
};

/* Compiles it when first used: most sessions need few, and compiling delays the first frame. */
void renderer_make_program(struct renderer_program *program, const char *defines,
		const char *common, const char *fragment);
/* Gives the texture that size and attaches it. False: it cannot be drawn into. Both stay bound. */
bool renderer_make_layer(GLuint texture, GLuint framebuffer, GLenum format, int width, int height);
void renderer_scissor(const struct egl_target *target, const struct rect *rect);
bool renderer_intersect(const struct rect *a, const struct rect *b, struct rect *ret_rect);
