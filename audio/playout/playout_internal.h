/*
 * What the files of the playout engine share (playout*.c); nobody else includes it.
 */
#pragma once

#include "audio/playout/buffer_fill.h"
#include "audio/playout/concealment.h"
#include "audio/playout/drift.h"
#include "audio/playout/latency_target.h"
#include "audio/playout/playout.h"
#include "audio/playout/prebuffer.h"
#include "audio/playout/resample.h"
#include "audio/playout/sink.h"
#include "base/clock.h"

#define PLAYOUT_SETTLE_NS                                                       \
	(3 * NS_PER_MS) /* from the first packet to the start: a burst is whole \
			 */
#define PLAYOUT_TOP_UP_NS 5e6

struct playout {
	struct playout_config config;
	struct sink *sink;
	enum playout_state state;
	uint64_t now_ns; /* of the last call */

	/* the source */
	struct scream_format format;
	struct sink_format wanted; /* of the stream */
	struct arrival arrival;
	bool reliable; /* see playout_set_reliable() */
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
	struct buffer_fill fill;
	struct servo servo;
	struct latency_target target;
	double reserve_ns[2]; /* most that the sink held, of this and the last block */
	uint64_t reserve_since_ns;
	uint64_t ask_ns;
	uint64_t bridged_until_ns; /* silence was written up to here, while the fill is unknown */
	uint64_t bridged_ns;       /* that much of it */
	double corked_fill;        /* frames in flight when it was corked */
	uint64_t state_ns;         /* since when */
	uint64_t resynced_ns;
	uint64_t underrun_ns;
	bool dropping;
	uint64_t lost_ns;      /* when packets were found missing last */
	unsigned patch_frames; /* to be put in before the next packet, for lost ones */
	double carried;        /* frames of sound put in since the last packet that was on time */

	/* for the figures */
	double fill_frames; /* at the last packet */
	double packet_frames;
	uint64_t packets, frames;
	uint64_t underruns, skips, gaps, lost, dropped;

	struct concealment concealment;
	float scratch[CONCEALMENT_HISTORY_FRAMES * SCREAM_CHANNELS_MAX];

	struct prebuffer prebuffer;
};

/* ---- units ---- */

static inline double playout_to_ns(const struct playout *playout, double frames) {
	return frames * 1e9 / playout->info.rate;
}

static inline double playout_to_frames(const struct playout *playout, double ns) {
	return ns * playout->info.rate * 1e-9;
}

static inline void playout_set_state(struct playout *playout, enum playout_state state) {
	playout->state = state;
	playout->state_ns = playout->now_ns;
}

static inline double playout_fill_now(const struct playout *playout) {
	return buffer_fill_at(&playout->fill, (double)playout->now_ns);
}

static inline double playout_ratio(const struct playout *playout) {
	return (double)playout->info.rate / playout->format.rate;
}

/* ---- playout_play.c: what is written, and a packet while it plays ---- */

void playout_write_silence(struct playout *playout, double frames);
/* Ends the sound within 5 ms, if it is not silent already. */
void playout_write_tail(struct playout *playout);
/* Carries the sound on over a short hole. False: it was long enough, or there is none. */
bool playout_carry_on(struct playout *playout);
/* The server must never find less than this when it comes for more. */
double playout_edge_frames(const struct playout *playout);
double playout_goal_frames(const struct playout *playout);
void playout_count_underrun(struct playout *playout);
void playout_play_block(struct playout *playout, const uint8_t *pcm, unsigned frames);
void playout_play(struct playout *playout, const struct scream_packet *packet, uint64_t arrived_ns);

/* ---- playout_pickup.c: how packets come, and when they are taken ---- */

void playout_note_arrival(
		struct playout *playout, const struct arrival_result *arrival, uint64_t arrived_ns);
bool playout_is_bursty(const struct playout *playout);
/* For how long packets are left waiting for others, at most. */
double playout_batch_ns(const struct playout *playout);

/* ---- playout_start.c: a stream starts, and is kept alive while there is nothing to play ---- */

void playout_restart_clock(struct playout *playout);
void playout_uncork(struct playout *playout);
void playout_note_packet_size(struct playout *playout, unsigned frames);
int playout_make_resample(struct playout *playout);
void playout_reopen(struct playout *playout);
void playout_sync_try(struct playout *playout);
void playout_top_up(struct playout *playout);

/* ---- playout_sink.c ---- */

struct sink_events playout_sink_events(void);
