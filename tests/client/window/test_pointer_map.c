#include "client/window/pointer_map.h"

#include <math.h>

#include "tests/support/check.h"

/* A desktop of 1000x500 in a window of 400x400 units and 800x800 pixels. */
static struct pointer_map map_turned(unsigned rotation) {
	struct pointer_map map = {
		.scale_x = 2, .scale_y = 2, .desktop_width = 1000, .desktop_height = 500
	};
	bool turned = rotation % 2;
	map.picture = (struct video_geometry){ .x = turned ? 200 : 0,
		.y = turned ? 0 : 200,
		.width = turned ? 400 : 800,
		.height = turned ? 800 : 400,
		.rotation = rotation };
	return map;
}

static bool near(double a, double b) {
	return fabs(a - b) <= 2.0;
}

static void corners_under_every_rotation(void **state) {
	(void)state;
	/* The picture's corners from the top left clockwise, in SDL's units, and where they lie on
	 * the desktop when it is turned clockwise. */
	static const double upright[4][2] = { { 0, 100 }, { 399, 100 }, { 399, 299 }, { 0, 299 } };
	static const double turned[4][2] = { { 100, 0 }, { 299, 0 }, { 299, 399 }, { 100, 399 } };
	static const double desktop[4][2] = { { 0, 0 }, { 999, 0 }, { 999, 499 }, { 0, 499 } };
	for (unsigned rotation = 0; rotation < 4; rotation++) {
		struct pointer_map map = map_turned(rotation);
		const double(*corners)[2] = rotation % 2 ? turned : upright;
		for (unsigned i = 0; i < 4; i++) {
			struct pointer_point p =
					pointer_map_point(&map, corners[i][0], corners[i][1]);
			/* Turned clockwise, the desktop's corner i comes to corner i + rotation. */
			const double *expected = desktop[(i + 4 - rotation) % 4];
			if (!p.inside || !near(p.x, expected[0]) || !near(p.y, expected[1])) {
				fail_msg("rotation %u corner %u: %g %g", rotation, i, p.x, p.y);
			}
		}
	}
}

static void outside_is_clamped_and_said(void **state) {
	(void)state;
	struct pointer_map map = map_turned(0);
	struct pointer_point p = pointer_map_point(&map, 200, 50);
	CHECK(!p.inside);
	CHECK(near(p.x, 500));
	CHECK_EQ(p.y, 0);
	p = pointer_map_point(&map, -5000, 100000);
	CHECK(!p.inside);
	CHECK_EQ(p.x, 0);
	CHECK_EQ(p.y, 499);
	p = pointer_map_point(&map, 5000, 200);
	CHECK(!p.inside);
	CHECK_EQ(p.x, 999);
	struct pointer_map none = { .scale_x = 1, .scale_y = 1 };
	p = pointer_map_point(&none, 5, 5);
	CHECK(!p.inside);
	CHECK_EQ(p.x, 0);
	CHECK_EQ(p.y, 0);
}

static void one_to_one_is_exact(void **state) {
	(void)state;
	struct pointer_map map = { 1, 1, { 0, 0, 640, 360, 0 }, 640, 360 };
	for (int x = 0; x < 640; x++) {
		struct pointer_point p = pointer_map_point(&map, x, x % 360);
		CHECK(p.inside);
		CHECK_EQ((int)p.x, x);
		CHECK_EQ((int)p.y, x % 360);
	}
}

static void motion_is_turned(void **state) {
	(void)state;
	/* To the right in the window is …, for each rotation. */
	static const double right[4][2] = { { 3, 0 }, { 0, -3 }, { -3, 0 }, { 0, 3 } };
	for (unsigned rotation = 0; rotation < 4; rotation++) {
		struct pointer_map map = map_turned(rotation);
		double x;
		double y;
		pointer_map_turn(&map, 3, 0, &x, &y);
		CHECK_EQ(x, right[rotation][0]);
		CHECK_EQ(y, right[rotation][1]);
		/* … what the points say, too. */
		struct pointer_point a = pointer_map_point(&map, 200, 200);
		struct pointer_point b = pointer_map_point(&map, 210, 200);
		CHECK_EQ((b.x > a.x), (x > 0));
		CHECK_EQ((b.x < a.x), (x < 0));
		CHECK_EQ((b.y > a.y), (y > 0));
		CHECK_EQ((b.y < a.y), (y < 0));
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(corners_under_every_rotation),
		cmocka_unit_test(outside_is_clamped_and_said),
		cmocka_unit_test(one_to_one_is_exact),
		cmocka_unit_test(motion_is_turned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
