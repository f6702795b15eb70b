#include "audio/server/period.h"

#define LEAST_FRAMES 16
#define MOST_FRAMES  32768
#define STEPS_LEAST  6
#define AGREED_LEAST 4

void period_init(struct period *period) {
	*period = (struct period){ .position = -1 };
}

/* The greatest common divisor of what is rounded: with a resampler in between, each step is off by
 * a frame, and what they are multiples of by a fraction. */
static unsigned common(unsigned a, unsigned b) {
	while (b >= LEAST_FRAMES) {
		const unsigned times = (a + b / 2) / b;
		const unsigned product = times * b;
		const unsigned off = a > product ? a - product : product - a;
		if (times > 0 && off <= 1 + times && off < b / 4) {
			return b;
		}
		const unsigned rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

static unsigned common_of_all(const struct period *period) {
	unsigned all = period->steps[0];
	for (unsigned i = 1; i < period->count; i++) {
		const unsigned step = period->steps[i];
		all = all > step ? common(all, step) : common(step, all);
	}
	return all;
}

bool period_report(struct period *period, int64_t position) {
	const int64_t step = position - period->position;
	if (period->position < 0 || step < 0) {
		period->position = position;
		return false;
	}
	if (step == 0) {
		return false;
	}
	period->position = position;
	if (step > 4 * MOST_FRAMES) {
		return false;
	}
	period->steps[period->next] = (unsigned)step;
	period->next = (period->next + 1) % PERIOD_STEPS;
	period->count += period->count < PERIOD_STEPS;
	const unsigned candidate = common_of_all(period);
	const unsigned off = candidate > period->candidate ? candidate - period->candidate
							   : period->candidate - candidate;
	period->agreed = off <= 1 ? period->agreed + 1 : 0;
	period->candidate = candidate;
	if (period->count < STEPS_LEAST || period->agreed < AGREED_LEAST ||
			candidate < LEAST_FRAMES || candidate > MOST_FRAMES) {
		return false;
	}
	const unsigned changed = candidate > period->frames ? candidate - period->frames
							    : period->frames - candidate;
	if (changed <= 1) {
		return false;
	}
	if (period->frames > 0 && period->agreed < PERIOD_STEPS) {
		return false; /* a change is believed when nothing of before is among them */
	}
	period->frames = candidate;
	return true;
}
