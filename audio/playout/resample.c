#include "audio/playout/resample.h"

#include <errno.h>
#include <samplerate.h>
#include <stdlib.h>

/* Measured at ratio 1 (3.7); at other ratios the longer of both periods counts. */
#define HELD_FAST 20.0
#define HELD_HIGH 47.0

struct resample {
	SRC_STATE *state;
	struct scream_format source;
	double ratio; /* stream frames for each source frame */
	double delay_ns;
	bool fresh;
	unsigned out_room;
	float *in;
	float *out;
};

int resample_create(struct resample **ret_resample, const struct scream_format *source,
		unsigned stream_rate, bool high_quality) {
	struct resample *resample = calloc(1, sizeof *resample);
	if (!resample) {
		return -ENOMEM;
	}
	int error;
	resample->source = *source;
	resample->ratio = (double)stream_rate / source->rate;
	resample->fresh = true;
	resample->delay_ns = (high_quality ? HELD_HIGH : HELD_FAST) * 1e9 /
			     (stream_rate < source->rate ? stream_rate : source->rate);
	resample->out_room = (unsigned)(SCREAM_FRAMES_MAX * resample->ratio * 1.1) + 64;
	resample->state = src_new(high_quality ? SRC_SINC_MEDIUM_QUALITY : SRC_SINC_FASTEST,
			(int)source->channels, &error);
	resample->in = calloc((size_t)SCREAM_FRAMES_MAX * source->channels, sizeof(float));
	resample->out = calloc((size_t)resample->out_room * source->channels, sizeof(float));
	if (!resample->state || !resample->in || !resample->out) {
		resample_destroy(resample);
		return -ENOMEM;
	}
	*ret_resample = resample;
	return 0;
}

void resample_destroy(struct resample *resample) {
	if (!resample) {
		return;
	}
	if (resample->state) {
		src_delete(resample->state);
	}
	free(resample->in);
	free(resample->out);
	free(resample);
}

void resample_reset(struct resample *resample) {
	src_reset(resample->state);
	resample->fresh = true;
}

unsigned resample_block(struct resample *resample, const uint8_t *pcm, unsigned frames,
		double correction, float **ret_frames) {
	double ratio = resample->ratio * correction;
	scream_to_float(resample->in, pcm, frames, &resample->source);
	if (resample->fresh) {
		/* Later blocks glide from the last ratio to theirs; the first must not glide from
		 * the ratio of the constructor. */
		src_set_ratio(resample->state, ratio);
		resample->fresh = false;
	}
	*ret_frames = resample->out;

	SRC_DATA data = {
		.data_in = resample->in,
		.input_frames = (long)frames,
		.src_ratio = ratio,
	};
	unsigned made = 0;
	while (data.input_frames > 0 && made < resample->out_room) {
		data.data_out = resample->out + (size_t)made * resample->source.channels;
		data.output_frames = (long)(resample->out_room - made);
		if (src_process(resample->state, &data) != 0 ||
				(data.input_frames_used == 0 && data.output_frames_gen == 0)) {
			break;
		}
		made += (unsigned)data.output_frames_gen;
		data.data_in += data.input_frames_used * (long)resample->source.channels;
		data.input_frames -= data.input_frames_used;
	}
	return made;
}

double resample_delay_ns(const struct resample *resample) {
	return resample->delay_ns;
}
