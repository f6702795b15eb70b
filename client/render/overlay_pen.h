/*
 * Text and boxes as quads, for the files that lay the overlay out: overlay.c, overlay_panel.c and
 * overlay_graph.c. No other file includes this header. Pure; one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct overlay_quad;

struct overlay_pen {
	struct overlay_quad *quads;
	size_t count, max; /* what does not fit is left out */
	int cell, line;    /* width of a column, height of a line */
	int hair;          /* thickness of the thinnest line */
	int width_px, height_px;
};

/* font_px: height of a line's glyphs in window pixels; 0 = 16. Every size is another one: a line is
 * 9/8 of it, a column half a line. */
struct overlay_pen overlay_pen(unsigned font_px, int width_px, int height_px,
		struct overlay_quad *quads, size_t max);

int overlay_pen_cell(const struct overlay_pen *pen); /* width of a column */
int overlay_pen_line(const struct overlay_pen *pen); /* height of a line */
/* A length for margins and such: what is so many pixels where a line has 18. */
int overlay_pen_px(const struct overlay_pen *pen, int px);

/* Columns that the UTF-8 text takes. */
int overlay_pen_columns(const char *text);

void overlay_pen_box(struct overlay_pen *pen, int x, int y, int width, int height, uint32_t color);
/* At most `columns`; a longer text ends in an ellipsis. */
void overlay_pen_text(struct overlay_pen *pen, int x, int y, const char *text, int columns,
		uint32_t color);

/* Breaks a text at spaces and before wide characters: copies its next line of at most `columns`
 * into line, and returns the rest, NULL after the last line. */
const char *overlay_pen_wrap(const char *text, int columns, char *line, size_t line_size);
