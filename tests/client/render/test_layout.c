#include "tests/support/check.h"

#include <math.h>
#include <string.h>

#include "client/gl/egl.h"
#include "client/gl/region.h"
#include "client/render/layout.h"

static struct layout compute(struct layout_input input) {
	struct layout layout;
	layout_compute(&layout, &input);
	return layout;
}

static void picture_is_placed(void **state) {
	(void)state;
	struct layout_input in = {
		.image_width = 640,
		.image_height = 360,
		.window_width = 1280,
		.window_height = 800,
		.keep_aspect = true,
	};
	struct layout l = compute(in);
	CHECK(l.x == 0 && l.y == 40 && l.width == 1280 && l.height == 720);
	CHECK(!l.exact && !l.covers);

	in.keep_aspect = false;
	l = compute(in);
	CHECK(l.x == 0 && l.y == 0 && l.width == 1280 && l.height == 800 && l.covers);

	in.keep_aspect = true;
	in.no_upscale = true;
	l = compute(in);
	CHECK(l.x == 320 && l.y == 220 && l.width == 640 && l.height == 360 && l.exact);

	in.no_upscale = false;
	in.integer_upscale = true;
	in.window_width = 1900;
	in.window_height = 1079;
	l = compute(in);
	CHECK(l.width == 1280 && l.height == 720);

	in.integer_upscale = false;
	l = compute(in);
	CHECK(l.width == 1900 && l.height == 1069 && l.y == 5);

	in.window_width = 640;
	in.window_height = 360;
	l = compute(in);
	CHECK(l.exact && l.covers && l.x == 0 && l.y == 0);

	/* One pixel short: cut, not blurred. Two are scaled. */
	in.window_width = 639;
	l = compute(in);
	CHECK(l.exact && l.covers && l.x == 0 && l.width == 640);
	in.window_height = 359;
	l = compute(in);
	CHECK(l.exact && l.covers && l.y == 0 && l.height == 360);
	in.window_height = 400;
	l = compute(in);
	CHECK(l.exact && l.y == 20);
	in.window_width = 638;
	l = compute(in);
	CHECK(!l.exact && l.width == 638);
	in.window_width = 640;
	in.window_height = 360;

	in.user_rotation = 1;
	l = compute(in);
	CHECK(l.height == 360 && l.width == 203);
	CHECK_EQ(l.rotation, 1);

	/* Nonsense sizes give something that can be drawn. */
	const struct layout_input zero = { 0 };
	l = compute(zero);
	CHECK(l.width >= 1 && l.height >= 1 && isfinite(l.to_image[0]));
}

/* The pixel of the image that a window pixel shows, by the matrix. */
static void image_at(const struct layout *l, int x, int y, int *ret_x, int *ret_y) {
	const float px = (float)x + 0.5f, py = (float)y + 0.5f;
	*ret_x = (int)floorf(l->to_image[0] * px + l->to_image[1] * py + l->to_image[2]);
	*ret_y = (int)floorf(l->to_image[3] * px + l->to_image[4] * py + l->to_image[5]);
}

static void turns_are_what_kvmfr_says(void **state) {
	(void)state;
	/* kvmfr.md 3.5: desktop -> image turns clockwise; for r = 1 x' = H - y, y' = x with H the
	 * height of the desktop. 30 x 20 desktop. */
	for (unsigned r = 0; r < 4; r++) {
		const struct layout_input in = {
			.image_width = r % 2 ? 20 : 30,
			.image_height = r % 2 ? 30 : 20,
			.guest_rotation = r,
			.window_width = 30,
			.window_height = 20,
			.keep_aspect = true,
		};
		const struct layout l = compute(in);
		CHECK(l.exact && l.width == 30 && l.height == 20);
		CHECK(l.desktop_width == 30 && l.desktop_height == 20);
		for (int y = 0; y < 20; y++) {
			for (int x = 0; x < 30; x++) {
				int ix, iy;
				image_at(&l, x, y, &ix, &iy);
				const int want_x = r == 0   ? x
						   : r == 1 ? 19 - y
						   : r == 2 ? 29 - x
							    : y;
				const int want_y = r == 0   ? y
						   : r == 1 ? x
						   : r == 2 ? 19 - y
							    : 29 - x;
				CHECK(ix == want_x && iy == want_y);
			}
		}
	}
}

