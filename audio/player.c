#include "audio/player.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/drift.h"
#include "audio/level.h"
#include "audio/resample.h"
#include "audio/shape.h"
#include "audio/sink.h"
#include "audio/target.h"
#include "base/clock.h"

#define STASH_PACKETS     64
#define LOOP_MENDS_NS     10e6
#define LOST_OFTEN_NS     (5 * NS_PER_S)
#define FILL_MOST_S       0.018
#define ZERO_FRAMES       512
#define SCRATCH_FRAMES    SHAPE_HISTORY_FRAMES
#define TAIL_NS           5e6
#define SETTLE_NS         (3 * NS_PER_MS)
#define PREFILL_NS        10e6 /* above the edge */
#define SYNC_ASK_NS       (10 * NS_PER_MS)
#define ASK_NS            (100 * NS_PER_MS)
#define ASK_SETTLED_NS    (250 * NS_PER_MS)
#define ASK_SETTLED_AFTER 60
#define HOLD_OFF_NS       (60 * NS_PER_MS)
#define RESYNC_ERROR_NS   40e6
#define LEVEL_LEAST_NS    1e6
#define EDGE_NS           2e6 /* a write needs so long to reach the server's mixer */
#define TOP_UP_NS         5e6
#define CONCEAL_FOR_NS    (500 * NS_PER_MS)
#define CORK_AFTER_NS     (2 * NS_PER_S)
#define CLOSE_AFTER_NS    (30 * NS_PER_S)
#define SILENT_AFTER_NS   (10 * NS_PER_S)
#define STALL_AT_MOST_NS  (200 * NS_PER_MS)
#define FAR_BEHIND_NS     5e9
#define BURSTY_NS         1e6 /* median distance from even arrivals */
#define RESERVE_START_NS  7e6
#define RESERVE_BLOCK_NS  (5 * NS_PER_S)

struct stash_slot {
	uint64_t arrived_ns;
	unsigned frames;
	uint8_t pcm[PLAYER_BLOCK_BYTES];
};

struct player {
	struct player_config config;
	struct sink *sink;
	enum player_state state;
	uint64_t now_ns; /* of the last call */

	/* the source */
	struct scream_format format;
	struct sink_format wanted; /* of the stream */
	struct arrival arrival;
	struct resample *resample;
	double spread_ns;         /* median distance of arrivals from even ones */
	uint64_t packet_ns;       /* when the last one was given */
	uint64_t silent_since_ns; /* all-zero packets since; 0 = sound */
	bool corked_for_silence;

	/* the stream */
	bool stream; /* it stands */
	bool suspended;
	struct sink_info info;
	struct level level;
	struct servo servo;
	struct target target;
	double reserve_ns[2]; /* most that the sink held, of this and the last block */
	uint64_t reserve_since_ns;
	uint64_t ask_ns;
	uint64_t filled_ns;  /* silence was written up to here, while the level is unknown */
	double corked_level; /* frames in flight when it was corked */
	uint64_t state_ns;   /* since when */
	uint64_t resynced_ns;
	uint64_t underrun_ns;
	bool dropping;
	uint64_t lost_ns;     /* when packets were found missing last */
	unsigned fill_frames; /* to be put in before the next packet, for lost ones */

	/* for the figures */
	double level_frames; /* at the last packet */
	double packet_frames;
	uint64_t packets, frames;
	uint64_t underruns, skips, gaps, lost, dropped;

	struct shape shape;
	float scratch[SCRATCH_FRAMES * SCREAM_CHANNELS_MAX];

	unsigned stash_head, stash_count;
	struct stash_slot stash[STASH_PACKETS];
};

static const float zeros[ZERO_FRAMES * SCREAM_CHANNELS_MAX];

/* ---- small helpers ---- */

static double to_ns(const struct player *player, double frames) {
	return frames * 1e9 / player->info.rate;
}

static double to_frames(const struct player *player, double ns) {
	return ns * player->info.rate * 1e-9;
}

