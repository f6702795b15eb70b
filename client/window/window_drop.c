#include "client/window/window_drop.h"

#include <SDL.h>
#include <SDL_syswm.h>
#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <stdlib.h>
#include <string.h>

void window_drop_forget(struct window_drop *drop) {
	free(drop->list);
	*drop = (struct window_drop){ 0 };
}

static bool is(Display *display, Atom atom, const char *name) {
	return atom == XInternAtom(display, name, False);
}

/* The property with the list, which SDL reads and removes afterwards. */
static void read_list(struct window_drop *drop, const XSelectionEvent *event) {
	Atom type;
	int format;
	unsigned long count, left;
	unsigned char *bytes = NULL;
	window_drop_forget(drop);
	if (XGetWindowProperty(event->display, event->requestor, event->property, 0,
			    (long)(WINDOW_DROP_MAX / 4), False, AnyPropertyType, &type, &format,
			    &count, &left, &bytes) != Success) {
		return;
	}
	drop->too_long = left > 0 || is(event->display, type, "INCR");
	if (format == 8 && !drop->too_long && count > 0) {
		drop->list = malloc(count);
	}
	if (drop->list) {
		memcpy(drop->list, bytes, count);
		drop->len = count;
	}
	XFree(bytes);
}

/* SDL asks before it puts an event into its queue: those of the system are not wanted there. */
static int filter(void *data, SDL_Event *of_sdl) {
	if (of_sdl->type != SDL_SYSWMEVENT) {
		return 1;
	}
	const SDL_SysWMmsg *message = of_sdl->syswm.msg;
	if (message && message->subsystem == SDL_SYSWM_X11) {
		const XSelectionEvent *event = &message->msg.x11.event.xselection;
		if (event->type == SelectionNotify && event->property != None &&
				is(event->display, event->selection, "XdndSelection") &&
				is(event->display, event->target, "text/uri-list")) {
			read_list(data, event);
		}
	}
	return 0;
}

static bool is_x11(void) {
	const char *driver = SDL_GetCurrentVideoDriver();
	return driver && strcmp(driver, "x11") == 0;
}

void window_drop_start(struct window_drop *drop) {
	if (is_x11()) {
		SDL_SetEventFilter(filter, drop);
		SDL_EventState(SDL_SYSWMEVENT, SDL_ENABLE);
	}
}

void window_drop_stop(struct window_drop *drop) {
	if (is_x11()) {
		SDL_EventState(SDL_SYSWMEVENT, SDL_DISABLE);
		SDL_SetEventFilter(NULL, NULL);
	}
	window_drop_forget(drop);
}
