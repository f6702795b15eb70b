/*
 * Memory of a picture in B, G, R, x bytes: the window's own where it has any, which the window
 * shows without another copy (egl_make_pixels()), else memory of ours. On pg-video.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct egl;
struct frame_rect;
struct rect;

struct picture_memory {
	unsigned char *bytes; /* NULL: none of ours */
	size_t mapped;
	struct egl *egl; /* whose memory it is; NULL: ours, or none */
	size_t stride;   /* bytes between rows */
};

bool picture_memory_any(const struct picture_memory *memory);
/* Memory of ours; what was there goes. False: there is none. */
bool picture_memory_make(struct picture_memory *memory, uint32_t width, uint32_t height);
/* Memory of the window for a picture that is shown at that place; what was there goes if it has
 * any. All of it is to be written first. False: it has none. */
bool picture_memory_take(struct picture_memory *memory, struct egl *egl, const struct rect *at);
void picture_memory_free(struct picture_memory *memory);
/* Whether it is shown from there when the picture is shown at that place. */
bool picture_memory_fits(const struct picture_memory *memory, const struct rect *at);

/* The first pixel, to write that rectangle, and to read all; not for longer than the next call or
 * swap. NULL: there is no memory for it. */
unsigned char *picture_memory_write(
		const struct picture_memory *memory, const struct frame_rect *rect);
const unsigned char *picture_memory_read(const struct picture_memory *memory);
/* What was written since the last swap is worth nothing, as egl_drop_pixels(). */
void picture_memory_drop(const struct picture_memory *memory);
