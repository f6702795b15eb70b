/* Pixels: every format drawn offscreen at 1:1 and compared with a reference computed here from the
 * published formulas. Needs EGL (software will do); without it the test is skipped. */
#include "support/check.h"
#include "support/egl_loaded.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/egl.h"
#include "client/gl.h"
#include "client/layout.h"
#include "client/overlay.h"
#include "client/renderer.h"
#include "client/window.h"

#include "base/log.h"

#define SIDE_MAX 160

struct setup {
	struct window_surface *surface;
	struct egl *egl;
	struct renderer *renderer;
};

static enum video_upload upload_way = VIDEO_UPLOAD_DIRECT;
static bool pretend_gpu; /* take the ways of a GPU, whatever draws */

static bool open_setup(struct setup *setup, int width, int height) {
	memset(setup, 0, sizeof *setup);
	if (window_surface_create_offscreen(&setup->surface, width, height) < 0) {
		return false;
	}
	if (egl_create(&setup->egl, setup->surface) < 0) {
		window_surface_destroy(setup->surface);
		return false;
	}
	return renderer_create(&setup->renderer, egl_is_software(setup->egl) && !pretend_gpu,
			       upload_way) == 0;
}

static void close_setup(struct setup *setup) {
	renderer_destroy(setup->renderer);
	egl_destroy(setup->egl);
	window_surface_destroy(setup->surface);
}

