#include "audio/playout/drift.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

#define ARRIVAL_BANDWIDTH_HZ 0.1
#define ARRIVAL_RESTART_NS   200e6
#define ARRIVAL_LIMIT_NS     20e6
#define OUTLIER_PERSISTS_NS  (250 * NS_PER_MS)
#define SLIP_PERSISTS_NS     (200 * NS_PER_MS)
#define SLIP_EVEN_NS         (60 * NS_PER_MS) /* where packets come evenly */
#define EVEN_LIMIT_NS        5e6
#define FLOOR_BLOCK_NS       (75 * NS_PER_MS)
#define PERIOD_TOLERANCE     1500e-6

void arrival_init(struct arrival *arrival, unsigned rate) {
	*arrival = (struct arrival){
		.nominal_ns = 1e9 / rate,
		.frame_ns = 1e9 / rate,
		.limit_ns = ARRIVAL_LIMIT_NS,
	};
}

void arrival_restart(struct arrival *arrival) {
	arrival->running = false;
}

/* Stamps of packets that came together may stand in any order. */
static uint64_t passed_ns(uint64_t since_ns, uint64_t t_ns) {
	return t_ns > since_ns ? t_ns - since_ns : 0;
}

static void begin_floor(struct arrival *arrival, uint64_t t_ns, double floor_ns) {
	arrival->slipping = false;
	arrival->floor_ns[0] = arrival->floor_ns[1] = floor_ns;
	arrival->floor_since_ns = t_ns;
}

static void begin(struct arrival *arrival, uint64_t t_ns) {
	arrival->running = true;
	arrival->packets = 0;
	arrival->base_ns = t_ns;
	arrival->end_ns = 0;
	arrival->outlier = false;
	begin_floor(arrival, t_ns, HUGE_VAL);
}

static double absolute_ns(const struct arrival *arrival, double at_ns) {
	return (double)arrival->base_ns + at_ns;
}

static double relative_ns(const struct arrival *arrival, uint64_t t_ns) {
	return (double)(int64_t)(t_ns - arrival->base_ns);
}

void arrival_skip(struct arrival *arrival, unsigned frames) {
	arrival->end_ns += frames * arrival->frame_ns;
}

double arrival_pass(struct arrival *arrival, uint64_t t_ns, unsigned frames) {
	if (!arrival->running) {
		begin(arrival, t_ns);
		return 0;
	}
	arrival->end_ns += frames * arrival->frame_ns;
	return relative_ns(arrival, t_ns) - arrival->end_ns;
}

/* The earliest arrival of the last 75 to 150 ms: what a packet that was not held up looks like. */
static double note_floor(struct arrival *arrival, uint64_t t_ns, double error) {
	if (passed_ns(arrival->floor_since_ns, t_ns) > FLOOR_BLOCK_NS) {
		arrival->floor_ns[1] = arrival->floor_ns[0];
		arrival->floor_ns[0] = error;
		arrival->floor_since_ns = t_ns;
	}
	const double floor = fmin(arrival->floor_ns[0], arrival->floor_ns[1]);
	arrival->floor_ns[0] = fmin(arrival->floor_ns[0], error);
	return floor;
}

/*
 * Packets that went missing for good: from one packet to the next all came late by at least most of
 * a packet, in bursts or not.
 *
 * From one to the next: a sender whose timer is a little slow comes later and later, up to a whole
 * packet, then two come at once (of QEMU: 10.2 ms for 10, measured). Where that rises by most of a
 * packet within the floor's time, what is left of the rise is shorter than a loss has to last.
 */
static unsigned note_slip(struct arrival *arrival, uint64_t t_ns, double error, unsigned frames) {
	double packet_ns = frames * arrival->nominal_ns;
	if (!arrival->slipping) {
		arrival->slip_base_ns = note_floor(arrival, t_ns, error);
	}
	double lag = error - arrival->slip_base_ns;
	if (arrival->reliable || lag < 0.75 * packet_ns) {
		if (arrival->slipping) {
			arrival->slipping = false;
			(void)note_floor(arrival, t_ns, error);
		}
		return 0;
	}
	if (!arrival->slipping) {
		arrival->slipping = true;
		arrival->slip_since_ns = t_ns;
		arrival->slip_ns = lag;
	}
	arrival->slip_ns = fmin(arrival->slip_ns, lag);
	uint64_t persists = arrival->limit_ns < EVEN_LIMIT_NS ? SLIP_EVEN_NS : SLIP_PERSISTS_NS;
	if (passed_ns(arrival->slip_since_ns, t_ns) < persists) {
		return 0;
	}
	double lost = round(arrival->slip_ns / packet_ns);
	/* The clock steps over them: what comes on time is as early as before. */
	begin_floor(arrival, t_ns, arrival->slip_base_ns);
	return lost < 1 ? 1 : (unsigned)lost;
}

static bool outlier_persists(struct arrival *arrival, uint64_t t_ns, double error) {
	bool late = error > 0;
	if (!arrival->outlier || arrival->outlier_late != late) {
		arrival->outlier = true;
		arrival->outlier_late = late;
		arrival->outlier_since_ns = t_ns;
	}
	return passed_ns(arrival->outlier_since_ns, t_ns) > OUTLIER_PERSISTS_NS;
}

/* The loop of 3.1, its phase gain larger at the start: the mean of the first arrivals is the best
 * guess of the phase. */
