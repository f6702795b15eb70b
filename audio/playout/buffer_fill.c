#include "audio/playout/buffer_fill.h"

#include <math.h>

#include "base/clock.h"

#define BANDWIDTH_HZ            0.3
#define BANDWIDTH_SLOW_HZ       0.1 /* once settled: reports come less often */
#define BANDWIDTH_STEPS_HZ      0.05
#define BANDWIDTH_STEPS_SLOW_HZ 0.02
#define BANDWIDTH_STEPS_FRAMES  256.0
#define SLOPE_LIMIT             500e-6
#define JUMP_S                  0.003
#define JUMP_STEPS_S            0.008
#define ODD_MOST                5 /* in a row, then they are right */
#define JUMP_QUANTA             1.5
#define KNOWN_AFTER             3
#define KNOWN_AFTER_STEPS       8
#define KNOWN_AFTER_MOVES       2     /* of the position, where it moves in steps */
#define RANGE_S                 0.002 /* of the stairs, beside their own size */
#define RANGE_GUESSED           16384
#define SETTLED_AFTER           60
#define STAIRS_OF               8     /* reports, which say where the stairs are */
#define BESIDE_SHARE            3     /* of a step, that the line may be beside their middle */
#define BESIDE_S                0.001 /* and so much more */
#define SLOPE_EACH_NS           (3 * NS_PER_S)

void buffer_fill_init(
		struct buffer_fill *fill, unsigned rate, unsigned quantum_frames, bool guessed) {
	*fill = (struct buffer_fill){
		.rate = rate,
		.nominal = rate * 1e-9,
		.slope = rate * 1e-9,
	};
	for (unsigned i = 0; i < BUFFER_FILL_SLOPES; i++) {
		fill->slopes[i] = fill->nominal;
	}
	buffer_fill_set_quantum(fill, quantum_frames, guessed);
}

void buffer_fill_set_quantum(struct buffer_fill *fill, unsigned quantum_frames, bool guessed) {
	const double most = guessed ? RANGE_GUESSED : quantum_frames;
	fill->quantum = quantum_frames;
	fill->guessed = guessed;
	fill->range = most * 1.1 + RANGE_S * fill->rate;
	fill->jump_frames = quantum_frames > 0 ? fmax(JUMP_STEPS_S * fill->rate, JUMP_QUANTA * most)
					       : JUMP_S * fill->rate;
}

void buffer_fill_restart(struct buffer_fill *fill) {
	fill->reports = 0;
	fill->odd_count = 0;
	fill->seen_count = 0;
	fill->seen_steps = 0;
}

static double predict(const struct buffer_fill *fill, double t_ns) {
	return fill->position + (t_ns - (double)fill->t_ns) * fill->slope;
}

static void set_phase(struct buffer_fill *fill, double position, uint64_t t_ns) {
	fill->position = position;
	fill->t_ns = t_ns;
	fill->odd_count = 0;
}

/* One odd report may be the report's own fault (it was put together late): two that agree are the
 * device's. */
static bool judge_odd(struct buffer_fill *fill, double position, double residual, uint64_t t_ns) {
	bool agrees = fill->odd_count > 0 && fabs(residual - fill->odd) < fill->jump_frames / 2;
	if (agrees || fill->odd_count >= ODD_MOST) {
		set_phase(fill, position, t_ns);
		return true;
	}
	fill->odd_count++;
	fill->odd = residual;
	return false;
}

/* ---- steps ---- */

static void see(struct buffer_fill *fill, double position, uint64_t t_ns) {
	const unsigned last = (fill->seen_next + BUFFER_FILL_SEEN - 1) % BUFFER_FILL_SEEN;
	if (fill->seen_count > 0 && position != fill->seen[last].position) {
		fill->seen_steps++;
	}
	fill->seen[fill->seen_next].t_ns = t_ns;
	fill->seen[fill->seen_next].position = position;
	fill->seen_next = (fill->seen_next + 1) % BUFFER_FILL_SEEN;
	fill->seen_count += fill->seen_count < BUFFER_FILL_SEEN;
}

/* The middle of the stairs at the last report; older ones that do not fit are of another device, or
 * of before it lost time. ret_count: of how many reports. */
static double middle(const struct buffer_fill *fill, uint64_t t_ns, unsigned *ret_count) {
	double lowest = HUGE_VAL;
	double highest = -HUGE_VAL;
	unsigned back = 1;
	for (; back <= fill->seen_count; back++) {
		const unsigned i = (fill->seen_next + BUFFER_FILL_SEEN - back) % BUFFER_FILL_SEEN;
		const double now = fill->seen[i].position +
				   (double)(t_ns - fill->seen[i].t_ns) * fill->slope;
		const double low = fmin(lowest, now);
		const double high = fmax(highest, now);
		if (high - low > fill->range) {
			break;
		}
		lowest = low;
		highest = high;
	}
	*ret_count = back - 1;
	return (lowest + highest) / 2;
}

/* ---- the slope: what a device that loses time makes of it is forgotten ---- */