static void set_state(struct player *player, enum player_state state) {
	player->state = state;
	player->state_ns = player->now_ns;
}

static void write_frames(struct player *player, const float *frames, unsigned count) {
	if (count > 0 && player->sink->ops->write(player->sink, frames, count) == 0) {
		level_wrote(&player->level, count);
	}
}

static void write_silence(struct player *player, double frames) {
	while (frames >= 1) {
		unsigned n = frames < ZERO_FRAMES ? (unsigned)frames : ZERO_FRAMES;
		write_frames(player, zeros, n);
		frames -= n;
	}
}

static void write_tail(struct player *player) {
	unsigned most = (unsigned)to_frames(player, TAIL_NS);
	unsigned n = shape_tail(&player->shape, player->scratch,
			most < SCRATCH_FRAMES ? most : SCRATCH_FRAMES);
	write_frames(player, player->scratch, n);
}

static double level_now(const struct player *player) {
	return level_at(&player->level, (double)player->now_ns);
}

/* The server must never find less than this when it comes for more. */
static double edge_frames(const struct player *player) {
	double held = fmax(player->reserve_ns[0], player->reserve_ns[1]);
	return to_frames(player, held + EDGE_NS);
}

static double goal_frames(const struct player *player) {
	return to_frames(player, target_level_ns(&player->target));
}

static double bound_frames(const struct player *player) {
	double ms = player->config.max_ms;
	if (player->config.max_ms == 0) {
		ms = fmax(target_ns(&player->target) * 1e-6 + 40, 120);
	}
	return to_frames(player, ms * 1e6);
}

static void update_reserve(struct player *player, double delay_ns) {
	if (player->now_ns - player->reserve_since_ns > RESERVE_BLOCK_NS) {
		player->reserve_since_ns = player->now_ns;
		player->reserve_ns[1] = player->reserve_ns[0];
		player->reserve_ns[0] = 0;
	}
	if (player->info.quantum_frames > 0) {
		/* The position is the mean of a staircase, half a step ahead of its lower edge. */
		delay_ns = to_ns(player, player->info.quantum_frames) / 2;
	}
	player->reserve_ns[0] = fmax(player->reserve_ns[0], delay_ns);
	target_set_reserve(&player->target, fmax(player->reserve_ns[0], player->reserve_ns[1]) +
							    player->info.request_ns);
}

static void count_underrun(struct player *player) {
	if (player->now_ns - player->underrun_ns < 100 * NS_PER_MS && player->underrun_ns) {
		return;
	}
	player->underrun_ns = player->now_ns;
	player->underruns++;
	target_underrun(&player->target, player->now_ns);
}

/* ---- the stash: packets that wait until it is known how many of them are to be heard ---- */

static void stash_clear(struct player *player) {
	player->stash_head = 0;
	player->stash_count = 0;
}

static void stash_drop_oldest(struct player *player) {
	player->stash_head = (player->stash_head + 1) % STASH_PACKETS;
	player->stash_count--;
	player->dropped++;
}

static struct stash_slot *stash_at(struct player *player, unsigned i) {
	return &player->stash[(player->stash_head + i) % STASH_PACKETS];
}

static void stash_add(
		struct player *player, const struct scream_packet *packet, uint64_t arrived_ns) {
	if (player->stash_count == STASH_PACKETS) {
		stash_drop_oldest(player);
	}
	struct stash_slot *slot = stash_at(player, player->stash_count++);
	slot->arrived_ns = arrived_ns;
	slot->frames = packet->frames;
	memcpy(slot->pcm, packet->pcm,
			(size_t)packet->frames * scream_frame_bytes(&packet->format));
}

static double stash_source_frames(struct player *player) {
	double frames = 0;
	for (unsigned i = 0; i < player->stash_count; i++) {
		frames += stash_at(player, i)->frames;
	}
	return frames;
}

/* ---- the stream starts ---- */

static void restart_stream_clock(struct player *player) {
	level_restart(&player->level);
	player->ask_ns = player->now_ns;
	player->filled_ns = player->now_ns;
}

