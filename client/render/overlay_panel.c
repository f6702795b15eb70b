#include "client/render/overlay_panel.h"

#include <stdint.h>

#include "client/render/overlay_pen.h"

/* Straight 0xAARRGGBB. The ground is opaque, so that texts keep their contrast on any picture. */
#define COLOR_GROUND   0xff14171eu
#define COLOR_HEAD     0xff1f2430u
#define COLOR_SELECTED 0xff2d4a7au
#define COLOR_BUTTON   0xff333a4au
#define COLOR_TEXT     0xffe8eaf0u
#define COLOR_QUIET    0xffaab2c2u
#define COLOR_VALUE    0xffffd479u
#define COLOR_CHANGED  0xff7fe08au

#define COLUMNS_MAX   68 /* of a panel in a large window */
#define VALUE_COLUMNS 16
#define FOOT_LINES    2

/* Where things are, in window pixels. */
struct place {
	int x, y, width, height;
	int head;    /* height of the title and of the pages, each */
	int row;     /* height of a row */
	int first;   /* the first row that is seen */
	int rows;    /* rows that fit */
	int rows_y;  /* top of the first of them */
	int foot_y;  /* of the sentence */
	int button;  /* width of "less", "more" and "close" */
	int value_x; /* of a value's text */
	int columns; /* of text in the panel's width */
};

static int least(int a, int b) {
	return a < b ? a : b;
}

static struct place place_of(const struct overlay_panel *panel, const struct overlay_pen *pen) {
	const int cell = overlay_pen_cell(pen);
	const int line = overlay_pen_line(pen);
	struct place at = { .head = line + line / 2, .row = line + line / 3, .button = 3 * cell };
	const int foot = FOOT_LINES * line + line / 2;
	at.width = least(pen->width_px, (COLUMNS_MAX + 2) * cell);
	const int wanted = 2 * at.head + (int)panel->row_count * at.row + foot;
	at.height = least(pen->height_px, wanted);
	at.x = (pen->width_px - at.width) / 2;
	at.y = (pen->height_px - at.height) / 2;
	at.columns = at.width / cell - 2;
	at.rows_y = at.y + 2 * at.head;
	at.rows = (at.height - 2 * at.head - foot) / at.row;
	at.rows = at.rows < 1 ? 1 : least(at.rows, (int)panel->row_count);
	at.foot_y = at.rows_y + at.rows * at.row + line / 4;
	at.first = (int)panel->row - at.rows / 2;
	at.first = least(at.first, (int)panel->row_count - at.rows);
	at.first = at.first < 0 ? 0 : at.first;
	at.value_x = at.x + at.width - cell - at.button - VALUE_COLUMNS * cell;
	return at;
}

static int page_width(const struct overlay_panel *panel, const struct place *at) {
	return panel->page_count > 0 ? at->width / (int)panel->page_count : at->width;
}

static enum overlay_panel_part part_of_row(const struct overlay_panel *panel,
		const struct place *at, const struct overlay_pen *pen, int x, unsigned row) {
	if (!panel->rows[row].adjustable) {
		return OVERLAY_PANEL_ROW;
	}
	if (x >= at->x + at->width - overlay_pen_cell(pen) - at->button) {
		return OVERLAY_PANEL_MORE;
	}
	return x >= at->value_x - at->button && x < at->value_x ? OVERLAY_PANEL_LESS
								: OVERLAY_PANEL_ROW;
}

enum overlay_panel_part overlay_panel_at(const struct overlay_panel *panel, unsigned font_px,
		int width_px, int height_px, int x, int y, unsigned *ret_index) {
	const struct overlay_pen pen = overlay_pen(font_px, width_px, height_px, NULL, 0);
	const struct place at = place_of(panel, &pen);
	*ret_index = 0;
	if (!panel->open || x < at.x || x >= at.x + at.width || y < at.y || y >= at.y + at.height) {
		return OVERLAY_PANEL_OUTSIDE;
	}
	if (y < at.y + at.head) {
		return x >= at.x + at.width - at.button ? OVERLAY_PANEL_CLOSE
							: OVERLAY_PANEL_INSIDE;
	}
	if (y < at.rows_y) {
		const unsigned page = (unsigned)((x - at.x) / page_width(panel, &at));
		*ret_index = page < panel->page_count ? page : panel->page_count - 1;
		return OVERLAY_PANEL_PAGE;
	}
	const int row = at.first + (y - at.rows_y) / at.row;
	if (row >= at.first + at.rows || row >= (int)panel->row_count) {
		return OVERLAY_PANEL_INSIDE;
	}
	*ret_index = (unsigned)row;
	return part_of_row(panel, &at, &pen, x, (unsigned)row);
}

