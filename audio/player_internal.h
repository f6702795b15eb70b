/*
 * What the files of the player share (player*.c); nobody else includes it.
 */
#pragma once

#include "audio/drift.h"
#include "audio/level.h"
#include "audio/player.h"
#include "audio/resample.h"
#include "audio/shape.h"
#include "audio/sink.h"
#include "audio/stash.h"
#include "audio/target.h"
#include "base/clock.h"

#define PLAYER_SETTLE_NS                                                        \
	(3 * NS_PER_MS) /* from the first packet to the start: a burst is whole \
			 */
#define PLAYER_TOP_UP_NS 5e6

struct player {
	struct player_config config;
	struct sink *sink;
	enum player_state state;
	uint64_t now_ns; /* of the last call */

	/* the source */
	struct scream_format format;
	struct sink_format wanted; /* of the stream */
	struct arrival arrival;
	bool reliable; /* see player_set_reliable() */
	struct resample *resample;
	double spread_ns;         /* how unevenly they come: see note_spread() */
	double arrival_error_ns;  /* of the last one */
	uint64_t arrived_ns;      /* the last one */
	uint64_t burst_at_ns;     /* the first of the last burst */
	double burst_ns;          /* from one burst to the next, on average */
	uint64_t packet_ns;       /* when the last one was given */
	uint64_t pickup_ns;       /* until when packets were to wait; 0 = not at all */
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
	uint64_t fill_ns;    /* that much of it */
	double corked_level; /* frames in flight when it was corked */
	uint64_t state_ns;   /* since when */
	uint64_t resynced_ns;
	uint64_t underrun_ns;
	bool dropping;
	uint64_t lost_ns;     /* when packets were found missing last */
	unsigned fill_frames; /* to be put in before the next packet, for lost ones */
	double carried;       /* frames of sound put in since the last packet that was on time */

	/* for the figures */
	double level_frames; /* at the last packet */
	double packet_frames;
	uint64_t packets, frames;
	uint64_t underruns, skips, gaps, lost, dropped;

	struct shape shape;
	float scratch[SHAPE_HISTORY_FRAMES * SCREAM_CHANNELS_MAX];

	struct stash stash;
};

/* ---- units ---- */

static inline double player_to_ns(const struct player *player, double frames) {
	return frames * 1e9 / player->info.rate;
}

static inline double player_to_frames(const struct player *player, double ns) {
	return ns * player->info.rate * 1e-9;
}

static inline void player_set_state(struct player *player, enum player_state state) {
	player->state = state;
	player->state_ns = player->now_ns;
}

static inline double player_level_now(const struct player *player) {
	return level_at(&player->level, (double)player->now_ns);
}

static inline double player_ratio(const struct player *player) {
	return (double)player->info.rate / player->format.rate;
}

/* ---- player_play.c: what is written, and a packet while it plays ---- */

void player_write_silence(struct player *player, double frames);
/* Ends the sound within 5 ms, if it is not silent already. */
void player_write_tail(struct player *player);
/* Carries the sound on over a short hole. False: it was long enough, or there is none. */
bool player_carry_on(struct player *player);
/* The server must never find less than this when it comes for more. */
double player_edge_frames(const struct player *player);
double player_goal_frames(const struct player *player);
void player_count_underrun(struct player *player);
void player_play_block(struct player *player, const uint8_t *pcm, unsigned frames);
void player_play(struct player *player, const struct scream_packet *packet, uint64_t arrived_ns);

/* ---- player_pickup.c: how packets come, and when they are taken ---- */

void player_note_arrival(
		struct player *player, const struct arrival_result *arrival, uint64_t arrived_ns);
bool player_is_bursty(const struct player *player);
/* For how long packets are left waiting for others, at most. */
double player_batch_ns(const struct player *player);

/* ---- player_start.c: a stream starts, and is kept alive while there is nothing to play ---- */

void player_restart_clock(struct player *player);
void player_uncork(struct player *player);
void player_note_packet_size(struct player *player, unsigned frames);
int player_make_resample(struct player *player);
void player_reopen(struct player *player);
void player_sync_try(struct player *player);
void player_top_up(struct player *player);

/* ---- player_sink.c ---- */

struct sink_events player_sink_events(void);
