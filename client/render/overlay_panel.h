/*
 * The panel: pages of rows over the picture, for mouse, keyboard and touch. struct overlay_panel is
 * a value that the program fills; where its parts lie is a function of it and of the window's size,
 * the same function for drawing and for asking what a point is on. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct overlay_quad;

#define OVERLAY_PANEL_PAGES 6
#define OVERLAY_PANEL_ROWS  40

struct overlay_panel_row {
	char label[72];
	char value[40];
	bool adjustable; /* has "less" and "more" beside the value */
	bool changed;    /* since the panel can save it */
};

struct overlay_panel {
	bool open;
	char title[64];
	unsigned page_count, page;
	char pages[OVERLAY_PANEL_PAGES][24];
	unsigned row_count, row; /* row: the selected one */
	struct overlay_panel_row rows[OVERLAY_PANEL_ROWS];
	char foot[320]; /* the sentence at the foot */
};

enum overlay_panel_part {
	OVERLAY_PANEL_OUTSIDE,
	OVERLAY_PANEL_INSIDE, /* of the panel, on nothing that can be pressed */
	OVERLAY_PANEL_CLOSE,
	OVERLAY_PANEL_PAGE, /* index: the page */
	OVERLAY_PANEL_ROW,  /* index: the row */
	OVERLAY_PANEL_LESS,
	OVERLAY_PANEL_MORE,
};

/* What the point x, y (window pixels) is on. */
enum overlay_panel_part overlay_panel_at(const struct overlay_panel *panel, unsigned font_px,
		int width_px, int height_px, int x, int y, unsigned *ret_index);

/* Appends its quads after the first `count`; returns the new count, at most max. Draws nothing
 * unless the panel is open. */
size_t overlay_panel_layout(const struct overlay_panel *panel, unsigned font_px, int width_px,
		int height_px, struct overlay_quad *quads, size_t count, size_t max);
