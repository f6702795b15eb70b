/*
 * Putting pixels on an X11 window through shared memory (MIT-SHM), or through the socket where that
 * is all there is, and the few Xlib calls that egl.c needs. Everything on pg-video, on a connection
 * of its own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct egl_pixels;
struct rect;
struct gl_target;
struct x11_present;

void *x11_open(const char *name);                                     /* Display *, or NULL */
void x11_close(void *display);                                        /* accepts NULL */
unsigned long x11_window_visual(void *display, unsigned long window); /* visual id; 0 = unknown */

/* -EOPNOTSUPP: the server is not on this machine, or the window's pixels are not 32 bits of
 * x, R, G, B. any_way: then pixels are converted, and go through the socket where there is no
 * shared memory; -EOPNOTSUPP only for a form that is not known (client/gl/x11_format.h). */
int x11_present_create(struct x11_present **ret_present, void *display, unsigned long window,
		bool any_way);
void x11_present_destroy(struct x11_present *present); /* accepts NULL */

/* Memory of a picture, rows of width * 4 bytes, that the server reads in place: x11_present_put()
 * copies nothing of it. To be written only while x11_present_is_read(). NULL: there is none. Goes
 * with the next call, with x11_present_free_picture() or with the present. */
unsigned char *x11_present_make_picture(struct x11_present *present, int width, int height);
void x11_present_free_picture(struct x11_present *present);
/* Whether the server has read all that was shown. Without a picture always true. Where it is false,
 * its answer makes the connection's descriptor readable. */
bool x11_present_is_read(struct x11_present *present);
int x11_present_fd(const struct x11_present *present);

/* Puts rectangles of a picture in memory on the window; shown with the next x11_present_show().
 * 0 or -EIO. */
int x11_present_put(struct x11_present *present, const struct egl_pixels *pixels,
		const struct rect *rects, unsigned count);
/* The time on the display of what the next x11_present_show() shows is wanted. */
struct x11_times;
void x11_present_watch(struct x11_present *present, struct x11_times *times, uint64_t tag);
/* Reads the rectangles out of the target and puts them on the window. 0, -EIO or -ENOMEM. */
int x11_present_show(struct x11_present *present, struct gl_target *target,
		const struct rect *rects, unsigned count);
