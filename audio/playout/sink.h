/*
 * The output of sound: PulseAudio, or the built-in null sink. One stream at a time, in 32 bit
 * float, that starts corked and keeps counting while it has nothing to play (scream-audio.md 3.5).
 *
 * Everything happens on pg-audio. A sink calls the events from its own callbacks, never from
 * inside a function of this table. A server that is away is a state: the sink looks for it by
 * itself, and `ready` comes (again) when the wanted stream stands.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "audio/codec/scream.h"

struct sink;

struct sink_format {
	unsigned channels;
	enum scream_position position[SCREAM_CHANNELS_MAX];
};

/* A report of the server. */
struct sink_timing {
	double position_frames; /* of the loudspeaker in the stream: rendered minus still to play */
	double delay_ns;        /* rendered and not played yet */
	uint64_t at_ns;         /* CLOCK_MONOTONIC */
	bool playing;
};

/* The stream that stands. */
struct sink_info {
	unsigned rate;           /* frames a second: the sink chooses */
	unsigned quantum_frames; /* steps of the server's position; 0 = smooth (PulseAudio) */
	double request_ns;       /* how often the server asks for more */
	double offset_ns;        /* heard later than the reports say, by this much */
	bool guessed;            /* the server has not shown yet how much it takes at a time */
	bool suspended;          /* the device is, now */
};

struct sink_events {
	void (*ready)(const struct sink_info *info, void *data);
	/* The stream is lost; the sink is looking for the server. */
	void (*gone)(void *data);
	void (*timing)(const struct sink_timing *timing, void *data);
	void (*underflow)(void *data);
	/* On another device now: the position is unknown. */
	void (*moved)(void *data);
	/* The device is suspended: nothing plays. */
	void (*suspended)(bool suspended, void *data);
	/* The server takes another amount at a time than was said: all of info but the rate. */
	void (*period)(const struct sink_info *info, void *data);
};

struct sink_ops {
	/* Wants a stream of this format. A stream that stands plays out and closes by itself. */
	void (*open)(struct sink *sink, const struct sink_format *format);
	/* Wants none: the stream is closed now. The connection to the server stays. */
	void (*close)(struct sink *sink);
	/* Appends frames; 0 or a negative errno (nothing was written). */
	int (*write)(struct sink *sink, const float *frames, unsigned count);
	void (*cork)(struct sink *sink, bool corked);
	/* Asks for a report; at most one is under way. */
	void (*ask_timing)(struct sink *sink);
	void (*destroy)(struct sink *sink);
};

struct sink {
	const struct sink_ops *ops;
	struct sink_events events; /* set by the playout before the first open() */
	void *data;
};
