#include "host-proto/spice/display.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/support/check.h"
#include "tests/support/spice_draw.h"

struct screen {
	struct spice_display *display;
	uint32_t *pixels;
	uint32_t width, height;
	unsigned locks, resizes, crops;
	struct spice_rect crop, monitor;
	uint64_t damaged;
	uint8_t bytes[65536];
};

static int on_resize(uint32_t width, uint32_t height, void *data) {
	struct screen *screen = data;
	free(screen->pixels);
	screen->pixels = calloc((size_t)width * height, 4);
	screen->width = width;
	screen->height = height;
	screen->resizes++;
	return 0;
}

static void on_lock(struct spice_surface *ret, void *data) {
	struct screen *screen = data;
	screen->locks++;
	*ret = (struct spice_surface){ screen->pixels, screen->width, screen->height,
		screen->width };
}

static void on_damage(uint32_t x, uint32_t y, uint32_t width, uint32_t height, void *data) {
	struct screen *screen = data;
	CHECK(x + width <= screen->width && y + height <= screen->height);
	screen->damaged += (uint64_t)width * height;
}

static void on_unlock(void *data) {
	((struct screen *)data)->locks--;
}

static void on_crop(const struct spice_rect *monitor, void *data) {
	struct screen *screen = data;
	CHECK(screen->resizes > 0); /* only of what is shown */
	CHECK(!spice_rect_is_empty(monitor) && (uint32_t)monitor->right <= screen->width &&
			(uint32_t)monitor->bottom <= screen->height);
	screen->crop = *monitor;
	screen->crops++;
}

static void on_screen(const struct spice_rect *monitor, void *data) {
	((struct screen *)data)->monitor = *monitor;
}

static int feed(struct screen *screen, unsigned type, size_t len) {
	/* A copy of the exact size, so that the sanitizer sees one byte too many. */
	uint8_t *exact = malloc(len ? len : 1);
	memcpy(exact, screen->bytes, len);
	int r;
	do {
		r = spice_display_message(screen->display, type, exact, len);
	} while (r > 0);
	free(exact);
	CHECK_EQ(screen->locks, 0);
	return r;
}

static void start(struct screen *screen, uint32_t width, uint32_t height) {
	static const struct spice_display_target target = { on_resize, on_lock, on_damage,
		on_unlock, on_crop, on_screen, NULL };
	memset(screen, 0, sizeof *screen);
	struct spice_display_target own = target;
	own.data = screen;
	CHECK_EQ(spice_display_create(&screen->display, &own), 0);
	CHECK_EQ(feed(screen, SPICE_DISPLAY_SURFACE_CREATE,
				 make_surface(screen->bytes, 0, width, height, 32, 1)),
			0);
	CHECK_EQ(screen->resizes, 0); /* not before there is something to show */
}

static void stop(struct screen *screen) {
	spice_display_destroy(screen->display);
	free(screen->pixels);
}

static uint32_t at(const struct screen *screen, uint32_t x, uint32_t y) {
	return screen->pixels[y * screen->width + x] & 0xffffff;
}

static int fill(struct screen *screen, uint32_t surface, int left, int top, int right, int bottom,
		uint32_t color, unsigned rop) {
	return feed(screen, SPICE_DISPLAY_DRAW_FILL,
			make_fill(screen->bytes, surface, left, top, right, bottom, color, rop));
}

static int copy(struct screen *screen, const int box[4], unsigned format, unsigned flags,
		uint32_t width, uint32_t height, uint32_t stride, const void *data,
		const uint32_t *palette, unsigned colors) {
	return feed(screen, SPICE_DISPLAY_DRAW_COPY,
			make_copy(screen->bytes, sizeof screen->bytes, 0, box, format, flags, width,
					height, stride, data, palette, colors));
}

