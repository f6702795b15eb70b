/*
 * The window: SDL2 opens it, client/gl/egl.h draws on it (on pg-video).
 *
 * Everything here is called from the main thread. The window handles no events: the caller waits
 * for SDL's and reacts; only the size of the drawing surface follows by itself (it must be known
 * before the compositor's configure is acknowledged). Call video_resize() on
 * SDL_WINDOWEVENT_SIZE_CHANGED to have the picture redrawn.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"

struct SDL_Window;
struct window;
struct window_drop;
struct window_surface;

struct window_config {
	char title[128];
	int width, height; /* window units; 0 = 1024x768 */
	bool size_set;     /* somebody chose it: no room is left for a frame around it */
	bool position_set; /* else centred; also where that place is on no screen */
	int x, y;
	char monitor[64]; /* its number from 1, or a part of its name; "" = the desktop chooses */
	bool full_screen;
	bool borderless;
	bool maximized;
	bool resizable;
};

/* Sets SDL's hints and environment (app id, Wayland first, no signal handlers, screensaver allowed)
 * and starts its video. app_id also names the desktop entry. Returns 0 or a negative errno:
 * -EAGAIN when the display server has no screen now (a dock that is unplugged, a monitor that
 * sleeps), -ENODEV when there is no display (SDL's "offscreen" and "dummy" drivers are refused).
 * *ret_error (may be NULL) tells why, valid until the next SDL call. */
int window_system_start(const char *app_id, const char **ret_error);
void window_system_stop(void);

int window_create(struct window **ret_window, const struct window_config *config);
/* After video_stop(): nothing may draw on it any more. Accepts NULL. */
void window_destroy(struct window *window);

struct SDL_Window *window_sdl(const struct window *window);
/* What video_start() draws on; lives as long as the window. */
struct window_surface *window_get_surface(struct window *window);

/* Of the drawing surface, in pixels. */
void window_size_px(const struct window *window, int *ret_width, int *ret_height);
/* On X11 the name of the display and the window's number there; else NULL. */
const char *window_x11(const struct window *window, uint32_t *ret_window);
/* Pixels per window unit (SDL's mouse coordinates are window units). */
double window_scale(const struct window *window);
/* Pixels of a text per pixel that it has on an ordinary screen: the scale of the Wayland output, or
 * the desktop's Xft.dpi / 96. */
double window_text_scale(const struct window *window);
/* What was dropped on the window since it was forgotten last. */
struct window_drop *window_get_drop(struct window *window);
/* "x11", "wayland" */
const char *window_kind(const struct window *window);

/* The connection to the display server, for poll: it hangs up when the server is gone. The window
 * keeps it. -1: there is none. */
int window_display_fd(const struct window *window);
/*
 * Xlib ends the program by exit() in whichever thread finds out that the server is gone: also in
 * one that only wakes the main thread by SDL_PushEvent(). From this call on that thread runs gone()
 * instead and, should that return, stands still for ever. For all X11 connections of the process.
 */
void window_when_x11_is_gone(void (*gone)(void *data), void *data);

void window_set_full_screen(struct window *window, bool on);
bool window_is_full_screen(const struct window *window);
bool window_has_focus(const struct window *window);
/* It has no title bar though one was wanted: see client/window/window_frame.h. */
bool window_lacks_frame(const struct window *window);
/* Whether anybody can see it (client/window/window_seen.h). SDL_SYSWMEVENT tells of most changes. A
 * window manager that shows another workspace takes the frame around the window away, of which the
 * window hears nothing. Always true on Wayland, where a window that nobody sees is not asked for
 * pictures. */
bool window_is_viewable(const struct window *window);
/* When window_tick() is due next: while another program has grabbed the keyboard. */
deadline window_deadline(const struct window *window);
void window_tick(struct window *window, uint64_t now_ns);
/* The desktop must not blank or lock the screen / may again. */
void window_keep_awake(struct window *window, bool on);
/* Makes the drawing surface that large, where the desktop allows it, but not larger than the screen
 * has room: then as much of it, in the same aspect. */
void window_set_size_px(struct window *window, int width_px, int height_px);
/* Gives the window the picture's aspect: its width stays, where the screen has the height for that.
 * Only where it still has the size that it was opened with; a desktop that tiles, and a user, chose
 * another one. */
void window_take_aspect(struct window *window, int width_px, int height_px);
void window_set_title(struct window *window, const char *title);

int window_monitor_count(void);
/* The one that the window is on, from 0. */
int window_monitor(const struct window *window);
/* Moves the window there, in full screen too. */
void window_to_monitor(struct window *window, int index);

/* A surface without a window, for --screenshot and --bench without a display. */
int window_surface_create_offscreen(
		struct window_surface **ret_surface, int width_px, int height_px);
/* Only for surfaces of the function above. Accepts NULL. */
void window_surface_destroy(struct window_surface *surface);
