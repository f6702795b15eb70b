#include "client/render/overlay_graph.h"

#include <stdint.h>

#include "client/render/overlay_pen.h"

/* Straight 0xAARRGGBB. */
#define COLOR_TEXT   0xffe8eaf0u
#define COLOR_GROUND 0xff101218u
#define COLOR_MARK   0xff9aa3b5u

#define BAR_LINES 3 /* height of the bars, in lines of text */

static const uint32_t layer_colors[OVERLAY_GRAPH_LAYERS] = { 0xff7fb4ffu, 0xffffd479u,
	0xff7fe08au };

static int least(int a, int b) {
	return a < b ? a : b;
}

static int bar_px(const struct overlay_graph *graph, float value, int height) {
	const float part = graph->top > 0 ? value / graph->top : 0;
	return part >= 1 ? height : part > 0 ? (int)(part * (float)height + 0.5f) : 0;
}

static void put_bars(struct overlay_pen *pen, const struct overlay_graph *graph, int x, int y,
		int width, int height) {
	const int bar = width / OVERLAY_GRAPH_VALUES > 0 ? width / OVERLAY_GRAPH_VALUES : 1;
	const int fits = least((int)graph->count, width / bar);
	for (int i = 0; i < fits; i++) {
		const float *values = graph->values[(int)graph->count - fits + i];
		const int left = x + width - (fits - i) * bar;
		float sum = 0;
		int below = 0;
		for (unsigned layer = 0; layer < OVERLAY_GRAPH_LAYERS && layer < graph->layers;
				layer++) {
			sum += values[layer];
			const int up = bar_px(graph, sum, height);
			overlay_pen_box(pen, left, y + height - up, bar, up - below,
					layer_colors[layer]);
			below = up;
		}
	}
	if (graph->mark > 0) {
		overlay_pen_box(pen, x, y + height - bar_px(graph, graph->mark, height), width,
				pen->hair, COLOR_MARK);
	}
}

/* The names of the layers, each in its colour. */
static void put_names(struct overlay_pen *pen, const struct overlay_graph *graph, int x, int y,
		int columns) {
	for (unsigned i = 0; i < OVERLAY_GRAPH_LAYERS && i < graph->layers && columns > 0; i++) {
		const int wide = least(overlay_pen_columns(graph->names[i]), columns);
		overlay_pen_text(pen, x, y, graph->names[i], wide, layer_colors[i]);
		x += (wide + 2) * overlay_pen_cell(pen);
		columns -= wide + 2;
	}
}

static int put_graph(struct overlay_pen *pen, const struct overlay_graph *graph, int x, int y,
		int columns) {
	char line[sizeof graph->title];
	const int step = overlay_pen_line(pen);
	const int margin = step / 3;
	const int width = columns * overlay_pen_cell(pen);
	int lines = 0;
	const char *rest = graph->title;
	do {
		rest = overlay_pen_wrap(rest, columns, line, sizeof line);
		lines++;
	} while (rest);
	const int text_lines = lines + (graph->names[0][0] ? 1 : 0);
	overlay_pen_box(pen, x, y, width + 2 * margin, (text_lines + BAR_LINES) * step + 2 * margin,
			COLOR_GROUND);
	y += margin;
	rest = graph->title;
	do {
		rest = overlay_pen_wrap(rest, columns, line, sizeof line);
		overlay_pen_text(pen, x + margin, y, line, columns, COLOR_TEXT);
		y += step;
	} while (rest);
	if (graph->names[0][0]) {
		put_names(pen, graph, x + margin, y, columns);
		y += step;
	}
	put_bars(pen, graph, x + margin, y, width, BAR_LINES * step);
	return y + BAR_LINES * step + margin;
}

int overlay_graph_layout(struct overlay_pen *pen, const struct overlay_graph *graphs,
		unsigned count, int top_px) {
	const int margin = overlay_pen_line(pen) / 3;
	const int fits = (pen->width_px - 4 * margin) / overlay_pen_cell(pen);
	const int columns = least(OVERLAY_GRAPH_COLUMNS, fits);
	int y = top_px;
	for (unsigned i = 0; i < count && i < OVERLAY_GRAPHS && columns >= 8; i++) {
		y = put_graph(pen, &graphs[i], margin, y + margin, columns);
	}
	return y;
}
