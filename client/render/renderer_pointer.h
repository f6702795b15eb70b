/*
 * Draws the pointer's image over the picture. With the current context, on pg-video.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/gl/gl.h"
#include "client/render/renderer_program.h"

struct cursor_shape;
struct egl_target;
struct rect;
struct renderer_scene;

struct renderer_pointer {
	struct renderer_program programs[2]; /* without, with inversion */
	GLuint under, under_framebuffer;     /* what the screen shows under an inverting pointer */
	int under_width, under_height;
	GLuint color, invert;
	bool has, inverts;
	uint32_t width, height;
	GLuint empty_array;
};

void renderer_pointer_finish(struct renderer_pointer *pointer);
/* Kept until another comes. NULL = none. */
void renderer_pointer_set(struct renderer_pointer *pointer, const struct cursor_shape *shape);
/* What of it lies in the rectangle. */
void renderer_pointer_draw(struct renderer_pointer *pointer, const struct egl_target *target,
		const struct renderer_scene *scene, const struct rect *rect);