static void follow(struct arrival *arrival, double error, unsigned frames) {
	double w = 2 * M_PI * ARRIVAL_BANDWIDTH_HZ * frames * arrival->nominal_ns * 1e-9;
	double b = fmax(M_SQRT2 * w, 1.0 / (arrival->packets + 1));
	double tolerance = arrival->nominal_ns * PERIOD_TOLERANCE;
	arrival->end_ns += b * error;
	arrival->frame_ns += w * w * error / frames;
	arrival->frame_ns = fmin(fmax(arrival->frame_ns, arrival->nominal_ns - tolerance),
			arrival->nominal_ns + tolerance);
}

struct arrival_result arrival_packet(struct arrival *arrival, uint64_t t_ns, unsigned frames) {
	struct arrival_result result = { .verdict = ARRIVAL_STEADY };
	if (!arrival->running) {
		begin(arrival, t_ns);
		arrival->packets = 1;
		result.verdict = ARRIVAL_RESTARTED;
		result.at_ns = (double)t_ns;
		return result;
	}
	double predicted = arrival->end_ns + frames * arrival->frame_ns;
	double error = relative_ns(arrival, t_ns) - predicted;
	result.error_ns = error;
	if (fabs(error) > ARRIVAL_RESTART_NS ||
			(fabs(error) > arrival->limit_ns &&
					outlier_persists(arrival, t_ns, error))) {
		begin(arrival, t_ns);
		arrival->packets = 1;
		result.verdict = ARRIVAL_RESTARTED;
		result.at_ns = (double)t_ns;
		return result;
	}
	arrival->end_ns = predicted;
	arrival->packets++;
	unsigned lost = note_slip(arrival, t_ns, error, frames);
	if (lost > 0) {
		arrival_skip(arrival, lost * frames);
		arrival->outlier = false;
		result.verdict = ARRIVAL_LOST;
		result.lost = lost;
	} else if (fabs(error) > arrival->limit_ns) {
		result.verdict = ARRIVAL_HELD;
	} else {
		arrival->outlier = false;
		follow(arrival, error, frames);
	}
	result.at_ns = absolute_ns(arrival, lost ? arrival->end_ns : predicted);
	return result;
}

/* ---- servo ---- */

#define BANDWIDTH_FAST_HZ   0.2
#define BANDWIDTH_HZ        0.05
#define BANDWIDTH_BURSTY_HZ 0.03
#define FAST_FOR_NS         (6 * NS_PER_S)
#define ERROR_LIMIT_S       0.010
#define SLEW_PER_S          0.01
#define DRIFT_LIMIT         1000e-6

void servo_init(struct servo *servo, unsigned rate) {
	*servo = (struct servo){ .rate = rate, .correction = 1 };
}

void servo_sync(struct servo *servo, uint64_t now_ns) {
	servo->z1 = 0;
	servo->z2 = 0;
	servo->sync_ns = now_ns;
}

void servo_distrust(struct servo *servo) {
	/* The entry that will be overwritten next is the oldest. */
	servo->z3 = servo->history[servo->history_at];
	for (unsigned i = 0; i < SERVO_HISTORY; i++) {
		servo->history[i] = servo->z3;
	}
}

static void remember(struct servo *servo, uint64_t now_ns) {
	if (now_ns - servo->history_ns >= NS_PER_S) {
		servo->history_ns = now_ns;
		servo->history[servo->history_at] = servo->z3;
		servo->history_at = (servo->history_at + 1) % SERVO_HISTORY;
	}
}

static double clamp(double value, double limit) {
	return fmin(fmax(value, -limit), limit);
}

double servo_update(struct servo *servo, double error_frames, double frames, bool bursty,
		uint64_t now_ns) {
	uint64_t since = now_ns - servo->sync_ns;
	double bandwidth = since < FAST_FOR_NS ? BANDWIDTH_FAST_HZ
			   : bursty            ? BANDWIDTH_BURSTY_HZ
					       : BANDWIDTH_HZ;
	double error = clamp(error_frames, ERROR_LIMIT_S * servo->rate);
	double w = 2 * M_PI * bandwidth * frames / servo->rate;
	double w0 = 1 - exp(-20 * w);
	double w1 = 1.5 * w / frames;
	double w2 = w / 1.5;

	servo->z1 += w0 * (w1 * error - servo->z1);
	servo->z2 += w0 * (servo->z1 - servo->z2);
	if (!servo->limited) {
		servo->z3 = clamp(servo->z3 + w2 * servo->z2, DRIFT_LIMIT);
	}
	remember(servo, now_ns);

	double wanted = -(servo->z2 + servo->z3);
	double now = servo->correction - 1;
	double step = SLEW_PER_S * frames / servo->rate;
	double limit = servo->lossy ? SERVO_LIMIT_LOSSY : SERVO_LIMIT;
	double next = now + clamp(clamp(wanted, limit) - now, step);
	servo->limited = fabs(wanted) > limit;
	servo->correction = 1 + next;
	return servo->correction;
}

double servo_regain(struct servo *servo, bool faster, double frames) {
	double now = servo->correction - 1;
	double wanted = faster ? -SERVO_LIMIT : SERVO_LIMIT;
	servo->correction = 1 + now + clamp(wanted - now, SLEW_PER_S * frames / servo->rate);
	return servo->correction;
}
