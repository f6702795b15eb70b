/* Pixels: every format drawn offscreen at 1:1 and compared with the reference of
 * renderer_formats.h. Needs EGL (software will do); without it the test is skipped. */
#include "tests/support/renderer_formats.h"

#include "client/render/overlay.h"

/* Every format, pitch and truncation, whole and by damage, in four turns; one renderer takes them
 * all, one after the other. */
static void compare_case(struct setup *setup, const struct format_case *c) {
	struct image image = image_of(c);
	begin_picture(setup, c, &image);
	upload_all(setup, c, &image);
	for (unsigned turn = 0; turn < 4; turn++) {
		compare(setup, c, &image, turn, "whole");
	}
	upload_damage(setup, c, &image);
	for (unsigned turn = 0; turn < 4; turn++) {
		compare(setup, c, &image, turn, "damage");
	}
	free(image.pixels);
}

static void formats_match_the_reference(void **state) {
	(void)state;
	for (int gpu = 0; gpu < 2; gpu++) {
		struct setup setup = { .upload = VIDEO_UPLOAD_DIRECT, .pretend_gpu = gpu };
		CHECK(open_setup(&setup, 64, 48));
		for (size_t i = 0; i < FORMAT_CASES; i++) {
			compare_case(&setup, &format_cases[i]);
		}
		close_setup(&setup);
	}
}

static void every_way_of_upload_is_the_same(void **state) {
	(void)state;
	static const enum video_upload ways[] = { VIDEO_UPLOAD_PBO, VIDEO_UPLOAD_PERSISTENT };
	for (size_t i = 0; i < 2; i++) {
		struct setup setup = { .upload = ways[i], .pretend_gpu = true };
		CHECK(open_setup(&setup, 64, 48));
		for (size_t k = 0; k < FORMAT_CASES; k++) {
			compare_case(&setup, &format_cases[k]);
		}
		close_setup(&setup);
	}
}

static void check_kept(
		const struct setup *setup, const struct format_case *c, const struct image *image) {
	const struct layout layout = layout_for(
			c->width, c->height, (int)c->width + 7, (int)c->height + 5, 0, 0);
	struct renderer_scene scene = { .layout = &layout, .dim = 1 };
	struct egl_pixels pixels;
	CHECK_EQ(renderer_kept_at(setup->renderer, &scene, &pixels), layout.exact);
	const struct layout exact =
			layout_for(c->width, c->height, (int)c->width, (int)c->height, 0, 0);
	scene.layout = &exact;
	CHECK(renderer_kept_at(setup->renderer, &scene, &pixels));
	CHECK_EQ(pixels.at.x, 0);
	CHECK(pixels.at.width == (int)c->width);
	for (uint32_t y = 0; y < c->rows; y++) {
		CHECK_EQ(memcmp(pixels.memory + y * pixels.stride,
					 image->pixels + (size_t)y * image->pitch,
					 (size_t)c->width * 4),
				0);
	}
	scene.dim = 0.5f; /* GL's */
	CHECK(!renderer_kept_at(setup->renderer, &scene, &pixels));
	const struct layout turned =
			layout_for(c->width, c->height, (int)c->height, (int)c->width, 0, 1);
	scene.dim = 1;
	scene.layout = &turned;
	CHECK(!renderer_kept_at(setup->renderer, &scene, &pixels));
}

/* Kept in memory of ours a picture is what came, GL draws it as ever from there, and goes on with
 * it where it is kept no longer. */
static void a_kept_picture_is_the_same(void **state) {
	(void)state;
	struct setup setup = { .upload = VIDEO_UPLOAD_DIRECT };
	CHECK(open_setup(&setup, 64, 48));
	if (!egl_is_software(setup.egl)) {
		close_setup(&setup);
		skip();
	}
	unsigned kept = 0;
	for (size_t k = 0; k < FORMAT_CASES; k++) {
		const struct format_case *c = &format_cases[k];
		struct image image = image_of(c);
		begin_picture(&setup, c, &image);
		upload_all(&setup, c, &image);
		const struct rect at = { 0, 0, (int)c->width, (int)c->height };
		renderer_keep(setup.renderer, &at, NULL);
		const bool on = renderer_keeps(setup.renderer);
		CHECK_EQ(on, (c->format == FRAME_FORMAT_BGRA));
		kept += on;
		for (int round = 0; round < 3; round++) {
			if (on) {
				check_kept(&setup, c, &image);
			}
			for (unsigned turn = 0; turn < 4; turn++) {
				compare(&setup, c, &image, turn, "kept");
			}
			if (round == 0) {
				upload_damage(&setup, c, &image);
			} else {
				fill(image.pixels, (size_t)image.pitch * c->rows, c->format, 3);
				upload_all(&setup, c, &image);
			}
		}
		renderer_keep(setup.renderer, NULL, NULL);
		CHECK(!renderer_keeps(setup.renderer));
		compare(&setup, c, &image, 0, "kept no longer");
		upload_damage(&setup, c, &image);
		compare(&setup, c, &image, 0, "kept no longer, damage");
		renderer_keep(setup.renderer, &at, NULL);
		compare(&setup, c, &image, 0, "kept again");
		renderer_keep(setup.renderer, NULL, NULL);
		free(image.pixels);
	}
	CHECK_EQ(kept, 4);
	close_setup(&setup);
}

