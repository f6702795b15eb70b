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
	struct spice_surface *spice_surface;
	int wakes = 0;
	CHECK_EQ(spice_surface_create(&spice_surface), 0);
	spice_surface_set_wake(spice_surface, count_wake, &wakes);

	struct spice_surface_view view;
	spice_surface_take(spice_surface, &view);
	CHECK_EQ(view.pixels, NULL);
	spice_surface_take_done(spice_surface, false);

	CHECK_EQ(spice_surface_resize(spice_surface, 0, 5), -EINVAL);
	CHECK_EQ(spice_surface_resize(spice_surface, SPICE_SURFACE_SIDE_MAX + 1, 5), -EINVAL);
	CHECK_EQ(spice_surface_resize(spice_surface, 100, 50), 0);
	CHECK_EQ(wakes, 0); /* black alone is not shown */

	spice_surface_take(spice_surface, &view);
	CHECK(view.pixels != NULL);
	CHECK_EQ(view.width, 100);
	CHECK_EQ(view.height, 50);
	CHECK_EQ(view.damage_count, 1);
	CHECK_EQ(view.damage[0].width, 100);
	const uint32_t generation = view.generation;
	spice_surface_take_done(spice_surface, true);

	struct spice_surface_pixels surface;
	spice_surface_lock(spice_surface, &surface);
	surface.pixels[3 * surface.stride + 7] = 0x123456;
	spice_surface_damage(spice_surface, 90, 40, UINT32_MAX, UINT32_MAX);
	spice_surface_damage(spice_surface, 100, 0, 1, 1); /* outside: nothing */
	spice_surface_unlock(spice_surface);
	CHECK_EQ(wakes, 1);
	spice_surface_lock(spice_surface, &surface);
	spice_surface_unlock(spice_surface); /* nothing changed: no wake */
	CHECK_EQ(wakes, 1);

	spice_surface_take(spice_surface, &view);
	CHECK_EQ(view.generation, generation);
	CHECK_EQ(view.damage_count, 1);
	CHECK_EQ(view.damage[0].x, 90);
	CHECK_EQ(view.damage[0].width, 10);
	CHECK_EQ(view.damage[0].height, 10);
	CHECK_EQ(view.pixels[3 * view.stride + 7], 0x123456);
	spice_surface_take_done(spice_surface, false); /* not uploaded: it stays */

	spice_surface_lock(spice_surface, &surface);
	for (uint32_t i = 0; i < SPICE_SURFACE_DAMAGE_MAX; i++) {
		spice_surface_damage(spice_surface, i, 0, 1, 1);
	}
	spice_surface_unlock(spice_surface);
	spice_surface_take(spice_surface, &view);
	CHECK_EQ(view.damage_count, 1);
	CHECK_EQ(view.damage[0].x, 0);
	CHECK_EQ(view.damage[0].y, 0);
	CHECK_EQ(view.damage[0].width, 100);
	CHECK_EQ(view.damage[0].height, 50);
	spice_surface_take_done(spice_surface, true);

	spice_surface_clear(spice_surface);
	spice_surface_take(spice_surface, &view);
	CHECK_EQ(view.pixels, NULL);
	CHECK(view.generation != generation);
	spice_surface_take_done(spice_surface, false);
	spice_surface_destroy(spice_surface);
}

