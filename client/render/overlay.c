#include "client/render/overlay.h"

#include <math.h>
#include <string.h>

#include "client/gl/region.h"
#include "client/render/overlay_pen.h"

/* Straight 0xAARRGGBB. */
#define COLOR_TEXT  0xffe8eaf0u
#define COLOR_QUIET 0xff9aa3b5u
#define COLOR_TITLE 0xffffffffu
#define COLOR_PANEL 0xe6101218u
#define COLOR_HELP  0xe6101218u
#define COLOR_KEY   0xffffd479u

#define HELP_TEXT_LEAST 12 /* columns of text, for lists beside one another */

bool overlay_equal(const struct overlay *a, const struct overlay *b) {
	/* Padding differs only if someone did not start from zero bytes: one more redraw. */
	return memcmp(a, b, sizeof *a) == 0; // NOLINT(bugprone-suspicious-memory-comparison)
}

static uint32_t level_color(enum overlay_level level) {
	switch (level) {
	case OVERLAY_INFO:
		return 0xff7fb4ffu;
	case OVERLAY_GOOD:
		return 0xff7fe08au;
	case OVERLAY_WARN:
		return 0xffffb454u;
	case OVERLAY_BAD:
		return 0xffff6b60u;
	}
	return COLOR_TEXT;
}

static uint32_t fade(uint32_t color, float opacity) {
	const float alpha = (float)(color >> 24) * opacity;
	return (color & 0xffffffu) | (uint32_t)(alpha + 0.5f) << 24;
}

/* Draws the text wrapped and, if centered, in the middle of the window. Returns the y below it. */
static int put_paragraph(struct overlay_pen *pen, int x, int y, const char *text, int columns,
		uint32_t color, bool centered) {
	char line[OVERLAY_TEXT_BYTES];
	columns = columns < 4 ? 4 : columns;
	while (text && y < pen->height_px) {
		text = overlay_pen_wrap(text, columns, line, sizeof line);
		const int at = centered ? (pen->width_px - overlay_pen_columns(line) *
									   overlay_pen_cell(pen)) /
							       2
					: x;
		overlay_pen_text(pen, at, y, line, columns, color);
		y += overlay_pen_line(pen);
	}
	return y;
}

static int paragraph_lines(const char *text, int columns, int *ret_widest) {
	char line[OVERLAY_TEXT_BYTES];
	int lines = 0;
	columns = columns < 4 ? 4 : columns;
	while (text) {
		text = overlay_pen_wrap(text, columns, line, sizeof line);
		const int width = overlay_pen_columns(line);
		*ret_widest = width > *ret_widest ? width : *ret_widest;
		lines++;
	}
	return lines;
}

static unsigned at_most(unsigned count, unsigned max) {
	return count < max ? count : max;
}

static void put_splash(struct overlay_pen *pen, const struct overlay *overlay) {
	const int columns = (pen->width_px - 4 * overlay_pen_cell(pen)) / overlay_pen_cell(pen);
	const unsigned count = at_most(overlay->state_count, OVERLAY_STATE_MAX);
	int lines = 0, widest = 0;
	for (unsigned i = 0; i < count; i++) {
		lines += paragraph_lines(overlay->state[i].text, columns, &widest);
	}
	const int gap = overlay_pen_line(pen);
	int y = (pen->height_px - (2 * overlay_pen_line(pen) + gap +
						  lines * (overlay_pen_line(pen) + 4))) /
		2;
	y = y < 0 ? 0 : y;

	struct overlay_pen large = *pen;
	large.cell = 2 * pen->cell;
	large.line = 2 * pen->line;
	if (overlay_pen_columns(overlay->title) * overlay_pen_cell(&large) > pen->width_px) {
		large = *pen;
	}
	put_paragraph(&large, 0, y, overlay->title, 64, COLOR_TITLE, true);
	pen->count = large.count;
	y += 2 * overlay_pen_line(pen) + gap;
	for (unsigned i = 0; i < count; i++) {
		const uint32_t color = overlay->state[i].level == OVERLAY_INFO
						       ? COLOR_QUIET
						       : level_color(overlay->state[i].level);
		y = put_paragraph(pen, 0, y, overlay->state[i].text, columns, color, true) +
		    overlay_pen_px(pen, 4);
	}
}

