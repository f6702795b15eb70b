/*
 * Predicts when to look for the next frame. LGMP has no doorbell: the producer's period and phase
 * are learned from the times at which frames were seen, so that no look is wasted while no frame
 * can have come, and looks are frequent when one is due. Pure: times go in, times come out.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct frame_predictor {
	bool plain;              /* a fixed step: for comparison, or because the user wants it */
	uint64_t step_ns;        /* plain: the step. Else: the longest sleep while frames flow */
	uint64_t rhythm_step_ns; /* … while they flow in rhythm */
	uint64_t last_ns;        /* the newest frame; 0 = none yet */
	uint64_t empty_ns;       /* the last look that found nothing */
	uint64_t grid_ns;        /* where the rhythm says that the newest frame was due */
	double interval_ns;      /* between the newest two */
	double period_ns;        /* 0 = unknown */
	double jitter_ns;        /* mean distance from the prediction */
	unsigned regular; /* a score: frames that came when expected, less those that did not */
	unsigned apart, apart_count; /* periods between the newest frames: what divides them all */
	unsigned joined; /* so many shorter periods make one, because frames came so; 0 = none */
	unsigned held;   /* frames in rhythm since then, up to a bound */
	uint64_t eager_until_ns; /* own input moved the pointer: an answer is near */
};

/* step_ns: with plain the step (0 = 1 ms), else the longest sleep while frames flow (0 = 4 ms,
 * and 8 while they come in rhythm). */
void frame_predictor_init(struct frame_predictor *frame_predictor, bool plain, uint64_t step_ns);

/* A frame was seen. */
void frame_predictor_frame(struct frame_predictor *frame_predictor, uint64_t now_ns);
/* Own input went to the guest. */
void frame_predictor_input(struct frame_predictor *frame_predictor, uint64_t now_ns);
/* The session is gone: forget it all. */
void frame_predictor_reset(struct frame_predictor *frame_predictor);

/* When to look again, after a look at now_ns found nothing more. Later than now_ns. */
uint64_t frame_predictor_next(struct frame_predictor *frame_predictor, uint64_t now_ns);

/* The next frame is due about now: until when to watch for it without giving the CPU away; 0 = it
 * is not due. All these waits together take a fortieth of the time at most. */
uint64_t frame_predictor_watch(struct frame_predictor *frame_predictor, uint64_t now_ns);
