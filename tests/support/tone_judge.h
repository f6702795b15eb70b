/*
 * Judges a pure tone, frame by frame: glitches are where it is not one (residual of the two-term
 * predictor over 1 % of full scale; events within 10 ms are one), zeros inside it are gaps. The
 * first second is not judged. For sound-probe and spice-recorder.
 */
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TONE_LOUD       0.01
#define TONE_RESIDUAL   0.01
#define TONE_EVENTS_MAX 4096
#define TONE_STRETCH    100 /* periods, of which the frequency is taken */
#define TONE_STRETCHES  4096

struct tone_event {
	uint64_t frame;
	double size; /* of a glitch: its residual; of a gap: frames */
};

struct tone_judge {
	unsigned rate;
	double turn;
	uint64_t frame; /* number of the next one */
	double before[2];
	bool begun;
	uint64_t since; /* it began here */
	uint64_t last_loud, last_glitch;
	uint64_t frames; /* since it began */
	uint64_t silence, longest_gap;
	/* zero crossings upwards, for the frequency */
	uint64_t first_rise; /* of this stretch */
	unsigned rises;      /* since then */
	unsigned stretches;
	unsigned lengths[TONE_STRETCHES]; /* frames, each */
	unsigned glitch_count, gap_count;
	struct tone_event glitches[TONE_EVENTS_MAX], gaps[TONE_EVENTS_MAX];
};

static inline void tone_judge_init(struct tone_judge *t, double hertz, unsigned rate) {
	*t = (struct tone_judge){ .rate = rate, .turn = 2 * cos(2 * M_PI * hertz / rate) };
}

static inline void tone_judge_note(
		struct tone_event *events, unsigned *count, uint64_t frame, double size) {
	if (*count < TONE_EVENTS_MAX) {
		events[(*count)++] = (struct tone_event){ frame, size };
	}
}

static inline void tone_judge_loud(struct tone_judge *t) {
	/* 2 ms of nothing is no zero crossing. */
	uint64_t gap = t->frame - t->last_loud;
	if (gap > t->rate / 500 && t->frame > t->since + t->rate) {
		t->silence += gap;
		t->longest_gap = gap > t->longest_gap ? gap : t->longest_gap;
		tone_judge_note(t->gaps, &t->gap_count, t->frame, (double)gap);
	}
	t->last_loud = t->frame;
}

static inline void tone_judge_rise(struct tone_judge *t) {
	if (t->rises++ == 0) {
		t->first_rise = t->frame;
	} else if (t->rises > TONE_STRETCH) {
		t->lengths[t->stretches++ % TONE_STRETCHES] = (unsigned)(t->frame - t->first_rise);
		t->first_rise = t->frame;
		t->rises = 1;
	}
}

static inline void tone_judge_frame(struct tone_judge *t, double x) {
	double residual = fabs(x - t->turn * t->before[0] + t->before[1]);
	bool rises = t->before[0] < 0 && x >= 0;
	t->before[1] = t->before[0];
	t->before[0] = x;
	bool loud = fabs(x) > TONE_LOUD;
	if (!t->begun && loud) {
		t->begun = true;
		t->since = t->frame;
		t->last_loud = t->frame;
	} else if (t->begun) {
		t->frames++;
		if (rises) {
			tone_judge_rise(t);
		}
		if (t->frame > t->since + t->rate && residual > TONE_RESIDUAL &&
				!(t->last_glitch && t->frame - t->last_glitch < t->rate / 100)) {
			t->last_glitch = t->frame;
			tone_judge_note(t->glitches, &t->glitch_count, t->frame, residual);
		}
		if (loud) {
			tone_judge_loud(t);
		}
	}
	t->frame++;
}

static inline int tone_judge_shorter(const void *a, const void *b) {
	const unsigned x = *(const unsigned *)a;
	const unsigned y = *(const unsigned *)b;
	return (x > y) - (x < y);
}

/* The median of short stretches: a hole or a splice in some of them is no other frequency. */
static inline double tone_judge_hertz(const struct tone_judge *t) {
	static unsigned sorted[TONE_STRETCHES];
	const unsigned count = t->stretches < TONE_STRETCHES ? t->stretches : TONE_STRETCHES;
	if (count == 0) {
		return 0;
	}
	memcpy(sorted, t->lengths, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, tone_judge_shorter);
	return (double)TONE_STRETCH * t->rate / sorted[count / 2];
}