static void remember_slope(struct buffer_fill *fill, uint64_t t_ns) {
	if (t_ns - fill->slope_ns >= SLOPE_EACH_NS) {
		fill->slope_ns = t_ns;
		fill->slopes[fill->slope_next] = fill->slope;
		fill->slope_next = (fill->slope_next + 1) % BUFFER_FILL_SLOPES;
	}
}

static void forget_slope(struct buffer_fill *fill) {
	/* The entry that will be overwritten next is the oldest. */
	fill->slope = fill->slopes[fill->slope_next];
	for (unsigned i = 0; i < BUFFER_FILL_SLOPES; i++) {
		fill->slopes[i] = fill->slope;
	}
}

/* ---- reports ---- */

static double bandwidth_hz(const struct buffer_fill *fill) {
	if (fill->slow_hz > 0) {
		return fill->slow_hz;
	}
	if (fill->quantum > 0) {
		/* The larger they are, the less one report says of the slope. */
		return (fill->reports > SETTLED_AFTER ? BANDWIDTH_STEPS_SLOW_HZ
						      : BANDWIDTH_STEPS_HZ) *
		       fmin(1, BANDWIDTH_STEPS_FRAMES / fill->quantum);
	}
	return fill->reports > SETTLED_AFTER ? BANDWIDTH_SLOW_HZ : BANDWIDTH_HZ;
}

/* One step of the delay-locked loop; returns the new phase. */
static double follow(struct buffer_fill *fill, double predicted, double residual, double dt) {
	double w = fmin(2 * M_PI * bandwidth_hz(fill) * dt * 1e-9, 0.5);
	double b = fmax(M_SQRT2 * w, 1.0 / (fill->reports + 1));
	/* Steps of an unknown size say nothing of the slope: large ones would be taken for it. */
	const bool anywhere = fill->quantum > 0 && fill->seen_count < STAIRS_OF;
	if (fill->reports > 5 && !fill->guessed && !anywhere) {
		fill->slope += w * w * residual / dt;
	}
	double tolerance = fill->nominal * SLOPE_LIMIT;
	fill->slope = fmin(fmax(fill->slope, fill->nominal - tolerance), fill->nominal + tolerance);
	fill->reports++;
	return predicted + fmin(b, 1) * residual;
}

static void begin(struct buffer_fill *fill, double position, uint64_t t_ns) {
	set_phase(fill, position, t_ns);
	fill->mean = position;
	fill->mean_ns = t_ns;
	fill->slope_ns = t_ns;
	fill->seen_count = 0;
	if (fill->quantum > 0) {
		see(fill, position, t_ns);
	}
}

/* A report of a position that moves in steps, which is where it may be. */
static bool climb(struct buffer_fill *fill, double position, uint64_t t_ns) {
	const double since = (double)(t_ns - fill->mean_ns);
	const double mean = fill->mean + since * fill->slope;
	unsigned count;
	see(fill, position, t_ns);
	const double phase = middle(fill, t_ns, &count);
	fill->mean = follow(fill, mean, position - mean, since);
	fill->mean_ns = t_ns;
	remember_slope(fill, t_ns);
	set_phase(fill, phase, t_ns);
	if (fill->seen_count < STAIRS_OF) {
		fill->mean = phase; /* where it began is anywhere in them */
		return false;
	}
	if (fabs(fill->mean - phase) < fill->quantum / BESIDE_SHARE + BESIDE_S * fill->rate) {
		return false;
	}
	/* So far off it is never by chance: the device has lost time, if less than is a jump. */
	if (count >= STAIRS_OF && !fill->guessed) {
		fill->mean = phase;
		forget_slope(fill);
		return true;
	}
	return false;
}

bool buffer_fill_report(struct buffer_fill *fill, double position_frames, uint64_t t_ns) {
	if (fill->reports == 0) {
		begin(fill, position_frames, t_ns);
		fill->reports = 1;
		return false;
	}
	double dt = (double)(int64_t)(t_ns - fill->t_ns);
	if (dt <= 0) {
		return false;
	}
	double predicted = predict(fill, (double)t_ns);
	double residual = position_frames - predicted;
	if (fabs(residual) > fill->jump_frames) {
		const bool jumped = judge_odd(fill, position_frames, residual, t_ns);
		if (jumped) {
			begin(fill, position_frames, t_ns);
			forget_slope(fill);
		}
		return jumped;
	}
	if (fill->quantum == 0) {
		set_phase(fill, follow(fill, predicted, residual, dt), t_ns);
		remember_slope(fill, t_ns);
		return false;
	}
	return climb(fill, position_frames, t_ns);
}

bool buffer_fill_known(const struct buffer_fill *fill) {
	if (fill->quantum > 0) {
		return fill->reports >= KNOWN_AFTER_STEPS && fill->seen_steps >= KNOWN_AFTER_MOVES;
	}
	return fill->reports >= KNOWN_AFTER;
}

double buffer_fill_at(const struct buffer_fill *fill, double t_ns) {
	return (double)fill->written - predict(fill, t_ns);
}

double buffer_fill_sink_ppm(const struct buffer_fill *fill) {
	return (fill->slope / fill->nominal - 1) * 1e6;
}
