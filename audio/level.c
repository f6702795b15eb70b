#include "audio/level.h"

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

void level_init(struct level *level, unsigned rate, unsigned quantum_frames) {
	*level = (struct level){
		.rate = rate,
		.nominal = rate * 1e-9,
		.slope = rate * 1e-9,
		.jump_frames = quantum_frames > 0 ? fmax(JUMP_STEPS_S * rate,
								    JUMP_QUANTA * quantum_frames)
						  : JUMP_S * rate,
		.steps = quantum_frames > 0,
	};
}

void level_restart(struct level *level) {
	level->reports = 0;
	level->odd_count = 0;
}

static double predict(const struct level *level, double t_ns) {
	return level->position + (t_ns - (double)level->t_ns) * level->slope;
}

static void set_phase(struct level *level, double position, uint64_t t_ns) {
	level->position = position;
	level->t_ns = t_ns;
	level->odd_count = 0;
}

/* One odd report may be the report's own fault (it was put together late): two that agree are the
 * device's. */
static bool judge_odd(struct level *level, double position, double residual, uint64_t t_ns) {
	bool agrees = level->odd_count > 0 && fabs(residual - level->odd) < level->jump_frames / 2;
	if (agrees || level->odd_count >= ODD_MOST) {
		set_phase(level, position, t_ns);
		return true;
	}
	level->odd_count++;
	level->odd = residual;
	return false;
}

static double bandwidth_hz(const struct level *level) {
	if (level->steps) {
		return BANDWIDTH_STEPS_HZ;
	}
	return level->reports > SETTLED_AFTER ? BANDWIDTH_SLOW_HZ : BANDWIDTH_HZ;
}

bool level_report(struct level *level, double position_frames, uint64_t t_ns) {
	if (level->reports == 0) {
		set_phase(level, position_frames, t_ns);
		level->reports = 1;
		return false;
	}
	double dt = (double)(int64_t)(t_ns - level->t_ns);
	if (dt <= 0) {
		return false;
	}
	double predicted = predict(level, (double)t_ns);
	double residual = position_frames - predicted;
	if (fabs(residual) > level->jump_frames) {
		return judge_odd(level, position_frames, residual, t_ns);
	}
	double w = fmin(2 * M_PI * bandwidth_hz(level) * dt * 1e-9, 0.5);
	double b = fmax(M_SQRT2 * w, 1.0 / (level->reports + 1));
	set_phase(level, predicted + fmin(b, 1) * residual, t_ns);
	if (level->reports > 5) {
		level->slope += w * w * residual / dt;
	}
	double tolerance = level->nominal * SLOPE_LIMIT;
	level->slope = fmin(
			fmax(level->slope, level->nominal - tolerance), level->nominal + tolerance);
	level->reports++;
	return false;
}

bool level_known(const struct level *level) {
	return level->reports >= (level->steps ? KNOWN_AFTER_STEPS : KNOWN_AFTER);
}

double level_at(const struct level *level, double t_ns) {
	return (double)level->written - predict(level, t_ns);
}

double level_sink_ppm(const struct level *level) {
	return (level->slope / level->nominal - 1) * 1e6;
}