static void fills_are_clipped_to_the_surface(void **state) {
	(void)state;
	struct screen s;
	start(&s, 8, 4);
	CHECK_EQ(fill(&s, 0, -5, -5, 3, 2, 0x112233, SPICE_ROP_PUT), 0);
	CHECK_EQ(s.resizes, 1);
	CHECK_EQ(s.damaged, 6);
	CHECK_EQ(at(&s, 2, 1), 0x112233);
	CHECK_EQ(at(&s, 3, 1), 0);
	CHECK_EQ(at(&s, 2, 2), 0);
	CHECK_EQ(fill(&s, 0, 6, 3, 100, 100, 0xff, SPICE_ROP_PUT), 0);
	CHECK_EQ(at(&s, 7, 3), 0xff);
	CHECK_EQ(at(&s, 5, 3), 0);
	CHECK_EQ(fill(&s, 0, 0, 0, 8, 4, 0xffffff, SPICE_ROP_XOR), 0);
	CHECK_EQ(at(&s, 2, 1), 0xeeddcc);
	CHECK_EQ(at(&s, 7, 3), 0xffff00);
	CHECK_EQ(fill(&s, 0, 3, 3, 2, 4, 0, SPICE_ROP_PUT), -EBADMSG);
	CHECK_EQ(fill(&s, 0, 0, 0, 1 << 30, 1, 0, SPICE_ROP_PUT), -EBADMSG);
	CHECK_EQ(fill(&s, 77, 0, 0, 8, 4, 0, SPICE_ROP_PUT), 0); /* an unknown surface */
	CHECK_EQ(at(&s, 2, 1), 0xeeddcc);
	stop(&s);
}

static void bitmaps_of_every_format_have_the_right_colours(void **state) {
	(void)state;
	static const uint32_t palette[16] = { 0x000000, 0xff0000, 0x00ff00, 0x0000ff };
	static const struct {
		unsigned format, stride, colors;
		uint8_t data[16]; /* two pixels: red, blue (1 bit: red = index 1, then 0) */
		uint32_t first, second;
	} table[] = {
		{ SPICE_BITMAP_32, 8, 0, { 0, 0, 255, 0, 255, 0, 0, 0 }, 0xff0000, 0xff },
		{ SPICE_BITMAP_RGBA, 8, 0, { 0, 0, 255, 255, 255, 0, 0, 255 }, 0xff0000, 0xff },
		{ SPICE_BITMAP_24, 6, 0, { 0, 0, 255, 255, 0, 0 }, 0xff0000, 0xff },
		{ SPICE_BITMAP_16, 4, 0, { 0x00, 0x7c, 0x1f, 0x00 }, 0xff0000, 0xff },
		{ SPICE_BITMAP_8, 4, 4, { 1, 3 }, 0xff0000, 0xff },
		{ SPICE_BITMAP_4_BE, 4, 4, { 0x13 }, 0xff0000, 0xff },
		{ SPICE_BITMAP_4_LE, 4, 4, { 0x31 }, 0xff0000, 0xff },
		{ SPICE_BITMAP_1_BE, 4, 2, { 0x80 }, 0xff0000, 0 },
		{ SPICE_BITMAP_1_LE, 4, 2, { 0x01 }, 0xff0000, 0 },
		{ SPICE_BITMAP_8, 4, 2, { 1, 200 }, 0xff0000, 0 }, /* behind the palette: black */
	};
	static const int box[4] = { 0, 0, 2, 1 };
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct screen s;
		start(&s, 2, 1);
		CHECK_EQ(copy(&s, box, table[i].format, SPICE_BITMAP_TOP_DOWN, 2, 1,
					 table[i].stride, table[i].data,
					 table[i].colors ? palette : NULL, table[i].colors),
				0);
		CHECK_EQ(at(&s, 0, 0), table[i].first);
		CHECK_EQ(at(&s, 1, 0), table[i].second);
		stop(&s);
	}
}

