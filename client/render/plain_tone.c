#include "client/render/plain_tone.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KNEE    0.9f
#define ENCODED 16384u /* steps of linear light; the darkest ones are a tenth of a grey level */
#define CHUNK   256u   /* pixels that are copied out of the guest's memory at once */

struct plain_tone {
	bool half;   /* RGBA16F, else RGBA10 */
	bool direct; /* a channel becomes its byte alone */
	bool narrow; /* primaries of BT.2020 */
	float peak, max_cll;
	unsigned char *bytes; /* direct: of each value of a channel */
	float *nits;          /* else: what it means */
	unsigned char encoded[ENCODED + 1];
};

bool plain_tone_knows(enum frame_format format) {
	return format == FRAME_FORMAT_RGBA10 || format == FRAME_FORMAT_RGBA16F;
}

/* ---- tables ---- */

static float half_of(uint32_t h) {
	const int exponent = (int)(h >> 10 & 31);
	const float fraction = (float)(h & 1023) / 1024;
	float v = exponent == 0    ? ldexpf(fraction, -14)
		  : exponent == 31 ? 65504
				   : ldexpf(1 + fraction, exponent - 15);
	if (exponent == 31 && (h & 1023) != 0) {
		v = 0; /* not a number */
	}
	return (h & 0x8000) != 0 ? -v : v;
}

static float pq_nits(float e) {
	const float m1 = 0.1593017578125f, m2 = 78.84375f;
	const float c1 = 0.8359375f, c2 = 18.8515625f, c3 = 18.6875f;
	const float p = powf(e, 1 / m2);
	return 10000 * powf(fmaxf(p - c1, 0) / (c2 - c3 * p), 1 / m1);
}

static float encode(float v) {
	return v <= 0.0031308f ? v * 12.92f : 1.055f * powf(v, 1 / 2.4f) - 0.055f;
}

static unsigned char byte_of(float v) {
	v = v < 0 ? 0 : v > 1 ? 1 : v;
	return (unsigned char)(v * 255 + 0.5f);
}

static float value_of(const struct plain_tone *tone, uint32_t i) {
	return tone->half ? half_of(i) : (float)i / 1023;
}

static int fill(struct plain_tone *tone, bool linear) {
	const uint32_t count = tone->half ? 65536 : 1024;
	if (tone->direct) {
		tone->bytes = malloc(count);
	} else {
		tone->nits = malloc(count * sizeof *tone->nits);
	}
	if (!tone->bytes && !tone->nits) {
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < count; i++) {
		const float v = value_of(tone, i);
		if (tone->bytes) {
			tone->bytes[i] = byte_of(linear ? encode(v) : v);
		} else {
			tone->nits[i] = tone->half ? v * 80 : pq_nits(v);
		}
	}
	for (uint32_t i = 0; i <= ENCODED; i++) {
		tone->encoded[i] = byte_of(encode((float)i / (float)ENCODED));
	}
	return 0;
}

int plain_tone_create(struct plain_tone **ret_tone, const struct renderer_picture *picture,
		const struct renderer_hdr *hdr) {
	struct plain_tone *tone = calloc(1, sizeof *tone);
	if (!tone) {
		return -ENOMEM;
	}
	const uint32_t set = (uint32_t)hdr->max_cll_nits;
	const uint32_t reported = picture->max_cll_nits;
	tone->half = picture->format == FRAME_FORMAT_RGBA16F;
	/* Half floats are always linear light; 10 bits only when the guest says so. */
	const bool maps = hdr->map && (tone->half || picture->hdr);
	const bool linear = maps && !tone->half && !picture->pq;
	tone->direct = !maps || linear;
	tone->narrow = maps && !tone->half && picture->pq;
	tone->peak = (float)(hdr->peak_nits > 0 ? hdr->peak_nits : 250);
	tone->max_cll = (float)(reported > 0 && reported < set ? reported : set);
	int r = fill(tone, linear);
	if (r < 0) {
		plain_tone_destroy(tone);
		return r;
	}
	*ret_tone = tone;
	return 0;
}

void plain_tone_destroy(struct plain_tone *tone) {
	if (tone) {
		free(tone->bytes);
		free(tone->nits);
		free(tone);
	}
}

/* ---- rows ---- */

/* BT.2020 -> BT.709, linear (BT.2087). */
static void narrow(float v[3]) {
	const float r = v[0], g = v[1], b = v[2];
	v[0] = 1.660491f * r - 0.587641f * g - 0.072850f * b;
	v[1] = -0.124550f * r + 1.132900f * g - 0.008349f * b;
	v[2] = -0.018151f * r - 0.100579f * g + 1.118730f * b;
}

/* Light of the display's peak -> 0..1, as the shader does it. */
static void map(const struct plain_tone *tone, float v[3]) {
	float most = 0;
	for (int i = 0; i < 3; i++) {
		v[i] = fmaxf(v[i] / tone->peak, 0);
		most = fmaxf(most, v[i]);
	}
	if (most > KNEE && tone->max_cll > tone->peak) {
		const float t = (most - KNEE) / (1 - KNEE);
		const float top = (tone->max_cll / tone->peak - KNEE) / (1 - KNEE);
		const float y = t * (1 + t / (top * top)) / (1 + t);
		const float scale = (KNEE + (1 - KNEE) * fminf(y, 1)) / most;
		for (int i = 0; i < 3; i++) {
			v[i] *= scale;
		}
	}
}

static void convert(const struct plain_tone *tone, const uint32_t channel[3], unsigned char *to) {
	if (tone->bytes) {
		for (int i = 0; i < 3; i++) {
			to[2 - i] = tone->bytes[channel[i]];
		}
		return;
	}
	float v[3] = { tone->nits[channel[0]], tone->nits[channel[1]], tone->nits[channel[2]] };
	if (tone->narrow) {
		narrow(v);
	}
	map(tone, v);
	for (int i = 0; i < 3; i++) {
		const float level = fminf(v[i], 1) * (float)ENCODED + 0.5f;
		to[2 - i] = tone->encoded[(uint32_t)level];
	}
}

static void read_half(const unsigned char *at, uint32_t ret_channel[3]) {
	uint16_t half[3];
	memcpy(half, at, sizeof half);
	for (int i = 0; i < 3; i++) {
		ret_channel[i] = half[i];
	}
}

static void read_ten(const unsigned char *at, uint32_t ret_channel[3]) {
	uint32_t word;
	memcpy(&word, at, sizeof word);
	for (int i = 0; i < 3; i++) {
		ret_channel[i] = word >> 10 * i & 1023;
	}
}

void plain_tone_row(const struct plain_tone *tone, const unsigned char *from, unsigned char *to,
		size_t count) {
	unsigned char copy[CHUNK * 8]; /* the guest may change its own between two looks */
	const size_t step = tone->half ? 8 : 4;
	while (count > 0) {
		const size_t now = count < CHUNK ? count : CHUNK;
		memcpy(copy, from, now * step);
		for (size_t i = 0; i < now; i++) {
			uint32_t channel[3];
			if (tone->half) {
				read_half(copy + i * step, channel);
			} else {
				read_ten(copy + i * step, channel);
			}
			convert(tone, channel, to + i * 4);
			to[i * 4 + 3] = 255;
		}
		from += now * step;
		to += now * 4;
		count -= now;
	}
}
