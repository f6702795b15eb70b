/*
 * The pixels of a window in buffers that somebody else reads by turns: one is shown, one is filled.
 * Only what changed is copied into a buffer before it is shown.
 *
 * A picture can be written straight into the buffer that is shown next (pixel_ring_open()): then
 * nothing of it is copied. What is drawn over it (the pointer, signs) covers it; its pixels under
 * the covers are kept aside, so that the picture can be read, and uncovered, at any time.
 *
 * No Wayland in it, and no thread: memory only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "client/gl/picture_types.h"
#include "client/gl/region.h"

struct gl_target;

/* One is shown, one may still be read, one is filled. */
#define PIXEL_RING_BUFFERS 3

struct pixel_buffer {
	unsigned char *memory; /* rows of width * 4 bytes; NULL: none */
	int width, height;
	bool busy;           /* the reader has it */
	struct region stale; /* where it lacks what the window has, without covers */
};

struct pixel_ring {
	/* constant */
	/* Gives a buffer memory of that size and sets it in there; what it had goes. 0 or -ENOMEM.
	 */
	int (*make)(struct pixel_buffer *buffer, int width, int height, void *data);
	void *data;

	struct pixel_buffer buffers[PIXEL_RING_BUFFERS];
	struct pixel_buffer *shown; /* last; NULL: none */

	bool open;                 /* a picture is written in place: */
	struct rect at;            /* where it is */
	int width, height;         /* of the window */
	bool based;                /* it was shown: so much of it can be brought back */
	struct pixel_buffer *next; /* what is written; NULL: none yet */
	struct region covers;      /* what is drawn over it in the shown buffer */
	unsigned char *under;      /* rows of the window: what is under the covers; NULL: none */
	size_t under_bytes;
};

void pixel_ring_finish(struct pixel_ring *ring); /* the buffers' memory is its owner's */
/* Its memory goes. */
void pixel_ring_forget(struct pixel_ring *ring, struct pixel_buffer *buffer);

/* Whether the reader has given back a buffer to fill. */
bool pixel_ring_has_buffer(const struct pixel_ring *ring);

/* A picture is written in place, and shown at that rectangle inside a window of that size; first
 * all of it. What was shown so far must all be shown again. */
void pixel_ring_open(struct pixel_ring *ring, const struct rect *at, int width, int height);
/* No more; the picture's pixels go. */
void pixel_ring_close(struct pixel_ring *ring);
/* Where the picture begins, to write that rectangle of it (picture pixels); all of it will be
 * written. Rows are `width` of the window apart. NULL: no memory. Only while
 * pixel_ring_has_buffer(). */
unsigned char *pixel_ring_write(struct pixel_ring *ring, const struct rect *rect);
/* The same to read the whole picture, without covers; at any time. */
const unsigned char *pixel_ring_read(struct pixel_ring *ring);
/* What was written since the last pixel_ring_show() is not to be shown: the picture is again what
 * it was, if it was ever shown. */
void pixel_ring_drop(struct pixel_ring *ring);

/* Fills a buffer for a window of that size: `put` of the pixels (memory NULL: of the picture that
 * is written in place, which is there), and those rectangles of the target. It is the shown one
 * then, and busy. NULL: no memory. Only while pixel_ring_has_buffer(). */
struct pixel_buffer *pixel_ring_show(struct pixel_ring *ring, int width, int height,
		const struct egl_pixels *pixels, const struct region *put, struct gl_target *target,
		const struct rect *rects, unsigned count);