/* Silence first, then run: a stream that runs empty plays nothing that is written late (3.5). */
static void uncork(struct player *player) {
	restart_stream_clock(player);
	double prefill = fmin(
			edge_frames(player) + to_frames(player, PREFILL_NS), goal_frames(player));
	write_silence(player, prefill - player->corked_level);
	player->sink->ops->cork(player->sink, false);
	player->corked_for_silence = false;
	set_state(player, PLAYER_SYNCING);
}

static double stream_ratio(const struct player *player) {
	return (double)player->info.rate / player->format.rate;
}

static void note_packet_size(struct player *player, unsigned frames) {
	double packet_frames = frames * stream_ratio(player);
	if (fabs(packet_frames - player->packet_frames) < 1 || !player->resample) {
		return;
	}
	player->packet_frames = packet_frames;
	target_restart(&player->target, to_ns(player, packet_frames),
			resample_delay_ns(player->resample) + player->info.offset_ns);
}

static int make_resample(struct player *player) {
	resample_destroy(player->resample);
	player->resample = NULL;
	player->packet_frames = 0;
	return resample_create(&player->resample, &player->format, player->info.rate,
			player->config.high_quality);
}

static void play_block(struct player *player, const uint8_t *pcm, unsigned frames) {
	float *out;
	unsigned n = resample_block(player->resample, pcm, frames, player->servo.correction, &out);
	if (player->fill_frames > 0) {
		unsigned filled = shape_fill(
				&player->shape, out, n, player->scratch, player->fill_frames);
		write_frames(player, player->scratch, filled);
		player->fill_frames = 0;
	}
	shape_apply(&player->shape, out, n);
	write_frames(player, out, n);
	player->frames += n;
}

/* The backlog of a stall was sent at once: the clock went on, and its newest packet is on time. If
 * it is not, the guest's own time stood still. */
static double sync_arrival(struct player *player) {
	double error = 0;
	struct stash_slot *newest = stash_at(player, player->stash_count - 1);
	for (unsigned i = 0; i < player->stash_count; i++) {
		struct stash_slot *slot = stash_at(player, i);
		error = arrival_pass(&player->arrival, slot->arrived_ns, slot->frames);
	}
	if (fabs(error) > fmin(player->arrival.limit_ns, 10e6)) {
		arrival_restart(&player->arrival);
		error = arrival_pass(&player->arrival, newest->arrived_ns, newest->frames);
	}
	return (double)newest->arrived_ns - error;
}

/* Everything is known: of the packets that wait, the newest that fit the target are played. */
static void begin(struct player *player) {
	double at_ns = sync_arrival(player);
	struct stash_slot *newest = stash_at(player, player->stash_count - 1);
	note_packet_size(player, newest->frames);

	double ratio = stream_ratio(player);
	double level = level_at(&player->level, at_ns);
	double wanted = goal_frames(player) + newest->frames * ratio;
	double waiting = stash_source_frames(player) * ratio;
	while (player->stash_count > 1 &&
			level + waiting > wanted + stash_at(player, 0)->frames * ratio / 2) {
		waiting -= stash_at(player, 0)->frames * ratio;
		stash_drop_oldest(player);
	}
	write_silence(player, wanted - level - waiting);

	resample_reset(player->resample);
	shape_fade_in(&player->shape, 0);
	servo_sync(&player->servo, player->now_ns);
	for (unsigned i = 0; i < player->stash_count; i++) {
		struct stash_slot *slot = stash_at(player, i);
		play_block(player, slot->pcm, slot->frames);
	}
	stash_clear(player);
	player->resynced_ns = player->now_ns;
	player->dropping = false;
	player->fill_frames = 0;
	set_state(player, PLAYER_PLAYING);
}

static void reopen(struct player *player) {
	player->stream = false;
	player->sink->ops->open(player->sink, &player->wanted);
	set_state(player, PLAYER_OPENING);
}

