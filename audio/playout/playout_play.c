#include "audio/playout/playout_internal.h"

#include <math.h>

#include "base/clock.h"

#define LOOP_MENDS_NS   10e6
#define LOST_OFTEN_NS   (5 * NS_PER_S)
#define PATCH_MOST_S    0.018
#define CARRY_NS        6e6
#define CARRY_MOST_NS   18e6 /* of sound again, then it ends */
#define ZERO_FRAMES     512
#define TAIL_NS         5e6
#define HOLD_OFF_NS     (60 * NS_PER_MS)
#define RESYNC_ERROR_NS 40e6
#define FILL_LEAST_NS   1e6
#define EDGE_NS         2e6 /* a write needs so long to reach the server's mixer */

static const float zeros[ZERO_FRAMES * SCREAM_CHANNELS_MAX];

static void playout_write(struct playout *playout, const float *frames, unsigned count) {
	if (count > 0 && playout->sink->ops->write(playout->sink, frames, count) == 0) {
		buffer_fill_wrote(&playout->fill, count);
	}
}

void playout_write_silence(struct playout *playout, double frames) {
	while (frames >= 1) {
		unsigned n = frames < ZERO_FRAMES ? (unsigned)frames : ZERO_FRAMES;
		playout_write(playout, zeros, n);
		frames -= n;
	}
}

void playout_write_tail(struct playout *playout) {
	unsigned most = (unsigned)playout_to_frames(playout, TAIL_NS);
	unsigned n = concealment_tail(&playout->concealment, playout->scratch,
			most < CONCEALMENT_HISTORY_FRAMES ? most : CONCEALMENT_HISTORY_FRAMES);
	playout_write(playout, playout->scratch, n);
}

/* The server must never find less than this when it comes for more. */
double playout_edge_frames(const struct playout *playout) {
	double held = fmax(playout->reserve_ns[0], playout->reserve_ns[1]);
	return playout_to_frames(playout, held + EDGE_NS);
}

double playout_goal_frames(const struct playout *playout) {
	return playout_to_frames(playout, latency_target_fill_ns(&playout->target));
}

static double bound_frames(const struct playout *playout) {
	double ms = playout->config.max_ms;
	if (playout->config.max_ms == 0) {
		ms = fmax(latency_target_ns(&playout->target) * 1e-6 + 40, 120);
	}
	return playout_to_frames(playout, ms * 1e6);
}

void playout_count_underrun(struct playout *playout) {
	if (playout->now_ns - playout->underrun_ns < 100 * NS_PER_MS && playout->underrun_ns) {
		return;
	}
	playout->underrun_ns = playout->now_ns;
	playout->underruns++;
	latency_target_underrun(&playout->target, playout->now_ns);
}

void playout_play_block(struct playout *playout, const uint8_t *pcm, unsigned frames) {
	float *out;
	unsigned n = resample_block(
			playout->resample, pcm, frames, playout->servo.correction, &out);
	if (playout->patch_frames > 0) {
		unsigned filled = concealment_patch(&playout->concealment, out, n, playout->scratch,
				playout->patch_frames);
		playout_write(playout, playout->scratch, filled);
		playout->patch_frames = 0;
	}
	concealment_apply(&playout->concealment, out, n);
	playout_write(playout, out, n);
	playout->frames += n;
}

/* Too little for the loop to mend: end the sound cleanly and put the missing fill in. */
static void resync_low(struct playout *playout, double fill) {
	playout_write_tail(playout);
	playout_write_silence(playout,
			playout_goal_frames(playout) - fill - playout_to_frames(playout, TAIL_NS));
	resample_reset(playout->resample);
	concealment_fade_in(&playout->concealment, 0);
	servo_sync(&playout->servo, playout->now_ns);
	playout->resynced_ns = playout->now_ns;
	playout->skips++;
	playout_count_underrun(playout);
}

static void drop_block(struct playout *playout, const uint8_t *pcm, unsigned frames) {
	float *out;
	unsigned n = resample_block(
			playout->resample, pcm, frames, playout->servo.correction, &out);
	concealment_dropped(&playout->concealment, out, n);
	playout->dropped++;
}

