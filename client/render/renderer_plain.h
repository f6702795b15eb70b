/*
 * The renderer without OpenGL: the picture in memory, drawn into memory. renderer.h hands its calls
 * on to these functions, which have the same contracts; linear is the best filter here. On
 * pg-video.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/gl/picture_types.h"
#include "client/render/picture_memory.h"
#include "client/render/plain_scale.h"
#include "client/render/renderer_glyphs.h"
#include "client/render/renderer_types.h"

struct cursor_shape;
struct egl;
struct egl_pixels;
struct egl_target;
struct plain_tone;

struct renderer_plain {
	struct renderer_picture picture;
	bool has_picture, kept;
	struct renderer_hdr hdr;
	struct plain_tone *tone;      /* of the picture, where its format needs one */
	struct picture_memory memory; /* of the picture */
	struct rect at;               /* where it is kept for */
	struct plain_scale scale;

	uint32_t *color, *invert; /* the pointer's, as in struct cursor_shape; invert may be NULL */
	uint32_t pointer_width, pointer_height; /* 0 = none */

	struct renderer_glyphs glyphs;
};

void renderer_plain_init(struct renderer_plain *plain);
void renderer_plain_finish(struct renderer_plain *plain);
int renderer_plain_set_picture(
		struct renderer_plain *plain, const struct renderer_picture *picture);
bool renderer_plain_set_hdr(struct renderer_plain *plain, const struct renderer_hdr *hdr);
void renderer_plain_upload(struct renderer_plain *plain, const unsigned char *pixels,
		uint32_t pitch, const struct frame_rect *rect);
bool renderer_plain_keep(struct renderer_plain *plain, const struct rect *at, struct egl *egl);
void renderer_plain_resized(struct renderer_plain *plain);
bool renderer_plain_kept_at(const struct renderer_plain *plain, const struct renderer_scene *scene,
		struct egl_pixels *ret_pixels);
void renderer_plain_set_cursor(struct renderer_plain *plain, const struct cursor_shape *shape);
void renderer_plain_draw(struct renderer_plain *plain, const struct egl_target *target,
		const struct renderer_scene *scene, const struct rect *rects, unsigned count);
/* Rows as renderer_read_rows() returns them. */
void renderer_plain_read(const struct renderer_plain *plain, uint32_t y, uint32_t height,
		uint32_t width, unsigned char *ret_pixels);
