/*
 * Every format that a host sends, as a frame in memory, and what must be seen of it: each pixel is
 * computed here from the published formulas, and compared with what a renderer drew. For the tests
 * of pixels.
 */
#pragma once

#include "tests/support/renderer_setup.h"

#include <math.h>

static inline float half_to_float(uint16_t h) {
	const int exponent = h >> 10 & 31;
	const float mantissa = (float)(h & 1023) / 1024.0f;
	const float sign = h & 0x8000 ? -1.0f : 1.0f;
	if (exponent == 31) {
		return mantissa > 0 ? NAN : sign * INFINITY;
	}
	return exponent == 0 ? sign * ldexpf(mantissa, -14)
			     : sign * ldexpf(1.0f + mantissa, exponent - 15);
}

/* IEC 61966-2-1 */
static inline double srgb_encode(double v) {
	v = v < 0 ? 0 : v > 1 ? 1 : v;
	return v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

/* SMPTE ST 2084, cd/m2 */
static inline double pq_decode(double e) {
	const double m1 = 2610.0 / 16384, m2 = 2523.0 / 4096 * 128;
	const double c1 = 3424.0 / 4096, c2 = 2413.0 / 4096 * 32, c3 = 2392.0 / 4096 * 32;
	const double p = pow(e, 1 / m2);
	return 10000 * pow(fmax(p - c1, 0) / (c2 - c3 * p), 1 / m1);
}

/* Reinhard et al. 2002, equation 4, above a knee at 0.9 of the display's peak. */
static inline void tone_map(double v[3], double peak, double max_cll) {
	double m = 0;
	for (int i = 0; i < 3; i++) {
		v[i] = fmax(v[i] / peak, 0);
		m = fmax(m, v[i]);
	}
	if (m <= 0.9 || max_cll <= peak) {
		return;
	}
	const double t = (m - 0.9) / 0.1, top = (max_cll / peak - 0.9) / 0.1;
	const double y = fmin(t * (1 + t / (top * top)) / (1 + t), 1);
	for (int i = 0; i < 3; i++) {
		v[i] *= (0.9 + 0.1 * y) / m;
	}
}

struct sample {
	enum frame_format format;
	bool hdr, pq, map;
	const unsigned char *at; /* of the pixel; BGR_32: of the row */
	unsigned x;
};

static inline void map_colors(const struct sample *sample, double v[3]) {
	const double peak = 250, max_cll = 1000;
	if (sample->format == FRAME_FORMAT_RGBA16F && sample->map) {
		for (int i = 0; i < 3; i++) {
			v[i] *= 80;
		}
		tone_map(v, peak, max_cll);
	} else if (sample->format == FRAME_FORMAT_RGBA10 && sample->hdr && sample->map) {
		if (sample->pq) {
			const double r = pq_decode(v[0]), g = pq_decode(v[1]), b = pq_decode(v[2]);
			v[0] = 1.660491 * r - 0.587641 * g - 0.072850 * b; /* BT.2087 */
			v[1] = -0.124550 * r + 1.132900 * g - 0.008349 * b;
			v[2] = -0.018151 * r - 0.100579 * g + 1.118730 * b;
			tone_map(v, peak, max_cll);
		}
	} else {
		return;
	}
	for (int i = 0; i < 3; i++) {
		v[i] = srgb_encode(v[i]);
	}
}

/* R, G, B in 0..255. */
static inline void reference(const struct sample *sample, double ret_rgb[3]) {
	const unsigned char *p = sample->at;
	double v[3] = { 0 };
	uint32_t word;
	uint16_t half;
	switch (sample->format) {
	case FRAME_FORMAT_BGRA:
		v[0] = p[2] / 255.0, v[1] = p[1] / 255.0, v[2] = p[0] / 255.0;
		break;
	case FRAME_FORMAT_RGBA:
	case FRAME_FORMAT_RGB_24:
		v[0] = p[0] / 255.0, v[1] = p[1] / 255.0, v[2] = p[2] / 255.0;
		break;
	case FRAME_FORMAT_BGR_32:
		p += 3 * sample->x;
		v[0] = p[2] / 255.0, v[1] = p[1] / 255.0, v[2] = p[0] / 255.0;
		break;
	case FRAME_FORMAT_RGBA10:
		memcpy(&word, p, 4);
		for (int i = 0; i < 3; i++) {
			v[i] = (word >> (10 * i) & 1023) / 1023.0;
		}
		break;
	case FRAME_FORMAT_RGBA16F:
		for (int i = 0; i < 3; i++) {
			memcpy(&half, p + 2 * i, 2);
			v[i] = (double)half_to_float(half);
			v[i] = isnan(v[i]) ? 0 : fmin(fmax(v[i], -65504), 65504);
		}
		break;
	case FRAME_FORMAT_NONE:
		break;
	}
	map_colors(sample, v);
	for (int i = 0; i < 3; i++) {
		ret_rgb[i] = fmin(fmax(v[i], 0), 1) * 255;
	}
}

static inline void fill(
		unsigned char *pixels, size_t bytes, enum frame_format format, unsigned seed) {
	for (size_t i = 0; i < bytes; i++) {
		pixels[i] = (unsigned char)random_next(&seed);
	}
	if (format != FRAME_FORMAT_RGBA16F) {
		return;
	}
	/* -0.1 .. 16: what scRGB holds; some wild ones stay. */
	for (size_t i = 0; i + 2 <= bytes; i += 2) {
		if (i % 64 != 0) {
			const uint16_t half = (uint16_t)(random_next(&seed) % 0x4c00);
			memcpy(pixels + i, &half, 2);
		}
	}
}

struct format_case {
	enum frame_format format;
	bool hdr, pq, map;
	uint32_t width, height, rows;
	uint32_t extra; /* bytes of padding after a row */
	double tolerance;
};

static inline uint32_t data_width_of(const struct format_case *c) {
	if (c->format != FRAME_FORMAT_BGR_32) {
		return c->width;
	}
	const uint32_t texels = (3 * c->width + 3) / 4;
	return (texels + 63) / 64 * 64;
}

/* A guest's frame in memory. */
struct image {
	uint32_t data_width, bytes, pitch;
	unsigned char *pixels;
};

static inline struct image image_of(const struct format_case *c) {
	struct image image = { .data_width = data_width_of(c) };
	image.bytes = c->format == FRAME_FORMAT_BGR_32 ? 4 : frame_bytes_per_pixel(c->format);
	image.pitch = image.data_width * image.bytes + c->extra;
	/* Exactly as large as it must be: a read behind it shows under ASan. */
	image.pixels = malloc((size_t)image.pitch * c->rows);
	CHECK(image.pixels != NULL);
	fill(image.pixels, (size_t)image.pitch * c->rows, c->format, 7);
	return image;
}

static inline void begin_picture(
		struct setup *setup, const struct format_case *c, const struct image *image) {
	/* The brightest of the content is the guest's word in every second case. */
	const bool told = c->width % 2 != 0;
	const struct renderer_hdr hdr = { c->map, 250, told ? 10000 : 1000 };
	renderer_set_hdr(setup->renderer, &hdr);
	const struct renderer_picture picture = { c->format, c->width, c->height, image->data_width,
		c->rows, c->hdr, c->pq, told ? 1000 : 0 };
	CHECK(renderer_set_picture(setup->renderer, &picture) >= 0);
	CHECK_EQ(renderer_set_picture(setup->renderer, &picture), 0);
}

static inline void upload_all(
		struct setup *setup, const struct format_case *c, const struct image *image) {
	for (uint32_t y = 0; y < c->rows; y += 37) { /* in stripes, as it really comes */
		const struct frame_rect stripe = { 0, y, c->width,
			c->rows - y < 37 ? c->rows - y : 37 };
		renderer_upload(setup->renderer, image->pixels, image->pitch, &stripe);
	}
	renderer_uploaded(setup->renderer, NULL, 0);
}

/* Other bytes in three rectangles (one sticks out, one is in what a truncated frame lacks), of
 * which alone the renderer is told. */
static inline void upload_damage(
		struct setup *setup, const struct format_case *c, struct image *image) {
	const struct frame_rect damage[3] = { { 1, 2, 3, 4 },
		{ c->width / 2, c->height / 2, c->width, c->height },
		{ c->width / 3, c->height - 1, 2, 1 } };
	const unsigned bytes = frame_bytes_per_pixel(c->format);
	for (int i = 0; i < 3; i++) {
		const struct frame_rect *r = &damage[i];
		for (uint32_t y = r->y; y < r->y + r->height && y < c->rows; y++) {
			const uint32_t right =
					r->x + r->width < c->width ? r->x + r->width : c->width;
			unsigned char *row = image->pixels + (size_t)y * image->pitch;
			fill(row + r->x * bytes, (right - r->x) * bytes, c->format, 99 + y);
		}
		renderer_upload(setup->renderer, image->pixels, image->pitch, r);
	}
	renderer_uploaded(setup->renderer, damage, 3);
}

/* Draws it turned and compares each pixel with the reference. */
static inline void compare(struct setup *setup, const struct format_case *c,
		const struct image *image, unsigned turn, const char *how) {
	const bool turned = turn % 2 != 0;
	resize_setup(setup, (int)(turned ? c->height : c->width),
			(int)(turned ? c->width : c->height));
	struct egl_target target;
	const struct layout layout =
			layout_for(c->width, c->height, (int)(turned ? c->height : c->width),
					(int)(turned ? c->width : c->height), 0, turn);
	CHECK(layout.exact);
	const struct renderer_scene scene = { .layout = &layout, .dim = 1 };
	unsigned char *got = draw_scene(setup, &scene, &target);
	double worst = 0;
	for (uint32_t y = 0; y < c->height; y++) {
		for (uint32_t x = 0; x < c->width; x++) {
			double want[3] = { 0 }; /* rows that are not there are black */
			if (y < c->rows) {
				const unsigned char *row = image->pixels + (size_t)y * image->pitch;
				const struct sample sample = { c->format, c->hdr, c->pq, c->map,
					c->format == FRAME_FORMAT_BGR_32 ? row
									 : row + x * image->bytes,
					x };
				reference(&sample, want);
			}
			/* clockwise: the first row of the image becomes the last column */
			const uint32_t wx = turn == 0   ? x
					    : turn == 1 ? c->height - 1 - y
					    : turn == 2 ? c->width - 1 - x
							: y;
			const uint32_t wy = turn == 0   ? y
					    : turn == 1 ? x
					    : turn == 2 ? c->height - 1 - y
							: c->width - 1 - x;
			const unsigned char *p = got + 4 * (wy * (uint32_t)target.width + wx);
			for (int i = 0; i < 3; i++) {
				worst = fmax(worst, fabs(p[i] - want[i]));
			}
		}
	}
	if (worst > c->tolerance) {
		print_error("%s hdr %d pq %d map %d %ux%u turn %u %s: off by %.2f\n",
				frame_format_name(c->format), c->hdr, c->pq, c->map, c->width,
				c->height, turn, how, worst);
	}
	CHECK(worst <= c->tolerance);
	free(got);
}

static const struct format_case format_cases[] = {
	{ FRAME_FORMAT_BGRA, false, false, true, 64, 48, 48, 0, 0 },
	{ FRAME_FORMAT_BGRA, false, false, true, 61, 47, 47, 12, 0 },
	{ FRAME_FORMAT_BGRA, false, false, true, 61, 47, 47, 3, 0 }, /* pitch not in pixels */
	{ FRAME_FORMAT_BGRA, false, false, true, 64, 48, 20, 0, 0 }, /* truncated */
	{ FRAME_FORMAT_RGBA, false, false, true, 61, 47, 47, 8, 0 },
	{ FRAME_FORMAT_RGBA, false, false, true, 61, 47, 31, 5, 0 },
	{ FRAME_FORMAT_RGB_24, false, false, true, 61, 47, 47, 9, 0 },
	{ FRAME_FORMAT_RGB_24, false, false, true, 61, 47, 30, 1, 0 },
	{ FRAME_FORMAT_BGR_32, false, false, true, 5, 9, 9, 0, 0 },
	{ FRAME_FORMAT_BGR_32, false, false, true, 86, 33, 33, 64, 0 },
	{ FRAME_FORMAT_BGR_32, false, false, true, 127, 33, 32, 0, 0 }, /* a row short */
	{ FRAME_FORMAT_BGR_32, false, false, true, 62, 33, 12, 3, 0 },
	{ FRAME_FORMAT_RGBA10, false, false, true, 61, 47, 47, 0, 1 },
	{ FRAME_FORMAT_RGBA10, true, false, true, 61, 47, 47, 4, 2 },
	{ FRAME_FORMAT_RGBA10, true, true, true, 61, 47, 47, 0, 2 },
	{ FRAME_FORMAT_RGBA10, true, true, true, 61, 47, 25, 2, 2 },
	{ FRAME_FORMAT_RGBA10, true, true, false, 61, 47, 47, 0, 1 },
	{ FRAME_FORMAT_RGBA16F, true, false, true, 61, 47, 47, 16, 2 },
	{ FRAME_FORMAT_RGBA16F, false, false, true, 61, 47, 40, 0, 2 },
	{ FRAME_FORMAT_RGBA16F, true, false, false, 61, 47, 47, 6, 1 },
};
#define FORMAT_CASES (sizeof format_cases / sizeof format_cases[0])
