#include "audio/playout/buffer_fill.h"

#include <math.h>

#define BANDWIDTH_HZ       0.3
#define BANDWIDTH_SLOW_HZ  0.1 /* once settled: reports come less often */
#define BANDWIDTH_STEPS_HZ 0.05
#define SLOPE_LIMIT        500e-6
#define JUMP_S             0.003
#define JUMP_STEPS_S       0.008
#define ODD_MOST           5 /* in a row, then they are right */
#define JUMP_QUANTA        1.5
#define KNOWN_AFTER        3
#define KNOWN_AFTER_STEPS  8
#define SETTLED_AFTER      60

void buffer_fill_init(struct buffer_fill *fill, unsigned rate, unsigned quantum_frames) {
	*fill = (struct buffer_fill){
		.rate = rate,
		.nominal = rate * 1e-9,
		.slope = rate * 1e-9,
		.jump_frames = quantum_frames > 0 ? fmax(JUMP_STEPS_S * rate,
								    JUMP_QUANTA * quantum_frames)
						  : JUMP_S * rate,
		.steps = quantum_frames > 0,
	};
}

void buffer_fill_restart(struct buffer_fill *fill) {
	fill->reports = 0;
	fill->odd_count = 0;
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

static double bandwidth_hz(const struct buffer_fill *fill) {
	if (fill->steps) {
		return BANDWIDTH_STEPS_HZ;
	}
	return fill->reports > SETTLED_AFTER ? BANDWIDTH_SLOW_HZ : BANDWIDTH_HZ;
}

bool buffer_fill_report(struct buffer_fill *fill, double position_frames, uint64_t t_ns) {
	if (fill->reports == 0) {
		set_phase(fill, position_frames, t_ns);
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
		return judge_odd(fill, position_frames, residual, t_ns);
	}
	double w = fmin(2 * M_PI * bandwidth_hz(fill) * dt * 1e-9, 0.5);
	double b = fmax(M_SQRT2 * w, 1.0 / (fill->reports + 1));
	set_phase(fill, predicted + fmin(b, 1) * residual, t_ns);
	if (fill->reports > 5) {
		fill->slope += w * w * residual / dt;
	}
	double tolerance = fill->nominal * SLOPE_LIMIT;
	fill->slope = fmin(fmax(fill->slope, fill->nominal - tolerance), fill->nominal + tolerance);
	fill->reports++;
	return false;
}

bool buffer_fill_known(const struct buffer_fill *fill) {
	return fill->reports >= (fill->steps ? KNOWN_AFTER_STEPS : KNOWN_AFTER);
}

double buffer_fill_at(const struct buffer_fill *fill, double t_ns) {
	return (double)fill->written - predict(fill, t_ns);
}

double buffer_fill_sink_ppm(const struct buffer_fill *fill) {
	return (fill->slope / fill->nominal - 1) * 1e6;
}
