#include "client/window/window_place.h"

#include "client/window/window_icon.h"
#include "tests/support/check.h"

static void a_window_fits_its_screen(void **state) {
	(void)state;
	int width = 1024, height = 768;
	window_place_fit(1920, 1050, &width, &height);
	CHECK_EQ(width, 1024);
	CHECK_EQ(height, 768);
	width = 3840;
	height = 2160;
	window_place_fit(1920, 1040, &width, &height);
	CHECK_EQ(width, 1848);
	CHECK_EQ(height, 1040);
	window_place_fit(0, 0, &width, &height); /* unknown */
	CHECK_EQ(width, 1848);
	CHECK_EQ(height, 1040);
	width = 10000;
	height = 1;
	window_place_fit(100, 100, &width, &height);
	CHECK_EQ(width, 100);
	CHECK_EQ(height, 1);
}

static void the_pictures_aspect_has_no_borders(void **state) {
	(void)state;
	int width = 1024, height = 768;
	window_place_aspect(1920, 1080, 1920, 1050, &width, &height);
	CHECK_EQ(width, 1024);
	CHECK_EQ(height, 576);
	/* Upright, and higher than the screen. */
	window_place_aspect(1080, 1920, 1920, 1040, &width, &height);
	CHECK_EQ(width, 585);
	CHECK_EQ(height, 1040);
	window_place_aspect(0, 0, 1920, 1040, &width, &height);
	CHECK_EQ(width, 585);
	CHECK_EQ(height, 1040);
}

static void a_lost_window_is_seen_again(void **state) {
	(void)state;
	static const struct place_rect screens[] = { { 0, 0, 1920, 1080 },
		{ 1920, 200, 1280, 1024 } };
	static const struct {
		struct place_rect at;
		bool seen[2]; /* with the first screen, with both */
	} cases[] = {
		{ { 100, 100, 1024, 768 }, { true, true } },
		{ { 2000, 300, 1024, 768 }, { false, true } }, /* on the one that is gone */
		{ { -1000, 100, 1024, 768 }, { false, false } },
		{ { -900, 100, 1024, 768 }, { true, true } },
		{ { 100, -100, 1024, 768 }, { false, false } }, /* its title is above */
		{ { 100, 1070, 1024, 768 }, { false, false } },
		{ { 0, 0, 40, 10 }, { true, true } },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		CHECK_EQ(window_place_in_sight(&cases[i].at, screens, 1), cases[i].seen[0]);
		CHECK_EQ(window_place_in_sight(&cases[i].at, screens, 2), cases[i].seen[1]);
	}
	CHECK(!window_place_in_sight(&cases[0].at, screens, 0));
}

static void a_monitor_is_named(void **state) {
	(void)state;
	static const char *const names[] = { "DELL U2720Q 27\"", NULL, "HDMI-A-1" };
	CHECK_EQ(window_place_monitor("1", names, 3), 0);
	CHECK_EQ(window_place_monitor("3", names, 3), 2);
	CHECK_EQ(window_place_monitor("4", names, 3), -1);
	CHECK_EQ(window_place_monitor("hdmi", names, 3), 2);
	CHECK_EQ(window_place_monitor("u2720q", names, 3), 0);
	CHECK_EQ(window_place_monitor("acer", names, 3), -1);
	CHECK_EQ(window_place_monitor("", names, 3), -1);
	CHECK_EQ(window_place_monitor("1", names, 0), -1);
}

static void the_icon_is_a_picture(void **state) {
	(void)state;
	static uint32_t pixels[64 * 64];
	window_icon_draw(pixels, 64);
	CHECK_EQ(pixels[0] >> 24, 0); /* clear at the corner */
	CHECK_EQ(pixels[32 * 64 + 32] >> 24, 255);
	CHECK(pixels[28 * 64 + 30] != pixels[50 * 64 + 32]);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_fits_its_screen),
		cmocka_unit_test(the_pictures_aspect_has_no_borders),
		cmocka_unit_test(a_lost_window_is_seen_again),
		cmocka_unit_test(a_monitor_is_named),
		cmocka_unit_test(the_icon_is_a_picture),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
