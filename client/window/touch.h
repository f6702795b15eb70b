/*
 * Turns fingers on the window into what a mouse would do there: a tap is a click, one finger that
 * moves or stays drags, two turn the wheel. Pure: no clock, no SDL call.
 *
 * A button is pressed only once no second finger can come: at the lift, after a short way, or after
 * a while.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <SDL_touch.h>

#include "base/deadline.h"

#define TOUCH_STEPS_MAX 4u

enum touch_step_kind {
	TOUCH_PLACE,  /* the pointer jumps to x, y: a finger came down */
	TOUCH_MOVE,   /* the pointer goes to x, y */
	TOUCH_BUTTON, /* the left one, pressed or not, at x, y */
	TOUCH_WHEEL,  /* x, y: 1/120 notch, as struct guest_input_event has them */
};

struct touch_step {
	enum touch_step_kind kind;
	double x, y; /* window units */
	bool pressed;
};

struct touch_steps {
	unsigned count;
	struct touch_step step[TOUCH_STEPS_MAX];
};

struct touch {
	enum { TOUCH_IDLE, TOUCH_WAITS, TOUCH_DRAGS, TOUCH_SCROLLS, TOUCH_OVER } state;
	unsigned down; /* fingers, all of them */
	SDL_FingerID finger[2];
	double x[2], y[2]; /* window units */
	double start_x, start_y;
	double rest_x, rest_y; /* of the wheel */
	deadline press_due_ns;
};

/* x, y: window units. */
void touch_down(struct touch *touch, SDL_FingerID finger, double x, double y, uint64_t now_ns,
		struct touch_steps *ret);
void touch_motion(struct touch *touch, SDL_FingerID finger, double x, double y,
		struct touch_steps *ret);
void touch_up(struct touch *touch, SDL_FingerID finger, struct touch_steps *ret);

/* When touch_tick() is due. */
deadline touch_deadline(const struct touch *touch);
void touch_tick(struct touch *touch, uint64_t now_ns, struct touch_steps *ret);

/* What is down does nothing more; a button that is pressed is the caller's to release. */
void touch_cancel(struct touch *touch);