static void a_part_is_shown(void **state) {
	(void)state;
	struct spice_surface *spice_surface;
	CHECK_EQ(spice_surface_create(&spice_surface), 0);
	CHECK_EQ(spice_surface_resize(spice_surface, 100, 50), 0);
	struct spice_surface_pixels surface;
	spice_surface_lock(spice_surface, &surface);
	surface.pixels[20 * surface.stride + 60] = 0xabcdef;
	spice_surface_unlock(spice_surface);
	struct spice_surface_view view;
	spice_surface_take(spice_surface, &view);
	const uint32_t generation = view.generation;
	spice_surface_take_done(spice_surface, true);

	int wakes = 0;
	spice_surface_set_wake(spice_surface, count_wake, &wakes);
	spice_surface_crop(spice_surface, 60, 20, 30, 10);
	spice_surface_crop(spice_surface, 60, 20, 30, 10); /* the same: nothing new to show */
	CHECK_EQ(wakes, 1);
	spice_surface_take(spice_surface, &view);
	CHECK_EQ(view.width, 30);
	CHECK_EQ(view.height, 10);
	CHECK_EQ(view.stride, 100);
	CHECK(view.generation != generation);
	CHECK_EQ(view.pixels[0], 0xabcdef);
	CHECK_EQ(view.damage_count, 1);
	CHECK_EQ(view.damage[0].x, 0);
	CHECK_EQ(view.damage[0].width, 30);
	CHECK_EQ(view.damage[0].height, 10);
	spice_surface_take_done(spice_surface, true);

	/* Damage counts from its corner, as far as it lies inside. */
	spice_surface_lock(spice_surface, &surface);
	spice_surface_damage(spice_surface, 50, 25, 20, 100);
	spice_surface_damage(spice_surface, 0, 0, 60, 50);
	spice_surface_unlock(spice_surface);
	spice_surface_take(spice_surface, &view);
	CHECK_EQ(view.damage_count, 1);
	CHECK_EQ(view.damage[0].x, 0);
	CHECK_EQ(view.damage[0].y, 5);
	CHECK_EQ(view.damage[0].width, 10);
	CHECK_EQ(view.damage[0].height, 5);
	spice_surface_take_done(spice_surface, true);
	spice_surface_move_cursor(spice_surface, 61, 19, true);
	struct spice_surface_pointer pointer;
	spice_surface_get_pointer(spice_surface, &pointer);
	CHECK_EQ(pointer.x, 1);
	CHECK_EQ(pointer.y, -1);

	spice_surface_crop(spice_surface, 90, 45, UINT32_MAX, UINT32_MAX); /* clamped */
	spice_surface_take(spice_surface, &view);
	CHECK_EQ(view.width, 10);
	CHECK_EQ(view.height, 5);
	spice_surface_take_done(spice_surface, true);
	spice_surface_crop(spice_surface, 100, 0, 1, 1); /* outside: all of it */
	spice_surface_take(spice_surface, &view);
	CHECK_EQ(view.width, 100);
	CHECK_EQ(view.height, 50);
	spice_surface_take_done(spice_surface, true);
	spice_surface_crop(spice_surface, 60, 20, 30, 10);
	CHECK_EQ(spice_surface_resize(spice_surface, 80, 40), 0); /* and of a new one, too */
	spice_surface_take(spice_surface, &view);
	CHECK_EQ(view.width, 80);
	CHECK_EQ(view.height, 40);
	spice_surface_take_done(spice_surface, true);
	spice_surface_destroy(spice_surface);
}

static void pointer_shape_is_copied(void **state) {
	(void)state;
	struct spice_surface *spice_surface;
	CHECK_EQ(spice_surface_create(&spice_surface), 0);
	struct cursor_shape *in = calloc(1, sizeof *in);
	struct cursor_shape *out = calloc(1, sizeof *out);
	CHECK(in != NULL && out != NULL);

	struct spice_surface_pointer pointer;
	spice_surface_get_pointer(spice_surface, &pointer);
	CHECK(!pointer.known);
	CHECK_EQ(pointer.shape_serial, 0);
	CHECK(!spice_surface_get_cursor(spice_surface, out));

	in->width = 2;
	in->height = 3;
	in->hot_x = 1;
	in->color[5] = 0xff00ff00;
	spice_surface_set_cursor(spice_surface, in);
	spice_surface_move_cursor(spice_surface, -4, 9, true);
	spice_surface_get_pointer(spice_surface, &pointer);
	CHECK(pointer.known);
	CHECK(pointer.visible);
	CHECK_EQ(pointer.x, -4);
	CHECK_EQ(pointer.y, 9);
	const uint32_t first = pointer.shape_serial;
	CHECK(first != 0);
	CHECK(spice_surface_get_cursor(spice_surface, out));
	CHECK(out->width == 2 && out->height == 3 && out->hot_x == 1);
	CHECK(out->color[5] == 0xff00ff00 && out->serial == first);

	spice_surface_set_cursor(spice_surface, in);
	spice_surface_get_pointer(spice_surface, &pointer);
	CHECK(pointer.shape_serial != first);

	in->width = CURSOR_SIDE_MAX + 1;
	spice_surface_set_cursor(spice_surface, in); /* too large: none */
	CHECK(!spice_surface_get_cursor(spice_surface, out));
	free(in);
	free(out);
	spice_surface_destroy(spice_surface);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damage_is_clamped_and_merged),
		cmocka_unit_test(a_part_is_shown),
		cmocka_unit_test(pointer_shape_is_copied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
