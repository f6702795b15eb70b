/*
 * Uploads through buffers that the GPU reads later: pixel unpack buffers, mapped for each upload or
 * once and for all. With the current context, on pg-video.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/gl/gl.h"

struct frame_rect;

#define RENDERER_BUFFERS 3

/* How a format goes into a texture. */
struct texture_format {
	GLenum internal, format, type;
	unsigned bytes; /* of a texel */
	bool swap;      /* red and blue change places by the texture's swizzle */
};

struct renderer_buffers {
	bool persistent; /* mapped once */
	GLuint buffers[RENDERER_BUFFERS];
	void *mapped[RENDERER_BUFFERS];
	GLsync fences[RENDERER_BUFFERS];
	size_t bytes; /* of each; 0 = there are none */
	unsigned at;  /* the one for this frame */
	bool used;    /* something of the current frame is in it */
};

void renderer_buffers_free(struct renderer_buffers *buffers);
/* Into the texture that is bound, which is texture_width texels wide and texture_height high.
 * first: the rectangle's first texel, rows `pitch` bytes apart. False: this driver cannot. */
bool renderer_buffers_upload(struct renderer_buffers *buffers, const struct texture_format *format,
		const unsigned char *first, uint32_t pitch, const struct frame_rect *rect,
		uint32_t texture_width, uint32_t texture_height);
/* The frame is complete: the next one gets another buffer. */
void renderer_buffers_next(struct renderer_buffers *buffers);
/* glTexSubImage2D() with that format; pixels is an offset where a buffer is bound. */
void renderer_sub_image(const struct texture_format *format, const struct frame_rect *rect,
		const void *pixels);
