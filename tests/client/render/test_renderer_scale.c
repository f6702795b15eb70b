/* The picture at other sizes than its own: turned, flat colours, and how near each filter comes to
 * what a guest of that size would have drawn. Needs EGL. */
#include "tests/support/renderer_setup.h"

#include <math.h>
#include <stdio.h>

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
		struct setup setup = { .upload = VIDEO_UPLOAD_DIRECT };
		CHECK(open_setup(&setup, w + 6, h));
		put_picture(&setup, pixels, W, H);
		const struct layout layout = layout_for(W, H, w + 6, h, guest, user);
		CHECK(layout.exact);
		CHECK_EQ(layout.x, 3);
		const struct renderer_scene scene = { .layout = &layout, .dim = 1 };
		struct egl_target target;
		unsigned char *got = draw_scene(&setup, &scene, &target);
		CHECK_EQ(target.width, w + 6);
		CHECK_EQ(target.height, h);
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
				CHECK_EQ((uint32_t)(p[0] << 16 | p[1] << 8 | p[2]), want);
			}
		}
		free(got);
		if (user == 0) { /* the screenshot is upright whatever the user turned */
			unsigned char *rgb = malloc((size_t)W * H * 3);
			CHECK(rgb != NULL);
			CHECK_EQ(renderer_read(setup.renderer, all_turns, NULL, rgb), 0);
			const uint32_t want = pixels[all_turns == 0   ? 0
						     : all_turns == 1 ? (H - 1) * W
						     : all_turns == 2 ? H * W - 1
								      : W - 1];
			CHECK_EQ((uint32_t)(rgb[0] << 16 | rgb[1] << 8 | rgb[2]), want);
			free(rgb);
		}
		close_setup(&setup);
	}
}

static bool near_color(const unsigned char *p, int rgb) {
	return abs(p[0] - (rgb >> 16)) <= 1 && abs(p[1] - (rgb >> 8 & 255)) <= 1 &&
	       abs(p[2] - (rgb & 255)) <= 1;
}

static void scaling_keeps_flat_colours(void **state) {
	(void)state;
	enum { W = 50, H = 30, LEFT = 0x204060, RIGHT = 0xf0a050 };
	static const enum video_scale scales[] = { VIDEO_SCALE_AUTO, VIDEO_SCALE_NEAREST,
		VIDEO_SCALE_LINEAR, VIDEO_SCALE_SHARP, VIDEO_SCALE_FSR };
	uint32_t pixels[W * H];
	for (int i = 0; i < W * H; i++) {
		pixels[i] = i % W < W / 2 ? LEFT : RIGHT;
	}
	for (int size = 0; size < 2; size++) {
		struct setup setup = { .upload = VIDEO_UPLOAD_DIRECT };
		const int w = size ? 123 : 21, h = size ? 77 : 13;
		CHECK(open_setup(&setup, w, h));
		put_picture(&setup, pixels, W, H);
		const struct layout layout = layout_for(W, H, w, h, 0, 0);
		for (size_t i = 0; i < 5; i++) {
			const struct renderer_scene scene = {
				.layout = &layout, .scale = scales[i], .dim = 1
			};
			struct egl_target target;
			unsigned char *got = draw_scene(&setup, &scene, &target);
			/* No filter reaches further from the edge between the two. */
			const int near = w / 2 - 2 - 3 * w / W, far = w / 2 + 2 + 3 * w / W;
			for (int y = layout.y; y < layout.y + layout.height; y++) {
				for (int x = layout.x; x < layout.x + layout.width; x++) {
					if (x < near || x > far) {
						CHECK(near_color(got + 4 * (y * w + x),
								x < near ? LEFT : RIGHT));
					}
				}
			}
			free(got);
		}
		close_setup(&setup);
	}
}

/* ---- scaling quality ---- */

#define SCENE_SIDE 192

/*
 * The kept pictures, as formulas, so that each exists at every size: scene space is 0..1. Two soft
 * ones; then what FSR is for, hard edges in any direction: print, a landscape of a game, a desktop.
 */
enum scene { SCENE_SMOOTH, SCENE_RINGS, SCENE_PRINT, SCENE_GAME, SCENE_DESKTOP, SCENES };

static void grey(double v, double rgb[3]) {
	rgb[0] = rgb[1] = rgb[2] = v;
}