static void rows_come_in_either_order_and_scale(void **state) {
	(void)state;
	static const uint32_t rows[2] = { 0x111111, 0x222222 };
	static const int box[4] = { 0, 0, 1, 2 };
	static const int large[4] = { 0, 0, 4, 4 };
	struct screen s;
	start(&s, 4, 4);
	CHECK_EQ(copy(&s, box, SPICE_BITMAP_32, SPICE_BITMAP_TOP_DOWN, 1, 2, 4, rows, NULL, 0), 0);
	CHECK_EQ(at(&s, 0, 0), 0x111111);
	CHECK_EQ(at(&s, 0, 1), 0x222222);
	CHECK_EQ(copy(&s, box, SPICE_BITMAP_32, 0, 1, 2, 4, rows, NULL, 0), 0);
	CHECK_EQ(at(&s, 0, 0), 0x222222);
	CHECK_EQ(at(&s, 0, 1), 0x111111);
	CHECK_EQ(copy(&s, large, SPICE_BITMAP_32, SPICE_BITMAP_TOP_DOWN, 1, 2, 4, rows, NULL, 0),
			0);
	CHECK_EQ(at(&s, 3, 1), 0x111111);
	CHECK_EQ(at(&s, 3, 2), 0x222222);
	CHECK_EQ(at(&s, 0, 3), 0x222222);
	stop(&s);
}

static void clips_limit_the_draw_and_cannot_flood(void **state) {
	(void)state;
	struct screen s;
	start(&s, 100, 100);
	struct writer w = writer_of(s.bytes, sizeof s.bytes);
	write_u32(&w, 0);
	put_rect(&w, 0, 0, 100, 100);
	write_u8(&w, 1);
	write_u32(&w, 2);
	put_rect(&w, 0, 0, 1, 1);
	put_rect(&w, 99, 99, 200, 200);
	write_u8(&w, 1);
	write_u32(&w, 0xabcdef);
	write_u16(&w, SPICE_ROP_PUT);
	put_mask(&w);
	CHECK_EQ(feed(&s, SPICE_DISPLAY_DRAW_FILL, writer_len(&w)), 0);
	CHECK_EQ(s.damaged, 2);
	CHECK_EQ(at(&s, 0, 0), 0xabcdef);
	CHECK_EQ(at(&s, 99, 99), 0xabcdef);
	CHECK_EQ(at(&s, 1, 1), 0);

	/* 4000 times the whole screen: two are drawn. */
	w = writer_of(s.bytes, sizeof s.bytes);
	write_u32(&w, 0);
	put_rect(&w, 0, 0, 100, 100);
	write_u8(&w, 1);
	write_u32(&w, 4000);
	for (int i = 0; i < 4000; i++) {
		put_rect(&w, 0, 0, 100, 100);
	}
	write_u8(&w, 1);
	write_u32(&w, 0);
	write_u16(&w, SPICE_ROP_PUT);
	put_mask(&w);
	s.damaged = 0;
	CHECK_EQ(feed(&s, SPICE_DISPLAY_DRAW_FILL, writer_len(&w)), 0);
	CHECK_EQ(s.damaged, 20000);
	stop(&s);
}

/* Base, image and, for OPAQUE and ROP3, a brush: the words of a 32 bit image stand behind it. */
static int draw_image(struct screen *s, unsigned type, const int box[4], const int *clip,
		uint32_t brush, unsigned rop, uint32_t width, uint32_t height,
		const uint32_t *pixels) {
	const bool has_brush = type != SPICE_DISPLAY_DRAW_COPY;
	struct writer w = writer_of(s->bytes, sizeof s->bytes);
	write_u32(&w, 0);
	put_rect(&w, box[0], box[1], box[2], box[3]);
	write_u8(&w, clip ? 1 : 0);
	if (clip) {
		write_u32(&w, 1);
		put_rect(&w, clip[0], clip[1], clip[2], clip[3]);
	}
	const size_t rest = 4 + 16 + (has_brush ? 5 : 0) +
			    (type == SPICE_DISPLAY_DRAW_ROP3 ? 1 : 2) + 1 + 13;
	write_u32(&w, (uint32_t)(writer_len(&w) + rest));
	put_rect(&w, 0, 0, (int)width, (int)height);
	if (has_brush) {
		write_u8(&w, 1);
		write_u32(&w, brush);
	}
	if (type == SPICE_DISPLAY_DRAW_ROP3) {
		write_u8(&w, (uint8_t)rop);
	} else {
		write_u16(&w, (uint16_t)rop);
	}
	write_u8(&w, 0);
	put_mask(&w);
	put_bitmap(&w, SPICE_BITMAP_32, SPICE_BITMAP_TOP_DOWN, width, height, width * 4, pixels,
			NULL, 0);
	return feed(s, type, writer_len(&w));
}

