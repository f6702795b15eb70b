/*
 * Draws the picture at its size in the window: the choice of the filter, its passes, and the plain
 * copy at 1:1. With the current context, on pg-video.
 */
#pragma once

#include <stdbool.h>

#include "client/gl/gl.h"
#include "client/render/renderer_program.h"

struct egl_target;
struct rect;
struct renderer_scene;
struct renderer_textures;

/* By their numbers in the shaders. The ones that are called LAST draw on the window what a first
 * pass made of the image. */
enum renderer_filter {
	FILTER_NEAREST,
	FILTER_LINEAR,
	FILTER_DOWN_LAST,
	FILTER_UP,
	FILTER_FSR_LAST,
	FILTER_COUNT
};

struct renderer_scale {
	struct renderer_program programs[FILTER_COUNT];
	GLuint samplers[2]; /* nearest, linear */
	GLuint empty_array;

	/* Between the two passes of a filter. */
	struct renderer_program shrink_program, easu_program;
	GLuint layer, layer_framebuffer;
	GLenum layer_format;
	int layer_width, layer_height;
	bool layer_failed; /* this driver cannot: linear instead */
};

void renderer_scale_create(struct renderer_scale *scale);
void renderer_scale_finish(struct renderer_scale *scale);

/* The part of the image that is needed to draw the rectangle; only at 1:1 and upright, else all is.
 * False: none of the picture lies in it. */
bool renderer_scale_needs(const struct renderer_scene *scene, const struct rect *rect,
		struct rect *ret_image_rect, bool *ret_all);
/* The picture, and black around it, inside the rectangle. */
void renderer_scale_draw(struct renderer_scale *scale, const struct renderer_textures *textures,
		const struct egl_target *target, const struct renderer_scene *scene,
		const struct rect *rect);
