#include "client/render/overlay.h"

#include <string.h>

#include "base/utf8.h"
#include "client/render/glyphs.h"

/* Straight 0xAARRGGBB. */
#define COLOR_TEXT  0xffe8eaf0u
#define COLOR_QUIET 0xff9aa3b5u
#define COLOR_TITLE 0xffffffffu
#define COLOR_PANEL 0xe6101218u
#define COLOR_HELP  0xe6101218u
#define COLOR_KEY   0xffffd479u

struct pen {
	struct overlay_quad *quads;
	size_t count, max;
	int scale; /* window pixels per pixel of the face */
	int width_px, height_px;
};

bool overlay_equal(const struct overlay *a, const struct overlay *b) {
	/* Padding differs only if someone did not start from zero bytes: one more redraw. */
	return memcmp(a, b, sizeof *a) == 0; // NOLINT(bugprone-suspicious-memory-comparison)
}

bool overlay_empty(const struct overlay *overlay) {
	return !overlay->splash && overlay->state_count == 0 && overlay->help_count == 0 &&
	       overlay->figures_count == 0 && overlay->sign_count == 0 && !overlay->dim &&
	       !overlay->panel.open &&
	       (overlay->alert.text[0] == '\0' || overlay->alert_opacity <= 0);
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

static void put(struct pen *pen, float x, float y, float width, float height, uint32_t glyph,
		uint32_t color) {
	if (pen->count < pen->max && width > 0 && height > 0) {
		pen->quads[pen->count++] =
				(struct overlay_quad){ x, y, width, height, glyph, color };
	}
}

static void put_box(struct pen *pen, int x, int y, int width, int height, uint32_t color) {
	put(pen, (float)x, (float)y, (float)width, (float)height, 0, color);
}

static int cell_width(const struct pen *pen) {
	return GLYPHS_WIDTH * pen->scale;
}

static int line_height(const struct pen *pen) {
	return GLYPHS_HEIGHT * pen->scale;
}

static int text_columns(const char *text) {
	int columns = 0;
	for (uint32_t code = utf8_next(&text); code != 0; code = utf8_next(&text)) {
		columns += glyphs_columns(code);
	}
	return columns;
}

/* At most `columns` cells; more end in an ellipsis. */
static void put_text(struct pen *pen, int x, int y, const char *text, int columns, uint32_t color) {
	const bool cut = text_columns(text) > columns;
	int left = cut ? columns - 1 : columns;
	for (;;) {
		const uint32_t code = utf8_next(&text);
		left -= glyphs_columns(code);
		if (code == 0 || left < 0) {
			break;
		}
		const int width = glyphs_columns(code) * cell_width(pen);
		if (code != ' ') {
			put(pen, (float)x, (float)y, (float)width, (float)line_height(pen), code,
					color);
		}
		x += width;
	}
	if (cut && columns > 0) {
		put(pen, (float)x, (float)y, (float)cell_width(pen), (float)line_height(pen),
				0x2026, color);
	}
}

/* Breaks the text at spaces and before wide characters: copies its next line of at most `columns`
 * cells into line and returns what is left, NULL after the last. */
static const char *next_line(const char *text, int columns, char *line, size_t line_size) {
	const char *p = text, *good = text;
	bool found = false; /* a place to break at */
	int n = 0;
	for (;;) {
		const char *before = p;
		const uint32_t code = utf8_next(&p);
		if (code == 0 || code == '\n') {
			good = before;
			break;
		}
		const int width = glyphs_columns(code);
		if ((code == ' ' && n <= columns) || (width == 2 && n > 0)) {
			good = before;
			found = true;
		}
		if (n + width > columns) {
			good = found ? good : before;
			break;
		}
		n += width;
	}
	size_t bytes = (size_t)(good - text);
	bytes = bytes < line_size ? bytes : line_size - 1;
	memcpy(line, text, bytes);
	line[bytes] = '\0';
	while (*good == ' ' || *good == '\n') {
		good++;
	}
	return *good != '\0' ? good : NULL;
}

/* Draws the text wrapped and, if centered, in the middle of the window. Returns the y below it. */
static int put_paragraph(struct pen *pen, int x, int y, const char *text, int columns,
		uint32_t color, bool centered) {
	char line[OVERLAY_TEXT_BYTES];
	columns = columns < 4 ? 4 : columns;
	while (text && y < pen->height_px) {
		text = next_line(text, columns, line, sizeof line);
		const int at = centered ? (pen->width_px - text_columns(line) * cell_width(pen)) / 2
					: x;
		put_text(pen, at, y, line, columns, color);
		y += line_height(pen);
	}
	return y;
}

static int paragraph_lines(const char *text, int columns, int *ret_widest) {
	char line[OVERLAY_TEXT_BYTES];
	int lines = 0;
	columns = columns < 4 ? 4 : columns;
	while (text) {
		text = next_line(text, columns, line, sizeof line);
		const int width = text_columns(line);
		*ret_widest = width > *ret_widest ? width : *ret_widest;
		lines++;
	}
	return lines;
}

static unsigned at_most(unsigned count, unsigned max) {
	return count < max ? count : max;
}

static void put_splash(struct pen *pen, const struct overlay *overlay) {
	const int columns = (pen->width_px - 4 * cell_width(pen)) / cell_width(pen);
	const unsigned count = at_most(overlay->state_count, OVERLAY_STATE_MAX);
	int lines = 0, widest = 0;
	for (unsigned i = 0; i < count; i++) {
		lines += paragraph_lines(overlay->state[i].text, columns, &widest);
	}
	const int gap = line_height(pen);
	int y = (pen->height_px - (2 * line_height(pen) + gap + lines * (line_height(pen) + 4))) /
		2;
	y = y < 0 ? 0 : y;

	struct pen large = *pen;
	large.scale = pen->scale * 2;
	if (text_columns(overlay->title) * cell_width(&large) > pen->width_px) {
		large.scale = pen->scale;
	}
	put_paragraph(&large, 0, y, overlay->title, 64, COLOR_TITLE, true);
	pen->count = large.count;
	y += 2 * line_height(pen) + gap;
	for (unsigned i = 0; i < count; i++) {
		const uint32_t color = overlay->state[i].level == OVERLAY_INFO
						       ? COLOR_QUIET
						       : level_color(overlay->state[i].level);
		y = put_paragraph(pen, 0, y, overlay->state[i].text, columns, color, true) +
		    4 * pen->scale;
	}
}

/* Returns where the window is still free above them. */
static int put_state(struct pen *pen, const struct overlay *overlay) {
	const unsigned count = at_most(overlay->state_count, OVERLAY_STATE_MAX);
	const int margin = 8 * pen->scale;
	const int columns = (pen->width_px - 4 * margin) / cell_width(pen);
	int lines = 0, widest = 0;
	for (unsigned i = 0; i < count; i++) {
		lines += paragraph_lines(overlay->state[i].text, columns, &widest);
	}
	if (lines == 0) {
		return pen->height_px;
	}
	const int height = lines * line_height(pen) + margin;
	const int top = pen->height_px - margin - height;
	int y = top;
	put_box(pen, margin, y, widest * cell_width(pen) + 2 * margin, height, COLOR_PANEL);
	y += margin / 2;
	for (unsigned i = 0; i < count; i++) {
		y = put_paragraph(pen, 2 * margin, y, overlay->state[i].text, columns,
				level_color(overlay->state[i].level), false);
	}
	return top;
}

static void put_alert(struct pen *pen, const struct overlay *overlay) {
	float opacity = overlay->alert_opacity;
	opacity = opacity > 1 ? 1 : opacity;
	if (overlay->alert.text[0] == '\0' || !(opacity > 0)) {
		return;
	}
	const int margin = 12 * pen->scale;
	const int columns = (pen->width_px - 4 * margin) / cell_width(pen);
	int widest = 0;
	const int lines = paragraph_lines(overlay->alert.text, columns, &widest);
	const int width = widest * cell_width(pen) + 2 * margin;
	const int height = lines * line_height(pen) + margin;
	const int x = (pen->width_px - width) / 2;
	const int y = (pen->height_px - height) / 2;
	const uint32_t color = level_color(overlay->alert.level);
	put_box(pen, x, y, width, height, fade(0xe0101218u, opacity));
	put_box(pen, x, y, 4 * pen->scale, height, fade(color, opacity));
	put_paragraph(pen, 0, y + margin / 2, overlay->alert.text, columns,
			fade(COLOR_TEXT, opacity), true);
}

static void put_help(struct pen *pen, const struct overlay *overlay, int bottom) {
	const unsigned count = at_most(overlay->help_count, OVERLAY_HELP_MAX);
	if (count == 0) {
		return;
	}
	int key = 0, text = 0;
	for (unsigned i = 0; i < count; i++) {
		const int k = text_columns(overlay->help[i].key);
		const int t = text_columns(overlay->help[i].text);
		key = k > key ? k : key;
		text = t > text ? t : text;
	}
	const int margin = 8 * pen->scale;
	const int width = (key + 2 + text) * cell_width(pen) + 2 * margin;
	const int height = (int)count * line_height(pen) + 2 * margin;
	int y = bottom - margin - height;
	y = y < 0 ? 0 : y;
	put_box(pen, margin, y, width, height, COLOR_HELP);
	y += margin;
	for (unsigned i = 0; i < count; i++) {
		put_text(pen, 2 * margin, y, overlay->help[i].key, key, COLOR_KEY);
		put_text(pen, 2 * margin + (key + 2) * cell_width(pen), y, overlay->help[i].text,
				text, COLOR_TEXT);
		y += line_height(pen);
	}
}

static void put_figures(struct pen *pen, const struct overlay *overlay) {
	const unsigned count = at_most(overlay->figures_count, OVERLAY_FIGURES_MAX);
	int widest = 0;
	for (unsigned i = 0; i < count; i++) {
		const int width = text_columns(overlay->figures[i]);
		widest = width > widest ? width : widest;
	}
	if (widest == 0) {
		return;
	}
	const int margin = 6 * pen->scale;
	put_box(pen, margin, margin, widest * cell_width(pen) + 2 * margin,
			(int)count * line_height(pen) + margin, COLOR_PANEL);
	for (unsigned i = 0; i < count; i++) {
		put_text(pen, 2 * margin, margin + margin / 2 + (int)i * line_height(pen),
				overlay->figures[i], widest, COLOR_TEXT);
	}
}

struct sign_place {
	int x, y, width, height;
};

/* From the right edge to the left, then in a next row. False: no more fit. */
static bool place_sign(const struct pen *pen, const struct overlay_sign *sign, int *right, int *top,
		struct sign_place *ret_place) {
	const int margin = 6 * pen->scale;
	const int width = text_columns(sign->word) * cell_width(pen) + 2 * margin;
	const int height = line_height(pen) + margin;
	if (*right - width < margin && *right < pen->width_px - margin) {
		*right = pen->width_px - margin;
		*top += height + margin / 2;
	}
	*ret_place = (struct sign_place){ *right - width, *top, width, height };
	*right -= width + margin;
	return *top + height <= pen->height_px;
}

static void put_signs(struct pen *pen, const struct overlay *overlay) {
	const int margin = 6 * pen->scale;
	int right = pen->width_px - margin, top = margin;
	for (unsigned i = 0; i < at_most(overlay->sign_count, OVERLAY_SIGN_MAX); i++) {
		const struct overlay_sign *sign = &overlay->sign[i];
		struct sign_place at;
		if (!place_sign(pen, sign, &right, &top, &at)) {
			return;
		}
		put_box(pen, at.x, at.y, at.width, at.height, COLOR_PANEL);
		put_text(pen, at.x + margin, at.y + margin / 2, sign->word,
				text_columns(sign->word), level_color(sign->level));
	}
}

static struct pen make_pen(const struct overlay *overlay, int width_px, int height_px,
		struct overlay_quad *quads, size_t max) {
	const unsigned font_px = overlay->font_px > 0 ? overlay->font_px : 16;
	int scale = (int)((font_px + 8) / 16);
	scale = scale < 1 ? 1 : scale > 8 ? 8 : scale;
	return (struct pen){ quads, 0, max, scale, width_px, height_px };
}

int overlay_sign_at(const struct overlay *overlay, int width_px, int height_px, int x, int y) {
	const struct pen pen = make_pen(overlay, width_px, height_px, NULL, 0);
	const int margin = 6 * pen.scale;
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
	struct pen pen = make_pen(overlay, width_px, height_px, quads, max);
	int bottom = height_px;
	if (overlay->splash) {
		put_splash(&pen, overlay);
	} else {
		bottom = put_state(&pen, overlay);
	}
	put_figures(&pen, overlay);
	put_signs(&pen, overlay);
	put_help(&pen, overlay, bottom);
	put_alert(&pen, overlay);
	return overlay_panel_layout(&overlay->panel, overlay->font_px, width_px, height_px, quads,
			pen.count, max);
}
