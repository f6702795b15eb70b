#include "client/video/frame_predictor.h"

#include <math.h>
#include <string.h>

#include "base/deadline.h"

#define PLAIN_STEP_NS  (1 * NS_PER_MS)
#define FLOW_MAX_NS    (4 * NS_PER_MS)
#define RHYTHM_MAX_NS  (8 * NS_PER_MS)  /* before the next frame is due: for pointers and strays */
#define IDLE_STEP_NS   (25 * NS_PER_MS) /* the whole program wakes at most 50 times a second */
#define IDLE_AFTER_NS  (1 * NS_PER_S)
#define EAGER_NS       (60 * NS_PER_MS)
#define EAGER_STEP_NS  (1 * NS_PER_MS)
#define PERIOD_MIN_NS  (1 * NS_PER_MS)
#define PERIOD_MAX_NS  (100 * NS_PER_MS)
#define FINE_STEP_NS   (30 * NS_PER_US)
#define GUARD_MIN_NS   (60.0 * NS_PER_US)
#define GUARD_MAX_NS   (400.0 * NS_PER_US)
#define GUARD_LOOKS    5
#define WATCH_SHARE    0.025 /* of all time, at most: sleep, look, sleep costs more */
#define FIRST_LOOK_NS  (1.0 * NS_PER_MS)
#define EARLIER_NS     (20.0 * NS_PER_US)
#define GRID_GAIN      0.3
#define REGULAR_ENOUGH 4u
#define REGULAR_MAX    16u
#define STRAY_COST     5u
#define PERIODS_MAX    8 /* of silence, then nothing is known */
#define APART_FRAMES   12
#define HELD_FRAMES    64

void frame_predictor_init(struct frame_predictor *frame_predictor, bool plain, uint64_t step_ns) {
	memset(frame_predictor, 0, sizeof *frame_predictor);
	frame_predictor->plain = plain;
	frame_predictor->step_ns = step_ns > 0 ? step_ns : plain ? PLAIN_STEP_NS : FLOW_MAX_NS;
	frame_predictor->rhythm_step_ns = step_ns > 0 ? step_ns : RHYTHM_MAX_NS;
}

void frame_predictor_reset(struct frame_predictor *frame_predictor) {
	const uint64_t rhythm_step_ns = frame_predictor->rhythm_step_ns;
	frame_predictor_init(frame_predictor, frame_predictor->plain, frame_predictor->step_ns);
	frame_predictor->rhythm_step_ns = rhythm_step_ns;
}

void frame_predictor_input(struct frame_predictor *frame_predictor, uint64_t now_ns) {
	frame_predictor->eager_until_ns = now_ns + EAGER_NS;
}

static double distance(double a, double b) {
	return a > b ? a - b : b - a;
}

/* Out of rhythm: a new one is learned from here on. */
static void learn_anew(struct frame_predictor *frame_predictor, double interval) {
	frame_predictor->regular = 0;
	frame_predictor->apart = frame_predictor->apart_count = frame_predictor->joined = 0;
	frame_predictor->grid_ns = frame_predictor->last_ns;
	frame_predictor->jitter_ns = GUARD_MAX_NS;
	if (interval < (double)PERIOD_MIN_NS || interval > (double)PERIOD_MAX_NS) {
		return;
	}
	/* Two of the same length are a rhythm; else slowly, it may be none. */
	const bool sure = frame_predictor->period_ns <= 0 ||
			  distance(interval, frame_predictor->interval_ns) < interval / 8;
	frame_predictor->period_ns =
			sure ? interval
			     : frame_predictor->period_ns +
							0.5 * (interval - frame_predictor->period_ns);
}

/* A frame came in rhythm, a whole number of periods after the one before it. When frames stop
 * coming in between, looking for them is wasted: the learned period is a fraction of the guest's,
 * or the guest plays a film. */
