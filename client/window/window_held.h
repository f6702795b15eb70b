/*
 * Keys as an X server has them, where SDL knows less. It tells which of lost_keys.h they are.
 *
 * And those that were pressed before the window got the focus. Two things make presses of them:
 * SDL (2.26, 3 as well), which tells held modifiers as pressed when the focus comes and after a
 * grab of the window manager's; and the X server, whose repeats of any other held key are presses
 * to whoever did not see the first. The server says right after FocusIn which keys are down
 * (KeymapNotify). On Wayland a compositor repeats nothing; see wayland_locks.h.
 *
 * And those that are let go while another program has grabbed the keyboard (a screen lock, a menu,
 * the desktop's overview), which leaves the focus here and lets nobody else hear of it. SDL finds
 * out when the grab is over; until then the server is asked ten times a second.
 *
 * Main thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"

union SDL_Event;

enum window_held_press { WINDOW_HELD_NONE, WINDOW_HELD_NEW, WINDOW_HELD_OLD };

struct window_held {
	unsigned char keys[32];       /* by X's key code; since the focus came and not let go */
	bool focus;                   /* the last event was FocusIn */
	enum window_held_press press; /* the last event of the server, if it was a press */
	bool linux_codes;             /* the server's key codes are Linux's, by 8 higher */
	unsigned char lost[32];       /* as keys: those of lost_keys.h that are down */
	bool replaced;                /* the last event of the server was told in SDL's place */
	bool telling;
	deadline look_ns;         /* while another program has the keyboard */
	unsigned char let_go[32]; /* as keys: told meanwhile */
	void *display;
};

struct SDL_Window;
/* Asks the server for the kind of its key codes. */
void window_held_start(struct window_held *held, struct SDL_Window *window);
/* Each event, as SDL's event filter has it. Returns whether the program is to have it: no press
 * that was made elsewhere; of the system's events the one after which look_ns is set. */
bool window_held_event(struct window_held *held, const union SDL_Event *event);
/* At look_ns: puts the releases of what was let go into SDL's queue, and sets it anew. */
void window_held_look(struct window_held *held, uint64_t now_ns);
