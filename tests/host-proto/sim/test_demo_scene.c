#include "host-proto/sim/demo_scene.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"

static const char *const none[] = { "", "", "" };

static void too_small_is_refused(void **state) {
	(void)state;
	struct demo_scene *scene;
	CHECK_EQ(demo_scene_create(&scene, DEMO_SCENE_WIDTH_MIN - 1, 400), -EINVAL);
	CHECK_EQ(demo_scene_create(&scene, 400, DEMO_SCENE_HEIGHT_MIN - 1), -EINVAL);
}

/* Whatever the size: nothing is written beside the canvas (the sanitizer looks), and what a frame
 * says has changed is all that has. */
static void areas_are_all_that_changes(void **state) {
	(void)state;
	static const uint32_t sizes[][2] = { { DEMO_SCENE_WIDTH_MIN, DEMO_SCENE_HEIGHT_MIN },
		{ 320, 1200 }, { 2000, 200 }, { 641, 361 }, { 1366, 768 } };
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		const uint32_t width = sizes[i][0];
		const uint32_t height = sizes[i][1];
		const size_t bytes = (size_t)width * height * sizeof(uint32_t);
		struct demo_scene *scene;
		struct demo_area areas[DEMO_SCENE_AREAS];
		CHECK_EQ(demo_scene_create(&scene, width, height), 0);
		CHECK_EQ(demo_scene_paint(scene, 1, none, 3, areas), 1);
		CHECK_EQ(areas[0].width, width);
		CHECK_EQ(areas[0].height, height);
		uint32_t *before = malloc(bytes);
		memcpy(before, demo_scene_pixels(scene), bytes);
		const char *const lines[] = { "KEYS: A", "", "" };
		const unsigned count = demo_scene_paint(scene, 1000, lines, 3, areas);
		const uint32_t *now = demo_scene_pixels(scene);
		CHECK(memcmp(before, now, bytes) != 0);
		for (unsigned a = 0; a < count; a++) {
			CHECK(areas[a].x + areas[a].width <= width &&
					areas[a].y + areas[a].height <= height);
			for (uint32_t y = areas[a].y; y < areas[a].y + areas[a].height; y++) {
				const size_t at = (size_t)y * width + areas[a].x;
				memcpy(before + at, now + at, areas[a].width * sizeof *now);
			}
		}
		CHECK_EQ(memcmp(before, now, bytes), 0);
		/* The same words again change nothing. */
		CHECK_EQ(demo_scene_paint(scene, 1001, lines, 3, areas), count - 1);
		free(before);
		demo_scene_destroy(scene);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_small_is_refused),
		cmocka_unit_test(areas_are_all_that_changes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
