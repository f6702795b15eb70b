#include "audio/playout/writer.h"

#define CARRY_NS      6e6
#define CARRY_MOST_NS 18e6 /* of sound again, then it ends */

void writer_init(struct writer *writer) {
	writer->servo.correction = 1;
}

void writer_finish(struct writer *writer) {
	resample_destroy(writer->resample);
	writer->resample = NULL;
}

void writer_begin(struct writer *writer, unsigned rate, unsigned channels) {
	double drift = writer->servo.z3;
	servo_init(&writer->servo, rate);
	writer->servo.z3 = drift;
	concealment_init(&writer->concealment, rate, channels);
}

int writer_set_source(struct writer *writer, const struct scream_format *format, unsigned rate,
		bool high_quality) {
	writer_finish(writer);
	return resample_create(&writer->resample, format, rate, high_quality);
}

void writer_fade_in(struct writer *writer, uint64_t now_ns) {
	resample_reset(writer->resample);
	concealment_fade_in(&writer->concealment, 0);
	servo_sync(&writer->servo, now_ns);
}

unsigned writer_block(
		struct writer *writer, struct stream *stream, const uint8_t *pcm, unsigned frames) {
	float *out;
	unsigned n = resample_block(writer->resample, pcm, frames, writer->servo.correction, &out);
	if (writer->patch_frames > 0) {
		unsigned patched = concealment_patch(&writer->concealment, out, n, writer->scratch,
				writer->patch_frames);
		stream_write(stream, writer->scratch, patched);
		writer->patch_frames = 0;
	}
	writer->cut_frames = 0;
	if (writer->shorten) {
		const unsigned left = concealment_shorten(&writer->concealment, out, n);
		writer->cut_frames = n - left;
		writer->shorten = false;
		n = left;
	}
	concealment_apply(&writer->concealment, out, n);
	stream_write(stream, out, n);
	return n;
}

void writer_drop_block(struct writer *writer, const uint8_t *pcm, unsigned frames) {
	float *out;
	unsigned n = resample_block(writer->resample, pcm, frames, writer->servo.correction, &out);
	concealment_dropped(&writer->concealment, out, n);
}

void writer_tail(struct writer *writer, struct stream *stream) {
	unsigned most = (unsigned)stream_to_frames(stream, WRITER_TAIL_NS);
	unsigned n = concealment_tail(&writer->concealment, writer->scratch,
			most < CONCEALMENT_HISTORY_FRAMES ? most : CONCEALMENT_HISTORY_FRAMES);
	stream_write(stream, writer->scratch, n);
}

bool writer_carry_on(struct writer *writer, struct stream *stream) {
	const double most = stream_to_frames(stream, CARRY_MOST_NS);
	unsigned count = (unsigned)stream_to_frames(stream, CARRY_NS);
	float from = 1 - (float)(writer->carried / most) / 2;
	float to = from - (float)(CARRY_NS / CARRY_MOST_NS) / 2;
	if (writer->carried + count > most) {
		return false;
	}
	unsigned n = concealment_extend(&writer->concealment, writer->scratch, count, from, to);
	stream_write(stream, writer->scratch, n);
	writer->carried += n;
	return n > 0;
}
