#include "host-proto/sim/demo_scene.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host-proto/sim/bitmap_font.h"

#define SKY_TOP    0x101c3au
#define SKY_LOW    0x2f6f8fu
#define BAR        0x0b1220u
#define BAR_LIGHT  0x1d3b5cu
#define TITLE      0x1f2a44u
#define PAPER      0xf4f1e8u
#define INK        0x22262eu
#define WHITE      0xffffffu
#define GREY       0x8a93a6u
#define BUTTON_RED 0xd9534fu

#define COLUMN_WIDTH (BITMAP_FONT_WIDTH + 1) /* dots */
#define LINE_HIGH    (BITMAP_FONT_HEIGHT + 3)
#define LINES_MOST   8
#define LINE_BYTES   96

#define MAP_SIZE     16
#define TEXTURE_SIZE 64
#define FAR          24.0

/* Of the game: '#' and 'o' are walls of two colours. The way through it is a circle round the
 * middle. */
static const char map[MAP_SIZE][MAP_SIZE + 1] = {
	"################",
	"#..............#",
	"#.o..o....o..o.#",
	"#..............#",
	"#..............#",
	"#.o..........o.#",
	"#......##......#",
	"#.....#oo#.....#",
	"#.....#oo#.....#",
	"#......##......#",
	"#.o..........o.#",
	"#..............#",
	"#..............#",
	"#.o..o....o..o.#",
	"#..............#",
	"################",
};

struct demo_scene {
	uint32_t width, height;
	uint32_t *pixels;
	unsigned dot;                /* pixels of a letter's dot */
	struct demo_area game, text; /* inside the frames of the windows */
	struct demo_area counter;
	char lines[LINES_MOST][LINE_BYTES];
	uint32_t *ground; /* sky and floor, a color for each row of the game */
	bool painted;
};

/* --- drawing ------------------------------------------------------------------------------ */

static uint32_t mix(uint32_t from, uint32_t to, double part) {
	uint32_t out = 0;
	for (unsigned shift = 0; shift < 24; shift += 8) {
		const double a = from >> shift & 0xff;
		const double b = to >> shift & 0xff;
		out |= (uint32_t)(a + (b - a) * part + 0.5) << shift;
	}
	return out;
}

static void fill(struct demo_scene *scene, struct demo_area area, uint32_t color) {
	for (uint32_t y = area.y; y < area.y + area.height && y < scene->height; y++) {
		uint32_t *row = scene->pixels + (size_t)y * scene->width;
		for (uint32_t x = area.x; x < area.x + area.width && x < scene->width; x++) {
			row[x] = color;
		}
	}
}

/* As many letters as fit into `width`. */
static void write_line(struct demo_scene *scene, uint32_t x, uint32_t y, uint32_t width,
		unsigned dot, uint32_t color, const char *text) {
	const uint32_t step = COLUMN_WIDTH * dot;
	for (uint32_t used = 0; *text && used + step <= width; text++, used += step) {
		const uint8_t *rows = bitmap_font_glyph(*text);
		for (unsigned i = 0; i < BITMAP_FONT_WIDTH * BITMAP_FONT_HEIGHT; i++) {
			const unsigned column = i % BITMAP_FONT_WIDTH;
			const unsigned row = i / BITMAP_FONT_WIDTH;
			if (rows[row] & 0x10 >> column) {
				fill(scene,
						(struct demo_area){ x + used + column * dot,
								y + row * dot, dot, dot },
						color);
			}
		}
	}
}

/* --- the desktop -------------------------------------------------------------------------- */

static void paint_wallpaper(struct demo_scene *scene) {
	const double cx = 0.62 * scene->width;
	const double cy = 1.1 * scene->height;
	const double radius = 0.9 * scene->width;
	for (uint32_t y = 0; y < scene->height; y++) {
		uint32_t *row = scene->pixels + (size_t)y * scene->width;
		for (uint32_t x = 0; x < scene->width; x++) {
			const double away = hypot(x - cx, y - cy) / radius;
			const double glow = away < 1 ? (1 - away) * (1 - away) : 0;
			const uint32_t sky = mix(SKY_TOP, SKY_LOW, (double)y / scene->height);
			row[x] = mix(sky, 0xf2b36bu, glow);
		}
	}
}

