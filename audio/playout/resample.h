/*
 * Resamples one stream by libsamplerate: PCM of the source in, float frames at the stream's rate
 * out. Allocates only in resample_create(); one thread at a time. Never uses the linear converter
 * (scream-audio.md 3.7).
 */
#pragma once

#include <stdbool.h>

#include "audio/codec/scream.h"

struct resample;

/* Source rate, stream rate, channels. Returns 0, -ENOMEM or -EINVAL. */
int resample_create(struct resample **ret_resample, const struct scream_format *source,
		unsigned stream_rate, bool high_quality);
/* Accepts NULL. */
void resample_destroy(struct resample *resample);

/* Forgets the sound before; the next block begins from silence. */
void resample_reset(struct resample *resample);

/* Converts one block of the source's format, at most SCREAM_FRAMES_MAX frames.
 * correction: 1 = as it comes, above = more frames. Returns the number of
 * frames; *ret_frames stays valid until the next call and may be
 * changed in place. */
unsigned resample_block(struct resample *resample, const uint8_t *pcm, unsigned frames,
		double correction, float **ret_frames);

/* What it holds back: part of the latency, not of the fill. */
double resample_delay_ns(const struct resample *resample);
