#include "audio/playout/concealment.h"

#include <string.h>

#define FADE_IN_MS 5
#define BLEND_MS   3
#define SPLICE_MS  2
#define ALIKE      1e-3F /* of the energy: what differs is 30 dB softer */
#define SOFT       1e-7F /* of full scale, squared: 70 dB below it */
#define FIT_MS     2     /* the stretch may be so much longer or shorter, to fit in phase */

static unsigned frames_of(const struct concealment *concealment, unsigned ms) {
	return concealment->rate * ms / 1000;
}

static unsigned least(unsigned a, unsigned b) {
	return a < b ? a : b;
}

void concealment_init(struct concealment *concealment, unsigned rate, unsigned channels) {
	memset(concealment, 0, sizeof *concealment);
	concealment->rate = rate;
	concealment->channels = channels;
	concealment->silent = true;
}

void concealment_fade_in(struct concealment *concealment, unsigned mute_frames) {
	concealment->mute_left = mute_frames;
	concealment->fade_frames = frames_of(concealment, FADE_IN_MS);
	concealment->fade_left = concealment->fade_frames;
	concealment->blend_frames = 0;
}

void concealment_dropped(struct concealment *concealment, const float *frames, unsigned count) {
	if (concealment->blend_frames > 0) {
		return; /* the first dropped frames follow what was heard */
	}
	unsigned n = least(
			least(count, frames_of(concealment, BLEND_MS)), CONCEALMENT_BLEND_FRAMES);
	memcpy(concealment->blend, frames, (size_t)n * concealment->channels * sizeof *frames);
	concealment->blend_frames = n;
}

static const float *history_back(const struct concealment *concealment, unsigned frames_back) {
	return concealment->history +
	       (size_t)(concealment->history_frames - frames_back) * concealment->channels;
}

static void mirror(const struct concealment *concealment, float *dst, unsigned count) {
	for (unsigned i = 0; i < count; i++) {
		memcpy(dst + (size_t)i * concealment->channels, history_back(concealment, i + 1),
				concealment->channels * sizeof *dst);
	}
}

void concealment_splice(struct concealment *concealment) {
	unsigned n = least(least(frames_of(concealment, SPLICE_MS), CONCEALMENT_BLEND_FRAMES),
			concealment->history_frames);
	mirror(concealment, concealment->blend, n);
	concealment->blend_frames = n;
}

static void scale(float *frame, unsigned channels, float gain) {
	for (unsigned c = 0; c < channels; c++) {
		frame[c] *= gain;
	}
}

static void blend_in(struct concealment *concealment, float *frames, unsigned count) {
	unsigned n = least(concealment->blend_frames, count);
	for (unsigned i = 0; i < n; i++) {
		float gain = ((float)i + 0.5f) / (float)n;
		for (unsigned c = 0; c < concealment->channels; c++) {
			size_t at = (size_t)i * concealment->channels + c;
			frames[at] = frames[at] * gain + concealment->blend[at] * (1 - gain);
		}
	}
	concealment->blend_frames = 0;
}

static void ramp(struct concealment *concealment, float *frames, unsigned count) {
	unsigned i = 0;
	for (; i < count && concealment->mute_left > 0; i++, concealment->mute_left--) {
		scale(frames + (size_t)i * concealment->channels, concealment->channels, 0);
	}
	for (; i < count && concealment->fade_left > 0; i++, concealment->fade_left--) {
		float done = (float)(concealment->fade_frames - concealment->fade_left) + 0.5f;
		scale(frames + (size_t)i * concealment->channels, concealment->channels,
				done / (float)concealment->fade_frames);
	}
}

static void remember(struct concealment *concealment, const float *frames, unsigned count) {
	unsigned room = least(frames_of(concealment, 20), CONCEALMENT_HISTORY_FRAMES);
	size_t frame = concealment->channels * sizeof *frames;
	if (count >= room) {
		memcpy(concealment->history,
				frames + (size_t)(count - room) * concealment->channels,
				room * frame);
		concealment->history_frames = room;
		return;
	}
	unsigned keep = least(concealment->history_frames, room - count);
	memmove(concealment->history, history_back(concealment, keep), keep * frame);
	memcpy(concealment->history + (size_t)keep * concealment->channels, frames, count * frame);
	concealment->history_frames = keep + count;
}

void concealment_apply(struct concealment *concealment, float *frames, unsigned count) {
	if (concealment->blend_frames > 0) {
		blend_in(concealment, frames, count);
	}
	if (concealment->mute_left > 0 || concealment->fade_left > 0) {
		ramp(concealment, frames, count);
	}
	concealment->silent = false;
	remember(concealment, frames, count);
}

