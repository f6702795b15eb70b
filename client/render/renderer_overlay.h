/*
 * Draws the overlay over the picture: its quads as triangles. With the current context, on
 * pg-video.
 */
#pragma once

#include <stdbool.h>

#include "client/gl/gl.h"
#include "client/render/renderer_glyphs.h"

struct egl_target;
struct rect;
struct renderer_scene;

struct renderer_overlay {
	GLuint program, buffer, array;
	GLint scale, offset; /* uniforms */
	struct renderer_glyphs glyphs;
};

/* False: this driver cannot (logged). */
bool renderer_overlay_create(struct renderer_overlay *overlay);
void renderer_overlay_finish(struct renderer_overlay *overlay);
/* The quads as triangles into the buffer, once for all rectangles. */
void renderer_overlay_load(struct renderer_overlay *overlay, const struct renderer_scene *scene);
void renderer_overlay_draw(struct renderer_overlay *overlay, const struct egl_target *target,
		const struct renderer_scene *scene, const struct rect *rect);
