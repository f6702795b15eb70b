/*
 * How much sound is in flight: frames written minus frames that left the loudspeaker, at any time
 * (scream-audio.md 3.3, steps 2 and 3). Pure; one thread at a time.
 *
 * The server's reports go through a delay-locked loop with a slope, so that the level can be asked
 * for at the smoothed arrival time of a packet. Frames are of the stream's rate.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct level {
	/* constant after level_init() */
	double rate;
	double nominal; /* frames a nanosecond */
	double jump_frames;
	bool steps; /* the server's position moves in large steps (pipewire-pulse) */

	int64_t written; /* frames, silence included */

	/* the device clock */
	unsigned reports; /* since the last restart; 0 = the level is unknown */
	uint64_t t_ns;
	double position;    /* frames that left the loudspeaker at t_ns, filtered */
	double slope;       /* frames a nanosecond, filtered */
	double odd;         /* residual of the last report if that was an outlier */
	unsigned odd_count; /* outliers in a row */
};

/* quantum_frames: the size of the server's steps; 0 if its position moves smoothly. */
void level_init(struct level *level, unsigned rate, unsigned quantum_frames);
/* The device's position jumped or is unknown (start, move, resume): keeps count and slope. */
void level_restart(struct level *level);

static inline void level_wrote(struct level *level, unsigned frames) {
	level->written += frames;
}

/* A report of the server: position of the loudspeaker in the stream at t_ns. Returns true if the
 * device's position has jumped (a stall of the server), so that nothing may be learned from it. */
bool level_report(struct level *level, double position_frames, uint64_t t_ns);

/* Enough reports to trust it. */
bool level_known(const struct level *level);

/* Frames in flight at t_ns; negative = the server is past what was written. */
double level_at(const struct level *level, double t_ns);

/* The sink's measured clock against CLOCK_MONOTONIC. */
double level_sink_ppm(const struct level *level);
