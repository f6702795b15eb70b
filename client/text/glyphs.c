#include "client/text/glyphs.h"

#include <string.h>

#include "client/text/glyphs_data.h"

#define GLYPHS_COUNT (sizeof glyphs_data / sizeof glyphs_data[0])

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

static bool box_pixel(int x, int y) {
	if (x < 1 || x > 7 || y < 4 || y > 13) {
		return false;
	}
	return x == 1 || x == 7 || y == 4 || y == 13;
}

static bool pixel(size_t index, int x, int y) {
	return index == GLYPHS_COUNT
			       ? box_pixel(x, y)
			       : (glyphs_data[index].rows[y] >> (GLYPHS_WIDTH - 1 - x) & 1) != 0;
}

/* How much of [from, from + 1) of the face lies in [at, at + 1) of `size` pixels, in parts of
 * `size`. */
static int overlap(int from, int face, int at, int size) {
	const int begin = from * size > at * face ? from * size : at * face;
	const int end = (from + 1) * size < (at + 1) * face ? (from + 1) * size : (at + 1) * face;
	return end > begin ? end - begin : 0;
}

static unsigned char coverage(size_t index, int x, int y, int width, int height) {
	int sum = 0;
	for (int row = y * GLYPHS_HEIGHT / height;
			row < GLYPHS_HEIGHT && row * height < (y + 1) * GLYPHS_HEIGHT; row++) {
		const int down = overlap(row, GLYPHS_HEIGHT, y, height);
		for (int column = x * GLYPHS_WIDTH / width;
				column < GLYPHS_WIDTH && column * width < (x + 1) * GLYPHS_WIDTH;
				column++) {
			if (pixel(index, column, row)) {
				sum += down * overlap(column, GLYPHS_WIDTH, x, width);
			}
		}
	}
	return (unsigned char)(sum * 255 / (GLYPHS_WIDTH * GLYPHS_HEIGHT));
}

void glyphs_draw(uint32_t code, int width, int height, unsigned char *pixels) {
	const size_t index = find(code);
	for (int y = 0; y < height; y++) {
		for (int x = 0; x < width; x++) {
			pixels[y * width + x] = coverage(index, x, y, width, height);
		}
	}
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