/* Returns where the window is still free above them. */
static int put_state(struct overlay_pen *pen, const struct overlay *overlay) {
	const unsigned count = at_most(overlay->state_count, OVERLAY_STATE_MAX);
	const int margin = overlay_pen_px(pen, 8);
	const int columns = (pen->width_px - 4 * margin) / overlay_pen_cell(pen);
	int lines = 0, widest = 0;
	for (unsigned i = 0; i < count; i++) {
		lines += paragraph_lines(overlay->state[i].text, columns, &widest);
	}
	if (lines == 0) {
		return pen->height_px;
	}
	const int height = lines * overlay_pen_line(pen) + margin;
	const int top = pen->height_px - margin - height;
	int y = top;
	overlay_pen_box(pen, margin, y, widest * overlay_pen_cell(pen) + 2 * margin, height,
			COLOR_PANEL);
	y += margin / 2;
	for (unsigned i = 0; i < count; i++) {
		y = put_paragraph(pen, 2 * margin, y, overlay->state[i].text, columns,
				level_color(overlay->state[i].level), false);
	}
	return top;
}

static void put_alert(struct overlay_pen *pen, const struct overlay *overlay) {
	float opacity = overlay->alert_opacity;
	opacity = opacity > 1 ? 1 : opacity;
	if (overlay->alert.text[0] == '\0' || !(opacity > 0)) {
		return;
	}
	const int margin = overlay_pen_px(pen, 12);
	const int columns = (pen->width_px - 4 * margin) / overlay_pen_cell(pen);
	int widest = 0;
	const int lines = paragraph_lines(overlay->alert.text, columns, &widest);
	const int width = widest * overlay_pen_cell(pen) + 2 * margin;
	const int height = lines * overlay_pen_line(pen) + margin;
	const int x = (pen->width_px - width) / 2;
	const int y = (pen->height_px - height) / 2;
	const uint32_t color = level_color(overlay->alert.level);
	overlay_pen_box(pen, x, y, width, height, fade(COLOR_PANEL, opacity));
	overlay_pen_box(pen, x, y, overlay_pen_px(pen, 4), height, fade(color, opacity));
	put_paragraph(pen, 0, y + margin / 2, overlay->alert.text, columns,
			fade(COLOR_TEXT, opacity), true);
}

struct help_place {
	int key, text;    /* columns of text */
	int rows, beside; /* of the list, and how many lists stand beside one another */
};

/* As one list, or as several beside one another where the window is too low for that. Where it is
 * too small for either, the texts are cut and the last rows are left out. */
static struct help_place place_help(
		const struct overlay_pen *pen, const struct overlay *overlay, unsigned count) {
	struct help_place at = { .rows = (int)count, .beside = 1 };
	const int margin = overlay_pen_px(pen, 8);
	for (unsigned i = 0; i < count; i++) {
		const int k = overlay_pen_columns(overlay->help[i].key);
		const int t = overlay_pen_columns(overlay->help[i].text);
		at.key = k > at.key ? k : at.key;
		at.text = t > at.text ? t : at.text;
	}
	const int fits = (pen->height_px - 4 * margin) / overlay_pen_line(pen);
	const int columns = (pen->width_px - 4 * margin) / overlay_pen_cell(pen);
	if (at.rows > fits && fits > 0) {
		at.beside = (at.rows + fits - 1) / fits;
		while (at.beside > 1 && columns / at.beside < at.key + 2 + HELP_TEXT_LEAST) {
			at.beside--;
		}
		at.rows = (at.rows + at.beside - 1) / at.beside;
		at.rows = at.rows > fits ? fits : at.rows;
	}
	const int room = columns / at.beside - at.key - 4;
	at.text = at.text > room ? room : at.text;
	return at;
}

static void put_help(struct overlay_pen *pen, const struct overlay *overlay, int bottom) {
	const unsigned count = at_most(overlay->help_count, OVERLAY_HELP_MAX);
	if (count == 0) {
		return;
	}
	const struct help_place at = place_help(pen, overlay, count);
	const int cell = overlay_pen_cell(pen);
	const int margin = overlay_pen_px(pen, 8);
	const int column = (at.key + 4 + at.text) * cell;
	const int height = at.rows * overlay_pen_line(pen) + 2 * margin;
	int y = bottom - margin - height;
	y = y < 0 ? 0 : y;
	overlay_pen_box(pen, margin, y, at.beside * column - 2 * cell + 2 * margin, height,
			COLOR_HELP);
	y += margin;
	for (int i = 0; i < (int)count && i < at.rows * at.beside; i++) {
		const int left = 2 * margin + i / at.rows * column;
		const int top = y + i % at.rows * overlay_pen_line(pen);
		overlay_pen_text(pen, left, top, overlay->help[i].key, at.key, COLOR_KEY);
		overlay_pen_text(pen, left + (at.key + 2) * cell, top, overlay->help[i].text,
				at.text, COLOR_TEXT);
	}
}

