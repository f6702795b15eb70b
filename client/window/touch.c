#include "client/window/touch.h"

#include <math.h>

#include "base/clock.h"

#define SLOP       10.0 /* window units: less is a tap */
#define HOLD_NS    (400 * NS_PER_MS)
#define NOTCH      120.0
#define NOTCH_WAY  40.0 /* window units of both fingers */
#define FAR_ENOUGH 1.0  /* 1/120 notch */
#define ROUND      1e-3

static void add(struct touch_steps *steps, enum touch_step_kind kind, double x, double y,
		bool pressed) {
	steps->step[steps->count++] =
			(struct touch_step){ .kind = kind, .x = x, .y = y, .pressed = pressed };
}

static int index_of(const struct touch *touch, SDL_FingerID finger) {
	const int count = touch->down < 2 ? (int)touch->down : 2;
	for (int i = 0; i < count; i++) {
		if (touch->finger[i] == finger) {
			return i;
		}
	}
	return -1;
}

static void press(struct touch *touch, struct touch_steps *steps) {
	touch->state = TOUCH_DRAGS;
	touch->press_due_ns = 0;
	add(steps, TOUCH_BUTTON, touch->start_x, touch->start_y, true);
}

void touch_down(struct touch *touch, SDL_FingerID finger, double x, double y, uint64_t now_ns,
		struct touch_steps *ret) {
	ret->count = 0;
	if (touch->down < 2) {
		touch->finger[touch->down] = finger;
		touch->x[touch->down] = x;
		touch->y[touch->down] = y;
	}
	touch->down++;
	if (touch->down == 1) {
		touch->state = TOUCH_WAITS;
		touch->start_x = x;
		touch->start_y = y;
		touch->press_due_ns = now_ns + HOLD_NS;
		add(ret, TOUCH_PLACE, x, y, false);
	} else if (touch->down == 2 && touch->state == TOUCH_WAITS) {
		touch->state = TOUCH_SCROLLS;
		touch->press_due_ns = 0;
		touch->rest_x = touch->rest_y = 0;
	}
}

static void scroll(struct touch *touch, double dx, double dy, struct touch_steps *ret) {
	/* Each finger moves what lies below by half of its way; down is towards the user. */
	touch->rest_x -= dx / 2 / NOTCH_WAY * NOTCH;
	touch->rest_y += dy / 2 / NOTCH_WAY * NOTCH;
	/* SDL's places are fractions of the window, in single precision. */
	const double x = trunc(touch->rest_x + copysign(ROUND, touch->rest_x));
	const double y = trunc(touch->rest_y + copysign(ROUND, touch->rest_y));
	if (fabs(x) >= FAR_ENOUGH || fabs(y) >= FAR_ENOUGH) {
		touch->rest_x -= x;
		touch->rest_y -= y;
		add(ret, TOUCH_WHEEL, x, y, false);
	}
}

void touch_motion(struct touch *touch, SDL_FingerID finger, double x, double y,
		struct touch_steps *ret) {
	ret->count = 0;
	const int i = index_of(touch, finger);
	if (i < 0) {
		return;
	}
	const double dx = x - touch->x[i], dy = y - touch->y[i];
	if (touch->state == TOUCH_WAITS && hypot(x - touch->start_x, y - touch->start_y) < SLOP) {
		return; /* it is where it came down, so far */
	}
	touch->x[i] = x;
	touch->y[i] = y;
	if (touch->state == TOUCH_WAITS) {
		press(touch, ret);
	}
	if (touch->state == TOUCH_DRAGS && i == 0) {
		add(ret, TOUCH_MOVE, x, y, true);
	} else if (touch->state == TOUCH_SCROLLS) {
		scroll(touch, dx, dy, ret);
	}
}

void touch_up(struct touch *touch, SDL_FingerID finger, struct touch_steps *ret) {
	ret->count = 0;
	const int i = index_of(touch, finger);
	if (touch->down > 0) {
		touch->down--;
	}
	if (touch->state == TOUCH_WAITS) {
		press(touch, ret);
	}
	if (touch->state == TOUCH_DRAGS && i == 0) {
		add(ret, TOUCH_BUTTON, touch->x[0], touch->y[0], false);
		touch->state = TOUCH_OVER;
	} else if (touch->state == TOUCH_SCROLLS) {
		touch->state = TOUCH_OVER;
	}
	/* The others do nothing until all are up. */
	if (touch->down == 0) {
		*touch = (struct touch){ 0 };
	}
}

deadline touch_deadline(const struct touch *touch) {
	return touch->press_due_ns;
}

void touch_tick(struct touch *touch, uint64_t now_ns, struct touch_steps *ret) {
	ret->count = 0;
	if (touch->press_due_ns && now_ns >= touch->press_due_ns) {
		press(touch, ret);
	}
}

void touch_cancel(struct touch *touch) {
	touch->press_due_ns = 0;
	if (touch->down > 0) {
		touch->state = TOUCH_OVER;
	}
}
