/*
 * Memory of a picture in B, G, R, x bytes, rows without a gap: the window's own where it has any,
 * which the window shows without another copy (egl_make_pixels()), else memory of the heap. On
 * pg-video.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct egl;

struct picture_memory {
	unsigned char *bytes; /* NULL: none */
	size_t mapped;        /* of a mapping of ours; 0 = the window's memory */
	struct egl *egl;      /* whose memory that is */
};

/* egl: asked first; NULL: only ours. What was there goes. False: there is no memory. */
bool picture_memory_make(
		struct picture_memory *memory, uint32_t width, uint32_t height, struct egl *egl);
void picture_memory_free(struct picture_memory *memory);
