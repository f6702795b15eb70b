/*
 * The text and signs over the picture: state lines, banners, lists, icons.
 *
 * struct overlay is a value: the program fills one (start from zero bytes) and hands it to
 * video_set_overlay(); what is drawn is a function of it. Texts are UTF-8, terminated; characters
 * without a glyph become boxes. overlay_layout() is pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/gl/picture_types.h"
#include "client/render/overlay_graph.h"
#include "client/render/overlay_panel.h"
#include "client/render/overlay_quad.h"

#define OVERLAY_STATE_MAX   12
#define OVERLAY_SIGN_MAX    16
#define OVERLAY_HELP_MAX    48
#define OVERLAY_FIGURES_MAX 8
#define OVERLAY_TEXT_BYTES  480

enum overlay_level {
	OVERLAY_INFO,
	OVERLAY_GOOD,
	OVERLAY_WARN,
	OVERLAY_BAD,
};

/* A state that lasts: a word or two at the top right. */
struct overlay_sign {
	enum overlay_level level;
	char word[32];
};

struct overlay_line {
	enum overlay_level level;
	char text[OVERLAY_TEXT_BYTES];
};

struct overlay {
	/* Nothing to show yet: a dark ground, the title, and the state lines in the middle. Without
	 * it the state lines (if any) stand small at the bottom left of the picture. Where the
	 * window is too small for all, state_page (any number, counted round) says which of the
	 * splash's lines are shown. */
	bool splash;
	char title[64];

	unsigned state_count, state_page;
	struct overlay_line state[OVERLAY_STATE_MAX];

	/* One banner in the middle; empty text = none. */
	struct overlay_line alert;
	float alert_opacity; /* 0..1 */

	/* A list at the bottom left: keys and what they do; no key: a heading. Where the window is
	 * too small for all, help_page (any number, counted round) says which part is shown. */
	unsigned help_count, help_page;
	struct {
		char key[32];
		char text[80];
	} help[OVERLAY_HELP_MAX];

	/* Frame rates and the like, top left. */
	unsigned figures_count;
	char figures[OVERLAY_FIGURES_MAX][96];

	/* Below them. */
	unsigned graph_count;
	struct overlay_graph graphs[OVERLAY_GRAPHS];

	unsigned sign_count;
	struct overlay_sign sign[OVERLAY_SIGN_MAX];
	struct overlay_panel panel;

	/* A word that can be pressed, in the middle of the top edge; empty = none. */
	char tab[32];

	bool dim;         /* darken the picture under it all */
	unsigned font_px; /* height of a line's glyphs in window pixels; 0 = 16 */
};

bool overlay_equal(const struct overlay *a, const struct overlay *b);

/* Which sign that point of the window is on; -1 = none. */
int overlay_sign_at(const struct overlay *overlay, int width_px, int height_px, int x, int y);

/* Whether that point of the window is on the tab. */
bool overlay_tab_at(const struct overlay *overlay, int width_px, int height_px, int x, int y);

#define OVERLAY_QUADS_MAX  8192
#define OVERLAY_COVERS_MAX 6

/* Lays the overlay out for a window of that size. Returns the number of quads (at most max),
 * in the order of drawing. */
size_t overlay_layout(const struct overlay *overlay, int width_px, int height_px,
		struct overlay_quad *quads, size_t max);

/* Whether one opaque quad hides all of the picture that lies there. */
bool overlay_hides(const struct overlay_quad *quads, size_t count, const struct rect *rect);

/* The rectangles that the quads cover, a sign or a panel in each as far as that many do; signs next
 * to each other share one then. They do not overlap. Returns how many there are. */
unsigned overlay_cover(const struct overlay_quad *quads, size_t count,
		struct rect ret_rects[OVERLAY_COVERS_MAX]);