static void users_turn_is_clockwise(void **state) {
	(void)state;
	const struct layout_input in = {
		.image_width = 30,
		.image_height = 20,
		.user_rotation = 1,
		.window_width = 20,
		.window_height = 30,
		.keep_aspect = true,
	};
	const struct layout l = compute(in);
	int x, y;
	image_at(&l, 19, 0, &x, &y); /* the top right shows the image's top left */
	CHECK(x == 0 && y == 0);
	image_at(&l, 0, 0, &x, &y);
	CHECK(x == 0 && y == 19);

	/* A pointer on the desktop goes the same way. */
	float rect[4];
	layout_desktop_rect(&l, 0, 0, 4, 2, rect);
	CHECK(fabsf(rect[0] - 18) < 1e-3f && fabsf(rect[1]) < 1e-3f);
	CHECK(fabsf(rect[2] - 2) < 1e-3f && fabsf(rect[3] - 4) < 1e-3f);
}

static void damage_covers_what_changes(void **state) {
	(void)state;
	/* Where it is scaled a filter looks around: so many pixels of the image. */
	static const struct { int window, around; } sizes[] = { { 31, 0 }, { 24, 3 }, { 75, 3 } };
	for (unsigned i = 0; i < 3 * 4; i++) {
		const unsigned r = i % 4;
		const int window = sizes[i / 4].window;
		const struct layout_input in = {
			.image_width = 31,
			.image_height = 17,
			.guest_rotation = r,
			.user_rotation = 1,
			.window_width = window,
			.window_height = window,
			.keep_aspect = true,
		};
		const struct layout l = compute(in);
		const int around = sizes[i / 4].around;
		CHECK_EQ(l.exact, (around == 0));
		const struct frame_rect damage = { 5, 3, 4, 6 };
		struct rect got;
		CHECK(layout_image_rect(&l, &damage, &got));
		for (int y = 0; y < window; y++) {
			for (int x = 0; x < window; x++) {
				int ix, iy;
				image_at(&l, x, y, &ix, &iy);
				const bool changed = ix >= 5 - around && ix < 9 + around &&
						     iy >= 3 - around && iy < 9 + around;
				const bool shown = x >= l.x && x < l.x + l.width && y >= l.y &&
						   y < l.y + l.height;
				const bool in_rect = x >= got.x && x < got.x + got.width &&
						     y >= got.y && y < got.y + got.height;
				CHECK(!changed || !shown || in_rect);
			}
		}
		CHECK(!l.exact || got.width * got.height == 24);
	}
}

static long covered(const struct region *region) {
	long sum = 0;
	for (unsigned i = 0; i < region->count; i++) {
		sum += (long)region->rects[i].width * region->rects[i].height;
	}
	return sum;
}

static void regions_do_not_overlap(void **state) {
	(void)state;
	struct region region = { 0 };
	CHECK(region_empty(&region));
	const struct rect a = { 0, 0, 10, 10 }, b = { 5, 5, 10, 10 }, c = { 50, 50, 5, 5 };
	const struct rect outside = { -20, -20, 10, 10 }, edge = { 95, 95, 100, 100 };
	region_add(&region, &a);
	region_add(&region, &b);
	region_add(&region, &c);
	region_add(&region, &outside);
	region_add(&region, &edge);
	region_finish(&region, 100, 100);
	CHECK_EQ(region.count, 3);
	CHECK_EQ(covered(&region), 225 + 25 + 25);

	region_clear(&region);
	for (int i = 0; i < 200; i++) {
		const struct rect rect = { i % 20 * 5, i / 20 * 10, 2, 2 };
		region_add(&region, &rect);
	}
	CHECK(region.count <= REGION_RECTS_MAX);
	region_finish(&region, 100, 100);
	for (int i = 0; i < 200; i++) { /* nothing was lost */
		bool in = false;
		for (unsigned j = 0; j < region.count; j++) {
			const struct rect *r = &region.rects[j];
			const int x = i % 20 * 5, y = i / 20 * 10;
			in = in || (x >= r->x && x + 2 <= r->x + r->width && y >= r->y &&
						   y + 2 <= r->y + r->height);
		}
		CHECK(in);
	}

	region_add_all(&region);
	region_finish(&region, 64, 32);
	CHECK(region.count == 1 && region.rects[0].width == 64 && region.rects[0].height == 32);
}

