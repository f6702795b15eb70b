#include "client/video/frame_predictor.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

#define PLAIN_STEP_NS  (1 * NS_PER_MS)
#define FLOW_MAX_NS    (4 * NS_PER_MS)
#define IDLE_STEP_NS   (20 * NS_PER_MS)
#define IDLE_AFTER_NS  (1 * NS_PER_S)
#define EAGER_NS       (60 * NS_PER_MS)
#define EAGER_STEP_NS  (1 * NS_PER_MS)
#define PERIOD_MIN_NS  (1 * NS_PER_MS)
#define PERIOD_MAX_NS  (100 * NS_PER_MS)
#define FINE_STEP_NS   (30 * NS_PER_US)
#define GUARD_MIN_NS   (60.0 * NS_PER_US)
#define GUARD_MAX_NS   (400.0 * NS_PER_US)
#define WATCH_SHARE    0.025 /* of all time, at most: sleep, look, sleep costs more */
#define FIRST_LOOK_NS  (1.0 * NS_PER_MS)
#define EARLIER_NS     (20.0 * NS_PER_US)
#define GRID_GAIN      0.3
#define REGULAR_ENOUGH 4u
#define REGULAR_MAX    16u
#define STRAY_COST     5u
#define PERIODS_MAX    8 /* of silence, then nothing is known */
#define APART_FRAMES   12

void pacer_init(struct pacer *pacer, bool plain, uint64_t step_ns) {
	memset(pacer, 0, sizeof *pacer);
	pacer->plain = plain;
	pacer->step_ns = step_ns > 0 ? step_ns : plain ? PLAIN_STEP_NS : FLOW_MAX_NS;
}

void pacer_reset(struct pacer *pacer) {
	pacer_init(pacer, pacer->plain, pacer->step_ns);
}

void pacer_input(struct pacer *pacer, uint64_t now_ns) {
	pacer->eager_until_ns = now_ns + EAGER_NS;
}

static double distance(double a, double b) {
	return a > b ? a - b : b - a;
}

/* Out of rhythm: a new one is learned from here on. */
static void learn_anew(struct pacer *pacer, double interval) {
	pacer->regular = 0;
	pacer->apart = pacer->apart_count = pacer->joined = 0;
	pacer->grid_ns = pacer->last_ns;
	pacer->jitter_ns = GUARD_MAX_NS;
	if (interval < (double)PERIOD_MIN_NS || interval > (double)PERIOD_MAX_NS) {
		return;
	}
	/* Two of the same length are a rhythm; else slowly, it may be none. */
	const bool sure = pacer->period_ns <= 0 ||
			  distance(interval, pacer->interval_ns) < interval / 8;
	pacer->period_ns = sure ? interval : pacer->period_ns + 0.5 * (interval - pacer->period_ns);
}

/* A frame came in rhythm, so many periods after the one before it. Where none comes in between any
 * more, looking for it is for nothing: what was learned is a part of the guest's period, or a film
 * plays in it. */
static void join_periods(struct pacer *pacer, unsigned periods) {
	unsigned divisor = pacer->apart;
	while (divisor != 0) {
		const unsigned rest = periods % divisor;
		periods = divisor;
		divisor = rest;
	}
	pacer->apart = periods > 1 ? periods : 0;
	pacer->apart_count = periods > 1 ? pacer->apart_count + 1 : 0;
	if (pacer->apart_count >= APART_FRAMES &&
			pacer->period_ns * pacer->apart <= (double)PERIOD_MAX_NS) {
		pacer->period_ns *= pacer->apart;
		pacer->joined = pacer->apart;
		pacer->apart = pacer->apart_count = 0;
	}
}

/* One came in between after all. */
static void part_periods(struct pacer *pacer, double since) {
	if (pacer->joined == 0 || since <= 0) {
		return;
	}
	const double part = pacer->period_ns / pacer->joined;
	if (distance(since, nearbyint(since / pacer->period_ns) * pacer->period_ns) > part / 2 &&
			distance(since, nearbyint(since / part) * part) < part / 4) {
		pacer->period_ns = part;
		pacer->joined = 0;
	}
}

static double guard_of(const struct pacer *pacer) {
	const double guard = 2.5 * pacer->jitter_ns;
	return guard < GUARD_MIN_NS ? GUARD_MIN_NS : guard > GUARD_MAX_NS ? GUARD_MAX_NS : guard;
}

