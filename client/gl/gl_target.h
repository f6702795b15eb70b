/*
 * What stands in for a window's back buffer: a framebuffer object, or plain memory where there is
 * no OpenGL. Row 0 is the top one. pg-video only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct gl_target;

int gl_target_create(struct gl_target **ret_target, int width, int height);
/* The same in memory: calls nothing of GL, ever. */
int gl_target_create_memory(struct gl_target **ret_target, int width, int height);
void gl_target_destroy(struct gl_target *target); /* accepts NULL */
/* The content is undefined after it. */
int gl_target_resize(struct gl_target *target, int width, int height);
/* Binds it for drawing and reading; returns its name. */
unsigned gl_target_bind(struct gl_target *target);
/* Rows of its width, pixels 0x00RRGGBB; NULL: GL has it. */
uint32_t *gl_target_memory(const struct gl_target *target);
/* Whether pixels lie as B, G, R, A bytes (else R, G, B, A). */
bool gl_target_is_bgra(const struct gl_target *target);
/* Reads a rectangle into rows of `stride_px` 4-byte pixels; B, G, R, x bytes. */
void gl_target_read_bgra(struct gl_target *target, int x, int y, int width, int height,
		void *pixels, int stride_px);
