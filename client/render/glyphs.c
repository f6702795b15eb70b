#include "client/render/glyphs.h"

#include <assert.h>
#include <string.h>

#include "client/render/glyphs_data.h"

#define GLYPHS_COUNT (sizeof glyphs_data / sizeof glyphs_data[0])

static_assert((GLYPHS_COUNT + GLYPHS_COLUMNS) / GLYPHS_COLUMNS * (GLYPHS_HEIGHT + 1) <=
				GLYPHS_ATLAS_HEIGHT,
		"the atlas has room for every glyph and the box");
static_assert(GLYPHS_COLUMNS * (GLYPHS_WIDTH + 1) <= GLYPHS_FREE_X, "columns fit");

static void cell(size_t index, int *ret_x, int *ret_y) {
	*ret_x = (int)(index % GLYPHS_COLUMNS) * (GLYPHS_WIDTH + 1);
	*ret_y = (int)(index / GLYPHS_COLUMNS) * (GLYPHS_HEIGHT + 1);
}

static bool box_pixel(int x, int y) {
	if (x < 1 || x > 7 || y < 4 || y > 13) {
		return false;
	}
	return x == 1 || x == 7 || y == 4 || y == 13;
}

void glyphs_draw_atlas(unsigned char *pixels) {
	memset(pixels, 0, (size_t)GLYPHS_ATLAS_WIDTH * GLYPHS_ATLAS_HEIGHT);
	for (size_t i = 0; i <= GLYPHS_COUNT; i++) {
		int left, top;
		cell(i, &left, &top);
		for (int y = 0; y < GLYPHS_HEIGHT; y++) {
			for (int x = 0; x < GLYPHS_WIDTH; x++) {
				const bool on = i == GLYPHS_COUNT
								? box_pixel(x, y)
								: (glyphs_data[i].rows[y] >> (GLYPHS_WIDTH - 1 -
													     x) &
										  1) != 0;
				pixels[(top + y) * GLYPHS_ATLAS_WIDTH + left + x] = on ? 255 : 0;
			}
		}
	}
}

/* GLYPHS_COUNT (the box) if it is not there. */
static size_t find(uint32_t code) {
	size_t low = 0, high = GLYPHS_COUNT;
	while (low < high) {
		const size_t middle = (low + high) / 2;
		if (glyphs_data[middle].code < code) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < GLYPHS_COUNT && glyphs_data[low].code == code ? low : GLYPHS_COUNT;
}

bool glyphs_has(uint32_t code) {
	return find(code) < GLYPHS_COUNT;
}

void glyphs_find(uint32_t code, float ret_uv[4]) {
	int x, y;
	cell(find(code), &x, &y);
	ret_uv[0] = (float)x / GLYPHS_ATLAS_WIDTH;
	ret_uv[1] = (float)y / GLYPHS_ATLAS_HEIGHT;
	ret_uv[2] = (float)(x + GLYPHS_WIDTH) / GLYPHS_ATLAS_WIDTH;
	ret_uv[3] = (float)(y + GLYPHS_HEIGHT) / GLYPHS_ATLAS_HEIGHT;
}

int glyphs_columns(uint32_t code) {
	static const struct {
		uint32_t first, last;
	} wide[] = {
		{ 0x1100, 0x115f }, /* Hangul Jamo */
		{ 0x2e80, 0xa4cf }, /* CJK signs and ideographs, Kana, Yi */
		{ 0xac00, 0xd7a3 }, /* Hangul */
		{ 0xf900, 0xfaff }, /* compatibility ideographs */
		{ 0xfe30, 0xfe6f }, /* their punctuation */
		{ 0xff00, 0xff60 }, /* full width */
		{ 0xffe0, 0xffe6 },
		{ 0x1f300, 0x1f9ff }, /* pictures */
		{ 0x20000, 0x3fffd },
	};
	for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
		if (code >= wide[i].first && code <= wide[i].last) {
			return 2;
		}
	}
	return 1;
}