static void sync_try(struct player *player) {
	if (player->stash_count == 0 || !level_known(&player->level) ||
			player->now_ns - stash_at(player, 0)->arrived_ns < SETTLE_NS) {
		return;
	}
	if (to_ns(player, level_now(player)) < -FAR_BEHIND_NS) {
		reopen(player); /* rather than minutes of silence */
		return;
	}
	begin(player);
}

/* Keeps the stream alive while there is nothing to play. */
static void top_up(struct player *player) {
	if (level_known(&player->level)) {
		double least = edge_frames(player) + to_frames(player, TOP_UP_NS);
		write_silence(player, least + to_frames(player, TOP_UP_NS) - level_now(player));
		return;
	}
	write_silence(player, to_frames(player, (double)(player->now_ns - player->filled_ns)));
	player->filled_ns = player->now_ns;
}

/* ---- playing ---- */

/* Half of all arrivals are nearer to even than this. */
static void note_spread(struct player *player, double error_ns) {
	double spread = fmin(fmax(player->spread_ns, 50e3), 5e6);
	player->spread_ns = spread * (fabs(error_ns) > spread ? 1.02 : 1 / 1.02);
	player->arrival.limit_ns = fmin(fmax(player->spread_ns * 10, 2.5e6), 20e6);
}

/* Too little for the loop to mend: end the sound cleanly and put the missing level in. */
static void resync_low(struct player *player, double level) {
	write_tail(player);
	write_silence(player, goal_frames(player) - level - to_frames(player, TAIL_NS));
	resample_reset(player->resample);
	shape_fade_in(&player->shape, 0);
	servo_sync(&player->servo, player->now_ns);
	player->resynced_ns = player->now_ns;
	player->skips++;
	count_underrun(player);
}

static void drop_block(struct player *player, const uint8_t *pcm, unsigned frames) {
	float *out;
	unsigned n = resample_block(player->resample, pcm, frames, player->servo.correction, &out);
	shape_dropped(&player->shape, out, n);
	player->dropped++;
}