/* Returns the y below them. */
static int put_figures(struct overlay_pen *pen, const struct overlay *overlay) {
	const unsigned count = at_most(overlay->figures_count, OVERLAY_FIGURES_MAX);
	int widest = 0;
	for (unsigned i = 0; i < count; i++) {
		const int width = overlay_pen_columns(overlay->figures[i]);
		widest = width > widest ? width : widest;
	}
	if (widest == 0) {
		return 0;
	}
	const int margin = overlay_pen_px(pen, 6);
	overlay_pen_box(pen, margin, margin, widest * overlay_pen_cell(pen) + 2 * margin,
			(int)count * overlay_pen_line(pen) + margin, COLOR_PANEL);
	for (unsigned i = 0; i < count; i++) {
		overlay_pen_text(pen, 2 * margin,
				margin + margin / 2 + (int)i * overlay_pen_line(pen),
				overlay->figures[i], widest, COLOR_TEXT);
	}
	return margin + (int)count * overlay_pen_line(pen) + margin;
}

struct sign_place {
	int x, y, width, height;
};

/* From the right edge to the left, then in a next row. False: no more fit. */
static bool place_sign(const struct overlay_pen *pen, const struct overlay_sign *sign, int *right,
		int *top, struct sign_place *ret_place) {
	const int margin = overlay_pen_px(pen, 6);
	const int width = overlay_pen_columns(sign->word) * overlay_pen_cell(pen) + 2 * margin;
	const int height = overlay_pen_line(pen) + margin;
	if (*right - width < margin && *right < pen->width_px - margin) {
		*right = pen->width_px - margin;
		*top += height + margin / 2;
	}
	*ret_place = (struct sign_place){ *right - width, *top, width, height };
	*right -= width + margin;
	return *top + height <= pen->height_px;
}

static void put_signs(struct overlay_pen *pen, const struct overlay *overlay) {
	const int margin = overlay_pen_px(pen, 6);
	int right = pen->width_px - margin, top = margin;
	for (unsigned i = 0; i < at_most(overlay->sign_count, OVERLAY_SIGN_MAX); i++) {
		const struct overlay_sign *sign = &overlay->sign[i];
		struct sign_place at;
		if (!place_sign(pen, sign, &right, &top, &at)) {
			return;
		}
		overlay_pen_box(pen, at.x, at.y, at.width, at.height, COLOR_PANEL);
		overlay_pen_text(pen, at.x + margin, at.y + margin / 2, sign->word,
				overlay_pen_columns(sign->word), level_color(sign->level));
	}
}

int overlay_sign_at(const struct overlay *overlay, int width_px, int height_px, int x, int y) {
	const struct overlay_pen pen = overlay_pen(overlay->font_px, width_px, height_px, NULL, 0);
	const int margin = overlay_pen_px(&pen, 6);
	int right = width_px - margin, top = margin;
	for (unsigned i = 0; i < at_most(overlay->sign_count, OVERLAY_SIGN_MAX); i++) {
		struct sign_place at;
		if (!place_sign(&pen, &overlay->sign[i], &right, &top, &at)) {
			break;
		}
		if (x >= at.x && x < at.x + at.width && y >= at.y && y < at.y + at.height) {
			return (int)i;
		}
	}
	return -1;
}

size_t overlay_layout(const struct overlay *overlay, int width_px, int height_px,
		struct overlay_quad *quads, size_t max) {
	if (width_px < 1 || height_px < 1) {
		return 0;
	}
	struct overlay_pen pen = overlay_pen(overlay->font_px, width_px, height_px, quads, max);
	int bottom = height_px;
	if (overlay->splash) {
		put_splash(&pen, overlay);
	} else {
		bottom = put_state(&pen, overlay);
	}
	const int below = put_figures(&pen, overlay);
	overlay_graph_layout(&pen, overlay->graphs, overlay->graph_count, below);
	put_signs(&pen, overlay);
	put_help(&pen, overlay, bottom);
	put_alert(&pen, overlay);
	return overlay_panel_layout(&overlay->panel, overlay->font_px, width_px, height_px, quads,
			pen.count, max);
}

/* One whose quads touch, in the order of drawing: a ground, then what stands on it. */
unsigned overlay_cover(const struct overlay_quad *quads, size_t count,
		struct rect ret_rects[OVERLAY_COVERS_MAX]) {
	struct region region = { .count = 0 };
	for (size_t i = 0; i < count; i++) {
		const struct overlay_quad *quad = &quads[i];
		const int x = (int)floorf(quad->x), y = (int)floorf(quad->y);
		const struct rect rect = { x, y, (int)ceilf(quad->x + quad->width) - x,
			(int)ceilf(quad->y + quad->height) - y };
		region_cover(&region, &rect, OVERLAY_COVERS_MAX);
	}
	memcpy(ret_rects, region.rects, region.count * sizeof region.rects[0]);
	return region.count;
}
