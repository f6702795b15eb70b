/*
 * What is dropped on the window, as the desktop has it: X11 hands over a list of URIs, of which SDL
 * tells only the files of this machine (2.26, X11_URIToLocal), and nothing of a list that comes in
 * pieces. SDL still speaks the protocol (XDND); the list is read beside it, before it is thrown
 * away. On Wayland there is none: see client/clipboard/clipboard_wayland_core.c.
 *
 * Main thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define WINDOW_DROP_MAX ((size_t)16 << 20) /* bytes of a list */

struct window_drop {
	char *list; /* text/uri-list; heap; NULL = none came since it was forgotten */
	size_t len;
	bool too_long; /* it came in pieces, or is longer than WINDOW_DROP_MAX */
};

union SDL_Event;

/* Of the system, as SDL's event filter has it, which is asked before SDL handles the event. */
void window_drop_event(struct window_drop *drop, const union SDL_Event *of_sdl);
void window_drop_forget(struct window_drop *drop);