/* Whether this packet must be left out because too much is in flight. */
static bool too_much(struct player *player, double error, double frames) {
	if (level_now(player) + frames > bound_frames(player)) {
		return true;
	}
	bool hold_off = player->now_ns - player->resynced_ns < HOLD_OFF_NS;
	if (!player->dropping && !hold_off && error > to_frames(player, RESYNC_ERROR_NS)) {
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
	double level = level_now(player);
	if (level > 0 || player->shape.mute_left > 0) {
		return;
	}
	count_underrun(player);
	shape_fade_in(&player->shape, (unsigned)(edge_frames(player) - level));
}

/* Packets are missing. The loop restores the level unheard, if there is enough of it. */
static void fill_loss(struct player *player, unsigned lost, double level) {
	bool often = player->lost_ns && player->now_ns - player->lost_ns < LOST_OFTEN_NS;
	player->lost_ns = player->now_ns;
	player->lost += lost;
	double least = edge_frames(player) + to_frames(player, player->target.late_ns);
	if (often || level < fmax(least, goal_frames(player) - player->packet_frames) ||
			lost * player->packet_frames > to_frames(player, LOOP_MENDS_NS)) {
		player->fill_frames = (unsigned)fmin(
				lost * player->packet_frames, FILL_MOST_S * player->info.rate);
	}
}

static void play(struct player *player, const struct scream_packet *packet, uint64_t arrived_ns) {
	note_packet_size(player, packet->frames);
	struct arrival_result arrival =
			arrival_packet(&player->arrival, arrived_ns, packet->frames);
	if (arrival.verdict != ARRIVAL_RESTARTED) {
		note_spread(player, arrival.error_ns);
	}
	target_late(&player->target, (double)player->now_ns - arrival.at_ns);

	double frames = packet->frames * stream_ratio(player);
	double level = level_at(&player->level, arrival.at_ns);
	if (arrival.verdict == ARRIVAL_LOST) {
		fill_loss(player, arrival.lost, level);
		level += player->fill_frames;
	}
	double error = level - goal_frames(player);
	player->level_frames = level;

	if (too_much(player, error, frames)) {
		drop_block(player, packet->pcm, packet->frames);
		return;
	}
	bool hold_off = player->now_ns - player->resynced_ns < HOLD_OFF_NS;
	if (!hold_off && (level < to_frames(player, LEVEL_LEAST_NS) ||
					 error < -to_frames(player, RESYNC_ERROR_NS))) {
		resync_low(player, level);
	} else {
		check_dry(player);
		servo_update(&player->servo, error, frames, player->spread_ns > BURSTY_NS,
				player->now_ns);
	}
	play_block(player, packet->pcm, packet->frames);
}

/* ---- sources ---- */

static void wanted_format(const struct scream_format *format, struct sink_format *ret_wanted) {
	memset(ret_wanted, 0, sizeof *ret_wanted);
	ret_wanted->channels = format->channels;
	scream_positions(format, ret_wanted->position);
}

static void change_format(struct player *player, const struct scream_format *format) {
	struct sink_format wanted;
	wanted_format(format, &wanted);
	if (player->state == PLAYER_PLAYING) {
		write_tail(player);
	}
	bool same = memcmp(&wanted, &player->wanted, sizeof wanted) == 0;
	player->format = *format;
	player->wanted = wanted;
	player->silent_since_ns = 0;
	stash_clear(player);
	arrival_init(&player->arrival, format->rate);
	player->spread_ns = 2e6;
	if (player->stream && same) {
		if (make_resample(player) < 0) {
			player->stream = false;
			player->sink->ops->close(player->sink);
			set_state(player, PLAYER_IDLE);
		} else if (player->state == PLAYER_PLAYING || player->state == PLAYER_GAP) {
			set_state(player, PLAYER_SYNCING);
		}
	} else if (player->state != PLAYER_IDLE) {
		reopen(player);
	}
}

void player_break(struct player *player, uint64_t now_ns) {
	player->now_ns = now_ns;
	if (player->state == PLAYER_PLAYING) {
		write_tail(player);
		set_state(player, PLAYER_GAP);
	}
	stash_clear(player);
	arrival_restart(&player->arrival);
}

/* Digital silence is sound, until it has lasted. */
static bool silent_for_long(struct player *player, const struct scream_packet *packet) {
	size_t bytes = (size_t)packet->frames * scream_frame_bytes(&packet->format);
	if (!scream_is_silence(packet->pcm, bytes)) {
		player->silent_since_ns = 0;
		return false;
	}
	if (player->silent_since_ns == 0) {
		player->silent_since_ns = player->now_ns;
	}
	return player->now_ns - player->silent_since_ns > SILENT_AFTER_NS;
}

static void cork(struct player *player) {
	player->sink->ops->cork(player->sink, true);
	player->corked_level = level_known(&player->level) ? level_now(player) : 0;
	level_restart(&player->level);
	stash_clear(player);
	arrival_restart(&player->arrival);
	set_state(player, PLAYER_CORKED);
}

void player_packet(struct player *player, const struct scream_packet *packet, uint64_t arrived_ns,
		uint64_t now_ns) {
	player->now_ns = now_ns;
	player->packets++;
	player->packet_ns = now_ns;
	if (!scream_format_equal(&packet->format, &player->format)) {
		change_format(player, &packet->format);
	}
	if (silent_for_long(player, packet)) {
		if (player->state == PLAYER_PLAYING) {
			write_tail(player);
			cork(player);
			player->corked_for_silence = true;
		}
		if (player->state == PLAYER_CORKED || player->state == PLAYER_IDLE) {
			return;
		}
	}
	switch (player->state) {
	case PLAYER_IDLE:
		stash_add(player, packet, arrived_ns);
		reopen(player);
		break;
	case PLAYER_OPENING:
		stash_add(player, packet, arrived_ns);
		break;
	case PLAYER_CORKED:
		stash_add(player, packet, arrived_ns);
		uncork(player);
		break;
	case PLAYER_GAP:
		if (now_ns - player->state_ns < STALL_AT_MOST_NS) {
			count_underrun(player);
		}
		stash_add(player, packet, arrived_ns);
		set_state(player, PLAYER_SYNCING);
		break;
	case PLAYER_SYNCING:
		stash_add(player, packet, arrived_ns);
		sync_try(player);
		break;
	case PLAYER_PLAYING:
		play(player, packet, arrived_ns);
		break;
	case PLAYER_SUSPENDED:
		player->dropped++;
		break;
	}
}

void player_lost(struct player *player, unsigned packets) {
	player->lost += packets;
	if (player->state == PLAYER_PLAYING && player->packet_frames > 0) {
		arrival_skip(&player->arrival,
				(unsigned)(packets * player->packet_frames / stream_ratio(player)));
		shape_splice(&player->shape);
	}
}

/* ---- time ---- */

static void tick_playing(struct player *player) {
	if (level_now(player) > edge_frames(player)) {
		return;
	}
	write_tail(player);
	player->gaps++;
	set_state(player, PLAYER_GAP);
	top_up(player);
}

static void tick_quiet(struct player *player) {
	uint64_t quiet = player->now_ns - player->packet_ns;
	if (player->state == PLAYER_CORKED) {
		if (quiet > CLOSE_AFTER_NS ||
				(player->corked_for_silence && player->now_ns - player->state_ns >
									       CLOSE_AFTER_NS)) {
			player->stream = false;
			player->sink->ops->close(player->sink);
			set_state(player, PLAYER_IDLE);
		}
	} else if (quiet > CORK_AFTER_NS) {
		cork(player);
	} else if (quiet < CONCEAL_FOR_NS) {
		top_up(player);
	}
}

static void ask(struct player *player) {
	if (player->now_ns < player->ask_ns) {
		return;
	}
	uint64_t every = player->state == PLAYER_SYNCING             ? SYNC_ASK_NS
			 : player->level.reports > ASK_SETTLED_AFTER ? ASK_SETTLED_NS
								     : ASK_NS;
	player->ask_ns = player->now_ns + every;
	player->sink->ops->ask_timing(player->sink);
	target_update(&player->target, player->now_ns);
}

void player_tick(struct player *player, uint64_t now_ns) {
	player->now_ns = now_ns;
	switch (player->state) {
	case PLAYER_IDLE:
	case PLAYER_OPENING:
	case PLAYER_SUSPENDED:
		return;
	case PLAYER_CORKED:
		tick_quiet(player);
		return;
	case PLAYER_SYNCING:
		tick_quiet(player);
		if (player->state == PLAYER_SYNCING) {
			sync_try(player);
		}
		break;
	case PLAYER_GAP:
		tick_quiet(player);
		break;
	case PLAYER_PLAYING:
		tick_playing(player);
		break;
	}
	if (player->stream && player->state != PLAYER_CORKED) {
		ask(player);
	}
}

static uint64_t sooner(uint64_t a, uint64_t b) {
	return b < a ? b : a;
}

uint64_t player_deadline(const struct player *player) {
	switch (player->state) {
	case PLAYER_IDLE:
	case PLAYER_OPENING:
	case PLAYER_SUSPENDED:
		return 0;
	case PLAYER_CORKED:
		return (player->corked_for_silence ? player->state_ns : player->packet_ns) +
		       CLOSE_AFTER_NS + 1;
	case PLAYER_SYNCING:
		return sooner(player->ask_ns, player->now_ns + SETTLE_NS);
	case PLAYER_GAP:
		if (player->now_ns - player->packet_ns > CONCEAL_FOR_NS) {
			return player->packet_ns + CORK_AFTER_NS + 1;
		}
		return sooner(player->ask_ns, player->now_ns + (uint64_t)TOP_UP_NS);
	case PLAYER_PLAYING:
		break;
	}
	double left = to_ns(player, level_now(player) - edge_frames(player));
	uint64_t edge = player->now_ns + (left > 100e3 ? (uint64_t)left : 100000);
	return sooner(player->ask_ns, edge);
}

uint64_t player_fade_out(struct player *player, uint64_t now_ns) {
	player->now_ns = now_ns;
	if (player->state != PLAYER_PLAYING) {
		return 0;
	}
	write_tail(player);
	double level = to_ns(player, level_now(player));
	return level > 0 ? (uint64_t)level : 0;
}

/* ---- the sink's events ---- */

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
	if (make_resample(player) < 0) {
		player->stream = false;
		player->sink->ops->close(player->sink);
		set_state(player, PLAYER_IDLE);
		return;
	}
	if (player->stash_count > 0) {
		uncork(player);
	} else {
		set_state(player, PLAYER_CORKED);
	}
}

