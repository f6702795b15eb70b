/*
 * The parts of the playout, each with the data that it owns. Only playout*.c include this header:
 * playout.c has the states; playout_server.c starts and stops the stream, and answers what the
 * server says; playout_play.c plays one packet and decides when the next are picked up, and calls
 * nothing of playout.c.
 */
#pragma once

#include "audio/playout/arrivals.h"
#include "audio/playout/latency_target.h"
#include "audio/playout/playout.h"
#include "audio/playout/prebuffer.h"
#include "audio/playout/stream.h"
#include "audio/playout/writer.h"
#include "base/clock.h"

#define PLAYOUT_SETTLE_NS        (3 * NS_PER_MS) /* of a burst, to be whole: before a start */
#define PLAYOUT_AHEAD_MOST_NS    (250 * NS_PER_MS)
#define PLAYOUT_SUSPENDED_ASK_NS NS_PER_S

struct playout_counts {
	uint64_t packets, frames;
	uint64_t underruns, skips, gaps, lost, dropped;
};

struct playout {
	struct playout_config config;
	uint64_t now_ns; /* of the last call */

	enum playout_state state;
	uint64_t state_ns;         /* since when */
	struct sink_format wanted; /* of the stream */
	uint64_t packet_ns;        /* when the last packet was given */
	uint64_t listens_ns;       /* since when somebody has listened to the source */
	uint64_t silent_since_ns;  /* all-zero packets since; 0 = sound */
	bool corked_for_silence;
	bool broken;  /* in a gap: it was asked for, nothing is late */
	bool warming; /* silence is played, to learn how much the server takes at a time */
	/* A sound begins after silence: nothing of it is lost. Cleared once it plays. */
	bool beginning;
	/* Its packets are written as they come, although the fill is not known yet. */
	bool ahead;
	uint64_t ahead_ns; /* so much of it */
	unsigned asked;    /* times that the server was asked for its position */

	struct arrivals arrivals;
	struct latency_target target;
	struct prebuffer prebuffer;
	struct stream stream;
	struct writer writer;

	/* playing */
	double packet_frames; /* of the stream, for one packet */
	double fill_frames;   /* in flight at the last packet */
	uint64_t resynced_ns;
	uint64_t underrun_ns;
	uint64_t lost_ns;   /* when packets were found missing last */
	uint64_t pickup_ns; /* until when packets were to wait; 0 = not at all */
	bool dropping;
	double excess_frames; /* in flight at the beginning, to be regained; less than 0 = missing
			       */
	bool was_silent;      /* the last packet was, while there was such */
	bool jumped;          /* the server lost time, since the last packet */
	uint64_t whole_ns;    /* until when nothing more is left out of what sounds */

	void (*listen)(const float *frames, unsigned count, const struct sink_format *format,
			unsigned rate, uint64_t at_ns, void *data);
	void *listen_data;

	struct playout_counts counts;
};

static inline double playout_fill_now(const struct playout *playout) {
	return stream_fill(&playout->stream, playout->now_ns);
}

static inline double playout_ratio(const struct playout *playout) {
	return (double)playout->stream.info.rate / playout->arrivals.format.rate;
}

/* What is to be in flight before a packet is written. */
static inline double playout_goal_frames(const struct playout *playout) {
	return stream_to_frames(&playout->stream, latency_target_fill_ns(&playout->target));
}

/* ---- playout_server.c ---- */

enum playout_event {
	PLAYOUT_STREAM_READY,
	PLAYOUT_STREAM_GONE, /* killed, or the server is gone */
	PLAYOUT_DEVICE_MOVED,
	PLAYOUT_DEVICE_SUSPENDED,
	PLAYOUT_DEVICE_RESUMED,
	PLAYOUT_PERIOD_CHANGED, /* of the device: what it takes at a time */
	PLAYOUT_NOTHING_PLAYED, /* the watch: the server answers and plays nothing */
	PLAYOUT_EVENTS,
};

void playout_answer(struct playout *playout, enum playout_event event);
struct sink_events playout_sink_events(void);

void playout_set_state(struct playout *playout, enum playout_state state);
void playout_reopen(struct playout *playout);
void playout_close_stream(struct playout *playout);
/* The source has another format. Negative: nothing can be played of it. */
int playout_set_source(struct playout *playout);
/* There is something to play. */
void playout_uncork(struct playout *playout);
void playout_cork(struct playout *playout);
/* What was written ends, if it has not. */
void playout_end_sound(struct playout *playout);
/* What waits to be played, and when the next is due, belongs to a sound that has ended. */
void playout_forget_waiting(struct playout *playout);
/* Begins to play what waits, if everything is known. */
void playout_sync_try(struct playout *playout);
/* Writes a packet of a sound that has just begun, although the fill is not known yet. */
void playout_write_ahead(struct playout *playout, const uint8_t *pcm, unsigned frames);

/* ---- playout_play.c ---- */

void playout_note_packet_size(struct playout *playout, unsigned frames);
/* So much is in flight at most. */
double playout_bound_frames(const struct playout *playout);
void playout_count_underrun(struct playout *playout);
void playout_play(struct playout *playout, const struct scream_packet *packet, uint64_t arrived_ns);
/* For how long packets are left waiting for others, at most. */
double playout_batch_ns(const struct playout *playout);
