/*
 * Putting pixels on an X11 window through shared memory (MIT-SHM), and the few Xlib calls that
 * egl.c needs. Everything on pg-video, on a connection of its own.
 */
#pragma once

#include <stdint.h>

struct egl_pixels;
struct rect;
struct gl_target;
struct x11_present;

void *x11_open(const char *name);                                     /* Display *, or NULL */
void x11_close(void *display);                                        /* accepts NULL */
unsigned long x11_window_visual(void *display, unsigned long window); /* visual id; 0 = unknown */

/* -EOPNOTSUPP: the server is not on this machine, or the window's pixels are not 32 bits of
 * x, R, G, B. */
int x11_present_create(struct x11_present **ret_present, void *display, unsigned long window);
void x11_present_destroy(struct x11_present *present); /* accepts NULL */

/* Puts rectangles of a picture in memory on the window; shown with the next x11_present_show().
 * 0 or -EIO. */
int x11_present_put(struct x11_present *present, const struct egl_pixels *pixels,
		const struct rect *rects, unsigned count);
/* Reads the rectangles out of the target and puts them on the window. 0, -EIO or -ENOMEM. */
int x11_present_show(struct x11_present *present, struct gl_target *target,
		const struct rect *rects, unsigned count);