static void on_gone(void *data) {
	struct player *player = data;
	player->stream = false;
	stash_clear(player);
	arrival_restart(&player->arrival);
	set_state(player, PLAYER_OPENING);
}

static void on_timing(const struct sink_timing *timing, void *data) {
	struct player *player = data;
	if (!player->stream || !timing->playing || player->state == PLAYER_CORKED) {
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
		count_underrun(player);
		player->ask_ns = player->now_ns;
	}
}

static void start_over(struct player *player) {
	stash_clear(player);
	arrival_restart(&player->arrival);
	if (player->shape.channels > 0) {
		shape_init(&player->shape, player->info.rate, player->format.channels);
	}
	restart_stream_clock(player);
	set_state(player, PLAYER_SYNCING);
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
		stash_clear(player);
		set_state(player, PLAYER_SUSPENDED);
	} else if (player->state == PLAYER_SUSPENDED) {
		start_over(player);
	}
}

/* ---- life ---- */

int player_create(
		struct player **ret_player, const struct player_config *config, struct sink *sink) {
	struct player *player = calloc(1, sizeof *player);
	if (!player) {
		return -ENOMEM;
	}
	player->config = *config;
	player->sink = sink;
	player->state = PLAYER_IDLE;
	player->info.rate = 48000;
	player->servo.correction = 1;
	target_init(&player->target, config->latency_ms);
	sink->data = player;
	sink->events = (struct sink_events){
		.ready = on_ready,
		.gone = on_gone,
		.timing = on_timing,
		.underflow = on_underflow,
		.moved = on_moved,
		.suspended = on_suspended,
	};
	*ret_player = player;
	return 0;
}