static unsigned random_next(unsigned *seed) {
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static float half_to_float(uint16_t h) {
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
static double srgb_encode(double v) {
	v = v < 0 ? 0 : v > 1 ? 1 : v;
	return v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

/* SMPTE ST 2084, cd/m2 */
static double pq_decode(double e) {
	const double m1 = 2610.0 / 16384, m2 = 2523.0 / 4096 * 128;
	const double c1 = 3424.0 / 4096, c2 = 2413.0 / 4096 * 32, c3 = 2392.0 / 4096 * 32;
	const double p = pow(e, 1 / m2);
	return 10000 * pow(fmax(p - c1, 0) / (c2 - c3 * p), 1 / m1);
}

/* Reinhard et al. 2002, equation 4, above a knee at 0.9 of the display's peak. */
static void tone_map(double v[3], double peak, double max_cll) {
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

static void map_colors(const struct sample *sample, double v[3]) {
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
static void reference(const struct sample *sample, double ret_rgb[3]) {
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

static void fill(unsigned char *pixels, size_t bytes, enum frame_format format, unsigned seed) {
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

static unsigned char *read_target(const struct egl_target *target) {
	unsigned char *rgba = malloc((size_t)target->width * (size_t)target->height * 4);
	CHECK(rgba != NULL);
	glBindFramebuffer(GL_FRAMEBUFFER, target->framebuffer);
	glPixelStorei(GL_PACK_ALIGNMENT, 4);
	glReadPixels(0, 0, target->width, target->height, GL_RGBA, GL_UNSIGNED_BYTE, rgba);
	return rgba; /* top row first: offscreen targets are */
}

static struct layout layout_for(uint32_t width, uint32_t height, int window_width,
		int window_height, unsigned guest, unsigned user) {
	const struct layout_input input = {
		.image_width = width,
		.image_height = height,
		.guest_rotation = guest,
		.user_rotation = user,
		.window_width = window_width,
		.window_height = window_height,
		.keep_aspect = true,
	};
	struct layout layout;
	layout_compute(&layout, &input);
	return layout;
}

struct format_case {
	enum frame_format format;
	bool hdr, pq, map;
	uint32_t width, height, rows;
	uint32_t extra; /* bytes of padding after a row */
	double tolerance;
};

static uint32_t data_width_of(const struct format_case *c) {
	if (c->format != FRAME_FORMAT_BGR_32) {
		return c->width;
	}
	const uint32_t texels = (3 * c->width + 3) / 4;
	return (texels + 63) / 64 * 64;
}

static void draw_format(const struct format_case *c) {
	struct setup setup;
	CHECK(open_setup(&setup, (int)c->width, (int)c->height));
	const uint32_t data_width = data_width_of(c);
	const uint32_t bytes =
			c->format == FRAME_FORMAT_BGR_32 ? 4 : frame_bytes_per_pixel(c->format);
	const uint32_t pitch = data_width * bytes + c->extra;
	/* Exactly as large as it must be: a read behind it shows under ASan. */
	unsigned char *pixels = malloc((size_t)pitch * c->rows);
	CHECK(pixels != NULL);
	fill(pixels, (size_t)pitch * c->rows, c->format, 7);

	const struct renderer_hdr hdr = { c->map, 250, 1000 };
	renderer_set_hdr(setup.renderer, &hdr);
	const struct renderer_picture picture = { c->format, c->width, c->height, data_width,
		c->rows, c->hdr, c->pq };
	CHECK(renderer_set_picture(setup.renderer, &picture) == 1);
	CHECK(renderer_set_picture(setup.renderer, &picture) == 0);
	for (uint32_t y = 0; y < c->rows; y += 37) { /* in stripes, as it really comes */
		const struct frame_rect stripe = { 0, y, c->width,
			c->rows - y < 37 ? c->rows - y : 37 };
		renderer_upload(setup.renderer, pixels, pitch, &stripe);
	}
	renderer_uploaded(setup.renderer, NULL, 0);

	struct egl_target target;
	CHECK(egl_begin(setup.egl, &target) == 0);
	const struct layout layout =
			layout_for(c->width, c->height, target.width, target.height, 0, 0);
	const struct renderer_scene scene = { .layout = &layout, .dim = 1 };
	const struct egl_rect all = { 0, 0, target.width, target.height };
	renderer_draw(setup.renderer, &target, &scene, &all, 1);
	unsigned char *got = read_target(&target);
	double worst = 0;
	for (uint32_t y = 0; y < c->height; y++) {
		for (uint32_t x = 0; x < c->width; x++) {
			double want[3] = { 0 }; /* rows that are not there are black */
			if (y < c->rows) {
				const unsigned char *row = pixels + (size_t)y * pitch;
				const struct sample sample = { c->format, c->hdr, c->pq, c->map,
					c->format == FRAME_FORMAT_BGR_32 ? row : row + x * bytes,
					x };
				reference(&sample, want);
			}
			for (int i = 0; i < 3; i++) {
				const double have = got[4 * (y * c->width + x) + (unsigned)i];
				worst = fmax(worst, fabs(have - want[i]));
			}
		}
	}
	if (worst > c->tolerance) {
		print_error("%s hdr %d pq %d map %d %ux%u: off by %.2f\n",
				frame_format_name(c->format), c->hdr, c->pq, c->map, c->width,
				c->height, worst);
	}
	CHECK(worst <= c->tolerance);
	free(got);
	free(pixels);
	close_setup(&setup);
}

static const struct format_case format_cases[] = {
	{ FRAME_FORMAT_BGRA, false, false, true, 64, 48, 48, 0, 0 },
	{ FRAME_FORMAT_BGRA, false, false, true, 61, 47, 47, 12, 0 },
	{ FRAME_FORMAT_BGRA, false, false, true, 61, 47, 47, 3, 0 }, /* pitch not in pixels */
	{ FRAME_FORMAT_BGRA, false, false, true, 64, 48, 20, 0, 0 }, /* truncated */
	{ FRAME_FORMAT_RGBA, false, false, true, 61, 47, 47, 8, 0 },
	{ FRAME_FORMAT_RGB_24, false, false, true, 61, 47, 47, 9, 0 },
	{ FRAME_FORMAT_RGB_24, false, false, true, 61, 47, 47, 1, 0 },
	{ FRAME_FORMAT_BGR_32, false, false, true, 5, 9, 9, 0, 0 },
	{ FRAME_FORMAT_BGR_32, false, false, true, 86, 33, 33, 64, 0 },
	{ FRAME_FORMAT_BGR_32, false, false, true, 127, 33, 32, 0, 0 }, /* a row short */
	{ FRAME_FORMAT_RGBA10, false, false, true, 61, 47, 47, 0, 1 },
	{ FRAME_FORMAT_RGBA10, true, false, true, 61, 47, 47, 4, 2 },
	{ FRAME_FORMAT_RGBA10, true, true, true, 61, 47, 47, 0, 2 },
	{ FRAME_FORMAT_RGBA10, true, true, false, 61, 47, 47, 0, 1 },
	{ FRAME_FORMAT_RGBA16F, true, false, true, 61, 47, 47, 16, 2 },
	{ FRAME_FORMAT_RGBA16F, false, false, true, 61, 47, 40, 0, 2 },
	{ FRAME_FORMAT_RGBA16F, true, false, false, 61, 47, 47, 0, 1 },
};

static void formats_match_the_reference(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof format_cases / sizeof format_cases[0]; i++) {
		pretend_gpu = false;
		draw_format(&format_cases[i]);
		pretend_gpu = true;
		draw_format(&format_cases[i]);
	}
	pretend_gpu = false;
}

static void every_way_of_upload_is_the_same(void **state) {
	(void)state;
	static const enum video_upload ways[] = { VIDEO_UPLOAD_PBO, VIDEO_UPLOAD_PERSISTENT };
	pretend_gpu = true;
	for (size_t i = 0; i < 2; i++) {
		upload_way = ways[i];
		draw_format(&format_cases[1]);
		draw_format(&format_cases[2]);
		draw_format(&format_cases[5]);
		draw_format(&format_cases[8]);
		draw_format(&format_cases[14]);
	}
	upload_way = VIDEO_UPLOAD_DIRECT;
	pretend_gpu = false;
}

static void upload_damage_alone(void) {
	struct setup setup;
	enum { W = 86, H = 40 };
	CHECK(open_setup(&setup, W, H));
	const struct renderer_picture picture = { FRAME_FORMAT_BGR_32, W, H, 128, H, false, false };
	CHECK(renderer_set_picture(setup.renderer, &picture) == 1);
	unsigned char *pixels = calloc(H, 512);
	CHECK(pixels != NULL);
	const struct frame_rect whole = { 0, 0, W, H };
	renderer_upload(setup.renderer, pixels, 512, &whole);
	renderer_uploaded(setup.renderer, NULL, 0);
	memset(pixels, 200, (size_t)H * 512);
	/* Beyond the edges is not there: clamped. */
	const struct frame_rect damage[2] = { { 13, 7, 9, 5 }, { 80, 30, 6, 100 } };
	renderer_upload(setup.renderer, pixels, 512, &damage[0]);
	renderer_upload(setup.renderer, pixels, 512, &damage[1]);
	renderer_uploaded(setup.renderer, damage, 2);

	struct egl_target target;
	CHECK(egl_begin(setup.egl, &target) == 0);
	const struct layout layout = layout_for(W, H, W, H, 0, 0);
	const struct renderer_scene scene = { .layout = &layout, .dim = 1 };
	const struct egl_rect all = { 0, 0, W, H };
	renderer_draw(setup.renderer, &target, &scene, &all, 1);
	unsigned char *got = read_target(&target);
	for (unsigned y = 0; y < H; y++) {
		for (unsigned x = 0; x < W; x++) {
			const bool in = (x >= 13 && x < 22 && y >= 7 && y < 12) ||
					(x >= 80 && y >= 30);
			CHECK(got[4 * (y * W + x)] == (in ? 200 : 0));
		}
	}
	free(got);
	free(pixels);
	close_setup(&setup);
}

static void damage_alone_is_uploaded(void **state) {
	(void)state;
	upload_damage_alone();
	pretend_gpu = true;
	upload_damage_alone();
	pretend_gpu = false;
}

/* Rotations and the letterbox, each pixel. */
static void turned_pictures_are_exact(void **state) {
	(void)state;
	enum { W = 37, H = 23 };
	uint32_t pixels[W * H];
	unsigned seed = 3;
	for (int i = 0; i < W * H; i++) {
		pixels[i] = random_next(&seed) & 0xffffff;
	}
	for (unsigned turn = 0; turn < 16; turn++) {
		const unsigned guest = turn / 4, user = turn % 4;
		const unsigned all_turns = (4 - guest + user) % 4;
		const int w = all_turns % 2 ? H : W, h = all_turns % 2 ? W : H;
		struct setup setup;
		CHECK(open_setup(&setup, w + 6, h));
		const struct renderer_picture picture = { FRAME_FORMAT_BGRA, W, H, W, H, false,
			false };
		CHECK(renderer_set_picture(setup.renderer, &picture) == 1);
		const struct frame_rect whole = { 0, 0, W, H };
		renderer_upload(setup.renderer, (const unsigned char *)pixels, W * 4, &whole);
		renderer_uploaded(setup.renderer, NULL, 0);
		struct egl_target target;
		CHECK(egl_begin(setup.egl, &target) == 0);
		const struct layout layout =
				layout_for(W, H, target.width, target.height, guest, user);
		CHECK(layout.exact && layout.x == 3);
		const struct renderer_scene scene = { .layout = &layout, .dim = 1 };
		const struct egl_rect all = { 0, 0, target.width, target.height };
		renderer_draw(setup.renderer, &target, &scene, &all, 1);
		unsigned char *got = read_target(&target);
		for (int y = 0; y < h; y++) {
			for (int x = -3; x < w + 3; x++) {
				/* clockwise: the first row of the image becomes the last column */
				const int ix = all_turns == 0   ? x
					       : all_turns == 1 ? y
					       : all_turns == 2 ? W - 1 - x
								: W - 1 - y;
				const int iy = all_turns == 0   ? y
					       : all_turns == 1 ? H - 1 - x
					       : all_turns == 2 ? H - 1 - y
								: x;
				const bool in = x >= 0 && x < w;
				const uint32_t want = in ? pixels[iy * W + ix] : 0;
				const unsigned char *p = got + 4 * (y * target.width + x + 3);
				CHECK((uint32_t)(p[0] << 16 | p[1] << 8 | p[2]) == want);
			}
		}
		free(got);
		if (user == 0) { /* the screenshot is upright whatever the user turned */
			unsigned char *rgb = malloc((size_t)W * H * 3);
			CHECK(rgb != NULL);
			CHECK(renderer_read(setup.renderer, all_turns, NULL, rgb) == 0);
			const uint32_t want = pixels[all_turns == 0   ? 0
						     : all_turns == 1 ? (H - 1) * W
						     : all_turns == 2 ? H * W - 1
								      : W - 1];
			CHECK((uint32_t)(rgb[0] << 16 | rgb[1] << 8 | rgb[2]) == want);
			free(rgb);
		}
		close_setup(&setup);
	}
}

static void pointer_is_blended_and_inverted(void **state) {
	(void)state;
	enum { W = 40, H = 30 };
	struct setup setup;
	CHECK(open_setup(&setup, W, H));
	uint32_t pixels[W * H];
	unsigned seed = 5;
	for (int i = 0; i < W * H; i++) {
		pixels[i] = random_next(&seed) & 0xffffff;
	}
	const struct renderer_picture picture = { FRAME_FORMAT_BGRA, W, H, W, H, false, false };
	CHECK(renderer_set_picture(setup.renderer, &picture) == 1);
	const struct frame_rect whole = { 0, 0, W, H };
	renderer_upload(setup.renderer, (const unsigned char *)pixels, W * 4, &whole);
	renderer_uploaded(setup.renderer, NULL, 0);

	struct cursor_shape *shape = calloc(1, sizeof *shape);
	CHECK(shape != NULL);
	shape->width = 8;
	shape->height = 8;
	for (int inverts = 0; inverts < 2; inverts++) {
		shape->has_invert = inverts;
		for (int i = 0; i < 64; i++) {
			/* transparent, half, opaque, and exclusive or with any value */
			const uint32_t alpha = i % 3 == 0 ? 0 : i % 3 == 1 ? 128 : 255;
			const uint32_t v = alpha * ((unsigned)i * 4) / 255;
			shape->color[i] = alpha << 24 | v << 16 | (v / 2) << 8 | v / 3;
			shape->invert[i] =
					inverts && i % 5 == 0
							? 0xff000000u | (unsigned)i * 0x030507u %
											  0x1000000u
							: 0;
		}
		renderer_set_cursor(setup.renderer, shape);
		struct egl_target target;
		CHECK(egl_begin(setup.egl, &target) == 0);
		const struct layout layout = layout_for(W, H, W, H, 0, 0);
		const struct renderer_scene scene = { .layout = &layout,
			.dim = 1,
			.pointer = true,
			.pointer_rect = { 35, -3, 8, 8 } }; /* sticks out at two edges */
		const struct egl_rect all = { 0, 0, W, H };
		renderer_draw(setup.renderer, &target, &scene, &all, 1);
		unsigned char *got = read_target(&target);
		for (int y = 0; y < H; y++) {
			for (int x = 0; x < W; x++) {
				uint32_t under = pixels[y * W + x];
				const int cx = x - 35, cy = y + 3;
				const bool in = cx >= 0 && cx < 8 && cy >= 0 && cy < 8;
				const uint32_t c = in ? shape->color[cy * 8 + cx] : 0;
				const uint32_t v = in && inverts ? shape->invert[cy * 8 + cx] : 0;
				for (int i = 0; i < 3; i++) {
					const int shift = 16 - 8 * i;
					const double a = (c >> 24) / 255.0;
					const double blended = (under >> shift & 255) * (1 - a) +
							       (c >> shift & 255);
					const int want = (int)(fmin(blended, 255) + 0.5) ^
							 (int)(v >> shift & 255);
					const int have = got[4 * (y * W + x) + i];
					CHECK(abs(have - want) <= (a > 0 && a < 1 ? 1 : 0) ||
							(v != 0 && a > 0 && a < 1));
				}
			}
		}
		free(got);
	}
	free(shape);
	close_setup(&setup);
}

static void scaling_keeps_flat_colours(void **state) {
	(void)state;
	enum { W = 50, H = 30 };
	static const enum video_scale scales[] = { VIDEO_SCALE_AUTO, VIDEO_SCALE_NEAREST,
		VIDEO_SCALE_LINEAR, VIDEO_SCALE_SHARP };
	uint32_t pixels[W * H];
	for (int i = 0; i < W * H; i++) {
		pixels[i] = i % W < W / 2 ? 0x204060 : 0xf0a050;
	}
	for (int size = 0; size < 2; size++) {
		struct setup setup;
		const int w = size ? 123 : 21, h = size ? 77 : 13;
		CHECK(open_setup(&setup, w, h));
		const struct renderer_picture picture = { FRAME_FORMAT_BGRA, W, H, W, H, false,
			false };
		CHECK(renderer_set_picture(setup.renderer, &picture) == 1);
		const struct frame_rect whole = { 0, 0, W, H };
		renderer_upload(setup.renderer, (const unsigned char *)pixels, W * 4, &whole);
		renderer_uploaded(setup.renderer, NULL, 0);
		for (size_t i = 0; i < 4; i++) {
			struct egl_target target;
			CHECK(egl_begin(setup.egl, &target) == 0);
			const struct layout layout = layout_for(W, H, w, h, 0, 0);
			const struct renderer_scene scene = {
				.layout = &layout, .scale = scales[i], .dim = 1
			};
			const struct egl_rect all = { 0, 0, w, h };
			renderer_draw(setup.renderer, &target, &scene, &all, 1);
			unsigned char *got = read_target(&target);
			const unsigned char *left = got + 4 * (h / 2 * w + w / 5);
			const unsigned char *right = got + 4 * (h / 2 * w + w * 4 / 5);
			CHECK(abs(left[0] - 0x20) <= 1 && abs(left[1] - 0x40) <= 1 &&
					abs(left[2] - 0x60) <= 1);
			CHECK(abs(right[0] - 0xf0) <= 1 && abs(right[1] - 0xa0) <= 1 &&
					abs(right[2] - 0x50) <= 1);
			free(got);
		}
		close_setup(&setup);
	}
}

/* ---- scaling quality ---- */

#define SCENE_SIDE 192

/* Three kinds of picture: smooth, detailed, and lines with text-like edges. Scene space is 0..1. */
static void scene_color(int scene, double x, double y, double rgb[3]) {
	if (scene == 0) {
		rgb[0] = 0.5 + 0.5 * sin(9 * x + 4 * y);
		rgb[1] = 0.5 + 0.5 * sin(7 * y - 3 * x);
		rgb[2] = x * y;
	} else if (scene == 1) {
		const double d = hypot(x - 0.5, y - 0.5);
		const double v = 0.5 + 0.45 * sin(60 * d * (1 + d));
		rgb[0] = v, rgb[1] = 1 - v * x, rgb[2] = 0.5 * v + 0.5 * y;
	} else {
		const bool ink = fmod(x * 13 + y * 2, 1) < 0.3 || fmod(y * 11, 1) < 0.2 ||
				 hypot(x - 0.3, y - 0.6) < 0.15;
		rgb[0] = ink ? 0.1 : 0.95, rgb[1] = ink ? 0.15 : 0.92, rgb[2] = ink ? 0.4 : 0.85;
	}
}

/* As a renderer of the guest would have drawn it at that size: 8 x 8 samples a pixel. */
static uint32_t *scene_at(int scene, int side) {
	uint32_t *pixels = malloc((size_t)side * (size_t)side * 4);
	CHECK(pixels != NULL);
	for (int y = 0; y < side; y++) {
		for (int x = 0; x < side; x++) {
			double sum[3] = { 0 };
			for (int i = 0; i < 64; i++) {
				double rgb[3];
				scene_color(scene, (x + (i % 8 + 0.5) / 8) / side,
						(y + (i / 8 + 0.5) / 8) / side, rgb);
				for (int c = 0; c < 3; c++) {
					sum[c] += rgb[c] / 64;
				}
			}
			pixels[y * side + x] = (uint32_t)(sum[0] * 255 + 0.5) << 16 |
					       (uint32_t)(sum[1] * 255 + 0.5) << 8 |
					       (uint32_t)(sum[2] * 255 + 0.5);
		}
	}
	return pixels;
}

static double psnr_of(int scene, int from, int to, enum video_scale scale) {
	struct setup setup;
	CHECK(open_setup(&setup, to, to));
	uint32_t *source = scene_at(scene, from);
	uint32_t *want = scene_at(scene, to);
	const uint32_t side = (uint32_t)from;
	const struct renderer_picture picture = { FRAME_FORMAT_BGRA, side, side, side, side, false,
		false };
	CHECK(renderer_set_picture(setup.renderer, &picture) == 1);
	const struct frame_rect whole = { 0, 0, side, side };
	renderer_upload(setup.renderer, (const unsigned char *)source, side * 4, &whole);
	renderer_uploaded(setup.renderer, NULL, 0);
	struct egl_target target;
	CHECK(egl_begin(setup.egl, &target) == 0);
	const struct layout layout = layout_for(side, side, to, to, 0, 0);
	const struct renderer_scene draw = { .layout = &layout, .scale = scale, .dim = 1 };
	const struct egl_rect all = { 0, 0, to, to };
	renderer_draw(setup.renderer, &target, &draw, &all, 1);
	unsigned char *got = read_target(&target);
	double sum = 0;
	for (int i = 0; i < to * to; i++) {
		for (int c = 0; c < 3; c++) {
			const double d = got[4 * i + c] - (double)(want[i] >> (16 - 8 * c) & 255);
			sum += d * d;
		}
	}
	free(got);
	free(want);
	free(source);
	close_setup(&setup);
	return 10 * log10(255.0 * 255.0 / (sum / (3.0 * to * to) + 1e-9));
}

static void sharp_is_better_than_linear(void **state) {
	(void)state;
	for (int scene = 0; scene < 3; scene++) {
		const double up = psnr_of(scene, SCENE_SIDE, SCENE_SIDE * 5 / 3, VIDEO_SCALE_SHARP);
		const double up_linear =
				psnr_of(scene, SCENE_SIDE, SCENE_SIDE * 5 / 3, VIDEO_SCALE_LINEAR);
		const double down =
				psnr_of(scene, SCENE_SIDE, SCENE_SIDE * 2 / 5, VIDEO_SCALE_SHARP);
		const double down_linear =
				psnr_of(scene, SCENE_SIDE, SCENE_SIDE * 2 / 5, VIDEO_SCALE_LINEAR);
		print_message("scene %d: up %.2f dB (linear %.2f), down %.2f dB (linear %.2f)\n",
				scene, up, up_linear, down, down_linear);
		CHECK(up > up_linear);
		CHECK(down > down_linear);
	}
}

static void overlay_is_drawn(void **state) {
	(void)state;
	struct setup setup;
	CHECK(open_setup(&setup, 200, 100));
	struct overlay_quad *quads = calloc(OVERLAY_QUADS_MAX, sizeof *quads);
	struct overlay *overlay = calloc(1, sizeof *overlay);
	CHECK(quads != NULL && overlay != NULL);
	overlay->figures_count = 1;
	strcpy(overlay->figures[0], "60 fps");
	const size_t count = overlay_layout(overlay, 200, 100, quads, OVERLAY_QUADS_MAX);
	CHECK(count > 4);
	struct egl_target target;
	CHECK(egl_begin(setup.egl, &target) == 0);
	const struct renderer_scene scene = { .dim = 1, .quads = quads, .quad_count = count };
	const struct egl_rect all = { 0, 0, 200, 100 };
	renderer_draw(setup.renderer, &target, &scene, &all, 1);
	unsigned char *got = read_target(&target);
	int bright_top = 0, bright_bottom = 0;
	for (int i = 0; i < 200 * 100; i++) {
		if (got[4 * i] > 180) {
			bright_top += i < 200 * 50;
			bright_bottom += i >= 200 * 50;
		}
	}
	CHECK(bright_top > 40 && bright_bottom == 0);
	free(got);
	free(overlay);
	free(quads);
	close_setup(&setup);
}

static void impossible_pictures_are_refused(void **state) {
	(void)state;
	struct setup setup;
	CHECK(open_setup(&setup, 16, 16));
	struct renderer_picture picture = { FRAME_FORMAT_BGRA, 70000, 16, 70000, 16, false, false };
	CHECK(renderer_set_picture(setup.renderer, &picture) < 0);
	picture = (struct renderer_picture){ FRAME_FORMAT_BGRA, 0, 16, 0, 16, false, false };
	CHECK(renderer_set_picture(setup.renderer, &picture) < 0);
	picture = (struct renderer_picture){ FRAME_FORMAT_BGRA, 16, 16, 16, 17, false, false };
	CHECK(renderer_set_picture(setup.renderer, &picture) < 0);
	unsigned char rgb[16 * 16 * 3];
	CHECK(renderer_read(setup.renderer, 0, NULL, rgb) < 0);
	close_setup(&setup);
}

int main(void) {
	log_set_level(LOG_ERROR);
	keep_egl_loaded();
	struct setup setup;
	if (!open_setup(&setup, 16, 16)) {
		puts("no EGL with OpenGL ES 3 on this machine");
		return 77;
	}
	close_setup(&setup);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_match_the_reference),
		cmocka_unit_test(every_way_of_upload_is_the_same),
		cmocka_unit_test(damage_alone_is_uploaded),
		cmocka_unit_test(turned_pictures_are_exact),
		cmocka_unit_test(pointer_is_blended_and_inverted),
		cmocka_unit_test(scaling_keeps_flat_colours),
		cmocka_unit_test(sharp_is_better_than_linear),
		cmocka_unit_test(overlay_is_drawn),
		cmocka_unit_test(impossible_pictures_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