static void a_clip_shows_its_own_part_of_the_image(void **state) {
	(void)state;
	static const int box[4] = { 1, 1, 5, 4 };
	static const int clip[4] = { 2, 2, 4, 9 };
	uint32_t pixels[4 * 3];
	struct screen s;
	for (uint32_t i = 0; i < 12; i++) {
		pixels[i] = 0x010101 * (i + 1);
	}
	start(&s, 6, 6);
	CHECK_EQ(draw_image(&s, SPICE_DISPLAY_DRAW_COPY, box, clip, 0, SPICE_ROP_PUT, 4, 3, pixels),
			0);
	for (uint32_t y = 0; y < 6; y++) {
		for (uint32_t x = 0; x < 6; x++) {
			const bool inside = x >= 2 && x < 4 && y >= 2 && y < 4;
			CHECK_EQ(at(&s, x, y), (inside ? pixels[(y - 1) * 4 + x - 1] : 0));
		}
	}
	CHECK_EQ(s.damaged, 4);
	stop(&s);
}

/* Some of the 256 by their names in Windows, each as the formula that its name stands for. */
static void ternary_operations_are_what_their_names_say(void **state) {
	(void)state;
	static const int box[4] = { 0, 0, 1, 1 };
	const uint32_t p = 0x0f0f33, s = 0x333355, d = 0x55550f;
	const struct {
		unsigned rop;
		uint32_t result;
	} table[] = {
		{ 0x00, 0 },                  /* BLACKNESS */
		{ 0xff, 0xffffff },           /* WHITENESS */
		{ 0xcc, s },                  /* SRCCOPY */
		{ 0xf0, p },                  /* PATCOPY */
		{ 0xaa, d },                  /* leaves it */
		{ 0x55, ~d & 0xffffff },      /* DSTINVERT */
		{ 0x5a, p ^ d },              /* PATINVERT */
		{ 0x66, s ^ d },              /* SRCINVERT */
		{ 0x88, s & d },              /* SRCAND */
		{ 0xee, s | d },              /* SRCPAINT */
		{ 0x44, s & ~d },             /* SRCERASE */
		{ 0xc0, p & s },              /* MERGECOPY */
		{ 0xb8, (p & ~s) | (d & s) }, /* what text with a brush is made of */
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct screen screen;
		start(&screen, 1, 1);
		CHECK_EQ(fill(&screen, 0, 0, 0, 1, 1, d, SPICE_ROP_PUT), 0);
		CHECK_EQ(draw_image(&screen, SPICE_DISPLAY_DRAW_ROP3, box, NULL, p, table[i].rop, 1,
					 1, &s),
				0);
		CHECK_EQ(at(&screen, 0, 0), table[i].result);
		stop(&screen);
	}
}

