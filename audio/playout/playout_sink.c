#include "audio/playout/playout_internal.h"

#include <math.h>

#include "base/clock.h"

#define RESERVE_START_NS 7e6
#define RESERVE_BLOCK_NS (5 * NS_PER_S)

static void update_reserve(struct playout *playout, double delay_ns) {
	if (playout->now_ns - playout->reserve_since_ns > RESERVE_BLOCK_NS) {
		playout->reserve_since_ns = playout->now_ns;
		playout->reserve_ns[1] = playout->reserve_ns[0];
		playout->reserve_ns[0] = 0;
	}
	if (playout->info.quantum_frames > 0) {
		/* The position is the mean of a staircase, half a step ahead of its lower edge. */
		delay_ns = playout_to_ns(playout, playout->info.quantum_frames) / 2;
	}
	playout->reserve_ns[0] = fmax(playout->reserve_ns[0], delay_ns);
	latency_target_set_reserve(
			&playout->target, fmax(playout->reserve_ns[0], playout->reserve_ns[1]) +
							  playout->info.request_ns);
}

static void on_ready(const struct sink_info *info, void *data) {
	struct playout *playout = data;
	playout->stream = true;
	playout->suspended = false;
	playout->info = *info;
	buffer_fill_init(&playout->fill, info->rate, info->quantum_frames);
	playout->corked_fill = 0;
	double drift = playout->servo.z3;
	servo_init(&playout->servo, info->rate);
	playout->servo.z3 = drift;
	concealment_init(&playout->concealment, info->rate, playout->format.channels);
	playout->reserve_ns[0] = RESERVE_START_NS;
	playout->reserve_ns[1] = 0;
	playout->reserve_since_ns = playout->now_ns;
	if (playout_make_resample(playout) < 0) {
		playout->stream = false;
		playout->sink->ops->close(playout->sink);
		playout_set_state(playout, PLAYOUT_IDLE);
		return;
	}
	if (playout->prebuffer.count > 0) {
		playout_uncork(playout);
	} else {
		playout_set_state(playout, PLAYOUT_CORKED);
	}
}

static void on_gone(void *data) {
	struct playout *playout = data;
	playout->stream = false;
	prebuffer_clear(&playout->prebuffer);
	arrival_restart(&playout->arrival);
	playout_set_state(playout, PLAYOUT_OPENING);
}

static void on_timing(const struct sink_timing *timing, void *data) {
	struct playout *playout = data;
	if (!playout->stream || playout->state == PLAYOUT_CORKED) {
		return;
	}
	if (!timing->playing) {
		/* It has not begun: the silence written so far is all still there. */
		playout->bridged_until_ns = playout->now_ns + playout->bridged_ns;
		return;
	}
	if (buffer_fill_report(&playout->fill, timing->position_frames, timing->at_ns)) {
		servo_distrust(&playout->servo);
	}
	if (buffer_fill_known(&playout->fill) && playout->fill.odd_count == 0) {
		update_reserve(playout, timing->delay_ns);
	}
}

static void on_underflow(void *data) {
	struct playout *playout = data;
	if (playout->state == PLAYOUT_PLAYING) {
		playout_count_underrun(playout);
		playout->ask_ns = playout->now_ns;
	}
}

static void start_over(struct playout *playout) {
	prebuffer_clear(&playout->prebuffer);
	arrival_restart(&playout->arrival);
	if (playout->concealment.channels > 0) {
		concealment_init(&playout->concealment, playout->info.rate,
				playout->format.channels);
	}
	playout_restart_clock(playout);
	playout_set_state(playout, PLAYOUT_SYNCING);
}

static void on_moved(void *data) {
	struct playout *playout = data;
	if (playout->stream &&
			(playout->state == PLAYOUT_PLAYING || playout->state == PLAYOUT_GAP ||
					playout->state == PLAYOUT_SYNCING)) {
		start_over(playout);
	}
}

static void on_suspended(bool suspended, void *data) {
	struct playout *playout = data;
	if (!playout->stream || suspended == playout->suspended) {
		return;
	}
	playout->suspended = suspended;
	if (suspended) {
		prebuffer_clear(&playout->prebuffer);
		playout_set_state(playout, PLAYOUT_SUSPENDED);
	} else if (playout->state == PLAYOUT_SUSPENDED) {
		start_over(playout);
	}
}

struct sink_events playout_sink_events(void) {
	return (struct sink_events){
		.ready = on_ready,
		.gone = on_gone,
		.timing = on_timing,
		.underflow = on_underflow,
		.moved = on_moved,
		.suspended = on_suspended,
	};
}
