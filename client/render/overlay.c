#include "client/render/overlay.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/gl/region.h"
#include "client/render/overlay_pen.h"

/* Straight 0xAARRGGBB. */
#define COLOR_TEXT    0xffe8eaf0u
#define COLOR_QUIET   0xff9aa3b5u
#define COLOR_TITLE   0xffffffffu
#define COLOR_PANEL   0xff101218u
#define COLOR_KEY     0xffffd479u
#define COLOR_HEADING 0xff7fb4ffu

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

/* Lines of state that are shown at once: all, or as many as fit. */
struct splash_page {
	unsigned first, end;
	int height;
};

static int splash_height(const struct overlay_pen *pen, const char *text, int columns) {
	int widest = 0;
	return paragraph_lines(text, columns, &widest) * overlay_pen_line(pen) +
	       overlay_pen_px(pen, 4);
}

/* The page that begins with this line: at least that one. */
static struct splash_page fill_splash(const struct overlay_pen *pen, const struct overlay *overlay,
		unsigned first, int columns, int room) {
	struct splash_page page = { first, first, 0 };
	const unsigned count = at_most(overlay->state_count, OVERLAY_STATE_MAX);
	while (page.end < count) {
		const int more = splash_height(pen, overlay->state[page.end].text, columns);
		if (page.end > first && page.height + more > room) {
			break;
		}
		page.height += more;
		page.end++;
	}
	return page;
}

/* Returns how many pages there are. */
static unsigned choose_splash(const struct overlay_pen *pen, const struct overlay *overlay,
		int columns, int room, struct splash_page *ret_page) {
	struct splash_page pages[OVERLAY_STATE_MAX];
	const unsigned count = at_most(overlay->state_count, OVERLAY_STATE_MAX);
	unsigned number = 0;
	*ret_page = (struct splash_page){ 0 };
	for (unsigned first = 0; first < count; number++) {
		pages[number] = fill_splash(pen, overlay, first, columns, room);
		first = pages[number].end;
	}
	if (number > 0) {
		*ret_page = pages[overlay->state_page % number];
	}
	return number;
}

static void put_page_number(
		struct overlay_pen *pen, int right, int y, unsigned page, unsigned pages) {
	char number[32];
	snprintf(number, sizeof number, "%u/%u", page % pages + 1, pages);
	overlay_pen_text(pen, right - overlay_pen_columns(number) * overlay_pen_cell(pen), y,
			number, overlay_pen_columns(number), COLOR_HEADING);
}

