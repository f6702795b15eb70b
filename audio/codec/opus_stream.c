#include "audio/codec/opus_stream.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#ifdef PG_HAVE_OPUS
#include <opus/opus.h>

struct opus_stream {
	OpusDecoder *decoder;
	int16_t samples[OPUS_STREAM_FRAMES_MAX * OPUS_STREAM_CHANNELS_MAX];
};

bool opus_stream_built_in(void) {
	return true;
}

int opus_stream_create(struct opus_stream **ret_stream, unsigned rate, unsigned channels) {
	if (rate > 48000 || channels < 1 || channels > OPUS_STREAM_CHANNELS_MAX) {
		return -EINVAL;
	}
	struct opus_stream *stream = calloc(1, sizeof *stream);
	if (!stream) {
		return -ENOMEM;
	}
	int error;
	stream->decoder = opus_decoder_create((opus_int32)rate, (int)channels, &error);
	if (!stream->decoder) {
		free(stream);
		return error == OPUS_ALLOC_FAIL ? -ENOMEM : -EINVAL;
	}
	*ret_stream = stream;
	return 0;
}

void opus_stream_destroy(struct opus_stream *stream) {
	if (stream) {
		opus_decoder_destroy(stream->decoder);
		free(stream);
	}
}

int opus_stream_decode(struct opus_stream *stream, const void *packet, size_t len,
		const int16_t **ret_samples) {
	if (len == 0 || len > INT_MAX) {
		return -EBADMSG; /* libopus would take no bytes for a lost packet */
	}
	int frames = opus_decode(stream->decoder, packet, (opus_int32)len, stream->samples,
			OPUS_STREAM_FRAMES_MAX, 0);
	if (frames < 0) {
		return -EBADMSG;
	}
	*ret_samples = stream->samples;
	return frames;
}

#else

bool opus_stream_built_in(void) {
	return false;
}

int opus_stream_create(struct opus_stream **ret_stream, unsigned rate, unsigned channels) {
	(void)ret_stream;
	(void)rate;
	(void)channels;
	return -EOPNOTSUPP;
}

void opus_stream_destroy(struct opus_stream *stream) {
	(void)stream;
}

int opus_stream_decode(struct opus_stream *stream, const void *packet, size_t len,
		const int16_t **ret_samples) {
	(void)stream;
	(void)packet;
	(void)len;
	(void)ret_samples;
	return -EBADMSG;
}

#endif