/* The image and what is under it, by the operation; the brush plays no part then. */
static void opaque_images_are_combined(void **state) {
	(void)state;
	static const int box[4] = { 0, 0, 1, 1 };
	const uint32_t s = 0x333355, d = 0x55550f;
	const struct {
		unsigned rop;
		uint32_t result;
	} table[] = {
		{ SPICE_ROP_PUT, s },
		{ SPICE_ROP_OR, s | d },
		{ SPICE_ROP_AND, s & d },
		{ SPICE_ROP_XOR, s ^ d },
		{ SPICE_ROP_AND | SPICE_ROP_INVERS_SRC, ~s & d },
		{ SPICE_ROP_OR | SPICE_ROP_INVERS_DEST, (s | ~d) & 0xffffff },
		{ SPICE_ROP_XOR | SPICE_ROP_INVERS_RES, ~(s ^ d) & 0xffffff },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct screen screen;
		start(&screen, 1, 1);
		CHECK_EQ(fill(&screen, 0, 0, 0, 1, 1, d, SPICE_ROP_PUT), 0);
		CHECK_EQ(draw_image(&screen, SPICE_DISPLAY_DRAW_OPAQUE, box, NULL, 0xabcdef,
					 table[i].rop, 1, 1, &s),
				0);
		CHECK_EQ(at(&screen, 0, 0), table[i].result);
		stop(&screen);
	}
}

static void screens_of_sixteen_bits_are_drawn(void **state) {
	(void)state;
	static const unsigned formats[] = { SPICE_SURFACE_16_555, SPICE_SURFACE_16_565 };
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		struct screen s;
		start(&s, 2, 2);
		CHECK_EQ(feed(&s, SPICE_DISPLAY_SURFACE_CREATE,
					 make_surface(s.bytes, 0, 3, 2, formats[i], 1)),
				0);
		CHECK_EQ(fill(&s, 0, 0, 0, 3, 2, 0x112233, SPICE_ROP_PUT), 0);
		CHECK_EQ(s.width, 3);
		CHECK_EQ(at(&s, 2, 1), 0x112233);
		CHECK_EQ(spice_display_take_unsupported(s.display), NULL);
		/* A format that nobody has named. */
		CHECK_EQ(feed(&s, SPICE_DISPLAY_SURFACE_CREATE,
					 make_surface(s.bytes, 0, 5, 5, 8, 1)),
				0);
		CHECK_EQ(fill(&s, 0, 0, 0, 5, 5, 0xff, SPICE_ROP_PUT), 0);
		CHECK_EQ(s.width, 3);
		CHECK(spice_display_take_unsupported(s.display) != NULL);
		stop(&s);
	}
}

static void moved_bits_survive_their_own_overlap(void **state) {
	(void)state;
	for (int i = 0; i < 4; i++) { /* up, down, to the left, to the right */
		const int step = i % 2 ? -1 : 1;
		const bool across = i >= 2;
		struct screen s;
		start(&s, across ? 8 : 1, across ? 1 : 8);
		for (int n = 0; n < 8; n++) {
			const int x = across ? n : 0, y = across ? 0 : n;
			CHECK_EQ(fill(&s, 0, x, y, x + 1, y + 1, (uint32_t)n + 1, SPICE_ROP_PUT),
					0);
		}
		struct writer w = writer_of(s.bytes, sizeof s.bytes);
		put_base(&w, 0, 0, 0, across ? 8 : 1, across ? 1 : 8);
		write_i32(&w, across ? step : 0);
		write_i32(&w, across ? 0 : step);
		CHECK_EQ(feed(&s, SPICE_DISPLAY_COPY_BITS, writer_len(&w)), 0);
		for (int n = 0; n < 8; n++) {
			int from = n + step;
			from = from < 0 ? 0 : from > 7 ? 7 : from;
			CHECK_EQ(s.pixels[n], (uint32_t)from + 1);
		}
		stop(&s);
	}
}

static void constants_are_drawn(void **state) {
	(void)state;
	static const struct {
		unsigned type;
		uint32_t color;
	} table[] = { { SPICE_DISPLAY_DRAW_BLACKNESS, 0 },
		{ SPICE_DISPLAY_DRAW_WHITENESS, 0xffffff },
		{ SPICE_DISPLAY_DRAW_INVERS, 0xedcba9 } };
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct screen s;
		start(&s, 4, 1);
		CHECK_EQ(fill(&s, 0, 0, 0, 4, 1, 0x123456, SPICE_ROP_PUT), 0);
		struct writer w = writer_of(s.bytes, sizeof s.bytes);
		put_base(&w, 0, 1, 0, 3, 1);
		put_mask(&w);
		CHECK_EQ(feed(&s, table[i].type, writer_len(&w)), 0);
		CHECK_EQ(at(&s, 0, 0), 0x123456);
		CHECK_EQ(at(&s, 3, 0), 0x123456);
		CHECK_EQ(at(&s, 1, 0), table[i].color);
		CHECK_EQ(at(&s, 2, 0), table[i].color);
		stop(&s);
	}
}

