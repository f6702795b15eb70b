/*
 * Shows the changed pixels on a Wayland window through shared memory (wl_shm). Everything on
 * pg-video, with a separate event queue.
 */
#pragma once

#include <stdbool.h>

struct egl_pixels;
struct gl_target;
struct pixel_ring;
struct rect;
struct wayland_present;
struct wl_display;
struct wl_event_queue;
struct wl_surface;

/* surface: a wrapper with that queue; none of them is owned. -EOPNOTSUPP: the compositor has no
 * wl_shm; -ENOMEM. */
int wayland_present_create(struct wayland_present **ret_present, struct wl_display *display,
		struct wl_event_queue *queue, struct wl_surface *surface);
void wayland_present_destroy(struct wayland_present *present); /* accepts NULL */

/* Whether the compositor has given back a buffer to fill. */
bool wayland_present_has_buffer(const struct wayland_present *present);
/* The buffers, for a picture that is written straight into them. */
struct pixel_ring *wayland_present_ring(struct wayland_present *present);
/* Notes rectangles of a picture in memory for the next wayland_present_show(); the pixels are read
 * there. */
void wayland_present_put(struct wayland_present *present, const struct egl_pixels *pixels,
		const struct rect *rects, unsigned count);
/* Nothing of what was put is shown. */
void wayland_present_drop(struct wayland_present *present);
/* Puts and the rectangles of the target, in a window of that size: fills a buffer and commits it.
 * 0, -EIO or -ENOMEM. */
int wayland_present_show(struct wayland_present *present, int width, int height,
		struct gl_target *target, const struct rect *rects, unsigned count);
