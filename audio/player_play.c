#include "audio/player_internal.h"

#include <math.h>

#include "base/clock.h"

#define LOOP_MENDS_NS   10e6
#define LOST_OFTEN_NS   (5 * NS_PER_S)
#define FILL_MOST_S     0.018
#define CARRY_NS        6e6
#define CARRY_MOST_NS   18e6 /* of sound again, then it ends */
#define ZERO_FRAMES     512
#define TAIL_NS         5e6
#define HOLD_OFF_NS     (60 * NS_PER_MS)
#define RESYNC_ERROR_NS 40e6
#define LEVEL_LEAST_NS  1e6
#define EDGE_NS         2e6 /* a write needs so long to reach the server's mixer */

static const float zeros[ZERO_FRAMES * SCREAM_CHANNELS_MAX];

static void player_write(struct player *player, const float *frames, unsigned count) {
	if (count > 0 && player->sink->ops->write(player->sink, frames, count) == 0) {
		level_wrote(&player->level, count);
	}
}

void player_write_silence(struct player *player, double frames) {
	while (frames >= 1) {
		unsigned n = frames < ZERO_FRAMES ? (unsigned)frames : ZERO_FRAMES;
		player_write(player, zeros, n);
		frames -= n;
	}
}

void player_write_tail(struct player *player) {
	unsigned most = (unsigned)player_to_frames(player, TAIL_NS);
	unsigned n = shape_tail(&player->shape, player->scratch,
			most < SHAPE_HISTORY_FRAMES ? most : SHAPE_HISTORY_FRAMES);
	player_write(player, player->scratch, n);
}

/* The server must never find less than this when it comes for more. */
double player_edge_frames(const struct player *player) {
	double held = fmax(player->reserve_ns[0], player->reserve_ns[1]);
	return player_to_frames(player, held + EDGE_NS);
}

double player_goal_frames(const struct player *player) {
	return player_to_frames(player, target_level_ns(&player->target));
}

static double bound_frames(const struct player *player) {
	double ms = player->config.max_ms;
	if (player->config.max_ms == 0) {
		ms = fmax(target_ns(&player->target) * 1e-6 + 40, 120);
	}
	return player_to_frames(player, ms * 1e6);
}

void player_count_underrun(struct player *player) {
	if (player->now_ns - player->underrun_ns < 100 * NS_PER_MS && player->underrun_ns) {
		return;
	}
	player->underrun_ns = player->now_ns;
	player->underruns++;
	target_underrun(&player->target, player->now_ns);
}

void player_play_block(struct player *player, const uint8_t *pcm, unsigned frames) {
	float *out;
	unsigned n = resample_block(player->resample, pcm, frames, player->servo.correction, &out);
	if (player->fill_frames > 0) {
		unsigned filled = shape_fill(
				&player->shape, out, n, player->scratch, player->fill_frames);
		player_write(player, player->scratch, filled);
		player->fill_frames = 0;
	}
	shape_apply(&player->shape, out, n);
	player_write(player, out, n);
	player->frames += n;
}

/* Too little for the loop to mend: end the sound cleanly and put the missing level in. */
static void resync_low(struct player *player, double level) {
	player_write_tail(player);
	player_write_silence(player,
			player_goal_frames(player) - level - player_to_frames(player, TAIL_NS));
	resample_reset(player->resample);
	shape_fade_in(&player->shape, 0);
	servo_sync(&player->servo, player->now_ns);
	player->resynced_ns = player->now_ns;
	player->skips++;
	player_count_underrun(player);
}

static void drop_block(struct player *player, const uint8_t *pcm, unsigned frames) {
	float *out;
	unsigned n = resample_block(player->resample, pcm, frames, player->servo.correction, &out);
	shape_dropped(&player->shape, out, n);
	player->dropped++;
}