bool playout_carry_on(struct playout *playout) {
	unsigned count = (unsigned)playout_to_frames(playout, CARRY_NS);
	float from = 1 - (float)(playout->carried / playout_to_frames(playout, CARRY_MOST_NS)) / 2;
	float to = from - (float)(CARRY_NS / CARRY_MOST_NS) / 2;
	if (playout->carried + count > playout_to_frames(playout, CARRY_MOST_NS)) {
		return false;
	}
	unsigned n = concealment_extend(&playout->concealment, playout->scratch, count, from, to);
	playout_write(playout, playout->scratch, n);
	playout->carried += n;
	return n > 0;
}

/* Sound was carried on for packets that were only late: they are left out in its place. */
static bool came_too_late(struct playout *playout, double error, double frames) {
	if (playout->carried == 0) {
		return false;
	}
	if (error < frames * 0.75 || playout->carried < frames * 0.75) {
		playout->carried = 0;
		return false;
	}
	playout->carried -= frames;
	playout_count_underrun(playout);
	return true;
}

/* Whether this packet must be left out because too much is in flight. */
static bool too_much(struct playout *playout, double error, double frames) {
	if (playout_fill_now(playout) + frames > bound_frames(playout)) {
		return true;
	}
	bool hold_off = playout->now_ns - playout->resynced_ns < HOLD_OFF_NS;
	if (!playout->dropping && !hold_off &&
			error > playout_to_frames(playout, RESYNC_ERROR_NS)) {
		playout->dropping = true;
		playout->skips++;
	}
	if (playout->dropping && error < frames) {
		playout->dropping = false;
		playout->resynced_ns = playout->now_ns;
		servo_sync(&playout->servo, playout->now_ns);
	}
	return playout->dropping;
}

/* The server is already past the end of what was written (we were not run in time): what comes
 * first lands in its past and is not heard. Fade in where it is heard again. */
static void check_dry(struct playout *playout) {
	double fill = playout_fill_now(playout);
	if (fill > 0 || playout->concealment.mute_left > 0) {
		return;
	}
	playout_count_underrun(playout);
	concealment_fade_in(&playout->concealment, (unsigned)(playout_edge_frames(playout) - fill));
}

/* Packets are missing. The loop restores the fill unheard, if there is enough of it. */
static void patch_loss(struct playout *playout, unsigned lost, double fill) {
	bool often = playout->lost_ns && playout->now_ns - playout->lost_ns < LOST_OFTEN_NS;
	playout->lost_ns = playout->now_ns;
	playout->lost += lost;
	double least = playout_edge_frames(playout) +
		       playout_to_frames(playout, playout->target.late_ns);
	if (often || fill < fmax(least, playout_goal_frames(playout) - playout->packet_frames) ||
			lost * playout->packet_frames > playout_to_frames(playout, LOOP_MENDS_NS)) {
		playout->patch_frames = (unsigned)fmin(
				lost * playout->packet_frames, PATCH_MOST_S * playout->info.rate);
	}
}

void playout_play(
		struct playout *playout, const struct scream_packet *packet, uint64_t arrived_ns) {
	playout_note_packet_size(playout, packet->frames);
	playout->arrival.reliable = playout->reliable;
	struct arrival_result arrival =
			arrival_packet(&playout->arrival, arrived_ns, packet->frames);
	playout_note_arrival(playout, &arrival, arrived_ns);

	double frames = packet->frames * playout_ratio(playout);
	double fill = buffer_fill_at(&playout->fill, arrival.at_ns);
	if (arrival.verdict == ARRIVAL_LOST) {
		patch_loss(playout, arrival.lost, fill);
		fill += playout->patch_frames;
	}
	double error = fill - playout_goal_frames(playout);
	playout->fill_frames = fill;

	if (came_too_late(playout, error, frames) || too_much(playout, error, frames)) {
		drop_block(playout, packet->pcm, packet->frames);
		return;
	}
	bool hold_off = playout->now_ns - playout->resynced_ns < HOLD_OFF_NS;
	if (!hold_off && (fill < playout_to_frames(playout, FILL_LEAST_NS) ||
					 error < -playout_to_frames(playout, RESYNC_ERROR_NS))) {
		resync_low(playout, fill);
	} else {
		check_dry(playout);
		servo_update(&playout->servo, error, frames,
				playout->reliable || playout_is_bursty(playout), playout->now_ns);
	}
	playout_play_block(playout, packet->pcm, packet->frames);
}
