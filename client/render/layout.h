/*
 * The place of the picture in the window, and the mapping of points and rectangles between the two.
 * Pure.
 *
 * Three spaces: image pixels (as the frame lies in memory), the upright guest desktop (pointer
 * coordinates), and window pixels from the top left. Rotations are quarter turns clockwise.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host-proto/frame.h"

struct rect;

struct layout_input {
	uint32_t image_width, image_height;
	uint32_t desktop_width, desktop_height; /* upright; 0 = that of the upright image */
	unsigned guest_rotation;                /* counter-clockwise turns that make it upright */
	unsigned user_rotation;                 /* clockwise, on top of it */
	int window_width, window_height;
	bool keep_aspect, integer_upscale, no_upscale;
};

struct layout {
	int window_width, window_height;
	int x, y, width, height;   /* of the picture in the window; may stick out when rounded */
	unsigned rotation;         /* image -> window, clockwise */
	unsigned pointer_rotation; /* desktop -> window */
	uint32_t image_width, image_height;
	uint32_t desktop_width, desktop_height;
	bool exact;        /* one image pixel is one window pixel */
	bool covers;       /* nothing of the window is outside the picture */
	float to_image[6]; /* image.x = m0 px + m1 py + m2, image.y = m3 px + m4 py + m5 */
};

void layout_compute(struct layout *ret_layout, const struct layout_input *input);

/* The window pixels that change with an image rectangle, grown by what a filter reaches, clamped to
 * the window. False if none is left. */
bool layout_image_rect(
		const struct layout *layout, const struct frame_rect *rect, struct rect *ret_rect);

/* A rectangle of the upright desktop (may lie outside it) -> window pixels. */
void layout_desktop_rect(const struct layout *layout, float x, float y, float width, float height,
		float ret_rect[4]);

struct layout_pointer {
	int x, y;         /* top left corner on the upright desktop; may lie outside it */
	int hot_x, hot_y; /* from there */
	int width, height;
	/* Where the picture is shrunk the pointer keeps its own pixels, one for one, around its hot
	 * spot. Where it is enlarged the pointer grows with it in any case. */
	bool keeps_size;
};
/* The window pixels whose centre lies in a rectangle of the pointer. */
void layout_pointer_cover(const float rect[4], struct rect *ret_rect);
/* Window pixels -> pixels of a pointer image of that size, which lies in `rect` turned clockwise so
 * often: x = m0 wx + m1 wy + m2, y = m3 wx + m4 wy + m5. */
void layout_pointer_matrix(const float rect[4], unsigned rotation, uint32_t width, uint32_t height,
		float ret_matrix[6]);
/* The pointer's image in window pixels. */
void layout_pointer_rect(const struct layout *layout, const struct layout_pointer *pointer,
		float ret_rect[4]);
