#include "audio/codec/opus_stream.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/tone_judge.h"

#ifdef PG_HAVE_OPUS
#include <opus/opus.h>

#define FRAMES 480 /* 10 ms, as a SPICE server sends */

static void a_tone_comes_through(void **state) {
	(void)state;
	static struct tone_judge tone;
	struct opus_stream *stream;
	int error;
	OpusEncoder *encoder = opus_encoder_create(48000, 2, OPUS_APPLICATION_AUDIO, &error);
	CHECK(encoder);
	CHECK_EQ(opus_stream_create(&stream, 48000, 2), 0);
	tone_judge_init(&tone, 440, 48000);
	double loudest = 0;
	unsigned long played = 0;
	for (unsigned packet = 0; packet < 300; packet++) {
		int16_t pcm[FRAMES * 2];
		unsigned char bytes[4000];
		for (unsigned i = 0; i < FRAMES; i++, played++) {
			double phase = fmod(440.0 * (double)played / 48000, 1);
			pcm[2 * i] = (int16_t)lrint(16000 * sin(2 * M_PI * phase));
			pcm[2 * i + 1] = 0;
		}
		int len = opus_encode(encoder, pcm, FRAMES, bytes, sizeof bytes);
		const int16_t *samples;
		CHECK(len > 0);
		CHECK_EQ(opus_stream_decode(stream, bytes, (size_t)len, &samples), FRAMES);
		for (unsigned i = 0; i < FRAMES; i++) {
			double x = samples[2 * i] / 32768.0;
			tone_judge_frame(&tone, x);
			loudest = packet > 50 ? fmax(loudest, fabs(x)) : loudest;
		}
	}
	CHECK(fabs(tone_judge_hertz(&tone) - 440) < 0.5);
	CHECK(fabs(loudest - 16000 / 32768.0) < 0.02);
	CHECK_EQ(tone.gap_count, 0);
	opus_encoder_destroy(encoder);
	opus_stream_destroy(stream);
}

static void what_is_no_packet_is_refused(void **state) {
	(void)state;
	struct opus_stream *stream;
	const int16_t *samples;
	unsigned char bytes[4000];
	unsigned seed = 1, refused = 0;
	CHECK_EQ(opus_stream_create(&stream, 48000, 2), 0);
	CHECK_EQ(opus_stream_decode(stream, bytes, 0, &samples), -EBADMSG);
	for (unsigned round = 0; round < 2000; round++) {
		size_t len = 1 + (size_t)(rand_r(&seed)) % sizeof bytes;
		for (size_t i = 0; i < len; i++) {
			bytes[i] = (unsigned char)rand_r(&seed);
		}
		/* Of its exact size, so that a sanitizer sees one byte too many. */
		unsigned char *exact = malloc(len);
		memcpy(exact, bytes, len);
		int r = opus_stream_decode(stream, exact, len, &samples);
		free(exact);
		CHECK(r == -EBADMSG || (r > 0 && r <= (int)OPUS_STREAM_FRAMES_MAX));
		refused += r < 0;
	}
	CHECK(refused > 0);
	opus_stream_destroy(stream);
}

static void other_streams_are_not_begun(void **state) {
	(void)state;
	struct opus_stream *stream = NULL;
	CHECK_EQ(opus_stream_create(&stream, 44100, 2), -EINVAL);
	CHECK_EQ(opus_stream_create(&stream, 0, 2), -EINVAL);
	CHECK_EQ(opus_stream_create(&stream, UINT32_MAX, 2), -EINVAL);
	CHECK_EQ(opus_stream_create(&stream, 48000, 0), -EINVAL);
	CHECK_EQ(opus_stream_create(&stream, 48000, 8), -EINVAL);
	CHECK_EQ(stream, NULL);
	opus_stream_destroy(NULL);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tone_comes_through),
		cmocka_unit_test(what_is_no_packet_is_refused),
		cmocka_unit_test(other_streams_are_not_begun),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void without_the_library_there_is_none(void **state) {
	(void)state;
	struct opus_stream *stream = NULL;
	CHECK(!opus_stream_built_in());
	CHECK_EQ(opus_stream_create(&stream, 48000, 2), -EOPNOTSUPP);
	CHECK_EQ(stream, NULL);
}

int main(void) {
	const struct CMUnitTest tests[] = { cmocka_unit_test(without_the_library_there_is_none) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