/* Returns what is inside. */
static struct demo_area paint_window(struct demo_scene *scene, struct demo_area window,
		const char *title, uint32_t inside) {
	const unsigned dot = scene->dot;
	const uint32_t bar = LINE_HIGH * dot + 4 * dot;
	fill(scene, window, TITLE);
	write_line(scene, window.x + 4 * dot, window.y + 4 * dot,
			window.width > 20 * dot ? window.width - 20 * dot : 0, dot, WHITE, title);
	for (unsigned i = 0; i < 3; i++) {
		const uint32_t side = 5 * dot;
		fill(scene,
				(struct demo_area){ window.x + window.width - (i + 1) * 8 * dot,
						window.y + 5 * dot, side, side },
				i == 0 ? BUTTON_RED : GREY);
	}
	const struct demo_area in = { window.x + dot, window.y + bar, window.width - 2 * dot,
		window.height - bar - dot };
	fill(scene, in, inside);
	return in;
}

static void paint_bar(struct demo_scene *scene) {
	const unsigned dot = scene->dot;
	const uint32_t high = LINE_HIGH * dot + 6 * dot;
	const uint32_t top = scene->height - high;
	fill(scene, (struct demo_area){ 0, top, scene->width, high }, BAR);
	for (unsigned i = 0; i < 4; i++) { /* the start button, of four panes */
		fill(scene,
				(struct demo_area){ 5 * dot + i % 2 * 5 * dot,
						top + 3 * dot + i / 2 * 5 * dot, 4 * dot, 4 * dot },
				0x59b4e8u);
	}
	static const char *const names[] = { "GAME", "NOTES" };
	for (unsigned i = 0; i < 2; i++) {
		const uint32_t left = (20 + i * 46) * dot;
		fill(scene, (struct demo_area){ left, top + 2 * dot, 42 * dot, high - 4 * dot },
				BAR_LIGHT);
		write_line(scene, left + 4 * dot, top + 5 * dot, 38 * dot, dot, WHITE, names[i]);
	}
	const uint32_t room = 14 * COLUMN_WIDTH * dot;
	if (scene->width > room + 120 * dot) {
		scene->counter = (struct demo_area){ scene->width - room, top + 4 * dot, room,
			LINE_HIGH * dot };
	}
}

/* Single pixels, single lines: what is not 1:1 shows here at once. */
static void paint_one_to_one(struct demo_scene *scene, struct demo_area area) {
	for (uint32_t y = 0; y < area.height; y++) {
		for (uint32_t x = 0; x < area.width; x++) {
			const uint32_t part = x * 3 / area.width;
			const bool dark = part == 0 ? (x + y) % 2 : part == 1 ? x % 2 : y % 2;
			scene->pixels[(size_t)(area.y + y) * scene->width + area.x + x] =
					dark ? INK : PAPER;
		}
	}
}

static void paint_desktop(struct demo_scene *scene) {
	const uint32_t w = scene->width;
	const uint32_t h = scene->height;
	paint_wallpaper(scene);
	paint_bar(scene);
	scene->game = paint_window(scene,
			(struct demo_area){ w * 4 / 100, h * 8 / 100, w * 58 / 100, h * 68 / 100 },
			"GAME", 0);
	/* Its columns and rows are doubled. */
	scene->game.width &= ~1u;
	scene->game.height &= ~1u;
	scene->text = paint_window(scene,
			(struct demo_area){
					w * 65 / 100, h * 16 / 100, w * 31 / 100, h * 62 / 100 },
			"NOTES", PAPER);
	const struct demo_area in = scene->text;
	const unsigned dot = scene->dot;
	const uint32_t strip = 16 * dot;
	paint_one_to_one(scene,
			(struct demo_area){ in.x, in.y + in.height - strip, in.width, strip });
	scene->text.height -= strip;
}

/* --- the game ----------------------------------------------------------------------------- */

struct ray {
	double distance;
	double along; /* the wall, 0..1 */
	bool side;    /* seen from east or west */
	char wall;
};