static void game_color(double x, double y, double rgb[3]) {
	/* Sky, a sun, two ranges of mountains, a floor of slanted tiles. */
	rgb[0] = 0.3 + 0.4 * y, rgb[1] = 0.5 + 0.3 * y, rgb[2] = 0.9;
	if (hypot(x - 0.75, y - 0.2) < 0.09) {
		rgb[0] = 1, rgb[1] = 0.95, rgb[2] = 0.7;
	}
	if (y > 0.30 + 0.6 * fabs(fmod(x + 0.1, 0.4) - 0.2)) {
		rgb[0] = 0.35, rgb[1] = 0.38, rgb[2] = 0.5;
	}
	if (y > 0.42 + 0.9 * fabs(fmod(x + 0.33, 0.3) - 0.15)) {
		rgb[0] = 0.15, rgb[1] = 0.3, rgb[2] = 0.18;
	}
	if (y > 0.66) {
		const double depth = 0.1 / (y - 0.58);
		const int tile = (int)floor((x - 0.5) * depth * 9 + 20) + (int)floor(depth * 7);
		grey(tile % 2 ? 0.75 : 0.2, rgb);
	}
}

static void desktop_color(double x, double y, double rgb[3]) {
	/* A ground, two windows with title bars and lines of writing, a pointer. */
	rgb[0] = 0.1, rgb[1] = 0.25 + 0.2 * x, rgb[2] = 0.4;
	for (int i = 0; i < 2; i++) {
		const double u = (x - (i ? 0.42 : 0.07)) / 0.5, v = (y - (i ? 0.35 : 0.1)) / 0.55;
		if (u < 0 || u > 1 || v < 0 || v > 1) {
			continue;
		}
		grey(v < 0.1 ? 0.3 + 0.3 * i : 0.97, rgb);
		if (hypot((u - 0.95) * 0.9, v - 0.05) < 0.025) {
			rgb[0] = 0.9, rgb[1] = 0.2, rgb[2] = 0.2;
		}
		const double line = fmod(v * 14, 1), stroke = fmod(u * 31 + line * 0.7, 1);
		if (v > 0.15 && u > 0.06 && u < 0.6 + 0.3 * sin(floor(v * 14) * 5) && line > 0.25 &&
				line < 0.75 && stroke < 0.4) {
			grey(0.1, rgb);
		}
	}
	if (x - 0.3 > 0 && y - 0.5 > 0 && x - 0.3 < 0.8 * (y - 0.5) && y - 0.5 < 0.14 - (x - 0.3)) {
		grey(0, rgb);
	}
}

static void scene_color(enum scene scene, double x, double y, double rgb[3]) {
	switch (scene) {
	case SCENE_SMOOTH:
		rgb[0] = 0.5 + 0.5 * sin(9 * x + 4 * y);
		rgb[1] = 0.5 + 0.5 * sin(7 * y - 3 * x);
		rgb[2] = x * y;
		break;
	case SCENE_RINGS: {
		const double d = hypot(x - 0.5, y - 0.5);
		const double v = 0.5 + 0.45 * sin(60 * d * (1 + d));
		rgb[0] = v, rgb[1] = 1 - v * x, rgb[2] = 0.5 * v + 0.5 * y;
		break;
	}
	case SCENE_PRINT: {
		const bool ink = fmod(x * 13 + y * 2, 1) < 0.3 || fmod(y * 11, 1) < 0.2 ||
				 hypot(x - 0.3, y - 0.6) < 0.15;
		rgb[0] = ink ? 0.1 : 0.95, rgb[1] = ink ? 0.15 : 0.92, rgb[2] = ink ? 0.4 : 0.85;
		break;
	}
	case SCENE_GAME:
		game_color(x, y, rgb);
		break;
	case SCENE_DESKTOP:
	case SCENES:
		desktop_color(x, y, rgb);
		break;
	}
}

/* As a guest of that size would have drawn it: 4 x 4 samples a pixel. */
static void draw_guest(enum scene scene, int side, uint32_t *pixels) {
	for (int y = 0; y < side; y++) {
		for (int x = 0; x < side; x++) {
			double sum[3] = { 0 };
			for (int i = 0; i < 16; i++) {
				double rgb[3] = { 0 };
				scene_color(scene, (x + (i % 4 + 0.5) / 4) / side,
						(y + (i / 4 + 0.5) / 4) / side, rgb);
				for (int c = 0; c < 3; c++) {
					sum[c] += rgb[c] / 16;
				}
			}
			pixels[y * side + x] = (uint32_t)(sum[0] * 255 + 0.5) << 16 |
					       (uint32_t)(sum[1] * 255 + 0.5) << 8 |
					       (uint32_t)(sum[2] * 255 + 0.5);
		}
	}
}

