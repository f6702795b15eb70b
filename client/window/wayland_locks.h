/*
 * The lock keys and the keys from before the focus as a Wayland compositor has them. SDL 2.26
 * counts presses of its own window and knows neither what was on before nor what another window
 * toggled, and tells held modifiers as pressed when the focus comes. This module has a wl_keyboard
 * of the first seat on SDL's connection. It tells the keys of lost_keys.h. pg-ui only.
 */
#pragma once

#include <stdbool.h>

struct SDL_Window;
struct wayland_locks;

/* NULL = the window is not Wayland's, the compositor has no seat, or there is no memory. While the
 * window lives. */
struct wayland_locks *wayland_locks_create(struct SDL_Window *window);
/* Accepts NULL. */
void wayland_locks_destroy(struct wayland_locks *locks);

/* What the compositor has said so far (enum input_led, Num and Caps); false = nothing yet. It says
 * so with the focus, some before that event and some a moment after. Does not block. */
bool wayland_locks_read(struct wayland_locks *locks, unsigned *ret_leds);

/* Whether a press that SDL tells is none: the key was down when the focus came, and has been since,
 * or another key was just pressed that SDL takes for this one. Does not block. */
bool wayland_locks_held(struct wayland_locks *locks, unsigned code);