void player_destroy(struct player *player) {
	if (!player) {
		return;
	}
	if (player->state != PLAYER_IDLE) {
		player->sink->ops->close(player->sink);
	}
	player->sink->events = (struct sink_events){ 0 };
	resample_destroy(player->resample);
	free(player);
}

enum player_state player_state(const struct player *player) {
	return player->state;
}

void player_get_stats(
		const struct player *player, uint64_t now_ns, struct player_stats *ret_stats) {
	const struct level *level = &player->level;
	*ret_stats = (struct player_stats){
		.state = player->state,
		.waiting_for_server = player->state == PLAYER_OPENING,
		.format = player->format,
		.target_us = target_ns(&player->target) * 1e-3,
		.jitter_us = player->target.late_ns * 1e-3,
		.packets = player->packets,
		.frames = player->frames,
		.underruns = player->underruns,
		.skips = player->skips,
		.gaps = player->gaps,
		.lost = player->lost,
		.dropped = player->dropped,
	};
	if (player->state != PLAYER_PLAYING) {
		return;
	}
	double level_ns = to_ns(player, player->level_frames);
	ret_stats->level_us = level_ns * 1e-3;
	ret_stats->latency_us = (level_ns + player->target.constant_ns) * 1e-3;
	/* More frames than came = played slower. */
	ret_stats->rate_ppm = (1 - player->servo.correction) * 1e6;
	ret_stats->sink_ppm = level_sink_ppm(level);
	ret_stats->source_ppm = ret_stats->sink_ppm + player->servo.z3 * 1e6;
	double left = to_ns(player, level_at(level, (double)now_ns)) + player->info.offset_ns;
	ret_stats->heard_ns = now_ns + (left > 0 ? (uint64_t)left : 0);
}
