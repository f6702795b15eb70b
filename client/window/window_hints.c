/* What SDL is to leave to the window's input. */
#include <SDL_hints.h>

#include "client/window/window_input.h"

void window_input_hints(void) {
	/* A tab with Alt in full screen would minimise a grabbed window instead of reaching the
	 * guest. */
	SDL_SetHint(SDL_HINT_ALLOW_ALT_TAB_WHILE_GRABBED, "0");
	/* Raw motion: no acceleration of the desktop, no emulation by warping. */
	SDL_SetHint(SDL_HINT_MOUSE_RELATIVE_MODE_WARP, "0");
#ifdef SDL_HINT_MOUSE_RELATIVE_SYSTEM_SCALE
	SDL_SetHint(SDL_HINT_MOUSE_RELATIVE_SYSTEM_SCALE, "0");
#endif
#ifdef SDL_HINT_MOUSE_RELATIVE_SCALING
	SDL_SetHint(SDL_HINT_MOUSE_RELATIVE_SCALING, "0");
#endif
#ifdef SDL_HINT_VIDEO_WAYLAND_EMULATE_MOUSE_WARP
	SDL_SetHint(SDL_HINT_VIDEO_WAYLAND_EMULATE_MOUSE_WARP, "0");
#endif
	/* The click that gives focus is for the guest, too. */
	SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
#ifdef SDL_HINT_GRAB_KEYBOARD
	/* Only where we say so. */
	SDL_SetHint(SDL_HINT_GRAB_KEYBOARD, "0");
#endif
}