/* From cell to cell of the map until a wall stands there. */
static struct ray cast(double x, double y, double dx, double dy) {
	int cell[2] = { (int)x, (int)y };
	const double from[2] = { x, y };
	const double to[2] = { dx, dy };
	double next[2], step[2];
	for (unsigned i = 0; i < 2; i++) {
		step[i] = fabs(to[i]) > 1e-9 ? fabs(1 / to[i]) : 1e9;
		next[i] = to[i] < 0 ? (from[i] - cell[i]) * step[i]
				    : (cell[i] + 1 - from[i]) * step[i];
	}
	for (;;) {
		const unsigned axis = next[0] < next[1] ? 0 : 1;
		const double distance = next[axis];
		cell[axis] += to[axis] < 0 ? -1 : 1;
		next[axis] += step[axis];
		const char wall = map[cell[1] & (MAP_SIZE - 1)][cell[0] & (MAP_SIZE - 1)];
		if (wall != '.' || distance > FAR) {
			const double hit = from[!axis] + distance * to[!axis];
			return (struct ray){ distance > 0.05 ? distance : 0.05, hit - floor(hit),
				axis == 0, wall };
		}
	}
}

/* Bricks, or plates. */
static unsigned texture(char wall, unsigned u, unsigned v) {
	if (wall == 'o') {
		const bool rim = u % 32 < 2 || v % 32 < 2;
		return rim ? 110 : 200 + ((u ^ v) & 31);
	}
	const unsigned shifted = u + (v / 16 % 2 ? 16 : 0);
	const bool joint = v % 16 < 2 || shifted % 32 < 2;
	return joint ? 90 : 180 + ((u * 7 + v * 13) & 47);
}

static uint32_t shade(uint32_t color, double part) {
	return mix(0x05070cu, color, part < 0 ? 0 : part > 1 ? 1 : part);
}

static void paint_ground(struct demo_scene *scene) {
	const uint32_t rows = scene->game.height / 2;
	for (uint32_t y = 0; y < rows; y++) {
		const double from_middle = y / (rows / 2.0) - 1;
		scene->ground[y] = from_middle < 0 ? mix(0x3d5f94u, 0x0b1430u, -from_middle)
						   : shade(0x4d5a45u, from_middle);
	}
}

static void paint_column(struct demo_scene *scene, uint32_t column, const struct ray *ray,
		double height_of_one) {
	const uint32_t rows = scene->game.height / 2;
	const double wall = height_of_one / ray->distance;
	const double top = (rows - wall) / 2;
	const unsigned u = (unsigned)(ray->along * TEXTURE_SIZE);
	const double light = (ray->side ? 1.0 : 0.75) / (1 + ray->distance * 0.18);
	const uint32_t base = ray->wall == 'o' ? 0x4fa3ffu : 0xd9803au;
	uint32_t *at = scene->pixels + (size_t)scene->game.y * scene->width + scene->game.x +
		       2 * (size_t)column;
	for (uint32_t y = 0; y < rows; y++, at += 2 * (size_t)scene->width) {
		uint32_t color;
		if (y < top || y >= top + wall) {
			color = scene->ground[y];
		} else {
			const unsigned v = (unsigned)((y - top) / wall * TEXTURE_SIZE);
			color = shade(base, light * texture(ray->wall, u, v) / 200.0);
		}
		at[0] = at[1] = color;
	}
}

static void paint_game(struct demo_scene *scene, uint32_t serial) {
	const double turn = serial / 60.0 * 0.35;
	const double middle = MAP_SIZE / 2.0;
	const double x = middle + 4.2 * cos(turn);
	const double y = middle + 4.2 * sin(turn);
	const double look = turn + 1.9 + 0.35 * sin(turn * 1.7);
	const uint32_t columns = scene->game.width / 2;
	const uint32_t rows = scene->game.height / 2;
	for (uint32_t column = 0; column < columns; column++) {
		const double across = (2.0 * column / columns - 1) * 0.75;
		const double dx = cos(look) - across * sin(look);
		const double dy = sin(look) + across * cos(look);
		const struct ray ray = cast(x, y, dx, dy);
		paint_column(scene, column, &ray, rows * 0.9);
	}
	for (uint32_t row = 0; row < rows; row++) {
		uint32_t *even = scene->pixels + (size_t)(scene->game.y + 2 * row) * scene->width +
				 scene->game.x;
		memcpy(even + scene->width, even, scene->game.width * sizeof *even);
	}
}

