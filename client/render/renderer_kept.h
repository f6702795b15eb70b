/*
 * The picture in memory of ours: where a CPU draws and the window takes pixels from memory, a
 * picture that is shown 1:1 needs no GL. What GL does draw of it, under a pointer or an overlay, it
 * gets from there. On pg-video.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/gl/region.h"
#include "client/render/picture_memory.h"

struct egl;
struct egl_pixels;
struct frame_rect;
struct renderer_scene;
struct renderer_textures;

struct renderer_kept {
	bool on;                      /* what is uploaded goes there */
	struct rect at;               /* where it is shown */
	struct picture_memory memory; /* none until needed */
	struct region stale;          /* image rectangles that the texture lacks */
};

/* The picture goes. */
void renderer_kept_forget(struct renderer_kept *kept);
/* As renderer_keep(). Begins with what the texture has, ends with the texture brought up to date.
 */
bool renderer_kept_switch(struct renderer_kept *kept, struct renderer_textures *textures,
		const struct rect *at, struct egl *egl);
/* As renderer_resized(). */
void renderer_kept_resized(struct renderer_kept *kept, struct renderer_textures *textures);
void renderer_kept_upload(struct renderer_kept *kept, const unsigned char *pixels, uint32_t pitch,
		const struct frame_rect *rect);
/* Brings the texture up to date: all of it (NULL), or a part that is to be drawn. */
void renderer_kept_bring_up(struct renderer_kept *kept, struct renderer_textures *textures,
		const struct rect *image_rect);
/* As renderer_kept_at(). */
bool renderer_kept_where(const struct renderer_kept *kept, const struct renderer_textures *textures,
		const struct renderer_scene *scene, struct egl_pixels *ret_pixels);
/* Rows as renderer_read_rows() returns them; false: not kept. */
bool renderer_kept_read(const struct renderer_kept *kept, uint32_t y, uint32_t height,
		uint32_t width, unsigned char *ret_pixels);