void pacer_frame(struct pacer *pacer, uint64_t now_ns) {
	const uint64_t last_ns = pacer->last_ns;
	pacer->last_ns = now_ns;
	if (last_ns == 0 || now_ns <= last_ns) {
		pacer->grid_ns = now_ns;
		return;
	}
	const double interval = (double)(now_ns - last_ns);
	if (pacer->period_ns <= 0) {
		learn_anew(pacer, interval);
		pacer->interval_ns = interval;
		return;
	}
	/* Left-out frames (nothing changed in the guest) do not change the rhythm. */
	const double since = (double)(int64_t)(now_ns - pacer->grid_ns); /* may come before it */
	part_periods(pacer, since);
	const double periods = since > 0 ? (double)(uint64_t)(since / pacer->period_ns + 0.5) : 0;
	const double seen = since - periods * pacer->period_ns;
	const double empty = pacer->empty_ns > last_ns ? seen - (double)(now_ns - pacer->empty_ns)
						       : seen - pacer->period_ns;
	/* It came after the last look that found nothing. If it was due between the two, it may
	 * well have come when it was due: that it is seen late is our own doing. */
	const double error = seen < 0 ? seen : empty > 0 ? empty : 0;
	const bool stray = periods < 1 || distance(error, 0) > pacer->period_ns / 4;
	if (interval > PERIODS_MAX * pacer->period_ns || (stray && pacer->regular == 0)) {
		learn_anew(pacer, interval);
		pacer->interval_ns = interval;
		return;
	}
	pacer->interval_ns = interval;
	pacer->grid_ns += (uint64_t)(periods * pacer->period_ns);
	if (stray) {
		/* One alone: the next comes when it would have come anyway. */
		pacer->regular -= pacer->regular < STRAY_COST ? pacer->regular : STRAY_COST;
		return;
	}
	const double guard = guard_of(pacer);
	double step = GRID_GAIN * error;
	double miss = distance(error, 0);
	if (empty < -guard - FIRST_LOOK_NS) {
		/* No look between the long sleep and this one: who knows how early it came. */
		step = (seen < 0 ? seen : 0) - EARLIER_NS;
		miss = 4 * guard;
	}
	pacer->grid_ns = (uint64_t)((double)pacer->grid_ns + step);
	pacer->regular += pacer->regular < REGULAR_MAX;
	pacer->period_ns += 0.05 * error / periods;
	join_periods(pacer, (unsigned)periods);
	pacer->jitter_ns = fmin(pacer->jitter_ns + 0.1 * (miss - pacer->jitter_ns), GUARD_MAX_NS);
}

static uint64_t earlier(uint64_t a, uint64_t b) {
	return a < b ? a : b;
}

/* How long after the newest due moment, the next one when that is near; negative = before it. */
static double lateness(const struct pacer *pacer, uint64_t now_ns, double guard) {
	const double since = (double)(int64_t)(now_ns - pacer->grid_ns);
	double periods = (double)(int64_t)((since + guard) / pacer->period_ns);
	periods = periods < 1 ? 1 : periods;
	return since - periods * pacer->period_ns;
}

static bool has_rhythm(const struct pacer *pacer, uint64_t now_ns) {
	return pacer->period_ns > 0 && pacer->regular >= REGULAR_ENOUGH &&
	       now_ns - pacer->last_ns <= IDLE_AFTER_NS;
}

/* Finely around the moment at which the next frame is due, then less and less: a frame that is late
 * by x is met about x / 4 after it came. */
static uint64_t next_by_phase(const struct pacer *pacer, uint64_t now_ns) {
	const double guard = guard_of(pacer);
	const double late = lateness(pacer, now_ns, guard);
	if (late < -guard) {
		return now_ns + (uint64_t)(-guard - late) + 1;
	}
	if (late <= guard) {
		return now_ns + FINE_STEP_NS;
	}
	const uint64_t step_ns = FINE_STEP_NS + (uint64_t)(late - guard) / 4;
	const uint64_t window_ns = (uint64_t)(pacer->period_ns - guard - late) + 1;
	return now_ns + earlier(step_ns, window_ns);
}

uint64_t pacer_watch(struct pacer *pacer, uint64_t now_ns) {
	pacer->empty_ns = now_ns;
	if (pacer->plain || !has_rhythm(pacer, now_ns)) {
		return 0;
	}
	const double guard = guard_of(pacer);
	const double share = WATCH_SHARE / 2 * pacer->period_ns;
	const double around = guard < share ? guard : share;
	const double late = lateness(pacer, now_ns, around);
	return distance(late, 0) <= around ? now_ns + (uint64_t)(around - late) + 1 : 0;
}

uint64_t pacer_next(struct pacer *pacer, uint64_t now_ns) {
	pacer->empty_ns = now_ns;
	if (pacer->plain) {
		return now_ns + pacer->step_ns;
	}
	if (pacer->last_ns == 0) {
		return now_ns + earlier(IDLE_STEP_NS, pacer->step_ns * 5);
	}
	uint64_t step_ns = pacer->step_ns;
	const uint64_t since_ns = now_ns - pacer->last_ns;
	if (since_ns > IDLE_AFTER_NS) {
		step_ns = IDLE_STEP_NS;
	} else if (pacer->regular < REGULAR_ENOUGH) {
		/* No rhythm to follow: what a plain loop does. */
		step_ns = earlier(step_ns, PLAIN_STEP_NS);
	}
	if (now_ns < pacer->eager_until_ns) {
		step_ns = earlier(step_ns, EAGER_STEP_NS);
	}
	uint64_t next_ns = now_ns + step_ns;
	if (has_rhythm(pacer, now_ns)) {
		next_ns = earlier(next_ns, next_by_phase(pacer, now_ns));
	}
	return next_ns;
}
