/*
 * Where GL draws a picture for a recording: a target of its own, read back through a buffer of the
 * GPU where that spares a wait. Private to the renderer, like its other parts. On pg-video.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/gl/gl.h"

struct rect;

struct renderer_film {
	GLuint texture, framebuffer;
	int width, height; /* of the target; 0 = there is none */
	GLuint buffer;     /* with a GPU: what was read; 0 = none yet */
	GLsync fence;      /* set while reading */
};

void renderer_film_finish(struct renderer_film *film);
/* The framebuffer of a target of that size. 0: the driver has none. */
GLuint renderer_film_target(struct renderer_film *film, int width, int height);
/* What is drawn there, R, G, B, A bytes, at once: the rectangle, into rows of the target's width.
 */
int renderer_film_read(struct renderer_film *film, const struct rect *rect, unsigned char *memory);
/* The same in two steps, for a GPU, of all of it. */
int renderer_film_ask(struct renderer_film *film);
/* -EAGAIN: not yet. */
int renderer_film_collect(struct renderer_film *film, unsigned char *memory);