static void join_periods(struct frame_predictor *frame_predictor, unsigned periods) {
	unsigned divisor = frame_predictor->apart;
	while (divisor != 0) {
		const unsigned rest = periods % divisor;
		periods = divisor;
		divisor = rest;
	}
	frame_predictor->apart = periods > 1 ? periods : 0;
	frame_predictor->apart_count = periods > 1 ? frame_predictor->apart_count + 1 : 0;
	if (frame_predictor->apart_count >= APART_FRAMES &&
			frame_predictor->period_ns * frame_predictor->apart <=
					(double)PERIOD_MAX_NS) {
		frame_predictor->period_ns *= frame_predictor->apart;
		frame_predictor->joined = frame_predictor->apart;
		frame_predictor->held = 0;
		frame_predictor->apart = frame_predictor->apart_count = 0;
	}
}

/* One came in between after all. */
static void part_periods(struct frame_predictor *frame_predictor, double since) {
	if (frame_predictor->joined == 0 || since <= 0) {
		return;
	}
	const double part = frame_predictor->period_ns / frame_predictor->joined;
	if (distance(since, nearbyint(since / frame_predictor->period_ns) *
					    frame_predictor->period_ns) > part / 2 &&
			distance(since, nearbyint(since / part) * part) < part / 4) {
		frame_predictor->period_ns = part;
		frame_predictor->joined = 0;
	}
}

static double guard_of(const struct frame_predictor *frame_predictor) {
	const double guard = 2.5 * frame_predictor->jitter_ns;
	return guard < GUARD_MIN_NS ? GUARD_MIN_NS : guard > GUARD_MAX_NS ? GUARD_MAX_NS : guard;
}

void frame_predictor_frame(struct frame_predictor *frame_predictor, uint64_t now_ns) {
	const uint64_t last_ns = frame_predictor->last_ns;
	frame_predictor->last_ns = now_ns;
	if (last_ns == 0 || now_ns <= last_ns) {
		frame_predictor->grid_ns = now_ns;
		return;
	}
	const double interval = (double)(now_ns - last_ns);
	if (frame_predictor->period_ns <= 0) {
		learn_anew(frame_predictor, interval);
		frame_predictor->interval_ns = interval;
		return;
	}
	/* Left-out frames (nothing changed in the guest) do not change the rhythm. */
	const double since = (double)(int64_t)(now_ns -
					       frame_predictor->grid_ns); /* may come before it */
	part_periods(frame_predictor, since);
	const double periods =
			since > 0 ? (double)(uint64_t)(since / frame_predictor->period_ns + 0.5)
				  : 0;
	const double seen = since - periods * frame_predictor->period_ns;
	const double empty = frame_predictor->empty_ns > last_ns
					     ? seen - (double)(now_ns - frame_predictor->empty_ns)
					     : seen - frame_predictor->period_ns;
	/* It came after the last look that found nothing. If it was due between the two, it may
	 * well have come when it was due: that it is seen late is our own doing. */
	const double error = seen < 0 ? seen : empty > 0 ? empty : 0;
	const bool stray = periods < 1 || distance(error, 0) > frame_predictor->period_ns / 4;
	if (interval > PERIODS_MAX * frame_predictor->period_ns ||
			(stray && frame_predictor->regular == 0)) {
		learn_anew(frame_predictor, interval);
		frame_predictor->interval_ns = interval;
		return;
	}
	frame_predictor->interval_ns = interval;
	frame_predictor->grid_ns += (uint64_t)(periods * frame_predictor->period_ns);
	if (stray) {
		/* One alone: the next comes when it would have come anyway. */
		frame_predictor->regular -= frame_predictor->regular < STRAY_COST
							    ? frame_predictor->regular
							    : STRAY_COST;
		return;
	}
	const double guard = guard_of(frame_predictor);
	double step = GRID_GAIN * error;
	double miss = distance(error, 0);
	if (empty < -guard - FIRST_LOOK_NS) {
		/* No look between the long sleep and this one: who knows how early it came. */
		step = (seen < 0 ? seen : 0) - EARLIER_NS;
		miss = 4 * guard;
	}
	frame_predictor->grid_ns = (uint64_t)((double)frame_predictor->grid_ns + step);
	frame_predictor->regular += frame_predictor->regular < REGULAR_MAX;
	frame_predictor->period_ns += 0.05 * error / periods;
	frame_predictor->held += frame_predictor->held < HELD_FRAMES;
	join_periods(frame_predictor, (unsigned)periods);
	frame_predictor->jitter_ns =
			fmin(frame_predictor->jitter_ns + 0.1 * (miss - frame_predictor->jitter_ns),
					GUARD_MAX_NS);
}