/* Of the picture drawn at that size by that filter, against what it should be. */
static double psnr_of(struct setup *setup, int to, enum video_scale scale, const uint32_t *want) {
	const struct layout layout = layout_for(SCENE_SIDE, SCENE_SIDE, to, to, 0, 0);
	const struct renderer_scene scene = { .layout = &layout, .scale = scale, .dim = 1 };
	struct egl_target target;
	resize_setup(setup, to, to);
	unsigned char *got = draw_scene(setup, &scene, &target);
	double sum = 0;
	for (int i = 0; i < to * to; i++) {
		for (int c = 0; c < 3; c++) {
			const double d = got[4 * i + c] - (double)(want[i] >> (16 - 8 * c) & 255);
			sum += d * d;
		}
	}
	free(got);
	return 10 * log10(255.0 * 255.0 / (sum / (3.0 * to * to) + 1e-9));
}

static const int sizes[] = { SCENE_SIDE * 13 / 10, SCENE_SIDE * 5 / 3, SCENE_SIDE * 2,
	SCENE_SIDE * 7 / 10, SCENE_SIDE * 2 / 5, SCENE_SIDE / 6 };

/* The cubic ones are above linear for every picture and size; FSR where there are hard edges. */
static void good_scalers_are_better_than_linear(void **state) {
	(void)state;
	struct setup setup = { .upload = VIDEO_UPLOAD_DIRECT };
	uint32_t *guest = malloc((size_t)SCENE_SIDE * SCENE_SIDE * 4);
	uint32_t *want = malloc((size_t)SCENE_SIDE * SCENE_SIDE * 4 * 4);
	CHECK(guest != NULL && want != NULL && open_setup(&setup, SCENE_SIDE, SCENE_SIDE));
	for (enum scene scene = 0; scene < SCENES; scene++) {
		draw_guest(scene, SCENE_SIDE, guest);
		put_picture(&setup, guest, SCENE_SIDE, SCENE_SIDE);
		for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
			draw_guest(scene, sizes[i], want);
			const double linear = psnr_of(&setup, sizes[i], VIDEO_SCALE_LINEAR, want);
			const double sharp = psnr_of(&setup, sizes[i], VIDEO_SCALE_SHARP, want);
			const double fsr = psnr_of(&setup, sizes[i], VIDEO_SCALE_FSR, want);
			print_message("scene %u, %d to %d: linear %.2f dB, sharp %.2f, fsr %.2f\n",
					scene, SCENE_SIDE, sizes[i], linear, sharp, fsr);
			CHECK(sharp > linear);
			CHECK(fsr > linear || scene <= SCENE_RINGS);
		}
	}
	free(want);
	free(guest);
	close_setup(&setup);
}

/* What is drawn in pieces is what is drawn at once, also where a filter has two passes. */
static void pieces_fit_together(void **state) {
	(void)state;
	enum { W = 50, H = 34, LARGE_X = 83, LARGE_Y = 57, SMALL_X = 23, SMALL_Y = 16 };
	uint32_t pixels[W * H];
	unsigned seed = 11;
	for (int i = 0; i < W * H; i++) {
		pixels[i] = random_next(&seed) & 0xffffff;
	}
	struct setup setup = { .upload = VIDEO_UPLOAD_DIRECT };
	CHECK(open_setup(&setup, W, H));
	put_picture(&setup, pixels, W, H);
	static const enum video_scale scales[] = { VIDEO_SCALE_SHARP, VIDEO_SCALE_FSR };
	for (unsigned i = 0; i < 16; i++) {
		const unsigned turn = i % 4;
		const bool large = i / 4 % 2;
		const int w = large ? LARGE_X : SMALL_X, h = large ? LARGE_Y : SMALL_Y;
		const int width = turn % 2 ? h : w, height = turn % 2 ? w : h;
		resize_setup(&setup, width, height);
		const struct layout layout = layout_for(W, H, width, height, 0, turn);
		const struct renderer_scene scene = {
			.layout = &layout, .scale = scales[i / 8], .dim = 1
		};
		struct egl_target target;
		unsigned char *whole = draw_scene(&setup, &scene, &target);
		glClearColor(1, 0, 1, 1);
		glDisable(GL_SCISSOR_TEST);
		glClear(GL_COLOR_BUFFER_BIT);
		struct rect parts[12];
		for (int k = 0; k < 12; k++) {
			const int left = width * (k % 4) / 4, top = height * (k / 4) / 3;
			parts[k] = (struct rect){ left, top, width * (k % 4 + 1) / 4 - left,
				height * (k / 4 + 1) / 3 - top };
		}
		renderer_draw(setup.renderer, &target, &scene, parts, 12);
		unsigned char *pieces = read_target(&target);
		CHECK_EQ(memcmp(whole, pieces, (size_t)width * (size_t)height * 4), 0);
		free(pieces);
		free(whole);
	}
	close_setup(&setup);
}

int main(void) {
	if (!has_renderer()) {
		return 77;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(turned_pictures_are_exact),
		cmocka_unit_test(scaling_keeps_flat_colours),
		cmocka_unit_test(pieces_fit_together),
		cmocka_unit_test(good_scalers_are_better_than_linear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
