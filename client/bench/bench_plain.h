/*
 * The plainest way to the screen, for comparison only: one texture, one triangle, eglSwapBuffers(),
 * glFinish(). On X11 with EGL's own swap, elsewhere through client/gl/egl.h. On the thread that
 * creates it.
 */
#pragma once

#include <stdint.h>

struct bench_plain;
struct window_surface;

/* Returns 0 or a negative errno (logged). */
int bench_plain_create(struct bench_plain **ret_plain, struct window_surface *surface);
void bench_plain_destroy(struct bench_plain *plain);

/* texels: of 4 bytes in a row. Uploads all rows; the bytes were read when it returns. */
void bench_plain_upload(struct bench_plain *plain, const unsigned char *pixels, uint32_t texels,
		uint32_t rows, uint32_t pitch);
/* Draws, swaps and waits for the GPU. Returns 0 or a negative errno. */
int bench_plain_show(struct bench_plain *plain);
