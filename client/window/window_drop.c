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

void window_drop_event(struct window_drop *drop, const SDL_Event *of_sdl) {
	const SDL_SysWMmsg *message = of_sdl->syswm.msg;
	if (message && message->subsystem == SDL_SYSWM_X11) {
		const XSelectionEvent *event = &message->msg.x11.event.xselection;
		if (event->type == SelectionNotify && event->property != None &&
				is(event->display, event->selection, "XdndSelection") &&
				is(event->display, event->target, "text/uri-list")) {
			read_list(drop, event);
		}
	}
}
