/* The pointer over the picture, each pixel: blended, replaced and inverted exactly as the guest's
 * masks say, whatever scales and turns the picture under it. Needs EGL. */
#include "tests/support/renderer_setup.h"

#include <math.h>
#include <stdio.h>

enum { W = 40, H = 30, SIDE = 8 };

static void random_picture(uint32_t pixels[W * H], unsigned seed) {
	for (int i = 0; i < W * H; i++) {
		pixels[i] = random_next(&seed) & 0xffffff;
	}
}

/* Colour with any alpha; monochrome with all four pairs of masks; masked colour (kvmfr.md 6.2). */
enum kind { COLOR, MONO, MASKED, KINDS };

static void make_shape(struct cursor_shape *shape, enum kind kind) {
	memset(shape, 0, sizeof *shape);
	shape->width = SIDE;
	shape->height = SIDE - 2;
	shape->has_invert = kind != COLOR;
	for (uint32_t i = 0; i < SIDE * (SIDE - 2); i++) {
		if (kind == COLOR) {
			const uint32_t alpha = i % 3 == 0 ? 0 : i % 3 == 1 ? 128 : 255;
			const uint32_t v = alpha * (i * 4) / 255;
			shape->color[i] = alpha << 24 | v << 16 | (v / 2) << 8 | v / 3;
		} else if (kind == MONO) {
			const bool and = i % 4 >= 2, xor = i % 2 != 0;
			shape->color[i] = and? 0 : xor? 0xffffffff : 0xff000000;
			shape->invert[i] = and&&xor? 0xffffffff : 0;
		} else {
			const bool replaces = i % 2 != 0;
			shape->color[i] = replaces ? 0xff000000 | i * 0x010305 : 0;
			shape->invert[i] = replaces ? 0 : 0xff000000 | (i * 0x050d0b & 0xffffff);
		}
	}
}

/* The shape's pixel at a window pixel, -1 = none. */
static int shape_index(const struct renderer_scene *scene, const struct cursor_shape *shape, int x,
		int y) {
	const float *r = scene->pointer_rect;
	const double u = (x + 0.5 - (double)r[0]) / (double)r[2];
	const double v = (y + 0.5 - (double)r[1]) / (double)r[3];
	if (u < 0 || u >= 1 || v < 0 || v >= 1) {
		return -1;
	}
	/* The shape is turned clockwise: what is right of it in the window is up in the shape, … */
	const unsigned turn = scene->pointer_rotation;
	const double su = turn == 0 ? u : turn == 1 ? v : turn == 2 ? 1 - u : 1 - v;
	const double sv = turn == 0 ? v : turn == 1 ? 1 - u : turn == 2 ? 1 - v : u;
	return (int)(sv * shape->height) * (int)shape->width + (int)(su * shape->width);
}

static unsigned check_pixels(const struct renderer_scene *scene, const struct cursor_shape *shape,
		const unsigned char *before, const unsigned char *after, int width, int height) {
	unsigned looked = 0;
	for (int y = 0; y < height; y++) {
		for (int x = 0; x < width; x++) {
			const int index = shape_index(scene, shape, x, y);
			const uint32_t c = index < 0 ? 0 : shape->color[index];
			const uint32_t v =
					index < 0 || !shape->has_invert ? 0 : shape->invert[index];
			const double a = (c >> 24) / 255.0;
			looked += index >= 0;
			for (int i = 0; i < 3; i++) {
				const int shift = 16 - 8 * i;
				const int under = before[4 * (y * width + x) + i];
				const double mixed = under * (1 - a) + (c >> shift & 255);
				const int want = (int)(fmin(mixed, 255) + 0.5) ^
						 (int)(v >> shift & 255);
				const int have = after[4 * (y * width + x) + i];
				/* A blender may round a half either way; masks are exact. */
				CHECK(abs(have - want) <= (a > 0 && a < 1 ? 1 : 0));
			}
		}
	}
	return looked;
}

struct view {
	int width, height; /* of the window */
	enum video_scale scale;
	float rect[4];
};

/* 1:1, sticking out at two edges; whole and odd factors up and down, by every filter. No pixel's
 * centre lies on an edge of the shape's pixels, where either would do. */
static const struct view views[] = {
	{ W, H, VIDEO_SCALE_AUTO, { 35, -3, SIDE, SIDE - 2 } },
	{ 2 * W, 2 * H, VIDEO_SCALE_AUTO, { 10, 12, 2 * SIDE, 2 * (SIDE - 2) } },
	{ 67, 51, VIDEO_SCALE_LINEAR, { 7.3f, 5.1f, 13.4f, 10.07f } },
	{ 67, 51, VIDEO_SCALE_SHARP, { 50.3f, 40.1f, 13.4f, 10.07f } },
	{ 67, 51, VIDEO_SCALE_FSR, { 30.3f, 20.1f, 13.4f, 10.07f } },
	{ 29, 22, VIDEO_SCALE_SHARP, { 9.1f, 3.2f, SIDE, SIDE - 2 } },
	{ 29, 22, VIDEO_SCALE_NEAREST, { 9.1f, 3.2f, 5.83f, 4.41f } },
};