static void another_surface_is_drawn_and_copied_from(void **state) {
	(void)state;
	struct screen s;
	start(&s, 4, 4);
	CHECK_EQ(feed(&s, SPICE_DISPLAY_SURFACE_CREATE, make_surface(s.bytes, 5, 2, 2, 32, 0)), 0);
	CHECK_EQ(fill(&s, 5, 0, 0, 2, 2, 0x445566, SPICE_ROP_PUT), 0);
	CHECK_EQ(s.resizes, 0);
	struct writer w = writer_of(s.bytes, sizeof s.bytes);
	put_base(&w, 0, 1, 1, 3, 3);
	write_u32(&w, 57);
	put_rect(&w, 0, 0, 2, 2);
	write_u16(&w, SPICE_ROP_PUT);
	write_u8(&w, 0);
	put_mask(&w);
	write_u64(&w, 9);
	write_u8(&w, SPICE_IMAGE_SURFACE);
	write_u8(&w, 0);
	write_u32(&w, 2);
	write_u32(&w, 2);
	write_u32(&w, 5);
	CHECK_EQ(feed(&s, SPICE_DISPLAY_DRAW_COPY, writer_len(&w)), 0);
	CHECK_EQ(at(&s, 1, 1), 0x445566);
	CHECK_EQ(at(&s, 2, 2), 0x445566);
	CHECK_EQ(at(&s, 0, 0), 0);
	/* The surface goes: the same message draws nothing and fails nothing. */
	uint8_t again[256];
	memcpy(again, s.bytes, writer_len(&w));
	size_t len = writer_len(&w);
	memcpy(s.bytes, "\5\0\0\0", 4);
	CHECK_EQ(feed(&s, SPICE_DISPLAY_SURFACE_DESTROY, 4), 0);
	CHECK_EQ(fill(&s, 0, 0, 0, 4, 4, 0x112233, SPICE_ROP_PUT), 0);
	memcpy(s.bytes, again, len);
	CHECK_EQ(feed(&s, SPICE_DISPLAY_DRAW_COPY, len), 0);
	CHECK_EQ(at(&s, 1, 1), 0x112233);
	CHECK_EQ(at(&s, 2, 2), 0x112233);
	stop(&s);
}

static void a_mode_change_starts_a_new_picture(void **state) {
	(void)state;
	struct screen s;
	start(&s, 4, 4);
	CHECK_EQ(fill(&s, 0, 0, 0, 4, 4, 0xff, SPICE_ROP_PUT), 0);
	memcpy(s.bytes, "\0\0\0\0", 4);
	CHECK_EQ(feed(&s, SPICE_DISPLAY_SURFACE_DESTROY, 4), 0);
	CHECK_EQ(s.resizes, 1);
	CHECK_EQ(at(&s, 0, 0), 0xff); /* the old picture stays meanwhile */
	CHECK_EQ(feed(&s, SPICE_DISPLAY_SURFACE_CREATE, make_surface(s.bytes, 0, 6, 2, 32, 1)), 0);
	CHECK_EQ(fill(&s, 0, 0, 0, 1, 1, 0x10, SPICE_ROP_PUT), 0);
	CHECK_EQ(s.resizes, 2);
	CHECK_EQ(s.width, 6);
	CHECK_EQ(at(&s, 0, 0), 0x10);
	CHECK_EQ(at(&s, 1, 0), 0);
	stop(&s);
}