static void put_splash(struct overlay_pen *pen, const struct overlay *overlay) {
	const int columns = (pen->width_px - 4 * overlay_pen_cell(pen)) / overlay_pen_cell(pen);
	struct splash_page page;
	int head = 3 * overlay_pen_line(pen);
	unsigned pages = choose_splash(pen, overlay, columns, pen->height_px - head, &page);
	/* The name gives way to what is said; the signs stand at the top then. */
	const bool named = pages < 2;
	if (!named) {
		head = overlay_pen_line(pen) + overlay_pen_px(pen, 12);
		pages = choose_splash(pen, overlay, columns, pen->height_px - head, &page);
	}
	int y = (pen->height_px - head - page.height) / 2;
	y = y < 0 ? 0 : y;

	struct overlay_pen large = *pen;
	large.cell = 2 * pen->cell;
	large.line = 2 * pen->line;
	if (overlay_pen_columns(overlay->title) * overlay_pen_cell(&large) > pen->width_px) {
		large = *pen;
	}
	if (named) {
		put_paragraph(&large, 0, y, overlay->title, 64, COLOR_TITLE, true);
		pen->count = large.count;
	}
	y += head;
	for (unsigned i = page.first; i < page.end; i++) {
		const uint32_t color = overlay->state[i].level == OVERLAY_INFO
						       ? COLOR_QUIET
						       : level_color(overlay->state[i].level);
		y = put_paragraph(pen, 0, y, overlay->state[i].text, columns, color, true) +
		    overlay_pen_px(pen, 4);
	}
	if (pages > 1) {
		put_page_number(pen, pen->width_px - overlay_pen_cell(pen),
				pen->height_px - overlay_pen_line(pen), overlay->state_page, pages);
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

/* ---- the list of keys: in columns beside one another, on as many pages as it needs ---- */

#define HELP_TEXT_LEAST 20 /* columns of text, for lists beside one another */
#define HELP_BESIDE_MAX 4

/* All widths in columns of text, heights in lines. */
struct help_form {
	unsigned count;
	int key, text;
	int beside, rows; /* lists on a page, and the lines of each */
	int lists;        /* on all pages */
};

static int help_width(const struct help_form *form) {
	return form->key + 2 + form->text;
}

/* A heading has no key. */
static int help_lines(const struct overlay *overlay, const struct help_form *form, unsigned i) {
	char line[OVERLAY_TEXT_BYTES];
	const char *text = overlay->help[i].text;
	const int wide = overlay->help[i].key[0] == '\0' ? help_width(form) : form->text;
	int lines = 0;
	while (text) {
		text = overlay_pen_wrap(text, wide, line, sizeof line);
		lines++;
	}
	return lines;
}

/* Where the entry stands: a heading not as the last of its list. */
static void place_help(const struct overlay *overlay, const struct help_form *form, unsigned i,
		int *list, int *row) {
	int need = help_lines(overlay, form, i);
	if (overlay->help[i].key[0] == '\0' && i + 1 < form->count) {
		need += help_lines(overlay, form, i + 1);
	}
	if (*row > 0 && *row + need > form->rows) {
		(*list)++;
		*row = 0;
	}
}

static int count_help_lists(const struct overlay *overlay, const struct help_form *form) {
	int list = 0, row = 0;
	for (unsigned i = 0; i < form->count; i++) {
		place_help(overlay, form, i, &list, &row);
		row += help_lines(overlay, form, i);
	}
	return list + 1;
}

/* As few lists as are needed for one page, of which two are better than a high one; lower where
 * that takes no list more. */
static struct help_form choose_help(const struct overlay_pen *pen, const struct overlay *overlay) {
	const int margin = overlay_pen_px(pen, 8);
	const int columns = (pen->width_px - 4 * margin) / overlay_pen_cell(pen);
	int fits = (pen->height_px - 4 * margin) / overlay_pen_line(pen);
	struct help_form form = { .count = overlay->help_count < OVERLAY_HELP_MAX
							   ? overlay->help_count
							   : OVERLAY_HELP_MAX };
	int text = 1;
	for (unsigned i = 0; i < form.count; i++) {
		const int k = overlay_pen_columns(overlay->help[i].key);
		const int t = overlay_pen_columns(overlay->help[i].text);
		form.key = k > form.key ? k : form.key;
		text = t > text && overlay->help[i].key[0] ? t : text;
	}
	fits = fits < 1 ? 1 : fits;
	form.beside = 2 * (form.key + 4 + text) <= columns ? 2 : 1;
	for (;; form.beside++) {
		const int room = columns / form.beside - form.key - 4;
		form.text = room < 4 ? 4 : room < text ? room : text;
		form.rows = fits;
		form.lists = count_help_lists(overlay, &form);
		if (form.lists <= form.beside || form.beside == HELP_BESIDE_MAX ||
				columns / (form.beside + 1) < form.key + 4 + HELP_TEXT_LEAST) {
			break;
		}
	}
	if (form.lists > form.beside && form.rows > 1) { /* the number of the page has a line */
		form.rows--;
		form.lists = count_help_lists(overlay, &form);
	}
	const int lists = form.lists > form.beside ? form.lists : form.beside;
	while (form.rows > 1) {
		form.rows--;
		if (count_help_lists(overlay, &form) > lists) {
			form.rows++;
			break;
		}
	}
	form.lists = count_help_lists(overlay, &form);
	return form;
}

static void put_help_entry(struct overlay_pen *pen, const struct overlay *overlay,
		const struct help_form *form, unsigned i, int x, int y) {
	char line[OVERLAY_TEXT_BYTES];
	const bool heading = overlay->help[i].key[0] == '\0';
	const int wide = heading ? help_width(form) : form->text;
	const char *text = overlay->help[i].text;
	if (!heading) {
		overlay_pen_text(pen, x, y, overlay->help[i].key, form->key, COLOR_KEY);
		x += (form->key + 2) * overlay_pen_cell(pen);
	}
	while (text) {
		text = overlay_pen_wrap(text, wide, line, sizeof line);
		overlay_pen_text(pen, x, y, line, wide, heading ? COLOR_HEADING : COLOR_TEXT);
		y += overlay_pen_line(pen);
	}
}

static void put_help(struct overlay_pen *pen, const struct overlay *overlay, int bottom) {
	if (overlay->help_count == 0) {
		return;
	}
	const struct help_form form = choose_help(pen, overlay);
	const int margin = overlay_pen_px(pen, 8), cell = overlay_pen_cell(pen);
	const int pages = (form.lists + form.beside - 1) / form.beside;
	const int first = (int)(overlay->help_page % (unsigned)pages) * form.beside;
	const int beside = form.lists < form.beside ? form.lists : form.beside;
	const int width = (beside * (help_width(&form) + 2) - 2) * cell + 2 * margin;
	const int head = pages > 1 ? overlay_pen_line(pen) : 0;
	const int height = head + form.rows * overlay_pen_line(pen) + 2 * margin;
	int top = bottom - margin - height;
	top = top < 0 ? 0 : top;
	overlay_pen_box(pen, margin, top, width, height, COLOR_PANEL);
	int list = 0, row = 0;
	for (unsigned i = 0; i < form.count; i++) {
		place_help(overlay, &form, i, &list, &row);
		if (list >= first && list < first + form.beside) {
			put_help_entry(pen, overlay, &form, i,
					2 * margin + (list - first) * (help_width(&form) + 2) *
									cell,
					top + margin + head + row * overlay_pen_line(pen));
		}
		row += help_lines(overlay, &form, i);
	}
	if (pages > 1) {
		put_page_number(pen, margin + width - cell, top + margin, overlay->help_page,
				(unsigned)pages);
	}
}

/* Returns the y below them. */
static int put_figures(struct overlay_pen *pen, const struct overlay *overlay) {
	const unsigned count = at_most(overlay->figures_count, OVERLAY_FIGURES_MAX);
	const int margin = overlay_pen_px(pen, 6);
	const int columns = (pen->width_px - 4 * margin) / overlay_pen_cell(pen);
	int widest = 0, lines = 0;
	for (unsigned i = 0; i < count; i++) {
		lines += paragraph_lines(overlay->figures[i], columns, &widest);
	}
	if (widest == 0) {
		return 0;
	}
	int y = margin + margin / 2;
	overlay_pen_box(pen, margin, margin, widest * overlay_pen_cell(pen) + 2 * margin,
			lines * overlay_pen_line(pen) + margin, COLOR_PANEL);
	for (unsigned i = 0; i < count; i++) {
		y = put_paragraph(pen, 2 * margin, y, overlay->figures[i], columns, COLOR_TEXT,
				false);
	}
	return margin + lines * overlay_pen_line(pen) + margin;
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

/* Larger than a sign: it is there to be pressed, by a finger, too. False: there is none. */
static bool place_tab(const struct overlay_pen *pen, const struct overlay *overlay,
		struct sign_place *ret_place) {
	const int width = (overlay_pen_columns(overlay->tab) + 4) * overlay_pen_cell(pen);
	*ret_place = (struct sign_place){ (pen->width_px - width) / 2, 0, width,
		2 * overlay_pen_line(pen) };
	return overlay->tab[0] != '\0';
}

static void put_tab(struct overlay_pen *pen, const struct overlay *overlay) {
	struct sign_place at;
	if (!place_tab(pen, overlay, &at)) {
		return;
	}
	overlay_pen_box(pen, at.x, at.y, at.width, at.height, COLOR_PANEL);
	overlay_pen_text(pen, at.x + 2 * overlay_pen_cell(pen), overlay_pen_line(pen) / 2,
			overlay->tab, overlay_pen_columns(overlay->tab), COLOR_TITLE);
}

bool overlay_tab_at(const struct overlay *overlay, int width_px, int height_px, int x, int y) {
	const struct overlay_pen pen = overlay_pen(overlay->font_px, width_px, height_px, NULL, 0);
	struct sign_place at;
	return place_tab(&pen, overlay, &at) && x >= at.x && x < at.x + at.width && y >= at.y &&
	       y < at.y + at.height;
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
	put_tab(&pen, overlay);
	put_alert(&pen, overlay);
	return overlay_panel_layout(&overlay->panel, overlay->font_px, width_px, height_px, quads,
			pen.count, max);
}

bool overlay_hides(const struct overlay_quad *quads, size_t count, const struct rect *rect) {
	const float left = (float)rect->x, top = (float)rect->y;
	const float right = left + (float)rect->width, bottom = top + (float)rect->height;
	for (size_t i = 0; i < count; i++) {
		const struct overlay_quad *q = &quads[i];
		if (q->glyph == 0 && q->color >> 24 == 0xff && q->x <= left && q->y <= top &&
				q->x + q->width >= right && q->y + q->height >= bottom) {
			return true;
		}
	}
	return false;
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
