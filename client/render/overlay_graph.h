/*
 * Graphs over the picture: a line of text, and below it one bar per value, the newest at the right.
 * struct overlay_graph is a value that the program fills. Pure.
 */
#pragma once

#include <stddef.h>

struct overlay_pen;

#define OVERLAY_GRAPHS        3
#define OVERLAY_GRAPH_VALUES  160
#define OVERLAY_GRAPH_LAYERS  3
#define OVERLAY_GRAPH_COLUMNS 60 /* of text; a graph is that wide, or as wide as the window */

struct overlay_graph {
	char title[160]; /* wraps; the n-th layer's colour is that of the n-th name */
	char names[OVERLAY_GRAPH_LAYERS][32]; /* of the layers; "" = there is one, without a name */
	unsigned layers, count;
	float top;  /* the value that is as high as the graph */
	float mark; /* a line across, such as a target; 0 = none */
	float values[OVERLAY_GRAPH_VALUES][OVERLAY_GRAPH_LAYERS]; /* stacked, oldest first */
};

/* Draws them below one another from `top_px` down, at the left. Returns the y below them. */
int overlay_graph_layout(struct overlay_pen *pen, const struct overlay_graph *graphs,
		unsigned count, int top_px);
