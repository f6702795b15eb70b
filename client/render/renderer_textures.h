/*
 * The textures of the picture: uploads of pixels, and the conversion of formats that no texture
 * has. With the current context, on pg-video.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/gl/gl.h"
#include "client/gl/picture_types.h"
#include "client/render/renderer_buffers.h"
#include "client/render/renderer_types.h"

struct renderer_textures {
	/* constant after renderer_textures_create() */
	bool software; /* a CPU draws */
	bool has_bgra;
	GLint side_max;

	enum video_upload upload;
	struct renderer_picture picture;
	struct renderer_hdr hdr;
	bool has_picture, converts;
	bool imports; /* raw comes with each frame and is not ours */
	/* raw: as uploaded; shown: what is sampled. The same texture unless the format needs a
	 * conversion. */
	GLuint raw, shown;
	GLuint read_framebuffer; /* shown attached, for copies and clears */
	bool shown_readable;     /* read_framebuffer is complete */
	bool shown_bgra;         /* memory order of shown is B, G, R, A */
	GLuint convert_program;  /* of the current format */
	unsigned convert_key;
	GLuint empty_array;

	struct renderer_buffers buffers;
	unsigned char *unpacked; /* a few rows; NULL until needed */
};

void renderer_textures_create(
		struct renderer_textures *textures, bool software, enum video_upload upload);
void renderer_textures_finish(struct renderer_textures *textures);

/* As the functions of renderer.h that are named so. The picture is gone (has_picture) after those
 * that could not keep it. */
int renderer_textures_set_picture(
		struct renderer_textures *textures, const struct renderer_picture *picture);
bool renderer_textures_set_hdr(struct renderer_textures *textures, const struct renderer_hdr *hdr);
void renderer_textures_set_upload(struct renderer_textures *textures, enum video_upload way);
void renderer_textures_upload(struct renderer_textures *textures, const unsigned char *pixels,
		uint32_t pitch, const struct frame_rect *rect);
void renderer_textures_upload_texture(struct renderer_textures *textures, unsigned texture);
int renderer_textures_wait(struct renderer_textures *textures, uint64_t timeout_ns);
void renderer_textures_uploaded(
		struct renderer_textures *textures, const struct frame_rect *rects, unsigned count);

/* Image pixels -> texels of the raw texture, clamped to what exists. False: nothing is left. */
bool renderer_textures_clamp(const struct renderer_textures *textures,
		const struct frame_rect *rect, struct frame_rect *ret_rect);
