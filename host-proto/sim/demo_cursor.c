#include "host-proto/sim/demo_cursor.h"

#include <string.h>

#define SIDE DEMO_CURSOR_SIDE

static void put(struct demo_cursor_shape *shape, unsigned x, unsigned y, uint32_t argb) {
	memcpy(shape->pixels + (y * SIDE + x) * 4, &argb, sizeof argb);
}

static bool in_arrow(unsigned x, unsigned y) {
	return y < 24 && x <= y * 2 / 3;
}

static void draw_color(struct demo_cursor_shape *shape) {
	for (unsigned y = 0; y < SIDE; y++) {
		for (unsigned x = 0; x < SIDE; x++) {
			const bool inside = in_arrow(x, y);
			const bool edge = inside &&
					  (x == 0 || !in_arrow(x + 1, y) || !in_arrow(x, y + 1));
			const bool shadow = x >= 3 && y >= 3 && in_arrow(x - 3, y - 3);
			if (edge) {
				put(shape, x, y, 0xff000000);
			} else if (inside) {
				put(shape, x, y, 0xffffffff);
			} else if (shadow) {
				put(shape, x, y, 0x60000000);
			}
		}
	}
	shape->shape.hot_x = 0;
	shape->shape.hot_y = 0;
}

static void draw_masked(struct demo_cursor_shape *shape) {
	for (unsigned y = 0; y < SIDE; y++) {
		for (unsigned x = 0; x < SIDE; x++) {
			const int dx = (int)x - 16;
			const int dy = (int)y - 16;
			const int square = dx * dx + dy * dy;
			if (square >= 11 * 11 && square <= 13 * 13) {
				put(shape, x, y, 0x00ff8000); /* replaces */
			} else if (dx == 0 || dy == 0) {
				put(shape, x, y, 0xffffffff); /* inverts */
			} else {
				put(shape, x, y, 0xff000000); /* leaves */
			}
		}
	}
	shape->shape.hot_x = 16;
	shape->shape.hot_y = 16;
}

/* 32 x 32 visible: AND rows, then XOR rows. */
static void draw_mono(struct demo_cursor_shape *shape) {
	const unsigned pitch = SIDE / 8;
	uint8_t *and_rows = shape->pixels;
	uint8_t *xor_rows = shape->pixels + (size_t)SIDE * pitch;
	memset(and_rows, 0xff, (size_t)SIDE * pitch);
	for (unsigned y = 4; y < 28; y++) {
		for (unsigned x = 0; x < SIDE; x++) {
			const uint8_t bit = (uint8_t)(0x80 >> x % 8);
			const bool serif = (y < 6 || y >= 26) && x >= 11 && x < 21;
			if (x == 15 || x == 16 || serif) {
				xor_rows[y * pitch + x / 8] |= bit; /* inverts */
			} else if (x == 14 && y % 4 == 0) {
				and_rows[y * pitch + x / 8] &= (uint8_t)~bit; /* black */
			} else if (x == 17 && y % 4 == 0) {
				and_rows[y * pitch + x / 8] &= (uint8_t)~bit; /* white */
				xor_rows[y * pitch + x / 8] |= bit;
			}
		}
	}
	shape->shape.pitch = pitch;
	shape->shape.height = 2 * SIDE;
	shape->shape.hot_x = 16;
	shape->shape.hot_y = 16;
}

void demo_cursor_draw(unsigned type, struct demo_cursor_shape *shape) {
	memset(shape->pixels, 0, sizeof shape->pixels);
	shape->shape = (struct kvmfr_host_shape){ .type = type,
		.width = SIDE,
		.height = SIDE,
		.pitch = SIDE * 4,
		.data = shape->pixels };
	if (type == 0) {
		draw_color(shape);
	} else if (type == 1) {
		draw_mono(shape);
	} else {
		draw_masked(shape);
	}
}
