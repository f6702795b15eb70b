/*
 * The renderer's inputs: a picture, how its HDR is shown, a scene. Values; no functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/gl/picture_types.h"
#include "host-proto/frame.h"

struct layout;
struct overlay_quad;

struct renderer_picture {
	enum frame_format format;
	uint32_t width, height;    /* pixels of the image, unrotated */
	uint32_t data_width, rows; /* as in struct frame */
	bool hdr, pq;
	uint32_t max_cll_nits; /* the brightest of the content, as the guest tells it; 0 = it does
				  not */
};

struct renderer_hdr { /* for RGBA10 and RGBA16F */
	bool map;     /* to SDR; else values are shown as they are */
	int peak_nits, max_cll_nits;
};

struct renderer_scene {
	const struct layout *layout; /* NULL: no picture, a dark ground */
	enum video_scale scale;
	float dim; /* 0..1: how much of the picture is left; 1 = all */

	bool pointer;
	float pointer_rect[4];     /* x, y, width, height in window pixels */
	unsigned pointer_rotation; /* quarter turns clockwise */

	const struct overlay_quad *quads;
	size_t quad_count;
};