static void put_button(struct overlay_pen *pen, const struct place *at, int x, int y, int height,
		const char *sign) {
	const int gap = height / 8;
	overlay_pen_box(pen, x, y + gap, at->button, height - 2 * gap, COLOR_BUTTON);
	overlay_pen_text(pen, x + (at->button - overlay_pen_cell(pen)) / 2,
			y + (height - overlay_pen_line(pen)) / 2, sign, 1, COLOR_TEXT);
}

static void put_head(struct overlay_pen *pen, const struct overlay_panel *panel,
		const struct place *at) {
	const int cell = overlay_pen_cell(pen);
	const int up = (at->head - overlay_pen_line(pen)) / 2;
	overlay_pen_box(pen, at->x, at->y, at->width, 2 * at->head, COLOR_HEAD);
	overlay_pen_text(pen, at->x + cell, at->y + up, panel->title, at->columns - 4, COLOR_TEXT);
	put_button(pen, at, at->x + at->width - at->button, at->y, at->head, "x");
	const int width = page_width(panel, at);
	for (unsigned i = 0; i < panel->page_count; i++) {
		const int x = at->x + (int)i * width;
		const int columns = least(overlay_pen_columns(panel->pages[i]), width / cell);
		if (i == panel->page) {
			overlay_pen_box(pen, x, at->y + at->head, width, at->head, COLOR_SELECTED);
		}
		overlay_pen_text(pen, x + (width - columns * cell) / 2, at->y + at->head + up,
				panel->pages[i], columns,
				i == panel->page ? COLOR_TEXT : COLOR_QUIET);
	}
}

static void put_row(struct overlay_pen *pen, const struct overlay_panel *panel,
		const struct place *at, unsigned i) {
	const struct overlay_panel_row *row = &panel->rows[i];
	const int cell = overlay_pen_cell(pen);
	const int y = at->rows_y + ((int)i - at->first) * at->row;
	const int text_y = y + (at->row - overlay_pen_line(pen)) / 2;
	if (i == panel->row) {
		overlay_pen_box(pen, at->x, y, at->width, at->row, COLOR_SELECTED);
	}
	if (!row->adjustable) {
		const int value = least(overlay_pen_columns(row->value), at->columns / 2);
		overlay_pen_text(pen, at->x + cell, text_y, row->label, at->columns - value - 1,
				COLOR_TEXT);
		overlay_pen_text(pen, at->x + at->width - (value + 1) * cell, text_y, row->value,
				value, row->changed ? COLOR_CHANGED : COLOR_VALUE);
		return;
	}
	const int label = (at->value_x - at->button - at->x) / cell - 2;
	overlay_pen_text(pen, at->x + cell, text_y, row->label, label, COLOR_TEXT);
	const int value = least(overlay_pen_columns(row->value), VALUE_COLUMNS);
	overlay_pen_text(pen, at->value_x + (VALUE_COLUMNS - value) * cell / 2, text_y, row->value,
			VALUE_COLUMNS, row->changed ? COLOR_CHANGED : COLOR_VALUE);
	put_button(pen, at, at->value_x - at->button, y, at->row, "<");
	put_button(pen, at, at->x + at->width - cell - at->button, y, at->row, ">");
}

size_t overlay_panel_layout(const struct overlay_panel *panel, unsigned font_px, int width_px,
		int height_px, struct overlay_quad *quads, size_t count, size_t max) {
	if (!panel->open || width_px < 1 || height_px < 1) {
		return count;
	}
	struct overlay_pen pen = overlay_pen(font_px, width_px, height_px, quads, max);
	pen.count = count;
	const struct place at = place_of(panel, &pen);
	overlay_pen_box(&pen, at.x, at.y, at.width, at.height, COLOR_GROUND);
	put_head(&pen, panel, &at);
	for (int i = at.first; i < at.first + at.rows; i++) {
		put_row(&pen, panel, &at, (unsigned)i);
	}
	const char *foot = panel->foot;
	for (int n = 0; n < FOOT_LINES && foot; n++) {
		char line[sizeof panel->foot];
		foot = overlay_pen_wrap(foot, at.columns, line, sizeof line);
		overlay_pen_text(&pen, at.x + overlay_pen_cell(&pen),
				at.foot_y + n * overlay_pen_line(&pen), line, at.columns,
				COLOR_QUIET);
	}
	return pen.count;
}
