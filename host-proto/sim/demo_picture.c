#include "host-proto/sim/demo_picture.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host-proto/sim/bitmap_font.h"
#include "host-proto/sim/demo_scene.h"
#include "host-proto/stamp.h"

#define BANDS      5
#define BARS       8
#define PIXEL_MAX  8 /* bytes */
#define DIGITS     8
#define CELL_WIDTH (BITMAP_FONT_WIDTH + 2) /* dots, with a black rim */
#define CELL_HIGH  (BITMAP_FONT_HEIGHT + 2)
#define SDR_NITS   203.0

#define BLACK   0x000000u
#define WHITE   0xffffffu
#define MAGENTA 0xff00ffu

struct pixel {
	uint8_t bytes[PIXEL_MAX];
};

struct area {
	uint32_t x, y, width, height;
};

struct demo_picture {
	struct frame frame;
	unsigned bpp;
	enum demo_damage damage;
	double percent;
	uint8_t *pixels;
	uint8_t *bands;           /* BANDS rows of background, pitch bytes each */
	struct demo_scene *scene; /* NULL: the test picture */
	struct pixel black, white;
	uint16_t half_of[256]; /* sRGB value to linear, as half float */
	double linear_of[256];

	unsigned scale; /* pixels of a dot of the counter */
	char digits[DIGITS + 1];
	char text[DEMO_TEXT_LINES][DEMO_TEXT_BYTES];
	bool text_changed[DEMO_TEXT_LINES];
	struct area box;
	uint64_t noise;

	unsigned touched_count;
	struct area touched[FRAME_DAMAGE_MAX];
	bool all_touched;
};

/* --- colours ------------------------------------------------------------------------------ */

/* The nearest half float of a value in 0..65504. */
static uint16_t half_from(double value) {
	if (value <= 0) {
		return 0;
	}
	int exponent;
	double mantissa = frexp(value, &exponent); /* 0.5..1 */
	exponent--;
	if (exponent < -14) {
		return (uint16_t)lrint(ldexp(value, 24));
	}
	long bits = lrint(ldexp(mantissa * 2 - 1, 10));
	return (uint16_t)(((exponent + 15) << 10) + bits);
}