unsigned concealment_tail(struct concealment *concealment, float *ret_frames, unsigned count) {
	if (concealment->silent) {
		return 0;
	}
	unsigned n = least(count, concealment->history_frames);
	mirror(concealment, ret_frames, n);
	for (unsigned i = 0; i < n; i++) {
		scale(ret_frames + (size_t)i * concealment->channels, concealment->channels,
				1 - ((float)i + 0.5f) / (float)n);
	}
	concealment->silent = true;
	concealment->history_frames = 0;
	concealment->blend_frames = 0;
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

/* Whether a channel is at b what it is at a. */
static bool is_repeated(const float *a, const float *b, unsigned count, unsigned channels) {
	float most = 0;
	for (unsigned i = 0; i < count; i++) {
		most += a[(size_t)i * channels] * a[(size_t)i * channels];
	}
	most = most * ALIKE > SOFT * (float)count ? most * ALIKE : SOFT * (float)count;
	for (unsigned i = 0; i < count && most >= 0; i++) {
		const float off = b[(size_t)i * channels] - a[(size_t)i * channels];
		most -= off * off;
	}
	return most >= 0;
}

static bool all_are_repeated(
		const float *frames, unsigned length, unsigned blend, unsigned channels) {
	for (unsigned c = 0; c < channels; c++) {
		if (!is_repeated(frames + c, frames + (size_t)length * channels + c, blend,
				    channels)) {
			return false;
		}
	}
	return true;
}

unsigned concealment_shorten(const struct concealment *concealment, float *frames, unsigned count) {
	const unsigned channels = concealment->channels;
	const unsigned blend = frames_of(concealment, SPLICE_MS);
	const unsigned shortest = frames_of(concealment, 1);
	const unsigned step = concealment->rate / 40000;
	if (concealment->silent || concealment->blend_frames > 0 || concealment->mute_left > 0 ||
			concealment->fade_left > 0 || step == 0 || count < shortest + blend) {
		return count;
	}
	unsigned length = count - blend;
	while (!all_are_repeated(frames, length, blend, channels)) {
		if (length < shortest + step) {
			return count;
		}
		length -= step;
	}
	const unsigned left = count - length;
	for (unsigned i = 0; i < blend; i++) {
		const float gain = ((float)i + 0.5F) / (float)blend;
		for (unsigned c = 0; c < channels; c++) {
			float *to = frames + (size_t)i * channels + c;
			*to += (to[(size_t)length * channels] - *to) * gain;
		}
	}
	memmove(frames + (size_t)blend * channels, frames + (size_t)(length + blend) * channels,
			(size_t)(left - blend) * channels * sizeof *frames);
	return left;
}

unsigned concealment_extend(struct concealment *concealment, float *ret_frames, unsigned count,
		float from, float to) {
	unsigned fit = least(frames_of(concealment, SPLICE_MS), CONCEALMENT_BLEND_FRAMES);
	size_t frame = concealment->channels * sizeof *ret_frames;
	if (concealment->silent || fit == 0 || count + 2 * fit > concealment->history_frames) {
		return 0;
	}
	/* `back` frames ago the sound went on as it does now: what came then comes again. */
	unsigned back = count + fit;
	float best = -1;
	for (unsigned n = count + fit; n <= concealment->history_frames - fit; n++) {
		float like = likeness(history_back(concealment, n + fit),
				history_back(concealment, fit), fit, concealment->channels);
		if (like > best) {
			best = like;
			back = n;
		}
	}
	memcpy(ret_frames, history_back(concealment, back), count * frame);
	memcpy(concealment->blend, history_back(concealment, back - count), fit * frame);
	concealment->blend_frames = fit;
	for (unsigned i = 0; i < count; i++) {
		scale(ret_frames + (size_t)i * concealment->channels, concealment->channels,
				from + (to - from) * (float)i / (float)count);
	}
	for (unsigned i = 0; i < fit; i++) {
		scale(concealment->blend + (size_t)i * concealment->channels, concealment->channels,
				to);
	}
	remember(concealment, ret_frames, count);
	return count;
}

unsigned concealment_patch(struct concealment *concealment, const float *next, unsigned next_count,
		float *ret_frames, unsigned count) {
	unsigned blend = least(frames_of(concealment, SPLICE_MS), next_count);
	unsigned fit = frames_of(concealment, FIT_MS);
	if (count < blend || count + fit > concealment->history_frames || blend == 0) {
		return 0;
	}
	/* The last `length` frames again: their end fits `next`, as they came before it. Their
	 * beginning must fit it too: choose the length for that. */
	unsigned length = count;
	float best = -1;
	unsigned shortest = count > fit + blend ? count - fit : blend;
	for (unsigned n = shortest; n <= count + fit; n++) {
		float like = likeness(
				history_back(concealment, n), next, blend, concealment->channels);
		if (like > best) {
			best = like;
			length = n;
		}
	}
	memcpy(ret_frames, history_back(concealment, length),
			(size_t)length * concealment->channels * sizeof *ret_frames);
	for (unsigned i = 0; i < blend; i++) {
		float gain = ((float)i + 0.5f) / (float)blend;
		for (unsigned c = 0; c < concealment->channels; c++) {
			size_t at = (size_t)i * concealment->channels + c;
			ret_frames[at] = ret_frames[at] * gain + next[at] * (1 - gain);
		}
	}
	return length;
}
