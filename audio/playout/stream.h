/*
 * The stream at the sound server, as the playout sees it: what was written, how much of it is still
 * in flight, what the server holds at any time (scream-audio.md 3.3 and 3.5). Frames are of the
 * stream's rate. No clock of its own; one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "audio/playout/buffer_fill.h"
#include "audio/playout/sink.h"

#define STREAM_TOP_UP_NS 5e6

struct stream {
	struct sink *sink;
	bool stands;
	bool suspended; /* its device is */
	struct sink_info info;
	struct buffer_fill fill;

	double reserve_ns[2]; /* most that the sink held, of this and the last block */
	uint64_t reserve_since_ns;

	uint64_t ask_ns;           /* when the next report is to be asked for */
	uint64_t bridged_until_ns; /* silence was written up to here, while the fill is unknown */
	uint64_t bridged_ns;       /* that much of it */
	double corked_fill;        /* frames in flight when it was corked */

	/* how long a device takes to begin */
	uint64_t uncorked_ns;   /* 0 = it plays, or nothing can be learned of this beginning */
	double uncorked_frames; /* in flight then, less all that had been written */
	double start_ns;        /* the least seen, of this device; 0 = unknown */

	/* the watch: what the server plays, whatever the states say */
	double position;      /* of the last report */
	uint64_t answered_ns; /* the last report of any kind */
	uint64_t progress_ns; /* when the device had moved on, or was last told to */
	uint64_t nudge_ns;    /* not before that time again */
	unsigned nudges;      /* in a row, without progress */

	/* who else gets what is written, before it counts as in flight; NULL = nobody */
	void (*listener)(const struct stream *stream, const float *frames, unsigned count,
			void *data);
	void *listener_data;
	struct sink_format format;
};

static inline double stream_to_ns(const struct stream *stream, double frames) {
	return frames * 1e9 / stream->info.rate;
}

static inline double stream_to_frames(const struct stream *stream, double ns) {
	return ns * stream->info.rate * 1e-9;
}

/* Frames in flight. */
static inline double stream_fill(const struct stream *stream, uint64_t now_ns) {
	return buffer_fill_at(&stream->fill, (double)now_ns);
}

static inline bool stream_fill_known(const struct stream *stream) {
	return buffer_fill_known(&stream->fill);
}

/* The sink has made it. */
void stream_begin(struct stream *stream, const struct sink_info *info, uint64_t now_ns);
/* Wants another one. */
void stream_open(struct stream *stream, const struct sink_format *format);
void stream_close(struct stream *stream);

void stream_write(struct stream *stream, const float *frames, unsigned count);
void stream_write_silence(struct stream *stream, double frames);

/* Silence up to `prefill` frames first, then run: a stream that runs empty plays nothing that is
 * written late (3.5). */
void stream_uncork(struct stream *stream, double prefill, uint64_t now_ns);
/* The fill is known for the first time since: how long did the device take to begin? */
void stream_learn_start(struct stream *stream, uint64_t now_ns);
/* Of another device, or of one that slept, nothing can be learned. */
void stream_forget_start(struct stream *stream, bool other_device);
void stream_cork(struct stream *stream, uint64_t now_ns);
/* Sound was written while the fill is unknown: it lasts so long. */
void stream_wrote_ahead(struct stream *stream, unsigned frames);
/* Where the device is in the stream is unknown from now on. */
void stream_restart_clock(struct stream *stream, uint64_t now_ns);
/* Keeps it alive while there is nothing to play. */
void stream_top_up(struct stream *stream, uint64_t now_ns);

/* A report of the server. Returns true if the device's position has jumped. */
bool stream_report(struct stream *stream, const struct sink_timing *timing, uint64_t now_ns);

/* The server took another amount at a time than it had said. */
void stream_set_period(struct stream *stream, const struct sink_info *info);

/* The server answers, and yet has played nothing for 2 s: something must be done. At most once in a
 * while, which grows to 30 s. */
bool stream_is_stuck(const struct stream *stream, uint64_t now_ns);
/* Asks the server once more to play. Returns false if that was tried already: open another one. */
bool stream_nudge(struct stream *stream, uint64_t now_ns);
/* No report has come for 3 s, although they are asked for. */
bool stream_is_deaf(const struct stream *stream, uint64_t now_ns);

/* The server must never find less than this when it comes for more. */
double stream_edge_frames(const struct stream *stream);
/* What the server needs at any time, until its next request included. */
double stream_reserve_ns(const struct stream *stream);