bool player_carry_on(struct player *player) {
	unsigned count = (unsigned)player_to_frames(player, CARRY_NS);
	float from = 1 - (float)(player->carried / player_to_frames(player, CARRY_MOST_NS)) / 2;
	float to = from - (float)(CARRY_NS / CARRY_MOST_NS) / 2;
	if (player->carried + count > player_to_frames(player, CARRY_MOST_NS)) {
		return false;
	}
	unsigned n = shape_extend(&player->shape, player->scratch, count, from, to);
	player_write(player, player->scratch, n);
	player->carried += n;
	return n > 0;
}

/* Sound was carried on for packets that were only late: they are left out in its place. */
static bool came_too_late(struct player *player, double error, double frames) {
	if (player->carried == 0) {
		return false;
	}
	if (error < frames * 0.75 || player->carried < frames * 0.75) {
		player->carried = 0;
		return false;
	}
	player->carried -= frames;
	player_count_underrun(player);
	return true;
}

/* Whether this packet must be left out because too much is in flight. */
static bool too_much(struct player *player, double error, double frames) {
	if (player_level_now(player) + frames > bound_frames(player)) {
		return true;
	}
	bool hold_off = player->now_ns - player->resynced_ns < HOLD_OFF_NS;
	if (!player->dropping && !hold_off && error > player_to_frames(player, RESYNC_ERROR_NS)) {
		player->dropping = true;
		player->skips++;
	}
	if (player->dropping && error < frames) {
		player->dropping = false;
		player->resynced_ns = player->now_ns;
		servo_sync(&player->servo, player->now_ns);
	}
	return player->dropping;
}

/* The server is already past the end of what was written (we were not run in time): what comes
 * first lands in its past and is not heard. Fade in where it is heard again. */
static void check_dry(struct player *player) {
	double level = player_level_now(player);
	if (level > 0 || player->shape.mute_left > 0) {
		return;
	}
	player_count_underrun(player);
	shape_fade_in(&player->shape, (unsigned)(player_edge_frames(player) - level));
}

/* Packets are missing. The loop restores the level unheard, if there is enough of it. */
static void fill_loss(struct player *player, unsigned lost, double level) {
	bool often = player->lost_ns && player->now_ns - player->lost_ns < LOST_OFTEN_NS;
	player->lost_ns = player->now_ns;
	player->lost += lost;
	double least = player_edge_frames(player) +
		       player_to_frames(player, player->target.late_ns);
	if (often || level < fmax(least, player_goal_frames(player) - player->packet_frames) ||
			lost * player->packet_frames > player_to_frames(player, LOOP_MENDS_NS)) {
		player->fill_frames = (unsigned)fmin(
				lost * player->packet_frames, FILL_MOST_S * player->info.rate);
	}
}

void player_play(struct player *player, const struct scream_packet *packet, uint64_t arrived_ns) {
	player_note_packet_size(player, packet->frames);
	player->arrival.reliable = player->reliable;
	struct arrival_result arrival =
			arrival_packet(&player->arrival, arrived_ns, packet->frames);
	player_note_arrival(player, &arrival, arrived_ns);

	double frames = packet->frames * player_ratio(player);
	double level = level_at(&player->level, arrival.at_ns);
	if (arrival.verdict == ARRIVAL_LOST) {
		fill_loss(player, arrival.lost, level);
		level += player->fill_frames;
	}
	double error = level - player_goal_frames(player);
	player->level_frames = level;

	if (came_too_late(player, error, frames) || too_much(player, error, frames)) {
		drop_block(player, packet->pcm, packet->frames);
		return;
	}
	bool hold_off = player->now_ns - player->resynced_ns < HOLD_OFF_NS;
	if (!hold_off && (level < player_to_frames(player, LEVEL_LEAST_NS) ||
					 error < -player_to_frames(player, RESYNC_ERROR_NS))) {
		resync_low(player, level);
	} else {
		check_dry(player);
		servo_update(&player->servo, error, frames,
				player->reliable || player_is_bursty(player), player->now_ns);
	}
	player_play_block(player, packet->pcm, packet->frames);
}