static void lies_in_the_image_are_refused(void **state) {
	(void)state;
	static const uint32_t pixel[4] = { 0 };
	static const int box[4] = { 0, 0, 2, 2 };
	static const struct {
		size_t offset; /* of a u32 in the message */
		uint32_t value;
	} lies[] = {
		{ 21, 0xffffff }, { 21, 0 },               /* image offset */
		{ 25, 0x80000000 }, { 33, 3 }, { 37, 3 },  /* src_area */
		{ 67, 3 }, { 67, 0 }, { 67, 0xffffffff },  /* width of the image */
		{ 71, 20000 },                             /* its height */
		{ 77, 1 },                                 /* width of the bitmap */
		{ 85, 7 }, { 85, 0x80000000 }, { 85, 12 }, /* stride */
	};
	struct screen s;
	start(&s, 4, 4);
	size_t len = make_copy(s.bytes, sizeof s.bytes, 0, box, SPICE_BITMAP_32,
			SPICE_BITMAP_TOP_DOWN, 2, 2, 8, pixel, NULL, 0);
	CHECK_EQ(feed(&s, SPICE_DISPLAY_DRAW_COPY, len), 0);
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		uint8_t saved[4];
		memcpy(saved, s.bytes + lies[i].offset, 4);
		memcpy(s.bytes + lies[i].offset, &lies[i].value, 4);
		CHECK_EQ(feed(&s, SPICE_DISPLAY_DRAW_COPY, len), -EBADMSG);
		memcpy(s.bytes + lies[i].offset, saved, 4);
	}
	for (size_t shorter = 0; shorter < len; shorter++) {
		CHECK_EQ(feed(&s, SPICE_DISPLAY_DRAW_COPY, shorter), -EBADMSG);
	}
	CHECK_EQ(spice_display_take_unsupported(s.display), NULL);
	s.bytes[65] = 101; /* LZ_RGB: not asked for; named, not failed */
	CHECK_EQ(feed(&s, SPICE_DISPLAY_DRAW_COPY, len), 0);
	CHECK(spice_display_take_unsupported(s.display) != NULL);
	CHECK_EQ(spice_display_take_unsupported(s.display), NULL);
	stop(&s);
}

static void surfaces_are_bounded(void **state) {
	(void)state;
	struct screen s;
	start(&s, 4, 4);
	CHECK_EQ(feed(&s, SPICE_DISPLAY_SURFACE_CREATE, make_surface(s.bytes, 1, 16385, 1, 32, 0)),
			-EBADMSG);
	CHECK_EQ(feed(&s, SPICE_DISPLAY_SURFACE_CREATE,
				 make_surface(s.bytes, 1, 16384, 16384, 32, 0)),
			-EBADMSG);
	for (uint32_t id = 1; id < 100; id++) {
		CHECK_EQ(feed(&s, SPICE_DISPLAY_SURFACE_CREATE,
					 make_surface(s.bytes, id, 10, 10, 32, 0)),
				0);
	}
	CHECK(spice_display_take_unsupported(s.display) != NULL);
	stop(&s);
}

struct head {
	uint32_t surface, width, height, x, y;
};

static int feed_heads(struct screen *s, unsigned count, const struct head *heads, size_t there) {
	struct writer w = writer_of(s->bytes, sizeof s->bytes);
	write_u16(&w, (uint16_t)count);
	write_u16(&w, 4);
	for (uint32_t i = 0; i < there; i++) {
		const uint32_t words[] = { i, heads[i].surface, heads[i].width, heads[i].height,
			heads[i].x, heads[i].y, 0 };
		for (size_t word = 0; word < 7; word++) {
			write_u32(&w, words[word]);
		}
	}
	return feed(s, SPICE_DISPLAY_MONITORS_CONFIG, writer_len(&w));
}

static bool rect_is(const struct spice_rect *rect, int left, int top, int right, int bottom) {
	return rect->left == left && rect->top == top && rect->right == right &&
	       rect->bottom == bottom;
}