/* --- what is written ---------------------------------------------------------------------- */

static bool paint_text(struct demo_scene *scene, const char *const *lines, unsigned count) {
	static const char *const fixed[] = { "THE EMBEDDED GUEST OF", "PIERGLASS: NO VM YET.", "",
		"MOVE, CLICK, TYPE:", "IT ALL COMES BACK HERE.", "" };
	enum { FIXED = sizeof fixed / sizeof fixed[0] };
	bool changed = !scene->painted;
	for (unsigned i = 0; i < count && i < LINES_MOST; i++) {
		if (strncmp(scene->lines[i], lines[i], LINE_BYTES - 1) != 0) {
			snprintf(scene->lines[i], LINE_BYTES, "%s", lines[i]);
			changed = true;
		}
	}
	if (!changed) {
		return false;
	}
	const struct demo_area in = scene->text;
	const unsigned dot = scene->dot;
	const uint32_t step = (LINE_HIGH + 2) * dot;
	fill(scene, in, PAPER);
	for (unsigned i = 0; i < FIXED + count; i++) {
		const uint32_t y = in.y + 4 * dot + i * step;
		if (y + step > in.y + in.height) {
			break;
		}
		write_line(scene, in.x + 4 * dot, y, in.width - 8 * dot, dot,
				i < FIXED ? INK : 0x1b5fa8u,
				i < FIXED ? fixed[i] : scene->lines[i - FIXED]);
	}
	return true;
}

static void paint_counter(struct demo_scene *scene, uint32_t serial) {
	char text[24];
	snprintf(text, sizeof text, "FRAME %u", serial);
	fill(scene, scene->counter, BAR);
	write_line(scene, scene->counter.x, scene->counter.y + scene->dot, scene->counter.width,
			scene->dot, WHITE, text);
}

unsigned demo_scene_paint(struct demo_scene *scene, uint32_t serial, const char *const *lines,
		unsigned line_count, struct demo_area areas[DEMO_SCENE_AREAS]) {
	unsigned count = 0;
	if (!scene->painted) {
		paint_desktop(scene);
		paint_ground(scene);
	}
	paint_game(scene, serial);
	areas[count++] = scene->game;
	paint_counter(scene, serial);
	if (scene->counter.width) {
		areas[count++] = scene->counter;
	}
	if (paint_text(scene, lines, line_count)) {
		areas[count++] = scene->text;
	}
	if (!scene->painted) {
		scene->painted = true;
		areas[0] = (struct demo_area){ 0, 0, scene->width, scene->height };
		return 1;
	}
	return count;
}

/* --- life --------------------------------------------------------------------------------- */

int demo_scene_create(struct demo_scene **ret_scene, uint32_t width, uint32_t height) {
	if (width < DEMO_SCENE_WIDTH_MIN || height < DEMO_SCENE_HEIGHT_MIN) {
		return -EINVAL;
	}
	struct demo_scene *scene = calloc(1, sizeof *scene);
	if (!scene) {
		return -ENOMEM;
	}
	scene->pixels = calloc(height, (size_t)width * sizeof *scene->pixels);
	scene->ground = calloc(height, sizeof *scene->ground);
	if (!scene->pixels || !scene->ground) {
		demo_scene_destroy(scene);
		return -ENOMEM;
	}
	scene->width = width;
	scene->height = height;
	const uint32_t least = width / 640 < height / 360 ? width / 640 : height / 360;
	scene->dot = least ? least : 1;
	*ret_scene = scene;
	return 0;
}

void demo_scene_destroy(struct demo_scene *scene) {
	if (!scene) {
		return;
	}
	free(scene->ground);
	free(scene->pixels);
	free(scene);
}

const uint32_t *demo_scene_pixels(const struct demo_scene *scene) {
	return scene->pixels;
}
