/*
 * Writes to the stream: resampled blocks of the source, and what stands in for missing sound
 * (concealment.h). No clock of its own; one thread at a time.
 */
#pragma once

#include <stdbool.h>

#include "audio/playout/concealment.h"
#include "audio/playout/drift.h"
#include "audio/playout/resample.h"
#include "audio/playout/stream.h"

#define WRITER_TAIL_NS 5e6

struct writer {
	struct resample *resample;
	struct servo servo;
	struct concealment concealment;
	unsigned patch_frames; /* to be put in before the next block, for lost ones */
	bool shorten;          /* some of the next block may be left out, where nobody hears it */
	unsigned cut_frames;   /* so many were */
	double carried;        /* frames of sound put in since the last packet that was on time */
	float scratch[CONCEALMENT_HISTORY_FRAMES * SCREAM_CHANNELS_MAX];
};

void writer_init(struct writer *writer);
void writer_finish(struct writer *writer);
/* Another stream; what was learned of the drift stays. */
void writer_begin(struct writer *writer, unsigned rate, unsigned channels);
/* Another source. Returns 0, -ENOMEM or -EINVAL: then nothing may be written. */
int writer_set_source(struct writer *writer, const struct scream_format *format, unsigned rate,
		bool high_quality);
/* The next block starts from nothing and fades in. */
void writer_fade_in(struct writer *writer, uint64_t now_ns);

/* Plays a block; returns the frames that became of it. */
unsigned writer_block(
		struct writer *writer, struct stream *stream, const uint8_t *pcm, unsigned frames);
/* Leaves a block out. */
void writer_drop_block(struct writer *writer, const uint8_t *pcm, unsigned frames);
/* Ends the sound within 5 ms, if it is not silent already. */
void writer_tail(struct writer *writer, struct stream *stream);
/* Carries the sound on over a short hole. False: it was long enough, or there is none. */
bool writer_carry_on(struct writer *writer, struct stream *stream);