/* The formulas of this file against values that the standards and their tables give. */
static void the_reference_is_right(void **state) {
	(void)state;
	CHECK(fabs(srgb_encode(0.2140411) - 0.5) < 1e-5); /* IEC 61966-2-1 */
	CHECK(fabs(srgb_encode(0.0031308) - 0.0404499) < 1e-5);
	CHECK(fabs(pq_decode(1) - 10000) < 1e-6);
	CHECK_EQ(pq_decode(0), 0); /* ST 2084 */
	CHECK(fabs(pq_decode(0.5080784) - 100) < 0.01 && fabs(pq_decode(0.7518271) - 1000) < 0.1);
	/* BT.2087: white of one set of primaries is white of the other. */
	struct sample sample = { FRAME_FORMAT_RGBA10, true, true, true, NULL, 0 };
	double v[3] = { 0.5, 0.5, 0.5 };
	map_colors(&sample, v);
	CHECK(fabs(v[0] - v[1]) < 1e-4 && fabs(v[1] - v[2]) < 1e-4);
}

static uint16_t half_of(double v) {
	int exponent;
	const double m = frexp(v, &exponent); /* 0.5 .. 1 */
	return v == 0 ? 0 : (uint16_t)((exponent + 14) << 10 | (int)((m * 2 - 1) * 1024 + 0.5));
}

enum { GREYS = 64 };

/* A row of greys through the renderer, as 8 bit values. The brightest of the content is the user's
 * word (max_cll), or the guest's (told), in nits. */
static void map_greys_of(struct setup *setup, const struct format_case *c, const void *pixels,
		int max_cll, uint32_t told, unsigned char ret_grey[GREYS]) {
	const struct renderer_hdr hdr = { true, c->extra ? (int)c->extra : 250, max_cll };
	const struct renderer_picture picture = { c->format, GREYS, 1, GREYS, 1, true, c->pq,
		told };
	const struct frame_rect all = { 0, 0, GREYS, 1 };
	const struct layout layout = layout_for(GREYS, 1, GREYS, 1, 0, 0);
	const struct renderer_scene scene = { .layout = &layout, .dim = 1 };
	struct egl_target target;
	resize_setup(setup, GREYS, 1);
	renderer_set_hdr(setup->renderer, &hdr);
	CHECK(renderer_set_picture(setup->renderer, &picture) >= 0);
	renderer_upload(setup->renderer, pixels, GREYS * frame_bytes_per_pixel(c->format), &all);
	renderer_uploaded(setup->renderer, NULL, 0);
	unsigned char *got = draw_scene(setup, &scene, &target);
	for (int i = 0; i < GREYS; i++) {
		CHECK(abs(got[4 * i] - got[4 * i + 1]) <= 1 &&
				abs(got[4 * i] - got[4 * i + 2]) <= 1); /* no hue */
		CHECK(i == 0 || got[4 * i + 1] >= got[4 * (i - 1) + 1]);
		ret_grey[i] = got[4 * i + 1];
	}
	free(got);
}

static void map_greys(struct setup *setup, const struct format_case *c, const void *pixels,
		unsigned char ret_grey[GREYS]) {
	map_greys_of(setup, c, pixels, 1000, 0, ret_grey);
}

/* White and all greys stay neutral, brighter stays brighter, and the brightest there is is white.
 */
