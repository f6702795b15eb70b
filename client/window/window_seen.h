/*
 * Whether anybody can see an X11 window: the X server has it on the screen, and not all of it is
 * covered by other windows. (On Wayland the compositor stops asking for frames: client/gl/egl.h.)
 *
 * Where a compositing manager runs, what covers a window may be half transparent, or the window
 * stands small in an overview: then a covered window counts as seen.
 *
 * Main thread only.
 */
#pragma once

#include <stdbool.h>

struct SDL_Window;
union SDL_Event;

struct window_seen {
	void *display;        /* SDL's; NULL = the window is none of X11 */
	unsigned long window; /* XID */
	bool covered;         /* as the X server told last */
};

/* Asks the X server to tell when the window is covered. */
void window_seen_start(struct window_seen *seen, struct SDL_Window *window);
/* Of the system, as SDL's event filter has it; true: what window_is_seen() says may have changed.
 */
bool window_seen_event(struct window_seen *seen, const union SDL_Event *event);
/* On Wayland always true. */
bool window_is_seen(const struct window_seen *seen);
