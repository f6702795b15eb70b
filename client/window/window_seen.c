#include "client/window/window_seen.h"

#include <SDL.h>
#include <SDL_syswm.h>
#include <X11/Xlib-xcb.h>
#include <X11/Xlib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/xcb.h>

void window_seen_start(struct window_seen *seen, struct SDL_Window *window) {
#ifdef SDL_VIDEO_DRIVER_X11
	SDL_SysWMinfo info;
	XWindowAttributes attributes;
	SDL_VERSION(&info.version);
	if (SDL_GetWindowWMInfo(window, &info) && info.subsystem == SDL_SYSWM_X11 &&
			XGetWindowAttributes(
					info.info.x11.display, info.info.x11.window, &attributes)) {
		seen->display = info.info.x11.display;
		seen->window = info.info.x11.window;
		/* One connection has one selection: SDL's own stays. */
		XSelectInput(seen->display, seen->window,
				attributes.your_event_mask | VisibilityChangeMask);
	}
#else
	(void)seen;
	(void)window;
#endif
}

bool window_seen_event(struct window_seen *seen, const SDL_Event *event) {
#ifdef SDL_VIDEO_DRIVER_X11
	const SDL_SysWMmsg *message = event->syswm.msg;
	if (seen->display && message && message->subsystem == SDL_SYSWM_X11 &&
			message->msg.x11.event.type == VisibilityNotify) {
		const XVisibilityEvent *visibility = &message->msg.x11.event.xvisibility;
		seen->covered = visibility->window == seen->window
						? visibility->state == VisibilityFullyObscured
						: seen->covered;
		return visibility->window == seen->window;
	}
#else
	(void)seen;
	(void)event;
#endif
	return false;
}

static bool is_composited(Display *display) {
	char name[32];
	snprintf(name, sizeof name, "_NET_WM_CM_S%d", DefaultScreen(display));
	return XGetSelectionOwner(display, XInternAtom(display, name, False)) != None;
}

/* By XCB: Xlib ends the program for a window that is gone meanwhile. To be freed. */
static xcb_get_property_reply_t *get(Display *display, unsigned long window, const char *name) {
	xcb_connection_t *connection = XGetXCBConnection(display);
	return xcb_get_property_reply(connection,
			xcb_get_property(connection, 0, (xcb_window_t)window,
					(xcb_atom_t)XInternAtom(display, name, False),
					XCB_GET_PROPERTY_TYPE_ANY, 0, 16),
			NULL);
}

/* A property of one number or window. */
static bool get_number(Display *display, unsigned long window, const char *name, uint32_t *ret) {
	xcb_get_property_reply_t *reply = get(display, window, name);
	const bool got = reply && reply->format == 32 && reply->value_len == 1;
	if (got) {
		memcpy(ret, xcb_get_property_value(reply), sizeof *ret);
	}
	free(reply);
	return got;
}

/* The window managers of GNOME, Cinnamon and others leave the windows of other workspaces mapped.
 * They have one workspace for all screens: others (awesome, xmonad) show one on each, and only one
 * of those is the current one. */
static bool is_mutter(Display *display) {
	static const char *const names[] = { "Mutter", "GNOME Shell" };
	uint32_t window;
	bool is = false;
	if (!get_number(display, DefaultRootWindow(display), "_NET_SUPPORTING_WM_CHECK", &window)) {
		return false;
	}
	xcb_get_property_reply_t *reply = get(display, window, "_NET_WM_NAME");
	for (unsigned i = 0; reply && i < sizeof names / sizeof names[0]; i++) {
		const size_t len = strlen(names[i]);
		is = is ||
		     (reply->format == 8 && reply->value_len >= len &&
				     memcmp(xcb_get_property_value(reply), names[i], len) == 0);
	}
	free(reply);
	return is;
}

#define EVERY_DESKTOP 0xffffffffu

static bool is_elsewhere(Display *display, unsigned long window) {
	uint32_t own, current;
	return get_number(display, window, "_NET_WM_DESKTOP", &own) &&
	       get_number(display, DefaultRootWindow(display), "_NET_CURRENT_DESKTOP", &current) &&
	       own != EVERY_DESKTOP && own != current && is_mutter(display);
}

bool window_is_seen(const struct window_seen *seen) {
	XWindowAttributes attributes;
	if (!seen->display || !XGetWindowAttributes(seen->display, seen->window, &attributes)) {
		return true;
	}
	return attributes.map_state == IsViewable && !is_elsewhere(seen->display, seen->window) &&
	       (!seen->covered || is_composited(seen->display));
}