static void white_stays_white(void **state) {
	(void)state;
	struct setup setup = { .upload = VIDEO_UPLOAD_DIRECT };
	unsigned char grey[GREYS];
	uint16_t halves[GREYS * 4] = { 0 };
	uint32_t words[GREYS];
	CHECK(open_setup(&setup, GREYS, 1));

	/* scRGB, up to the content's 1000 cd/m2 (12.5 times 80). */
	for (int i = 0; i < GREYS; i++) {
		const uint16_t h = half_of(12.5 * i / (GREYS - 1));
		halves[4 * i] = halves[4 * i + 1] = halves[4 * i + 2] = h;
	}
	const struct format_case scrgb = { .format = FRAME_FORMAT_RGBA16F };
	map_greys(&setup, &scrgb, halves, grey);
	CHECK_EQ(grey[0], 0);
	CHECK_EQ(grey[GREYS - 1], 255);

	/* PQ, up to the same. */
	for (int i = 0; i < GREYS; i++) {
		const uint32_t v = (uint32_t)(0.7518271 * 1023 * i / (GREYS - 1) + 0.5);
		words[i] = v | v << 10 | v << 20;
	}
	const struct format_case pq = { .format = FRAME_FORMAT_RGBA10, .pq = true };
	map_greys(&setup, &pq, words, grey);
	CHECK_EQ(grey[0], 0);
	CHECK(grey[GREYS - 1] >= 254);

	/* Light relative to the guest's own white: exactly that. */
	for (uint32_t i = 0; i < GREYS; i++) {
		const uint32_t v = 1023 * i / (GREYS - 1);
		words[i] = v | v << 10 | v << 20;
	}
	const struct format_case linear = { .format = FRAME_FORMAT_RGBA10 };
	map_greys(&setup, &linear, words, grey);
	CHECK_EQ(grey[0], 0);
	CHECK_EQ(grey[GREYS - 1], 255);

	/* What is as bright as the screen can show (--peak-luminance) looks white beside what is
	 * brighter still: 249 of 255 or more. */
	for (int i = 0; i < GREYS; i++) {
		const uint16_t h = half_of(240 / 80.0 * i / (GREYS - 1));
		halves[4 * i] = halves[4 * i + 1] = halves[4 * i + 2] = h;
	}
	const struct format_case peak = { .format = FRAME_FORMAT_RGBA16F, .extra = 240 };
	map_greys(&setup, &peak, halves, grey);
	CHECK(grey[GREYS - 1] >= 249);

	/* Content of 1000 nits: white where that is known, by whoever, and darker where 10 000 are
	 * to be expected. A guest does not make it more than the user says. */
	for (int i = 0; i < GREYS; i++) {
		const uint16_t h = half_of(1000 / 80.0 * i / (GREYS - 1));
		halves[4 * i] = halves[4 * i + 1] = halves[4 * i + 2] = h;
	}
	const struct format_case bright = { .format = FRAME_FORMAT_RGBA16F };
	unsigned char told[GREYS];
	map_greys_of(&setup, &bright, halves, 1000, 0, grey);
	map_greys_of(&setup, &bright, halves, 10000, 1000, told);
	CHECK_EQ(memcmp(grey, told, sizeof grey), 0);
	map_greys_of(&setup, &bright, halves, 1000, 10000, told);
	CHECK_EQ(memcmp(grey, told, sizeof grey), 0);
	map_greys_of(&setup, &bright, halves, 10000, 0, told);
	CHECK(memcmp(grey, told, sizeof grey) != 0);
	close_setup(&setup);
}

static void overlay_is_drawn(void **state) {
	(void)state;
	struct setup setup = { .upload = VIDEO_UPLOAD_DIRECT };
	CHECK(open_setup(&setup, 200, 100));
	struct overlay_quad *quads = calloc(OVERLAY_QUADS_MAX, sizeof *quads);
	struct overlay *overlay = calloc(1, sizeof *overlay);
	CHECK(quads != NULL && overlay != NULL);
	overlay->figures_count = 1;
	strcpy(overlay->figures[0], "60 fps");
	const size_t count = overlay_layout(overlay, 200, 100, quads, OVERLAY_QUADS_MAX);
	CHECK(count > 4);
	struct egl_target target;
	CHECK_EQ(egl_begin(setup.egl, &target), 0);
	const struct renderer_scene scene = { .dim = 1, .quads = quads, .quad_count = count };
	const struct rect all = { 0, 0, 200, 100 };
	renderer_draw(setup.renderer, &target, &scene, &all, 1);
	unsigned char *got = read_target(&target);
	int bright_top = 0, bright_bottom = 0;
	for (int i = 0; i < 200 * 100; i++) {
		if (got[4 * i] > 180) {
			bright_top += i < 200 * 50;
			bright_bottom += i >= 200 * 50;
		}
	}
	CHECK(bright_top > 40);
	CHECK_EQ(bright_bottom, 0);
	free(got);
	free(overlay);
	free(quads);
	close_setup(&setup);
}

static void impossible_pictures_are_refused(void **state) {
	(void)state;
	struct setup setup = { .upload = VIDEO_UPLOAD_DIRECT };
	CHECK(open_setup(&setup, 16, 16));
	struct renderer_picture picture = { FRAME_FORMAT_BGRA, 70000, 16, 70000, 16, false, false,
		0 };
	CHECK(renderer_set_picture(setup.renderer, &picture) < 0);
	picture = (struct renderer_picture){ FRAME_FORMAT_BGRA, 0, 16, 0, 16, false, false, 0 };
	CHECK(renderer_set_picture(setup.renderer, &picture) < 0);
	picture = (struct renderer_picture){ FRAME_FORMAT_BGRA, 16, 16, 16, 17, false, false, 0 };
	CHECK(renderer_set_picture(setup.renderer, &picture) < 0);
	unsigned char rgb[16 * 16 * 3];
	CHECK(renderer_read(setup.renderer, 0, NULL, rgb) < 0);
	close_setup(&setup);
}

int main(void) {
	if (!has_renderer()) {
		return 77;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reference_is_right),
		cmocka_unit_test(formats_match_the_reference),
		cmocka_unit_test(every_way_of_upload_is_the_same),
		cmocka_unit_test(a_kept_picture_is_the_same),
		cmocka_unit_test(white_stays_white),
		cmocka_unit_test(overlay_is_drawn),
		cmocka_unit_test(impossible_pictures_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
