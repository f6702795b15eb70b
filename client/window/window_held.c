#include "client/window/window_held.h"

#include <SDL.h>
#include <SDL_syswm.h>
#include <string.h>

#include "client/window/window_input.h"

#ifdef SDL_VIDEO_DRIVER_X11

#define X_KEY_FIRST 8u /* X's key codes are Linux's, by this much higher */

static bool has(const struct window_held *held, unsigned code) {
	return code < 8 * sizeof held->keys && held->keys[code / 8] & 1u << code % 8;
}

static void server_event(struct window_held *held, const XEvent *event) {
	const bool focus = held->focus;
	held->focus = event->type == FocusIn;
	held->press = WINDOW_HELD_NONE;
	switch (event->type) {
	case KeymapNotify: /* after EnterNotify, too, which changes nothing */
		if (focus) {
			memcpy(held->keys, event->xkeymap.key_vector, sizeof held->keys);
		}
		break;
	case KeyPress:
		held->press = has(held, event->xkey.keycode) ? WINDOW_HELD_OLD : WINDOW_HELD_NEW;
		break;
	case KeyRelease:
		if (has(held, event->xkey.keycode)) {
			held->keys[event->xkey.keycode / 8] &=
					(unsigned char)~(1u << event->xkey.keycode % 8);
		}
		break;
	default:
		break;
	}
}

bool window_held_event(struct window_held *held, const SDL_Event *event) {
	if (event->type == SDL_SYSWMEVENT) {
		if (event->syswm.msg && event->syswm.msg->subsystem == SDL_SYSWM_X11) {
			server_event(held, &event->syswm.msg->msg.x11.event);
		}
		return true;
	}
	if (event->type != SDL_KEYDOWN || event->key.repeat) {
		return true;
	}
	const enum window_held_press press = held->press;
	held->press = WINDOW_HELD_NONE; /* of one event of the server's comes one press */
	switch (press) {
	case WINDOW_HELD_NEW:
		return true;
	case WINDOW_HELD_OLD:
		return false;
	case WINDOW_HELD_NONE:
		break;
	}
	/* SDL's own word: of a modifier that is held, at FocusIn or a moment later, or of a dead
	 * key, whose press the input method took. */
	const unsigned code = window_input_key(event->key.keysym.scancode);
	return !held->focus && !(code && has(held, code + X_KEY_FIRST));
}

#else

bool window_held_event(struct window_held *held, const SDL_Event *event) {
	(void)held;
	(void)event;
	return true;
}

#endif