static uint64_t shorter(uint64_t a, uint64_t b) {
	return a < b ? a : b;
}

static uint64_t longer(uint64_t a, uint64_t b) {
	return a > b ? a : b;
}

/* How long after the newest due moment, the next one when that is near; negative = before it. */
static double lateness(
		const struct frame_predictor *frame_predictor, uint64_t now_ns, double guard) {
	const double since = (double)(int64_t)(now_ns - frame_predictor->grid_ns);
	double periods = (double)(int64_t)((since + guard) / frame_predictor->period_ns);
	periods = periods < 1 ? 1 : periods;
	return since - periods * frame_predictor->period_ns;
}

static bool has_rhythm(const struct frame_predictor *frame_predictor, uint64_t now_ns) {
	return frame_predictor->period_ns > 0 && frame_predictor->regular >= REGULAR_ENOUGH &&
	       now_ns - frame_predictor->last_ns <= IDLE_AFTER_NS;
}

/* Finely around the moment at which the next frame is due, then less and less: a frame that is late
 * by x is met about x / 4 after it came. */
static uint64_t next_by_phase(const struct frame_predictor *frame_predictor, uint64_t now_ns) {
	const double guard = guard_of(frame_predictor);
	const double late = lateness(frame_predictor, now_ns, guard);
	if (late < -guard) {
		return now_ns + (uint64_t)(-guard - late) + 1;
	}
	/* Where frames come anywhere in a wide guard, a finer look finds few of them sooner. */
	const uint64_t fine_ns = longer(FINE_STEP_NS, (uint64_t)guard / GUARD_LOOKS);
	if (late <= guard) {
		return now_ns + fine_ns;
	}
	const uint64_t step_ns = fine_ns + (uint64_t)(late - guard) / 4;
	const uint64_t window_ns = (uint64_t)(frame_predictor->period_ns - guard - late) + 1;
	return now_ns + shorter(step_ns, window_ns);
}

uint64_t frame_predictor_watch(struct frame_predictor *frame_predictor, uint64_t now_ns) {
	frame_predictor->empty_ns = now_ns;
	if (frame_predictor->plain || !has_rhythm(frame_predictor, now_ns)) {
		return 0;
	}
	const double guard = guard_of(frame_predictor);
	const double share = WATCH_SHARE / 2 * frame_predictor->period_ns;
	const double around = guard < share ? guard : share;
	const double late = lateness(frame_predictor, now_ns, around);
	return distance(late, 0) <= around ? now_ns + (uint64_t)(around - late) + 1 : 0;
}

uint64_t frame_predictor_next(struct frame_predictor *frame_predictor, uint64_t now_ns) {
	frame_predictor->empty_ns = now_ns;
	if (frame_predictor->plain) {
		return now_ns + frame_predictor->step_ns;
	}
	if (frame_predictor->last_ns == 0) {
		return now_ns + shorter(IDLE_STEP_NS, frame_predictor->step_ns * 7);
	}
	const bool rhythm = has_rhythm(frame_predictor, now_ns);
	const bool sure = rhythm && frame_predictor->regular == REGULAR_MAX &&
			  (frame_predictor->joined == 0 || frame_predictor->held >= HELD_FRAMES);
	uint64_t step_ns = sure ? frame_predictor->rhythm_step_ns : frame_predictor->step_ns;
	const uint64_t since_ns = now_ns - frame_predictor->last_ns;
	if (since_ns > IDLE_AFTER_NS) {
		step_ns = IDLE_STEP_NS;
	} else if (frame_predictor->regular < REGULAR_ENOUGH) {
		/* No rhythm to follow: what a plain loop does. */
		step_ns = shorter(step_ns, PLAIN_STEP_NS);
	}
	if (now_ns < frame_predictor->eager_until_ns) {
		step_ns = shorter(step_ns, EAGER_STEP_NS);
	}
	uint64_t next_ns = now_ns + step_ns;
	if (rhythm) {
		next_ns = deadline_first(next_ns, next_by_phase(frame_predictor, now_ns));
	}
	return next_ns;
}
