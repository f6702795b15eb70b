/*
 * Shared by window_input.c (keys, pointer, capture), window_touch.c (fingers) and window_send.c. No
 * other file includes this header.
 */
#pragma once

#include "client/window/pointer_map.h"
#include "client/window/touch.h"
#include "client/window/window_input.h"
#include "input/chord.h"

struct local_pointer;
struct wayland_locks;

#define WINDOW_UNSENT_MAX 64

/* What found no room in the queue to pg-io, oldest first. */
struct window_unsent {
	struct guest_input_event events[WINDOW_UNSENT_MAX];
	unsigned count;
	deadline due_ns; /* of the next try; NONE while there is nothing */
};

struct window_input {
	SDL_Window *window;
	struct window_input_config config;
	struct window_input_hooks hooks;
	int (*send)(const struct guest_input_event *event, void *session);
	void *session;
	struct window_input_state state;
	struct pointer_map map;
	struct local_pointer *pointer;

	struct escape escape;
	struct key_set held;
	bool help_shown;
	uint64_t help_due_ns;
	bool remote_shift;

	bool focus;
	uint32_t focus_ms;
	bool captured;
	bool other_motion; /* hooks.other_motion() is on, with this rotation */
	unsigned other_rotation;
	bool keyboard_grabbed;
	bool started; /* capture_on_start was done */

	bool inside; /* the pointer is over the picture */
	unsigned buttons;
	bool aligned; /* target is where the guest's pointer should be */
	double target_x, target_y;
	double rest_x, rest_y; /* of motion below a pixel */
	uint64_t align_due_ns;
	struct video_pointer guest;
	struct touch touch;

	bool mode_asked;
	bool asked_absolute;
	bool locks_reported;         /* since the focus came and the guest listens */
	struct wayland_locks *locks; /* NULL: SDL knows them */
	uint64_t locks_due_ns;
	struct window_unsent unsent;
};

/* Input of the window goes to the guest now. */
bool window_input_forwards(const struct window_input *input);

/* window_send.c: at once, or in order as soon as there is room. */
void window_input_send(struct window_input *input, struct guest_input_event event);
void window_input_send_rest(struct window_input *input, uint64_t now_ns);

/* Where the pointer is now, in SDL's coordinates. With a button held it counts as inside: the drag
 * goes on along the edge. Returns whether the guest is concerned. */
bool window_input_point_at(
		struct window_input *input, int x, int y, struct pointer_point *ret_point);
/* The guest's pointer follows there; dx, dy: as far as the local one went. */
void window_input_point_to(struct window_input *input, const struct pointer_point *point, double dx,
		double dy, uint64_t now_ns);
bool window_input_button(
		struct window_input *input, const SDL_MouseButtonEvent *event, uint64_t now_ns);

/* window_touch.c */
bool window_input_finger(
		struct window_input *input, const SDL_TouchFingerEvent *event, uint64_t now_ns);
void window_input_touch_steps(
		struct window_input *input, const struct touch_steps *steps, uint64_t now_ns);