static void pointer_keeps_its_size(void **state) {
	(void)state;
	struct layout_input in = {
		.image_width = 1000,
		.image_height = 500,
		.window_width = 400,
		.window_height = 200,
		.keep_aspect = true,
	};
	/* The hot spot is on desktop (500, 250): in the middle of the window, whatever happens. */
	struct layout_pointer pointer = { 490, 246, 10, 4, 32, 24, false };
	float r[4];
	struct layout l = compute(in);
	layout_pointer_rect(&l, &pointer, r);
	CHECK(fabsf(r[0] - 196) < 1e-3f && fabsf(r[1] - 98.4f) < 1e-3f);
	CHECK(fabsf(r[2] - 12.8f) < 1e-3f && fabsf(r[3] - 9.6f) < 1e-3f);
	pointer.keeps_size = true;
	layout_pointer_rect(&l, &pointer, r);
	CHECK(r[0] == 190 && r[1] == 96 && r[2] == 32 && r[3] == 24);

	/* Turned with the picture. Clockwise: desktop x runs down, desktop y to the left. */
	in.user_rotation = 1;
	in.window_width = 200;
	in.window_height = 400;
	l = compute(in);
	layout_pointer_rect(&l, &pointer, r);
	CHECK(r[2] == 24 && r[3] == 32);
	CHECK(r[0] == 100 + 4 - 24 && r[1] == 200 - 10);

	/* It grows with the picture either way. */
	in.user_rotation = 0;
	in.window_width = 2000;
	in.window_height = 1000;
	l = compute(in);
	layout_pointer_rect(&l, &pointer, r);
	CHECK(r[2] == 64 && r[3] == 48 && r[0] == 980 && r[1] == 492);
}

/* What is cut out and what is left are the region, without overlap. */
static void a_region_is_cut(void **state) {
	(void)state;
	static const struct rect cuts[] = { { 10, 10, 20, 20 }, { -5, -5, 10, 10 },
		{ 0, 0, 100, 100 }, { 40, 0, 5, 100 }, { 200, 200, 10, 10 }, { 0, 50, 100, 1 } };
	for (unsigned c = 0; c < sizeof cuts / sizeof cuts[0]; c++) {
		struct region region = { 0 }, cut = { 0 };
		const struct rect a = { 0, 0, 60, 60 }, b = { 70, 0, 30, 90 };
		region_add(&region, &a);
		region_add(&region, &b);
		const long before = covered(&region);
		CHECK(region_cut(&region, &cuts[c], &cut));
		CHECK_EQ(covered(&region) + covered(&cut), before);
		unsigned char seen[100][100] = { { 0 } };
		const struct region *both[] = { &region, &cut };
		for (unsigned k = 0; k < 2; k++) {
			for (unsigned i = 0; i < both[k]->count; i++) {
				const struct rect *r = &both[k]->rects[i];
				for (int y = r->y; y < r->y + r->height; y++) {
					for (int x = r->x; x < r->x + r->width; x++) {
						const bool in = x >= cuts[c].x && y >= cuts[c].y &&
								x < cuts[c].x + cuts[c].width &&
								y < cuts[c].y + cuts[c].height;
						CHECK(in == (k == 1) && seen[y][x]++ == 0);
					}
				}
			}
		}
	}
	struct region many = { 0 }, cut = { 0 };
	for (int i = 0; i < REGION_RECTS_MAX; i++) {
		const struct rect rect = { 0, 4 * i, 100, 2 };
		region_add(&many, &rect);
	}
	const struct region before = many;
	const struct rect column = { 40, 0, 5, 100 };
	CHECK(!region_cut(&many, &column, &cut)); /* each would be two */
	CHECK(cut.count == 0 && memcmp(&many, &before, sizeof many) == 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(picture_is_placed),
		cmocka_unit_test(turns_are_what_kvmfr_says),
		cmocka_unit_test(users_turn_is_clockwise),
		cmocka_unit_test(damage_covers_what_changes),
		cmocka_unit_test(regions_do_not_overlap),
		cmocka_unit_test(a_region_is_cut),
		cmocka_unit_test(pointer_keeps_its_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
