#include "audio/shape.h"

#include <string.h>

#define FADE_IN_MS 5
#define BLEND_MS   3
#define SPLICE_MS  2
#define FIT_MS     2 /* the stretch may be so much longer or shorter, to fit in phase */

static unsigned frames_of(const struct shape *shape, unsigned ms) {
	return shape->rate * ms / 1000;
}

static unsigned least(unsigned a, unsigned b) {
	return a < b ? a : b;
}

void shape_init(struct shape *shape, unsigned rate, unsigned channels) {
	memset(shape, 0, sizeof *shape);
	shape->rate = rate;
	shape->channels = channels;
	shape->silent = true;
}

void shape_fade_in(struct shape *shape, unsigned mute_frames) {
	shape->mute_left = mute_frames;
	shape->fade_frames = frames_of(shape, FADE_IN_MS);
	shape->fade_left = shape->fade_frames;
	shape->blend_frames = 0;
}

void shape_dropped(struct shape *shape, const float *frames, unsigned count) {
	if (shape->blend_frames > 0) {
		return; /* the first dropped frames follow what was heard */
	}
	unsigned n = least(least(count, frames_of(shape, BLEND_MS)), SHAPE_BLEND_FRAMES);
	memcpy(shape->blend, frames, (size_t)n * shape->channels * sizeof *frames);
	shape->blend_frames = n;
}

static const float *history_back(const struct shape *shape, unsigned frames_back) {
	return shape->history + (size_t)(shape->history_frames - frames_back) * shape->channels;
}

static void mirror(const struct shape *shape, float *dst, unsigned count) {
	for (unsigned i = 0; i < count; i++) {
		memcpy(dst + (size_t)i * shape->channels, history_back(shape, i + 1),
				shape->channels * sizeof *dst);
	}
}

void shape_splice(struct shape *shape) {
	unsigned n = least(least(frames_of(shape, SPLICE_MS), SHAPE_BLEND_FRAMES),
			shape->history_frames);
	mirror(shape, shape->blend, n);
	shape->blend_frames = n;
}

static void scale(float *frame, unsigned channels, float gain) {
	for (unsigned c = 0; c < channels; c++) {
		frame[c] *= gain;
	}
}

static void blend_in(struct shape *shape, float *frames, unsigned count) {
	unsigned n = least(shape->blend_frames, count);
	for (unsigned i = 0; i < n; i++) {
		float gain = ((float)i + 0.5f) / (float)n;
		for (unsigned c = 0; c < shape->channels; c++) {
			size_t at = (size_t)i * shape->channels + c;
			frames[at] = frames[at] * gain + shape->blend[at] * (1 - gain);
		}
	}
	shape->blend_frames = 0;
}

static void ramp(struct shape *shape, float *frames, unsigned count) {
	unsigned i = 0;
	for (; i < count && shape->mute_left > 0; i++, shape->mute_left--) {
		scale(frames + (size_t)i * shape->channels, shape->channels, 0);
	}
	for (; i < count && shape->fade_left > 0; i++, shape->fade_left--) {
		float done = (float)(shape->fade_frames - shape->fade_left) + 0.5f;
		scale(frames + (size_t)i * shape->channels, shape->channels,
				done / (float)shape->fade_frames);
	}
}

static void remember(struct shape *shape, const float *frames, unsigned count) {
	unsigned room = least(frames_of(shape, 20), SHAPE_HISTORY_FRAMES);
	size_t frame = shape->channels * sizeof *frames;
	if (count >= room) {
		memcpy(shape->history, frames + (size_t)(count - room) * shape->channels,
				room * frame);
		shape->history_frames = room;
		return;
	}
	unsigned keep = least(shape->history_frames, room - count);
	memmove(shape->history, history_back(shape, keep), keep * frame);
	memcpy(shape->history + (size_t)keep * shape->channels, frames, count * frame);
	shape->history_frames = keep + count;
}