static double linear_from_srgb(double value) {
	return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

/* SMPTE ST 2084, of a luminance in cd/m2. */
static double pq_from_nits(double nits) {
	const double y = pow(nits / 10000, 2610.0 / 16384);
	return pow((3424.0 / 4096 + 2413.0 / 128 * y) / (1 + 2392.0 / 128 * y),
			2523.0 / 4096 * 128);
}

static uint32_t word10(double r, double g, double b) {
	return (uint32_t)lrint(r * 1023) | (uint32_t)lrint(g * 1023) << 10 |
	       (uint32_t)lrint(b * 1023) << 20;
}

static uint32_t encode10(const struct demo_picture *picture, unsigned r, unsigned g, unsigned b) {
	if (!(picture->frame.flags & FRAME_HDR)) {
		return word10(r / 255.0, g / 255.0, b / 255.0);
	}
	const double lr = picture->linear_of[r];
	const double lg = picture->linear_of[g];
	const double lb = picture->linear_of[b];
	if (!(picture->frame.flags & FRAME_HDR_PQ)) {
		return word10(lr, lg, lb);
	}
	/* BT.709 to BT.2020 primaries (ITU-R BT.2087), SDR white at 203 cd/m2 (BT.2408) */
	return word10(pq_from_nits(SDR_NITS * (0.6274 * lr + 0.3293 * lg + 0.0433 * lb)),
			pq_from_nits(SDR_NITS * (0.0691 * lr + 0.9195 * lg + 0.0114 * lb)),
			pq_from_nits(SDR_NITS * (0.0164 * lr + 0.0880 * lg + 0.8956 * lb)));
}

static struct pixel encode(const struct demo_picture *picture, uint32_t rgb) {
	const uint8_t r = (uint8_t)(rgb >> 16);
	const uint8_t g = (uint8_t)(rgb >> 8);
	const uint8_t b = (uint8_t)rgb;
	struct pixel pixel = { { 0 } };
	uint32_t word;
	uint16_t halves[4];
	switch (picture->frame.format) {
	case FRAME_FORMAT_NONE:
		break;
	case FRAME_FORMAT_BGRA: /* the fourth byte stays 0: alpha means nothing */
	case FRAME_FORMAT_BGR_32:
		pixel.bytes[0] = b;
		pixel.bytes[1] = g;
		pixel.bytes[2] = r;
		break;
	case FRAME_FORMAT_RGBA:
	case FRAME_FORMAT_RGB_24:
		pixel.bytes[0] = r;
		pixel.bytes[1] = g;
		pixel.bytes[2] = b;
		break;
	case FRAME_FORMAT_RGBA10:
		word = encode10(picture, r, g, b);
		memcpy(pixel.bytes, &word, sizeof word);
		break;
	case FRAME_FORMAT_RGBA16F:
		halves[0] = picture->half_of[r];
		halves[1] = picture->half_of[g];
		halves[2] = picture->half_of[b];
		halves[3] = 0;
		memcpy(pixel.bytes, halves, sizeof halves);
		break;
	}
	return pixel;
}

static const uint32_t bars[BARS] = { WHITE, 0xffff00, 0x00ffff, 0x00ff00, MAGENTA, 0xff0000,
	0x0000ff, BLACK };

static unsigned band_at(uint32_t height, uint32_t y) {
	const uint32_t half = height / 2;
	if (y < half) {
		return 0;
	}
	const unsigned ramp = (unsigned)((uint64_t)(y - half) * 4 / (height - half));
	return 1 + ramp;
}

static uint32_t band_color(uint32_t width, unsigned band, uint32_t x) {
	if (band == 0) {
		return bars[(uint64_t)x * BARS / width];
	}
	const uint32_t value = width > 1 ? (uint32_t)((uint64_t)x * 255 / (width - 1)) : 0;
	switch (band) {
	case 1:
		return value << 16;
	case 2:
		return value << 8;
	case 3:
		return value;
	default:
		return value << 16 | value << 8 | value;
	}
}

uint32_t demo_background(uint32_t width, uint32_t height, uint32_t x, uint32_t y) {
	return band_color(width, band_at(height, y), x);
}

/* --- painting ----------------------------------------------------------------------------- */

static uint8_t *at(const struct demo_picture *picture, uint32_t x, uint32_t y) {
	return picture->pixels + (size_t)y * picture->frame.pitch + (size_t)x * picture->bpp;
}

static struct area clip(const struct demo_picture *picture, struct area area) {
	const uint32_t width = picture->frame.width;
	const uint32_t height = picture->frame.height;
	if (area.x >= width || area.y >= height) {
		return (struct area){ 0, 0, 0, 0 };
	}
	if (area.width > width - area.x) {
		area.width = width - area.x;
	}
	if (area.height > height - area.y) {
		area.height = height - area.y;
	}
	return area;
}

static void touch(struct demo_picture *picture, struct area area) {
	area = clip(picture, area);
	if (area.width == 0 || area.height == 0) {
		return;
	}
	if (picture->touched_count == FRAME_DAMAGE_MAX) {
		picture->all_touched = true;
		return;
	}
	picture->touched[picture->touched_count++] = area;
}

static void fill(struct demo_picture *picture, struct area area, struct pixel pixel) {
	area = clip(picture, area);
	const size_t bytes = (size_t)area.width * picture->bpp;
	for (uint32_t x = 0; x < area.width && area.height > 0; x++) {
		memcpy(at(picture, area.x + x, area.y), pixel.bytes, picture->bpp);
	}
	for (uint32_t y = 1; y < area.height; y++) {
		memcpy(at(picture, area.x, area.y + y), at(picture, area.x, area.y), bytes);
	}
}

static void restore(struct demo_picture *picture, struct area area) {
	area = clip(picture, area);
	for (uint32_t y = area.y; y < area.y + area.height; y++) {
		const uint8_t *row = picture->bands + (size_t)band_at(picture->frame.height, y) *
								      picture->frame.pitch;
		memcpy(at(picture, area.x, y), row + (size_t)area.x * picture->bpp,
				(size_t)area.width * picture->bpp);
	}
}

static void draw_glyph(struct demo_picture *picture, char character, uint32_t x, uint32_t y,
		unsigned scale) {
	const uint8_t *rows = bitmap_font_glyph(character);
	fill(picture, (struct area){ x, y, CELL_WIDTH * scale, CELL_HIGH * scale }, picture->black);
	for (unsigned row = 0; row < BITMAP_FONT_HEIGHT; row++) {
		for (unsigned column = 0; column < BITMAP_FONT_WIDTH; column++) {
			if (rows[row] & 0x10 >> column) {
				fill(picture,
						(struct area){ x + (column + 1) * scale,
								y + (row + 1) * scale, scale,
								scale },
						picture->white);
			}
		}
	}
}

static void paint_counter(struct demo_picture *picture, uint32_t serial) {
	char digits[DIGITS + 1];
	const unsigned scale = picture->scale;
	const uint32_t width = DIGITS * CELL_WIDTH * scale;
	const uint32_t x = picture->frame.width > width ? (picture->frame.width - width) / 2 : 0;
	const uint32_t y = picture->frame.height / 8;
	snprintf(digits, sizeof digits, "%08u", serial % 100000000u);
	for (unsigned i = 0; i < DIGITS; i++) {
		if (digits[i] != picture->digits[i]) {
			const uint32_t left = x + i * CELL_WIDTH * scale;
			draw_glyph(picture, digits[i], left, y, scale);
			touch(picture, (struct area){ left, y, CELL_WIDTH * scale,
						       CELL_HIGH * scale });
		}
	}
	memcpy(picture->digits, digits, sizeof digits);
}

/* Goes to and fro over the ramps. */
static void paint_box(struct demo_picture *picture, uint32_t serial) {
	const uint32_t side = picture->frame.height / 8;
	if (side < 4 || picture->frame.width <= side) {
		return;
	}
	const uint32_t way = picture->frame.width - side;
	const uint32_t step = picture->frame.width / 240 + 1;
	const uint32_t along = (uint32_t)((uint64_t)serial * step % (2ull * way));
	const struct area before = picture->box;
	const struct area now = { along < way ? along : 2 * way - along,
		picture->frame.height * 11 / 16, side, side };
	if (before.width) {
		restore(picture, before);
		touch(picture, before);
	}
	fill(picture, now, picture->white);
	fill(picture, (struct area){ now.x + 2, now.y + 2, side - 4, side - 4 },
			encode(picture, MAGENTA));
	touch(picture, now);
	picture->box = now;
}

static void paint_text(struct demo_picture *picture) {
	const unsigned scale = picture->scale / 3 ? picture->scale / 3 : 1;
	for (unsigned i = 0; i < DEMO_TEXT_LINES; i++) {
		if (!picture->text_changed[i]) {
			continue;
		}
		picture->text_changed[i] = false;
		/* beside the stamps */
		const struct area line = { STAMP_WIDTH_PX,
			picture->frame.height / 4 + i * (CELL_HIGH + 1) * scale,
			picture->frame.width, CELL_HIGH * scale };
		restore(picture, line);
		for (unsigned c = 0; picture->text[i][c]; c++) {
			draw_glyph(picture, picture->text[i][c],
					line.x + (c + 1) * CELL_WIDTH * scale, line.y, scale);
		}
		touch(picture, line);
	}
}

static void put_cell(const struct demo_picture *picture, uint8_t *row, unsigned cell, bool white) {
	const struct pixel *pixel = white ? &picture->white : &picture->black;
	uint8_t *to = row + (size_t)cell * STAMP_CELL_PX * picture->bpp;
	for (unsigned i = 0; i < STAMP_CELL_PX; i++) {
		memcpy(to + (size_t)i * picture->bpp, pixel->bytes, picture->bpp);
	}
}

static void paint_stamps(struct demo_picture *picture, uint32_t serial) {
	uint8_t row[STAMP_WIDTH_PX * PIXEL_MAX];
	const size_t bytes = (size_t)STAMP_WIDTH_PX * picture->bpp;
	const unsigned all = picture->frame.height / STAMP_STRIPE_ROWS;
	const unsigned stripes = picture->damage == DEMO_DAMAGE_FULL ? all : all < 1 ? all : 1;
	if (picture->frame.width < STAMP_WIDTH_PX) {
		return;
	}
	for (unsigned stripe = 0; stripe < stripes; stripe++) {
		/* The serial is the same in all of them. */
		for (unsigned cell = stripe ? 34 : 0; cell < STAMP_CELLS; cell++) {
			put_cell(picture, row, cell, stamp_cell(serial, stripe & 0xff, cell));
		}
		const struct area area = { 0, stripe * STAMP_STRIPE_ROWS + STAMP_TOP_PX,
			STAMP_WIDTH_PX, STAMP_CELL_PX };
		for (unsigned i = 0; i < STAMP_CELL_PX; i++) {
			memcpy(at(picture, 0, area.y + i), row, bytes);
		}
		touch(picture, area);
	}
}

static void paint_noise(struct demo_picture *picture) {
	const double part = sqrt(picture->percent / 100);
	const uint32_t width = (uint32_t)(picture->frame.width * part) + 1;
	const uint32_t height = (uint32_t)(picture->frame.height * part) + 1;
	const struct area area = clip(picture,
			(struct area){ (picture->frame.width - width) / 2,
					(picture->frame.height - height) * 3 / 4, width, height });
	const size_t bytes = (size_t)area.width * picture->bpp;
	if (area.width == 0) {
		return;
	}
	/* One row of noise, shifted from row to row. */
	for (uint32_t x = 0; x < area.width; x++) {
		picture->noise = picture->noise * 6364136223846793005ull + 1442695040888963407ull;
		const struct pixel pixel = encode(picture, (uint32_t)(picture->noise >> 40));
		memcpy(at(picture, area.x + x, area.y), pixel.bytes, picture->bpp);
	}
	for (uint32_t y = 1; y < area.height; y++) {
		const size_t shift = (size_t)(y * 37 % area.width) * picture->bpp;
		const uint8_t *first = at(picture, area.x, area.y);
		memcpy(at(picture, area.x, area.y + y), first + shift, bytes - shift);
		memcpy(at(picture, area.x, area.y + y) + (bytes - shift), first, shift);
	}
	touch(picture, area);
}

void demo_picture_set_text(struct demo_picture *picture, unsigned line, const char *text) {
	char *own = picture->text[line];
	if (strncmp(own, text, DEMO_TEXT_BYTES - 1) != 0) {
		snprintf(own, DEMO_TEXT_BYTES, "%s", text);
		picture->text_changed[line] = true;
	}
}

static void paint_scene(struct demo_picture *picture, uint32_t serial) {
	const char *lines[DEMO_TEXT_LINES];
	struct demo_area areas[DEMO_SCENE_AREAS];
	for (unsigned i = 0; i < DEMO_TEXT_LINES; i++) {
		lines[i] = picture->text[i];
	}
	const unsigned count =
			demo_scene_paint(picture->scene, serial, lines, DEMO_TEXT_LINES, areas);
	const uint32_t *canvas = demo_scene_pixels(picture->scene);
	for (unsigned i = 0; i < count; i++) {
		const struct area area =
				clip(picture, (struct area){ areas[i].x, areas[i].y, areas[i].width,
							      areas[i].height });
		for (uint32_t y = area.y; y < area.y + area.height; y++) {
			const uint32_t *from = canvas + (size_t)y * picture->frame.width + area.x;
			uint8_t *to = at(picture, area.x, y);
			if (picture->frame.format == FRAME_FORMAT_BGRA) {
				memcpy(to, from, (size_t)area.width * sizeof *from);
				continue;
			}
			for (uint32_t x = 0; x < area.width; x++, to += picture->bpp) {
				const struct pixel pixel = encode(picture, from[x]);
				memcpy(to, pixel.bytes, picture->bpp);
			}
		}
		touch(picture, area);
	}
}

static void paint_test(struct demo_picture *picture, uint32_t serial) {
	if (picture->damage == DEMO_DAMAGE_PERCENT) {
		paint_noise(picture);
	} else {
		paint_counter(picture, serial);
		paint_box(picture, serial);
	}
	paint_text(picture);
	paint_stamps(picture, serial);
}

void demo_picture_paint(struct demo_picture *picture, uint32_t serial, struct frame *frame) {
	picture->touched_count = 0;
	picture->all_touched = picture->damage == DEMO_DAMAGE_FULL;
	if (picture->scene) {
		paint_scene(picture, serial);
	} else {
		paint_test(picture, serial);
	}

	frame->damage_count = 0;
	if (picture->all_touched) {
		return;
	}
	for (unsigned i = 0; i < picture->touched_count; i++) {
		const struct area *area = &picture->touched[i];
		frame->damage[frame->damage_count++] =
				(struct frame_rect){ area->x, area->y, area->width, area->height };
	}
}

const uint8_t *demo_picture_pixels(const struct demo_picture *picture) {
	return picture->pixels;
}

/* --- life --------------------------------------------------------------------------------- */

int demo_picture_create(struct demo_picture **ret_picture, const struct frame *frame,
		enum demo_damage damage, double percent) {
	struct demo_picture *picture = calloc(1, sizeof *picture);
	if (!picture) {
		return -ENOMEM;
	}
	picture->frame = *frame;
	picture->bpp = frame_bytes_per_pixel(frame->format);
	picture->damage = damage;
	picture->percent = percent;
	picture->noise = 1;
	picture->scale = frame->height / 120 ? frame->height / 120 : 1;
	picture->pixels = calloc(frame->height, frame->pitch);
	picture->bands = calloc(BANDS, frame->pitch);
	if (!picture->pixels || !picture->bands) {
		demo_picture_destroy(picture);
		return -ENOMEM;
	}
	for (unsigned i = 0; i < 256; i++) {
		picture->linear_of[i] = linear_from_srgb(i / 255.0);
		picture->half_of[i] = half_from(picture->linear_of[i]);
	}
	picture->black = encode(picture, BLACK);
	picture->white = encode(picture, WHITE);
	for (unsigned band = 0; band < BANDS; band++) {
		uint8_t *row = picture->bands + (size_t)band * frame->pitch;
		for (uint32_t x = 0; x < frame->width; x++) {
			const struct pixel pixel =
					encode(picture, band_color(frame->width, band, x));
			memcpy(row + (size_t)x * picture->bpp, pixel.bytes, picture->bpp);
		}
	}
	restore(picture, (struct area){ 0, 0, frame->width, frame->height });
	if (damage == DEMO_DAMAGE_SCENE) {
		int r = demo_scene_create(&picture->scene, frame->width, frame->height);
		if (r == -ENOMEM) {
			demo_picture_destroy(picture);
			return r;
		}
	}
	*ret_picture = picture;
	return 0;
}

void demo_picture_destroy(struct demo_picture *picture) {
	if (!picture) {
		return;
	}
	demo_scene_destroy(picture->scene);
	free(picture->bands);
	free(picture->pixels);
	free(picture);
}