static void one_monitor_of_the_surface_is_shown(void **state) {
	(void)state;
	struct screen s;
	start(&s, 64, 32);
	CHECK(rect_is(&s.monitor, 0, 0, 64, 32));
	/* Told before anything is drawn: positions know at once, the picture with the first draw.
	 */
	const struct head second[] = { { 7, 9, 9, 0, 0 }, { 0, 30, 20, 34, 12 } };
	CHECK_EQ(feed_heads(&s, 2, second, 2), 0);
	CHECK(rect_is(&s.monitor, 34, 12, 64, 32));
	CHECK_EQ(s.crops, 0);
	CHECK_EQ(feed(&s, SPICE_DISPLAY_DRAW_FILL,
				 make_fill(s.bytes, 0, 0, 0, 64, 32, 0x123456, SPICE_ROP_PUT)),
			0);
	CHECK_EQ(s.crops, 1);
	CHECK(rect_is(&s.crop, 34, 12, 64, 32));
	const struct head first[] = { { 0, 10, 8, 0, 0 }, { 0, 30, 20, 34, 12 } };
	CHECK_EQ(feed_heads(&s, 2, first, 2), 0);
	CHECK_EQ(s.crops, 2);
	CHECK(rect_is(&s.crop, 0, 0, 10, 8));
	CHECK(rect_is(&s.monitor, 0, 0, 10, 8));

	/* Heads that do not fit, or have no such surface, change nothing. */
	static const struct head lies[] = { { 0, 65, 1, 0, 0 }, { 0, 1, 33, 0, 0 },
		{ 0, 1, 1, 64, 0 }, { 0, 1, 1, 0, 32 }, { 0, 0, 1, 0, 0 }, { 0, 1, 0, 0, 0 },
		{ 0, UINT32_MAX, 1, 1, 0 }, { 0, 1, UINT32_MAX, 0, UINT32_MAX },
		{ 1, 1, 1, 0, 0 } };
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		CHECK_EQ(feed_heads(&s, 1, &lies[i], 1), 0);
		CHECK_EQ(s.crops, 2);
	}
	CHECK_EQ(feed_heads(&s, 0, NULL, 0), 0);
	CHECK_EQ(s.crops, 2);
	CHECK_EQ(feed_heads(&s, 3, lies, 2), -EBADMSG); /* more announced than there are */
	CHECK_EQ(s.crops, 2);

	/* A new surface has no monitors yet: all of it. */
	CHECK_EQ(feed(&s, SPICE_DISPLAY_SURFACE_CREATE, make_surface(s.bytes, 0, 20, 10, 32, 1)),
			0);
	CHECK(rect_is(&s.monitor, 0, 0, 20, 10));
	CHECK_EQ(s.crops, 2);
	CHECK_EQ(feed(&s, SPICE_DISPLAY_DRAW_FILL,
				 make_fill(s.bytes, 0, 0, 0, 1, 1, 0, SPICE_ROP_PUT)),
			0);
	CHECK_EQ(s.crops, 3);
	CHECK(rect_is(&s.crop, 0, 0, 20, 10));
	stop(&s);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_are_clipped_to_the_surface),
		cmocka_unit_test(bitmaps_of_every_format_have_the_right_colours),
		cmocka_unit_test(rows_come_in_either_order_and_scale),
		cmocka_unit_test(clips_limit_the_draw_and_cannot_flood),
		cmocka_unit_test(a_clip_shows_its_own_part_of_the_image),
		cmocka_unit_test(ternary_operations_are_what_their_names_say),
		cmocka_unit_test(opaque_images_are_combined),
		cmocka_unit_test(screens_of_sixteen_bits_are_drawn),
		cmocka_unit_test(moved_bits_survive_their_own_overlap),
		cmocka_unit_test(constants_are_drawn),
		cmocka_unit_test(another_surface_is_drawn_and_copied_from),
		cmocka_unit_test(a_mode_change_starts_a_new_picture),
		cmocka_unit_test(lies_in_the_image_are_refused),
		cmocka_unit_test(surfaces_are_bounded),
		cmocka_unit_test(one_monitor_of_the_surface_is_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