static void every_kind_is_exact(void **state) {
	(void)state;
	struct setup setup = { .upload = VIDEO_UPLOAD_DIRECT };
	struct cursor_shape *shape = calloc(1, sizeof *shape);
	uint32_t pixels[W * H];
	CHECK(shape != NULL && open_setup(&setup, W, H));
	random_picture(pixels, 5);
	put_picture(&setup, pixels, W, H);
	for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
		for (unsigned turn = 0; turn < 4; turn++) {
			const struct view *view = &views[i];
			const bool turned = turn % 2 != 0;
			const int w = turned ? view->height : view->width;
			const int h = turned ? view->width : view->height;
			resize_setup(&setup, w, h);
			const struct layout layout = layout_for(W, H, w, h, 0, turn);
			struct renderer_scene scene = { .layout = &layout,
				.scale = view->scale,
				.dim = 1,
				.pointer_rotation = turn };
			const float *r = view->rect;
			const float rect[4] = { turned ? r[1] : r[0], turned ? r[0] : r[1],
				turned ? r[3] : r[2], turned ? r[2] : r[3] };
			memcpy(scene.pointer_rect, rect, sizeof rect);
			struct egl_target target;
			unsigned char *before = draw_scene(&setup, &scene, &target);
			scene.pointer = true;
			for (int kind = 0; kind < KINDS; kind++) {
				make_shape(shape, kind);
				renderer_set_cursor(setup.renderer, shape);
				unsigned char *after = draw_scene(&setup, &scene, &target);
				CHECK(check_pixels(&scene, shape, before, after, w, h) >= 12);
				free(after);
			}
			free(before);
		}
	}
	free(shape);
	close_setup(&setup);
}

/* The picture changes under it, drawn in pieces: the inversion is of what is there now. */
static void inverts_what_is_there_now(void **state) {
	(void)state;
	struct setup setup = { .upload = VIDEO_UPLOAD_DIRECT };
	struct cursor_shape *shape = calloc(1, sizeof *shape);
	uint32_t pixels[W * H];
	CHECK(shape != NULL && open_setup(&setup, W, H));
	make_shape(shape, MONO);
	renderer_set_cursor(setup.renderer, shape);
	const struct layout layout = layout_for(W, H, W, H, 0, 0);
	struct renderer_scene scene = { .layout = &layout,
		.dim = 0.5f, /* as under the menu */
		.pointer_rect = { 12, 9, SIDE, SIDE - 2 } };
	for (unsigned round = 0; round < 3; round++) {
		struct egl_target target;
		random_picture(pixels, round);
		put_picture(&setup, pixels, W, H);
		scene.pointer = false;
		unsigned char *before = draw_scene(&setup, &scene, &target);
		scene.pointer = true;
		const struct rect parts[3] = { { 0, 0, 15, H }, { 15, 0, W - 15, 11 },
			{ 15, 11, W - 15, H - 11 } };
		renderer_draw(setup.renderer, &target, &scene, parts, 3);
		unsigned char *after = read_target(&target);
		CHECK_EQ(check_pixels(&scene, shape, before, after, W, H), SIDE * (SIDE - 2));
		free(before);
		free(after);
	}
	free(shape);
	close_setup(&setup);
}

/* A screenshot has the pointer too, if it is wanted. */
static void read_back_with_the_pointer(void **state) {
	(void)state;
	struct setup setup = { .upload = VIDEO_UPLOAD_DIRECT };
	struct cursor_shape *shape = calloc(1, sizeof *shape);
	uint32_t pixels[W * H];
	unsigned char rgb[W * H * 3];
	CHECK(shape != NULL && open_setup(&setup, W, H));
	random_picture(pixels, 8);
	put_picture(&setup, pixels, W, H);
	make_shape(shape, MASKED);
	renderer_set_cursor(setup.renderer, shape);
	const float rect[4] = { 3, 4, SIDE, SIDE - 2 };
	CHECK_EQ(renderer_read(setup.renderer, 0, rect, rgb), 0);
	for (int i = 0; i < SIDE * (SIDE - 2); i++) {
		const int at = (4 + i / SIDE) * W + 3 + i % SIDE;
		const uint32_t want = (shape->color[i] != 0 ? shape->color[i] & 0xffffff
							    : pixels[at] ^ shape->invert[i]) &
				      0xffffff;
		const unsigned char *p = rgb + (size_t)3 * at;
		CHECK_EQ((uint32_t)(p[0] << 16 | p[1] << 8 | p[2]), want);
	}
	free(shape);
	close_setup(&setup);
}

int main(void) {
	if (!has_renderer()) {
		return 77;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_exact),
		cmocka_unit_test(inverts_what_is_there_now),
		cmocka_unit_test(read_back_with_the_pointer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
