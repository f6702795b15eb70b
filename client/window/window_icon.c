#include "client/window/window_icon.h"

#include <math.h>
#include <stdbool.h>

/* Samples of a pixel, each way. */
#define SAMPLES 4

struct colour {
	float r, g, b;
};

static struct colour mix(uint32_t from, uint32_t to, float part) {
	part = part < 0 ? 0 : part > 1 ? 1 : part;
	const float a[] = { (float)(from >> 16 & 255), (float)(from >> 8 & 255),
		(float)(from & 255) };
	const float b[] = { (float)(to >> 16 & 255), (float)(to >> 8 & 255), (float)(to & 255) };
	return (struct colour){ a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part,
		a[2] + (b[2] - a[2]) * part };
}

/* An arch: a half round over a rectangle. In units of the drawing, 128 x 128. */
static bool in_arch(float x, float y, float half, float top, float bottom) {
	const float dx = x - 64;
	if (fabsf(dx) > half || y > bottom || y < top) {
		return false;
	}
	const float down = top + half - y;
	return down <= 0 || dx * dx + down * down <= half * half;
}

static bool in_play(float x, float y) {
	const float across = (x - 53) / 24;
	return across >= 0 && across <= 1 && fabsf(y - 57) <= 14 * (1 - across);
}

/* Hills, the nearer ones darker. */
static bool in_hills(float x, float y) {
	static const float tops[][2] = { { 38, 98 }, { 52, 84 }, { 62, 95 }, { 74, 80 },
		{ 91, 98 } };
	for (int i = 0; i < 4; i++) {
		if (x >= tops[i][0] && x <= tops[i + 1][0]) {
			const float part = (x - tops[i][0]) / (tops[i + 1][0] - tops[i][0]);
			return y >= tops[i][1] + (tops[i + 1][1] - tops[i][1]) * part;
		}
	}
	return false;
}

static struct colour of_glass(float x, float y) {
	if (in_play(x, y)) {
		return mix(0xffffff, 0xffffff, 0);
	}
	if (in_hills(x, y)) {
		return mix(0x162155, 0x0c1436, (y - 80) / 32);
	}
	if ((x - 64) * (x - 64) + (y - 88) * (y - 88) <= 81) {
		return mix(0xfff1c2, 0xfff1c2, 0);
	}
	const float down = (y - 20) / 92;
	return down < 0.55f ? mix(0x1b2a6b, 0x3b62c9, down / 0.55f)
			    : mix(0x3b62c9, 0xf08a5d, (down - 0.55f) / 0.3f);
}

static bool sample(float x, float y, struct colour *ret) {
	if (in_arch(x, y, 26, 20, 112)) {
		*ret = of_glass(x, y);
		return true;
	}
	if (in_arch(x, y, 35, 10, 114) || (x >= 21 && x <= 107 && y >= 113 && y <= 121) ||
			(x - 64) * (x - 64) + (y - 10) * (y - 10) <= 49) {
		*ret = mix(0xffe9a8, 0x9a6414, (x + y) / 256);
		return true;
	}
	return false;
}

void window_icon_draw(uint32_t *pixels, int side) {
	const float step = 128.0f / (float)(side * SAMPLES);
	for (int i = 0; i < side * side; i++) {
		struct colour sum = { 0, 0, 0 };
		int hits = 0;
		for (int n = 0; n < SAMPLES * SAMPLES; n++) {
			struct colour c;
			const int column = i % side * SAMPLES + n % SAMPLES;
			const int row = i / side * SAMPLES + n / SAMPLES;
			if (sample(((float)column + 0.5f) * step, ((float)row + 0.5f) * step, &c)) {
				sum = (struct colour){ sum.r + c.r, sum.g + c.g, sum.b + c.b };
				hits++;
			}
		}
		const float share = hits > 0 ? 1.0f / (float)hits : 0;
		pixels[i] = (uint32_t)(hits * 255 / (SAMPLES * SAMPLES)) << 24 |
			    (uint32_t)(sum.r * share) << 16 | (uint32_t)(sum.g * share) << 8 |
			    (uint32_t)(sum.b * share);
	}
}
