#include "client/pacer.h"

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
#define REGULAR_ENOUGH 4u

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

void pacer_frame(struct pacer *pacer, uint64_t now_ns) {
	const uint64_t last_ns = pacer->last_ns;
	pacer->last_ns = now_ns;
	if (last_ns == 0 || now_ns <= last_ns) {
		return;
	}
	double interval = (double)(now_ns - last_ns);
	if (pacer->period_ns <= 0) {
		if (interval >= (double)PERIOD_MIN_NS && interval <= (double)PERIOD_MAX_NS) {
			pacer->period_ns = interval;
			pacer->jitter_ns = GUARD_MAX_NS;
		}
		return;
	}
	/* Left-out frames (nothing changed in the guest) do not change the period. */
	double periods = (double)(uint64_t)(interval / pacer->period_ns + 0.5);
	periods = periods < 1 ? 1 : periods;
	const double error = distance(interval, periods * pacer->period_ns);
	if (periods > 8 || error > pacer->period_ns / 4) {
		pacer->regular = 0;
		/* Drift towards a new rate; at once when it holds for some frames. */
		if (interval >= (double)PERIOD_MIN_NS && interval <= (double)PERIOD_MAX_NS) {
			pacer->period_ns += 0.5 * (interval - pacer->period_ns);
		}
		pacer->jitter_ns = GUARD_MAX_NS;
		return;
	}
	pacer->regular++;
	pacer->period_ns += 0.05 * (interval / periods - pacer->period_ns);
	pacer->jitter_ns += 0.1 * (error - pacer->jitter_ns);
}

static uint64_t earlier(uint64_t a, uint64_t b) {
	return a < b ? a : b;
}

/* Around the moment at which the next frame is due: finely. 0 = no opinion. */
static uint64_t next_by_phase(const struct pacer *pacer, uint64_t now_ns) {
	if (pacer->period_ns <= 0 || pacer->regular < REGULAR_ENOUGH) {
		return 0;
	}
	double guard = 2.5 * pacer->jitter_ns;
	guard = guard < GUARD_MIN_NS ? GUARD_MIN_NS : guard > GUARD_MAX_NS ? GUARD_MAX_NS : guard;
	const double since = (double)(now_ns - pacer->last_ns);
	/* The first due moment whose window has not passed. */
	double periods = (double)(uint64_t)((since - 2 * guard) / pacer->period_ns + 1);
	if (since < 2 * guard || periods < 1) {
		periods = 1;
	}
	const double due = periods * pacer->period_ns;
	if (since >= due - guard) {
		return now_ns + FINE_STEP_NS;
	}
	return pacer->last_ns + (uint64_t)(due - guard);
}

uint64_t pacer_next(const struct pacer *pacer, uint64_t now_ns) {
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
	const uint64_t phase_ns = since_ns > IDLE_AFTER_NS ? 0 : next_by_phase(pacer, now_ns);
	if (phase_ns > now_ns) {
		next_ns = earlier(next_ns, phase_ns);
	}
	return next_ns;
}
