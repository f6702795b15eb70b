#include "audio/player_internal.h"

#include <math.h>

#include "base/clock.h"

#define RESERVE_START_NS 7e6
#define RESERVE_BLOCK_NS (5 * NS_PER_S)

static void update_reserve(struct player *player, double delay_ns) {
	if (player->now_ns - player->reserve_since_ns > RESERVE_BLOCK_NS) {
		player->reserve_since_ns = player->now_ns;
		player->reserve_ns[1] = player->reserve_ns[0];
		player->reserve_ns[0] = 0;
	}
	if (player->info.quantum_frames > 0) {
		/* The position is the mean of a staircase, half a step ahead of its lower edge. */
		delay_ns = player_to_ns(player, player->info.quantum_frames) / 2;
	}
	player->reserve_ns[0] = fmax(player->reserve_ns[0], delay_ns);
	target_set_reserve(&player->target, fmax(player->reserve_ns[0], player->reserve_ns[1]) +
							    player->info.request_ns);
}

static void on_ready(const struct sink_info *info, void *data) {
	struct player *player = data;
	player->stream = true;
	player->suspended = false;
	player->info = *info;
	level_init(&player->level, info->rate, info->quantum_frames);
	player->corked_level = 0;
	double drift = player->servo.z3;
	servo_init(&player->servo, info->rate);
	player->servo.z3 = drift;
	shape_init(&player->shape, info->rate, player->format.channels);
	player->reserve_ns[0] = RESERVE_START_NS;
	player->reserve_ns[1] = 0;
	player->reserve_since_ns = player->now_ns;
	if (player_make_resample(player) < 0) {
		player->stream = false;
		player->sink->ops->close(player->sink);
		player_set_state(player, PLAYER_IDLE);
		return;
	}
	if (player->stash.count > 0) {
		player_uncork(player);
	} else {
		player_set_state(player, PLAYER_CORKED);
	}
}

static void on_gone(void *data) {
	struct player *player = data;
	player->stream = false;
	stash_clear(&player->stash);
	arrival_restart(&player->arrival);
	player_set_state(player, PLAYER_OPENING);
}

static void on_timing(const struct sink_timing *timing, void *data) {
	struct player *player = data;
	if (!player->stream || player->state == PLAYER_CORKED) {
		return;
	}
	if (!timing->playing) {
		/* It has not begun: the silence written so far is all still there. */
		player->filled_ns = player->now_ns + player->fill_ns;
		return;
	}
	if (level_report(&player->level, timing->position_frames, timing->at_ns)) {
		servo_distrust(&player->servo);
	}
	if (level_known(&player->level) && player->level.odd_count == 0) {
		update_reserve(player, timing->delay_ns);
	}
}

static void on_underflow(void *data) {
	struct player *player = data;
	if (player->state == PLAYER_PLAYING) {
		player_count_underrun(player);
		player->ask_ns = player->now_ns;
	}
}

static void start_over(struct player *player) {
	stash_clear(&player->stash);
	arrival_restart(&player->arrival);
	if (player->shape.channels > 0) {
		shape_init(&player->shape, player->info.rate, player->format.channels);
	}
	player_restart_clock(player);
	player_set_state(player, PLAYER_SYNCING);
}

static void on_moved(void *data) {
	struct player *player = data;
	if (player->stream && (player->state == PLAYER_PLAYING || player->state == PLAYER_GAP ||
					      player->state == PLAYER_SYNCING)) {
		start_over(player);
	}
}

static void on_suspended(bool suspended, void *data) {
	struct player *player = data;
	if (!player->stream || suspended == player->suspended) {
		return;
	}
	player->suspended = suspended;
	if (suspended) {
		stash_clear(&player->stash);
		player_set_state(player, PLAYER_SUSPENDED);
	} else if (player->state == PLAYER_SUSPENDED) {
		start_over(player);
	}
}

struct sink_events player_sink_events(void) {
	return (struct sink_events){
		.ready = on_ready,
		.gone = on_gone,
		.timing = on_timing,
		.underflow = on_underflow,
		.moved = on_moved,
		.suspended = on_suspended,
	};
}
