/*
 * EGL on a window's native surface, or on none (offscreen). One thread (pg-video)
 * creates it, owns the current context and destroys it.
 *
 * The size of a Wayland surface changes only here, between frames: egl_begin() applies what the
 * main thread asked for, egl_swap() refuses a frame that was drawn for another size.
 *
 * Where a CPU draws, the picture is drawn into a framebuffer object and put on the window through
 * shared memory, only the changed rectangles: Mesa's own swap copies every pixel, on X11 through
 * the socket.
 *
 * Where there is no OpenGL ES 3 a window is drawn in memory of ours (egl_create_memory()) and shown
 * the same way: then no function here, and none of what draws, calls EGL or GL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/deadline.h"
#include "client/gl/picture_types.h"

struct egl;
struct window_surface;

/* What to draw on, from egl_begin() to egl_swap(). */
struct egl_target {
	int width, height;
	unsigned framebuffer; /* bound already; 0 = the window's own */
	uint32_t *memory;     /* without GL: rows of width, pixels 0x00RRGGBB; else NULL */
	bool top_first;       /* row 0 of the framebuffer is the top one (GL: the bottom one) */
	bool bgra;            /* its memory order, for copies without a shader */
	/* How many swaps ago the buffer was shown: 1 = it holds the last picture; 0 = its content
	 * is undefined and everything must be drawn. */
	unsigned age;
};

/* Returns 0 or a negative errno (logged): -ENODEV when there is no EGL with OpenGL ES 3 here. */
int egl_create(struct egl **ret_egl, struct window_surface *surface);
/* Without EGL and GL. -ENODEV (logged): this window takes no pixels from memory. */
int egl_create_memory(struct egl **ret_egl, struct window_surface *surface);
/* The same with EGL's own swap, whatever draws: for comparison. */
int egl_create_plain(struct egl **ret_egl, struct window_surface *surface);
void egl_destroy(struct egl *egl); /* accepts NULL */

/* 0, or -EIO: the context or the surface is lost, make a new one. */
int egl_begin(struct egl *egl, struct egl_target *ret_target);

/* Whether egl_put() can show pixels straight from memory, without GL. */
bool egl_takes_pixels(const struct egl *egl);
/* Whether the window has memory for a picture at that place in it. */
bool egl_has_pixels(const struct egl *egl, const struct rect *at);
/* Takes that memory, which egl_put() shows without a copy; it is to be written as a whole first,
 * and then the whole window shown. ret_stride: bytes between rows. False: there is none, take other
 * memory. Goes with the next call, with egl_free_pixels() or with egl. */
bool egl_make_pixels(struct egl *egl, const struct rect *at, size_t *ret_stride);
/* False: the window got another size, or the picture another place. egl_free_pixels() before the
 * next egl_swap(). */
bool egl_pixels_fit(const struct egl *egl, const struct rect *at);
/* Its first pixel, to write that rectangle (picture pixels), and to read all of it; it is another
 * one after each swap. To be written only after egl_wants_frame() said yes, and before the swap.
 * NULL: no memory, and the next swap will fail. */
unsigned char *egl_write_pixels(struct egl *egl, const struct rect *rect);
const unsigned char *egl_read_pixels(struct egl *egl);
/* What was written since the last swap is worth nothing. Where it can be told from what is shown
 * (Wayland) the picture is again what it was. */
void egl_drop_pixels(struct egl *egl);
void egl_free_pixels(struct egl *egl);
/* Between egl_begin() and egl_swap(), only then: shows those rectangles of the picture (inside both
 * it and the window) from memory; what egl_swap() gets is what was drawn, and may be nothing.
 * 0 or -EIO as above. */
int egl_put(struct egl *egl, const struct egl_pixels *pixels, const struct rect *rects,
		unsigned count);

/* Shows what was drawn; rects are what changed since the last swap (count 0 = all).
 * -EAGAIN: the surface got another size meanwhile, nothing was shown, draw again. -EIO as above. */
int egl_swap(struct egl *egl, const struct rect *rects, unsigned count);

/* The next swap's time on the display is wanted; tag comes back with it. Where nobody tells it,
 * nothing does. */
void egl_watch(struct egl *egl, uint64_t tag);
struct egl_shown {
	uint64_t tag;
	uint64_t at_ns;      /* on the display: CLOCK_MONOTONIC, as the display server tells */
	uint64_t refresh_ns; /* from one picture of the display to the next; 0 = not fixed, unknown,
			      * always on X11 */
};
/* The newest of those that are known. */
bool egl_take_shown(struct egl *egl, struct egl_shown *ret_shown);

/* Swaps follow the display's refresh. On Wayland they never block; egl_wants_frame() does it. */
void egl_set_vsync(struct egl *egl, bool on);

/* Wayland: false while the compositor has not asked for another frame since the last swap (with
 * vsync), or not for so long that the window must be hidden (without), or while it has all buffers
 * that a CPU fills. X11: false while the server has not read the memory of egl_make_pixels().
 * Elsewhere always true. */
bool egl_wants_frame(struct egl *egl);

/* Waits until wake_fd is readable, the compositor said something to us, or the deadline passed. */
void egl_wait(struct egl *egl, int wake_fd, deadline due);

bool egl_has_gl(const struct egl *egl);               /* false: of egl_create_memory() */
bool egl_is_software(const struct egl *egl);          /* a CPU draws: llvmpipe, softpipe, swrast */
void *egl_display(const struct egl *egl);             /* EGLDisplay, for imports */
const char *egl_renderer_name(const struct egl *egl); /* GL_RENDERER; without GL "no OpenGL" */
const char *egl_kind(const struct egl *egl); /* "x11 shm", "wayland shm", "offscreen", … */