void shape_apply(struct shape *shape, float *frames, unsigned count) {
	if (shape->blend_frames > 0) {
		blend_in(shape, frames, count);
	}
	if (shape->mute_left > 0 || shape->fade_left > 0) {
		ramp(shape, frames, count);
	}
	shape->silent = false;
	remember(shape, frames, count);
}

unsigned shape_tail(struct shape *shape, float *ret_frames, unsigned count) {
	if (shape->silent) {
		return 0;
	}
	unsigned n = least(count, shape->history_frames);
	mirror(shape, ret_frames, n);
	for (unsigned i = 0; i < n; i++) {
		scale(ret_frames + (size_t)i * shape->channels, shape->channels,
				1 - ((float)i + 0.5f) / (float)n);
	}
	shape->silent = true;
	shape->history_frames = 0;
	shape->blend_frames = 0;
	return n;
}

/* How alike two stretches of the first channel are; 1 = the same. */
static float likeness(const float *a, const float *b, unsigned count, unsigned channels) {
	float ab = 0;
	float aa = 1e-9f;
	float bb = 1e-9f;
	for (unsigned i = 0; i < count; i++) {
		float x = a[(size_t)i * channels];
		float y = b[(size_t)i * channels];
		ab += x * y;
		aa += x * x;
		bb += y * y;
	}
	return ab > 0 ? ab * ab / (aa * bb) : 0;
}

unsigned shape_extend(
		struct shape *shape, float *ret_frames, unsigned count, float from, float to) {
	unsigned fit = least(frames_of(shape, SPLICE_MS), SHAPE_BLEND_FRAMES);
	size_t frame = shape->channels * sizeof *ret_frames;
	if (shape->silent || fit == 0 || count + 2 * fit > shape->history_frames) {
		return 0;
	}
	/* `back` frames ago the sound went on as it does now: what came then comes again. */
	unsigned back = count + fit;
	float best = -1;
	for (unsigned n = count + fit; n <= shape->history_frames - fit; n++) {
		float like = likeness(history_back(shape, n + fit), history_back(shape, fit), fit,
				shape->channels);
		if (like > best) {
			best = like;
			back = n;
		}
	}
	memcpy(ret_frames, history_back(shape, back), count * frame);
	memcpy(shape->blend, history_back(shape, back - count), fit * frame);
	shape->blend_frames = fit;
	for (unsigned i = 0; i < count; i++) {
		scale(ret_frames + (size_t)i * shape->channels, shape->channels,
				from + (to - from) * (float)i / (float)count);
	}
	for (unsigned i = 0; i < fit; i++) {
		scale(shape->blend + (size_t)i * shape->channels, shape->channels, to);
	}
	remember(shape, ret_frames, count);
	return count;
}

unsigned shape_fill(struct shape *shape, const float *next, unsigned next_count, float *ret_frames,
		unsigned count) {
	unsigned blend = least(frames_of(shape, SPLICE_MS), next_count);
	unsigned fit = frames_of(shape, FIT_MS);
	if (count < blend || count + fit > shape->history_frames || blend == 0) {
		return 0;
	}
	/* The last `length` frames again: their end fits `next`, as they came before it. Their
	 * beginning must fit it too: choose the length for that. */
	unsigned length = count;
	float best = -1;
	unsigned shortest = count > fit + blend ? count - fit : blend;
	for (unsigned n = shortest; n <= count + fit; n++) {
		float like = likeness(history_back(shape, n), next, blend, shape->channels);
		if (like > best) {
			best = like;
			length = n;
		}
	}
	memcpy(ret_frames, history_back(shape, length),
			(size_t)length * shape->channels * sizeof *ret_frames);
	for (unsigned i = 0; i < blend; i++) {
		float gain = ((float)i + 0.5f) / (float)blend;
		for (unsigned c = 0; c < shape->channels; c++) {
			size_t at = (size_t)i * shape->channels + c;
			ret_frames[at] = ret_frames[at] * gain + next[at] * (1 - gain);
		}
	}
	return length;
}
