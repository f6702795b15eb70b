#include "host-proto/spice/cursor.h"

#include <errno.h>
#include <stdlib.h>

#include "host-proto/cursor.h"
#include "host-proto/spice/reader.h"
#include "tests/support/check.h"

static struct {
	unsigned shapes, nones;
	uint32_t width, height, color[4], invert[4];
	bool has_invert, visible;
	int x, y;
} got;

static void on_shape(const struct cursor_shape *shape, void *data) {
	(void)data;
	if (!shape) {
		got.nones++;
		return;
	}
	got.shapes++;
	got.width = shape->width;
	got.height = shape->height;
	got.has_invert = shape->has_invert;
	for (uint32_t i = 0; i < 4 && i < shape->width * shape->height; i++) {
		got.color[i] = shape->color[i];
		got.invert[i] = shape->invert[i];
	}
}

static void on_move(int x, int y, bool visible, void *data) {
	(void)data;
	got.x = x;
	got.y = y;
	got.visible = visible;
}

static void put_word(uint8_t *to, uint32_t word) {
	memcpy(to, &word, sizeof word);
}

static uint8_t bytes[8192];

static size_t make_set(unsigned flags, uint64_t unique, unsigned type, unsigned width,
		unsigned height, const void *data, size_t len) {
	struct writer w = writer_of(bytes, sizeof bytes);
	write_u16(&w, 10);
	write_u16(&w, 20);
	write_u8(&w, 1);
	write_u16(&w, (uint16_t)flags);
	write_u64(&w, unique);
	write_u8(&w, (uint8_t)type);
	write_u16(&w, (uint16_t)width);
	write_u16(&w, (uint16_t)height);
	write_u16(&w, 1);
	write_u16(&w, 1);
	write_bytes(&w, data, len);
	return writer_len(&w);
}

static int feed(struct spice_cursor *cursor, unsigned type, size_t len) {
	uint8_t *exact = malloc(len ? len : 1);
	memcpy(exact, bytes, len);
	int r = spice_cursor_message(cursor, type, exact, len);
	free(exact);
	return r;
}

static struct spice_cursor *start(void) {
	static const struct spice_cursor_target target = { on_shape, on_move, NULL };
	struct spice_cursor *cursor;
	memset(&got, 0, sizeof got);
	CHECK_EQ(spice_cursor_create(&cursor, &target), 0);
	return cursor;
}

static void every_kind_becomes_colour_and_invert(void **state) {
	(void)state;
	uint8_t eight[2 * 2 + 1024 + 2] = { 1, 2, 1, 2 };
	put_word(eight + 4 + 4, 0x112233); /* palette 1 */
	put_word(eight + 4 + 8, 0x445566); /* palette 2 */
	eight[4 + 1024] = 0x40;            /* row 0: pixel 1 is masked */
	uint8_t four[1 * 2 + 64 + 2] = { 0x12, 0x12 };
	put_word(four + 2 + 4, 0x112233);
	put_word(four + 2 + 8, 0x445566);
	four[2 + 64] = 0x40;
	static const uint8_t alpha[16] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const uint8_t mono[4] = { 0x40, 0xc0, 0x80, 0xc0 };
	static const uint8_t c24[12 + 2] = { 0x33, 0x22, 0x11, 0x66, 0x55, 0x44, 0, 0, 0, 0, 0, 0,
		0x40, 0 };
	static const uint8_t c32[16 + 2] = { 0x33, 0x22, 0x11, 0, 0x66, 0x55, 0x44, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0x40, 0 };
	static const uint8_t c16[8 + 2] = { 0x00, 0x7c, 0x1f, 0, 0, 0, 0, 0, 0x40, 0 };
	const struct {
		unsigned type;
		const void *data;
		size_t len;
		uint32_t color0, color1, invert1;
	} table[] = {
		{ SPICE_CURSOR_ALPHA, alpha, 16, 0x04030201, 0x08070605, 0 },
		/* AND 01 11, XOR 10 11: white, transparent; invert, invert */
		{ SPICE_CURSOR_MONO, mono, 4, 0xffffffff, 0, 0 },
		{ SPICE_CURSOR_COLOR4, four, sizeof four, 0xff112233, 0, 0xff445566 },
		{ SPICE_CURSOR_COLOR8, eight, sizeof eight, 0xff112233, 0, 0xff445566 },
		{ SPICE_CURSOR_COLOR16, c16, 10, 0xffff0000, 0, 0xff0000ff },
		{ SPICE_CURSOR_COLOR24, c24, 14, 0xff112233, 0, 0xff445566 },
		{ SPICE_CURSOR_COLOR32, c32, 18, 0xff112233, 0, 0xff445566 },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct spice_cursor *cursor = start();
		size_t len = make_set(0, 1, table[i].type, 2, 2, table[i].data, table[i].len);
		CHECK_EQ(feed(cursor, SPICE_CURSOR_SET, len), 0);
		CHECK_EQ(got.shapes, 1);
		CHECK_EQ(got.width, 2);
		CHECK_EQ(got.height, 2);
		CHECK_EQ(got.color[0], table[i].color0);
		CHECK_EQ(got.color[1], table[i].color1);
		CHECK_EQ(got.invert[1], table[i].invert1);
		CHECK_EQ(got.x, 10);
		CHECK_EQ(got.y, 20);
		CHECK(got.visible);
		if (table[i].type == SPICE_CURSOR_MONO) {
			CHECK_EQ(got.invert[2], 0xffffffff);
			CHECK_EQ(got.color[2], 0);
		}
		for (size_t shorter = 0; shorter < len; shorter++) {
			CHECK_EQ(feed(cursor, SPICE_CURSOR_SET, shorter), -EBADMSG);
		}
		spice_cursor_destroy(cursor);
	}
}

