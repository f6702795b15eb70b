/*
 * Reads what the player wrote on a screen, as a person would: its own glyphs in a capture of the
 * screen (binary PPM), each of whose pixels has the text's colour where the glyph has ink, and
 * another one elsewhere. For texts of the default size, in which the embedded face is drawn pixel
 * by pixel (renderer_glyphs.c), on what does not shine through.   usage: screen_text FILE.ppm
 *
 * Prints "X Y TEXT" for each run of at least three glyphs, from the top.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/text/glyphs.h"

#define FIRST   0x21u
#define LAST    0x7eu
#define CODES   (LAST - FIRST + 1)
#define LONGEST 256
#define LEAST   3
#define PIXELS  (GLYPHS_WIDTH * GLYPHS_HEIGHT)

struct screen {
	int width, height;
	uint32_t *words; /* 0xRRGGBB */
	bool *read;      /* belongs to a text already */
};

struct face {
	unsigned char ink[PIXELS];
	int first; /* pixel that has ink; PIXELS = none has */
};
static struct face faces[CODES];
static struct face blank = { .first = PIXELS };

static bool load(const char *path, struct screen *screen) {
	FILE *file = fopen(path, "rb");
	char magic[3];
	int most;
	if (!file ||
			fscanf(file, "%2s %d %d %d", magic, &screen->width, &screen->height,
					&most) != 4 ||
			strcmp(magic, "P6") != 0 || most != 255 || fgetc(file) == EOF ||
			screen->width < 1 || screen->width > 16384 || screen->height < 1 ||
			screen->height > 16384) {
		return false;
	}
	const size_t count = (size_t)screen->width * (size_t)screen->height;
	screen->words = calloc(count, sizeof *screen->words);
	screen->read = calloc(count, sizeof *screen->read);
	unsigned char pixel[3];
	size_t i = 0;
	while (screen->words && screen->read && i < count && fread(pixel, 3, 1, file) == 1) {
		screen->words[i++] = (uint32_t)pixel[0] << 16 | (uint32_t)pixel[1] << 8 | pixel[2];
	}
	fclose(file);
	return i == count;
}

static uint32_t word_at(const struct screen *screen, int x, int y, int pixel) {
	const int row = y + pixel / GLYPHS_WIDTH, column = x + pixel % GLYPHS_WIDTH;
	return screen->words[(size_t)row * (size_t)screen->width + (size_t)column];
}

/* Whether that glyph stands there, in that colour. From its first ink on, then what is above. */
static bool stands(const struct screen *screen, int x, int y, const struct face *face,
		uint32_t color) {
	for (int i = face->first; i < PIXELS; i++) {
		if ((word_at(screen, x, y, i) == color) != (face->ink[i] != 0)) {
			return false;
		}
	}
	for (int i = 0; i < face->first; i++) {
		if (word_at(screen, x, y, i) == color) {
			return false;
		}
	}
	return true;
}

/* ' ' = a blank, '\0' = nothing that is known. The first glyph of a text says the colour. */
static char read_cell(const struct screen *screen, int x, int y, uint32_t *color, bool is_first) {
	if (x + GLYPHS_WIDTH > screen->width || y + GLYPHS_HEIGHT > screen->height) {
		return '\0';
	}
	for (unsigned i = 0; i < CODES; i++) {
		const uint32_t own = is_first ? word_at(screen, x, y, faces[i].first) : *color;
		if (stands(screen, x, y, &faces[i], own)) {
			*color = own;
			return (char)(FIRST + i);
		}
	}
	return !is_first && stands(screen, x, y, &blank, *color) ? ' ' : '\0';
}

/* The text that begins there. Two blanks end it. Returns how many glyphs it has. */
static int read_run(const struct screen *screen, int x, int y, char text[static LONGEST]) {
	uint32_t color = 0;
	int len = 0, glyphs = 0;
	char cell = read_cell(screen, x, y, &color, true);
	while (cell && len < LONGEST - 1 && !(cell == ' ' && len > 0 && text[len - 1] == ' ')) {
		text[len++] = cell;
		glyphs += cell != ' ';
		cell = read_cell(screen, x + len * GLYPHS_WIDTH, y, &color, false);
	}
	while (len > 0 && text[len - 1] == ' ') {
		len--;
	}
	text[len] = '\0';
	return glyphs;
}

static void mark(struct screen *screen, int x, int y, int width) {
	for (int row = 0; row < GLYPHS_HEIGHT; row++) {
		bool *read = screen->read + (size_t)(y + row) * (size_t)screen->width + x;
		memset(read, true, (size_t)width * sizeof *read);
	}
}

static void make_faces(void) {
	for (unsigned i = 0; i < CODES; i++) {
		glyphs_draw(FIRST + i, GLYPHS_WIDTH, GLYPHS_HEIGHT, faces[i].ink);
		const unsigned char *ink = memchr(faces[i].ink, 255, PIXELS);
		faces[i].first = ink ? (int)(ink - faces[i].ink) : 0;
	}
}

int main(int argc, char **argv) {
	struct screen screen = { 0 };
	if (argc != 2 || !load(argv[1], &screen)) {
		fprintf(stderr, "usage: screen_text FILE.ppm\n");
		return 2;
	}
	make_faces();
	for (int y = 0; y + GLYPHS_HEIGHT <= screen.height; y++) {
		for (int x = 0; x + GLYPHS_WIDTH <= screen.width; x++) {
			char text[LONGEST];
			if (!screen.read[(size_t)y * (size_t)screen.width + (size_t)x] &&
					read_run(&screen, x, y, text) >= LEAST) {
				printf("%d %d %s\n", x, y, text);
				mark(&screen, x, y, (int)strlen(text) * GLYPHS_WIDTH);
			}
		}
	}
	free(screen.words);
	free(screen.read);
	return 0;
}
