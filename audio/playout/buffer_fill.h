/*
 * The amount of sound in flight at any time: frames written minus frames that left the loudspeaker
 * (scream-audio.md 3.3, steps 2 and 3). Pure; one thread at a time.
 *
 * The server's reports go through a delay-locked loop with a slope, so that the fill at the
 * smoothed arrival time of a packet can be computed. Where the position moves in steps, its phase
 * is the middle between the highest and the lowest of the last reports, which is nearer than the
 * mean of as many. Frames are of the stream's rate.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BUFFER_FILL_SEEN   64
#define BUFFER_FILL_SLOPES 4

struct buffer_fill {
	/* constant after buffer_fill_init() */
	double rate;
	double nominal; /* frames a nanosecond */
	double jump_frames;
	double quantum; /* the server's position moves in steps of that (pipewire-pulse); 0 = not */
	bool guessed;   /* they may be of another size */
	double slow_hz; /* the owner may set it: a bandwidth for reports that scatter; 0 = usual */
	double range;   /* of positions beside the line that steps may make */

	int64_t written; /* frames, silence included */

	/* the device clock */
	unsigned reports; /* since the last restart; 0 = the fill is unknown */
	uint64_t t_ns;
	double position;  /* frames that left the loudspeaker at t_ns, filtered */
	double slope;     /* frames a nanosecond, filtered */
	double mean;      /* with steps: the line through all of them, for the slope */
	uint64_t mean_ns; /* its time */
	double slopes[BUFFER_FILL_SLOPES]; /* of the last 9 to 12 s */
	unsigned slope_next;
	uint64_t slope_ns;
	double odd;         /* residual of the last report if that was an outlier */
	unsigned odd_count; /* outliers in a row */

	/* with steps: the last reports, for the middle of the stairs */
	struct {
		uint64_t t_ns;
		double position;
	} seen[BUFFER_FILL_SEEN];
	unsigned seen_count;
	unsigned seen_next;
	unsigned seen_steps; /* changes of the position */
};

/* quantum_frames: the size of the server's steps; 0 if its position moves smoothly. guessed: they
 * may be larger. */
void buffer_fill_init(
		struct buffer_fill *fill, unsigned rate, unsigned quantum_frames, bool guessed);
/* The steps are of another size than was said. */
void buffer_fill_set_quantum(struct buffer_fill *fill, unsigned quantum_frames, bool guessed);
/* The device's position jumped or is unknown (start, move, resume): keeps count and slope. */
void buffer_fill_restart(struct buffer_fill *fill);

static inline void buffer_fill_wrote(struct buffer_fill *fill, unsigned frames) {
	fill->written += frames;
}

/* A report of the server: position of the loudspeaker in the stream at t_ns. Returns true if the
 * device's position has jumped (a stall of the server), so that nothing may be learned from it. */
bool buffer_fill_report(struct buffer_fill *fill, double position_frames, uint64_t t_ns);

/* Enough reports to trust it. */
bool buffer_fill_known(const struct buffer_fill *fill);

/* Frames in flight at t_ns; negative = the server is past what was written. */
double buffer_fill_at(const struct buffer_fill *fill, double t_ns);

/* The sink's measured clock against CLOCK_MONOTONIC. */
double buffer_fill_sink_ppm(const struct buffer_fill *fill);
