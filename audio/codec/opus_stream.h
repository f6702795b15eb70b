/*
 * Decodes the Opus packets of one stream to S16LE frames (libopus). The packets come from the
 * guest: an invalid one costs its own length of sound and nothing else. One thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct opus_stream;

#define OPUS_STREAM_CHANNELS_MAX 2u
#define OPUS_STREAM_FRAMES_MAX   5760u /* 120 ms at 48 kHz: the longest packet that there is */

/* Whether this build has libopus. */
bool opus_stream_built_in(void);

/* rate: 8000, 12000, 16000, 24000 or 48000. -EINVAL for others and for more channels, -EOPNOTSUPP
 * without libopus. */
int opus_stream_create(struct opus_stream **ret_stream, unsigned rate, unsigned channels);
void opus_stream_destroy(struct opus_stream *stream); /* accepts NULL */

/* Returns the number of frames, at most OPUS_STREAM_FRAMES_MAX, or -EBADMSG. *ret_samples:
 * interleaved, valid until the next call. */
int opus_stream_decode(struct opus_stream *stream, const void *packet, size_t len,
		const int16_t **ret_samples);
