/*
 * The surface that pg-video draws on: the native handles of a window (or none), and its size. The
 * window makes the surface and EGL draws on it; whoever starts the video part passes it on.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum window_surface_kind {
	WINDOW_SURFACE_OFFSCREEN,
	WINDOW_SURFACE_X11,
	WINDOW_SURFACE_WAYLAND,
};

struct window_surface {
	/* constant */
	enum window_surface_kind kind;
	char x11_display[128];    /* name; pg-video opens a connection of its own */
	unsigned long x11_window; /* XID */
	void *wl_display;         /* struct wl_display *, SDL's; events go to a queue of our own */
	void *wl_surface;         /* struct wl_surface * */

	atomic_int refresh_hz; /* of the display it is on; 0 = unknown */

	/* Guards the size. On Wayland also held while a buffer is committed: the main thread
	 * changes the size before it acknowledges a configure, and no buffer of the old size may
	 * follow. */
	pthread_mutex_t lock;
	int width_px, height_px;
};
