#include "tests/support/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/gl/spice_surface.h"

static void count_wake(void *data) {
	(*(int *)data)++;
}

static void damage_is_clamped_and_merged(void **state) {
	(void)state;
	struct fallback *fallback;
	int wakes = 0;
	CHECK(fallback_create(&fallback) == 0);
	fallback_set_wake(fallback, count_wake, &wakes);

	struct fallback_view view;
	fallback_take(fallback, &view);
	CHECK(view.pixels == NULL);
	fallback_take_done(fallback, false);

	CHECK(fallback_resize(fallback, 0, 5) == -EINVAL);
	CHECK(fallback_resize(fallback, FALLBACK_SIDE_MAX + 1, 5) == -EINVAL);
	CHECK(fallback_resize(fallback, 100, 50) == 0);
	CHECK(wakes == 0); /* black alone is not shown */

	fallback_take(fallback, &view);
	CHECK(view.pixels != NULL && view.width == 100 && view.height == 50);
	CHECK(view.damage_count == 1 && view.damage[0].width == 100);
	const uint32_t generation = view.generation;
	fallback_take_done(fallback, true);

	struct fallback_surface surface;
	fallback_lock(fallback, &surface);
	surface.pixels[3 * surface.stride + 7] = 0x123456;
	fallback_damage(fallback, 90, 40, UINT32_MAX, UINT32_MAX);
	fallback_damage(fallback, 100, 0, 1, 1); /* outside: nothing */
	fallback_unlock(fallback);
	CHECK(wakes == 1);
	fallback_lock(fallback, &surface);
	fallback_unlock(fallback); /* nothing changed: no wake */
	CHECK(wakes == 1);

	fallback_take(fallback, &view);
	CHECK(view.generation == generation);
	CHECK(view.damage_count == 1);
	CHECK(view.damage[0].x == 90 && view.damage[0].width == 10 && view.damage[0].height == 10);
	CHECK(view.pixels[3 * view.stride + 7] == 0x123456);
	fallback_take_done(fallback, false); /* not uploaded: it stays */

	fallback_lock(fallback, &surface);
	for (uint32_t i = 0; i < FALLBACK_DAMAGE_MAX; i++) {
		fallback_damage(fallback, i, 0, 1, 1);
	}
	fallback_unlock(fallback);
	fallback_take(fallback, &view);
	CHECK(view.damage_count == 1);
	CHECK(view.damage[0].x == 0 && view.damage[0].y == 0);
	CHECK(view.damage[0].width == 100 && view.damage[0].height == 50);
	fallback_take_done(fallback, true);

	fallback_clear(fallback);
	fallback_take(fallback, &view);
	CHECK(view.pixels == NULL && view.generation != generation);
	fallback_take_done(fallback, false);
	fallback_destroy(fallback);
}

static void a_part_is_shown(void **state) {
	(void)state;
	struct fallback *fallback;
	CHECK(fallback_create(&fallback) == 0);
	CHECK(fallback_resize(fallback, 100, 50) == 0);
	struct fallback_surface surface;
	fallback_lock(fallback, &surface);
	surface.pixels[20 * surface.stride + 60] = 0xabcdef;
	fallback_unlock(fallback);
	struct fallback_view view;
	fallback_take(fallback, &view);
	const uint32_t generation = view.generation;
	fallback_take_done(fallback, true);

	int wakes = 0;
	fallback_set_wake(fallback, count_wake, &wakes);
	fallback_crop(fallback, 60, 20, 30, 10);
	fallback_crop(fallback, 60, 20, 30, 10); /* the same: nothing new to show */
	CHECK(wakes == 1);
	fallback_take(fallback, &view);
	CHECK(view.width == 30 && view.height == 10 && view.stride == 100);
	CHECK(view.generation != generation && view.pixels[0] == 0xabcdef);
	CHECK(view.damage_count == 1 && view.damage[0].x == 0 && view.damage[0].width == 30 &&
			view.damage[0].height == 10);
	fallback_take_done(fallback, true);

	/* Damage counts from its corner, as far as it lies inside. */
	fallback_lock(fallback, &surface);
	fallback_damage(fallback, 50, 25, 20, 100);
	fallback_damage(fallback, 0, 0, 60, 50);
	fallback_unlock(fallback);
	fallback_take(fallback, &view);
	CHECK(view.damage_count == 1 && view.damage[0].x == 0 && view.damage[0].y == 5 &&
			view.damage[0].width == 10 && view.damage[0].height == 5);
	fallback_take_done(fallback, true);
	fallback_move_cursor(fallback, 61, 19, true);
	struct fallback_pointer pointer;
	fallback_get_pointer(fallback, &pointer);
	CHECK(pointer.x == 1 && pointer.y == -1);

	fallback_crop(fallback, 90, 45, UINT32_MAX, UINT32_MAX); /* clamped */
	fallback_take(fallback, &view);
	CHECK(view.width == 10 && view.height == 5);
	fallback_take_done(fallback, true);
	fallback_crop(fallback, 100, 0, 1, 1); /* outside: all of it */
	fallback_take(fallback, &view);
	CHECK(view.width == 100 && view.height == 50);
	fallback_take_done(fallback, true);
	fallback_crop(fallback, 60, 20, 30, 10);
	CHECK(fallback_resize(fallback, 80, 40) == 0); /* and of a new one, too */
	fallback_take(fallback, &view);
	CHECK(view.width == 80 && view.height == 40);
	fallback_take_done(fallback, true);
	fallback_destroy(fallback);
}

static void pointer_shape_is_copied(void **state) {
	(void)state;
	struct fallback *fallback;
	CHECK(fallback_create(&fallback) == 0);
	struct cursor_shape *in = calloc(1, sizeof *in);
	struct cursor_shape *out = calloc(1, sizeof *out);
	CHECK(in != NULL && out != NULL);

	struct fallback_pointer pointer;
	fallback_get_pointer(fallback, &pointer);
	CHECK(!pointer.known && pointer.shape_serial == 0);
	CHECK(!fallback_get_cursor(fallback, out));

	in->width = 2;
	in->height = 3;
	in->hot_x = 1;
	in->color[5] = 0xff00ff00;
	fallback_set_cursor(fallback, in);
	fallback_move_cursor(fallback, -4, 9, true);
	fallback_get_pointer(fallback, &pointer);
	CHECK(pointer.known && pointer.visible && pointer.x == -4 && pointer.y == 9);
	const uint32_t first = pointer.shape_serial;
	CHECK(first != 0);
	CHECK(fallback_get_cursor(fallback, out));
	CHECK(out->width == 2 && out->height == 3 && out->hot_x == 1);
	CHECK(out->color[5] == 0xff00ff00 && out->serial == first);

	fallback_set_cursor(fallback, in);
	fallback_get_pointer(fallback, &pointer);
	CHECK(pointer.shape_serial != first);

	in->width = CURSOR_SIDE_MAX + 1;
	fallback_set_cursor(fallback, in); /* too large: none */
	CHECK(!fallback_get_cursor(fallback, out));
	free(in);
	free(out);
	fallback_destroy(fallback);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damage_is_clamped_and_merged),
		cmocka_unit_test(a_part_is_shown),
		cmocka_unit_test(pointer_shape_is_copied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
