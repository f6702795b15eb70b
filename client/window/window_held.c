#include "client/window/window_held.h"

#include <SDL.h>
#include <SDL_syswm.h>
#include <string.h>

#include "base/clock.h"
#include "client/window/lost_keys.h"
#include "client/window/window_input.h"

#ifdef SDL_VIDEO_DRIVER_X11

#include <X11/XKBlib.h>

#define LOOK_NS     (100 * NS_PER_MS)
#define X_KEY_FIRST 8u /* X's key codes are Linux's, by this much higher */

static bool has(const unsigned char *keys, unsigned code) {
	return code < 256 && keys[code / 8] & 1u << code % 8;
}

static void set(unsigned char *keys, unsigned code, bool on) {
	const unsigned char bit = (unsigned char)(1u << code % 8);
	if (code < 256) {
		keys[code / 8] = (unsigned char)(on ? keys[code / 8] | bit : keys[code / 8] & ~bit);
	}
}

/* evdev's rules name their key codes "evdev" with what is aliased; others count otherwise. */
static bool has_linux_codes(Display *display) {
	bool found = false;
	XkbDescPtr keyboard = XkbAllocKeyboard();
	if (keyboard && XkbGetNames(display, XkbKeycodesNameMask, keyboard) == Success &&
			keyboard->names && keyboard->names->keycodes) {
		char *name = XGetAtomName(display, keyboard->names->keycodes);
		found = name && strncmp(name, "evdev", 5) == 0;
		XFree(name);
	}
	if (keyboard) {
		XkbFreeKeyboard(keyboard, XkbAllComponentsMask, True);
	}
	return found;
}

void window_held_start(struct window_held *held, struct SDL_Window *window) {
	SDL_SysWMinfo info;
	SDL_VERSION(&info.version);
	if (SDL_GetWindowWMInfo(window, &info) && info.subsystem == SDL_SYSWM_X11) {
		held->display = info.info.x11.display;
		held->linux_codes = has_linux_codes(info.info.x11.display);
	}
}

static void tell_lost(struct window_held *held, unsigned keycode, bool pressed) {
	const unsigned code = keycode - X_KEY_FIRST;
	if (!held->linux_codes || !lost_key(code)) {
		return;
	}
	const bool old = pressed && held->press == WINDOW_HELD_OLD;
	held->replaced = true;
	held->telling = true;
	if (!old) {
		lost_key_tell(code, pressed, pressed && has(held->lost, keycode));
	}
	held->telling = false;
	set(held->lost, keycode, pressed && !old);
}

static void server_event(struct window_held *held, const XEvent *event) {
	const bool focus = held->focus;
	held->focus = event->type == FocusIn;
	held->press = WINDOW_HELD_NONE;
	held->replaced = false;
	switch (event->type) {
	case FocusIn:
	case FocusOut:
		if (event->xfocus.mode != NotifyGrab && event->xfocus.mode != NotifyUngrab) {
			memset(held->lost, 0, sizeof held->lost);
		}
		held->look_ns = event->type == FocusOut && event->xfocus.mode == NotifyGrab
						? DEADLINE_NOW
						: DEADLINE_NONE;
		memset(held->let_go, 0, sizeof held->let_go);
		break;
	case KeymapNotify: /* after EnterNotify, too, which changes nothing */
		if (focus) {
			memcpy(held->keys, event->xkeymap.key_vector, sizeof held->keys);
		}
		break;
	case KeyPress:
		held->press = has(held->keys, event->xkey.keycode) ? WINDOW_HELD_OLD
								   : WINDOW_HELD_NEW;
		tell_lost(held, event->xkey.keycode, true);
		break;
	case KeyRelease:
		set(held->keys, event->xkey.keycode, false);
		tell_lost(held, event->xkey.keycode, false);
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
		return held->look_ns == DEADLINE_NOW;
	}
	const bool is_key = event->type == SDL_KEYDOWN || event->type == SDL_KEYUP;
	if (held->telling || (is_key && held->replaced)) {
		return held->telling;
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
	return !held->focus && !(code && has(held->keys, code + X_KEY_FIRST));
}

static void tell_let_go(struct window_held *held, SDL_Scancode scancode, unsigned keycode) {
	SDL_Event event = { .key = { .type = SDL_KEYUP, .state = SDL_RELEASED } };
	event.key.keysym.scancode = scancode;
	event.key.keysym.sym = SDL_GetKeyFromScancode(scancode);
	held->telling = true;
	SDL_PushEvent(&event);
	held->telling = false;
	set(held->let_go, keycode, true);
}

void window_held_look(struct window_held *held, uint64_t now_ns) {
	static const char none[32];
	char down[32];
	int count;
	const Uint8 *pressed = SDL_GetKeyboardState(&count);
	held->look_ns = now_ns + LOOK_NS;
	XQueryKeymap(held->display, down);
	const bool all_up = memcmp(down, none, sizeof down) == 0;
	for (int i = 0; i < count; i++) {
		const unsigned code = window_input_key((SDL_Scancode)i);
		const unsigned keycode = code + X_KEY_FIRST;
		const bool was_down = pressed[i] || has(held->lost, keycode);
		/* Of key codes that are not Linux's only "none is down" can be read. */
		const bool up = all_up ||
				(held->linux_codes && !has((unsigned char *)down, keycode));
		if (code && was_down && up && !has(held->let_go, keycode)) {
			tell_let_go(held, (SDL_Scancode)i, keycode);
		}
	}
}

#else

void window_held_look(struct window_held *held, uint64_t now_ns) {
	(void)held;
	(void)now_ns;
}

void window_held_start(struct window_held *held, struct SDL_Window *window) {
	(void)held;
	(void)window;
}

bool window_held_event(struct window_held *held, const SDL_Event *event) {
	(void)held;
	(void)event;
	return true;
}

#endif