/* Half a byte a pixel, in rows of whole bytes. */
static void four_bits_a_pixel(void **state) {
	(void)state;
	uint8_t four[2 * 2 + 64 + 2] = { 0x12, 0x20, 0x21, 0x10 };
	put_word(four + 4 + 4, 0x112233);
	put_word(four + 4 + 8, 0x445566);
	struct spice_cursor *cursor = start();
	CHECK_EQ(feed(cursor, SPICE_CURSOR_SET,
				 make_set(0, 1, SPICE_CURSOR_COLOR4, 3, 2, four, sizeof four)),
			0);
	CHECK_EQ(got.width, 3);
	CHECK_EQ(got.height, 2);
	CHECK(!got.has_invert);
	CHECK_EQ(got.color[0], 0xff112233);
	CHECK_EQ(got.color[1], 0xff445566);
	CHECK_EQ(got.color[2], 0xff445566);
	CHECK_EQ(got.color[3], 0xff445566);
	CHECK_EQ(feed(cursor, SPICE_CURSOR_RESET, 0), 0);
	spice_cursor_destroy(cursor);
}

static void the_cache_is_used_and_bounded(void **state) {
	(void)state;
	uint32_t pixels[16 * 16] = { 0 };
	struct spice_cursor *cursor = start();
	for (uint32_t i = 0; i < 1000; i++) {
		pixels[0] = 0xff000000u | i;
		CHECK_EQ(feed(cursor, SPICE_CURSOR_SET,
					 make_set(SPICE_CURSOR_CACHE_ME, i, SPICE_CURSOR_ALPHA, 16,
							 16, pixels, sizeof pixels)),
				0);
	}
	CHECK_EQ(feed(cursor, SPICE_CURSOR_SET,
				 make_set(SPICE_CURSOR_FROM_CACHE, 900, 0, 0, 0, NULL, 0)),
			0);
	CHECK_EQ(got.shapes, 1001);
	CHECK_EQ(got.color[0], (0xff000000u | 900));
	CHECK_EQ(feed(cursor, SPICE_CURSOR_SET,
				 make_set(SPICE_CURSOR_FROM_CACHE, 3, 0, 0, 0, NULL, 0)),
			0);
	CHECK_EQ(got.shapes, 1001); /* evicted: the current shape stays */
	CHECK_EQ(feed(cursor, SPICE_CURSOR_INVAL_ALL, 0), 0);
	CHECK_EQ(feed(cursor, SPICE_CURSOR_SET,
				 make_set(SPICE_CURSOR_FROM_CACHE, 900, 0, 0, 0, NULL, 0)),
			0);
	CHECK_EQ(got.shapes, 1001);
	spice_cursor_destroy(cursor);
}

static void moves_show_and_hides_hide(void **state) {
	(void)state;
	struct spice_cursor *cursor = start();
	CHECK_EQ(feed(cursor, SPICE_CURSOR_HIDE, 0), 0);
	CHECK(!got.visible);
	put_word(bytes, 0x0005ffff);
	CHECK_EQ(feed(cursor, SPICE_CURSOR_MOVE, 4), 0);
	CHECK(got.visible);
	CHECK_EQ(got.x, -1);
	CHECK_EQ(got.y, 5);
	CHECK_EQ(feed(cursor, SPICE_CURSOR_MOVE, 3), -EBADMSG);
	CHECK_EQ(feed(cursor, SPICE_CURSOR_RESET, 0), 0);
	CHECK(!got.visible);
	CHECK_EQ(got.nones, 1);
	CHECK_EQ(feed(cursor, SPICE_CURSOR_SET,
				 make_set(0, 1, SPICE_CURSOR_ALPHA, 513, 1, NULL, 0)),
			-EBADMSG);
	CHECK_EQ(feed(cursor, SPICE_CURSOR_SET, make_set(0, 1, 7, 2, 2, "0123456789", 10)),
			-EBADMSG);
	spice_cursor_destroy(cursor);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_becomes_colour_and_invert),
		cmocka_unit_test(four_bits_a_pixel),
		cmocka_unit_test(the_cache_is_used_and_bounded),
		cmocka_unit_test(moves_show_and_hides_hide),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
