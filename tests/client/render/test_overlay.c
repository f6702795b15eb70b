#include "tests/support/check.h"
#include "tests/support/overlay_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "client/render/overlay.h"
#include "client/text/glyphs.h"

static struct overlay_quad *quads;

static size_t layout(const struct overlay *overlay, int width, int height) {
	return overlay_layout(overlay, width, height, quads, OVERLAY_QUADS_MAX);
}

static size_t count_glyph(size_t count, uint32_t glyph) {
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		found += quads[i].glyph == glyph ? 1 : 0;
	}
	return found;
}

/* e0 80 80 in a host's version string: an overlong NUL, at which the line loop once stood for good.
 */
static void any_bytes_are_drawn_to_the_end(void **state) {
	(void)state;
	static const char *const texts[] = { "B7 \xe0\x80\x80 hello", "\xe0\x80\x80", "\xc0\x80",
		"\xf0\x80\x80\x80x", "\xed\xa0\x80", "\xff", "\n\n", "\xe2\x86" };
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct overlay overlay = { .splash = i % 2,
			.state_count = 1,
			.help_count = 1,
			.figures_count = 1,
			.alert_opacity = 1 };
		snprintf(overlay.title, sizeof overlay.title, "%s", texts[i]);
		snprintf(overlay.state[0].text, sizeof overlay.state[0].text, "%s", texts[i]);
		snprintf(overlay.alert.text, sizeof overlay.alert.text, "%s", texts[i]);
		snprintf(overlay.figures[0], sizeof overlay.figures[0], "%s", texts[i]);
		snprintf(overlay.help[0].text, sizeof overlay.help[0].text, "%s", texts[i]);
		for (int width = 1; width < 700; width += 37) {
			const size_t count = layout(&overlay, width, 200);
			CHECK(count <= OVERLAY_QUADS_MAX);
		}
	}
	struct overlay overlay = { .splash = true, .state_count = 1 };
	snprintf(overlay.state[0].text, sizeof overlay.state[0].text, "a\xe0\x80\x80z");
	const size_t count = layout(&overlay, 640, 480);
	CHECK_EQ(count_glyph(count, 'a'), 1);
	CHECK_EQ(count_glyph(count, 'z'), 1);
	CHECK_EQ(count_glyph(count, UTF8_INVALID), 3);
}

/* In the middle of the top edge, and nowhere while there is none; also in a window that is
 * narrower. */
static void tab_is_where_it_is_drawn(void **state) {
	(void)state;
	struct overlay overlay = { .font_px = 16 };
	CHECK(!overlay_tab_at(&overlay, 640, 360, 320, 0));
	CHECK_EQ(layout(&overlay, 640, 360), 0);
	snprintf(overlay.tab, sizeof overlay.tab, "Settings");
	CHECK(layout(&overlay, 640, 360) > 1);
	const int left = (int)quads[0].x, right = left + (int)quads[0].width;
	const int bottom = (int)quads[0].height;
	CHECK_EQ(left + right, 640);
	CHECK_EQ((int)quads[0].y, 0);
	CHECK(overlay_tab_at(&overlay, 640, 360, left, 0));
	CHECK(overlay_tab_at(&overlay, 640, 360, right - 1, bottom - 1));
	CHECK(!overlay_tab_at(&overlay, 640, 360, left - 1, 0));
	CHECK(!overlay_tab_at(&overlay, 640, 360, right, 0));
	CHECK(!overlay_tab_at(&overlay, 640, 360, 320, bottom));
	CHECK(overlay_tab_at(&overlay, 20, 20, 10, 5));
}

static void face_has_what_we_write(void **state) {
	(void)state;
	for (uint32_t code = 0x21; code < 0x7f; code++) {
		unsigned char pixels[4 * GLYPHS_WIDTH * GLYPHS_HEIGHT];
		int ink = 0, twice = 0, smaller = 0;
		CHECK(glyphs_has(code));
		glyphs_draw(code, GLYPHS_WIDTH, GLYPHS_HEIGHT, pixels);
		for (int i = 0; i < GLYPHS_WIDTH * GLYPHS_HEIGHT; i++) {
			CHECK(pixels[i] == 0 || pixels[i] == 255);
			ink += pixels[i] != 0;
		}
		CHECK(ink >= 2 && ink < 80);
		glyphs_draw(code, 2 * GLYPHS_WIDTH, 2 * GLYPHS_HEIGHT, pixels);
		for (int i = 0; i < 4 * GLYPHS_WIDTH * GLYPHS_HEIGHT; i++) {
			twice += pixels[i] != 0;
		}
		CHECK_EQ(twice, 4 * ink);
		/* In a size between, the same share of the cell is covered. */
		glyphs_draw(code, 7, 13, pixels);
		for (int i = 0; i < 7 * 13; i++) {
			smaller += pixels[i];
		}
		CHECK(abs(smaller * GLYPHS_WIDTH * GLYPHS_HEIGHT / (7 * 13 * 255) - ink) <= 2);
	}
	CHECK(glyphs_has(0x2026) && glyphs_has(0x2192) && glyphs_has(0x416) && glyphs_has(0x3c9));
	CHECK(!glyphs_has(0x1f600));
}

static void splash_shows_title_and_states(void **state) {
	(void)state;
	struct overlay *o = calloc(1, sizeof *o);
	CHECK(o != NULL);
	CHECK(overlay_empty(o));
	CHECK_EQ(layout(o, 800, 600), 0);
	o->splash = true;
	CHECK(!overlay_empty(o));
	strcpy(o->title, "Q");
	o->state_count = 2;
	strcpy(o->state[0].text, "ZZZ");
	strcpy(o->state[1].text, "WW");
	size_t count = layout(o, 800, 600);
	CHECK_EQ(count_glyph(count, 'Q'), 1);
	CHECK_EQ(count_glyph(count, 'Z'), 3);
	CHECK_EQ(count_glyph(count, 'W'), 2);
	for (size_t i = 0; i < count; i++) {
		CHECK(quads[i].x >= 0 && quads[i].x + quads[i].width <= 800);
		CHECK(quads[i].y >= 0 && quads[i].y + quads[i].height <= 600);
	}
	/* Counts that make no sense, a window of one pixel. */
	o->state_count = 1000;
	o->help_count = 1000;
	o->figures_count = 1000;
	layout(o, 1, 1);
	CHECK_EQ(layout(o, 0, 0), 0);
	free(o);
}

static void long_lines_are_broken(void **state) {
	(void)state;
	struct overlay *o = calloc(1, sizeof *o);
	CHECK(o != NULL);
	o->state_count = 1;
	strcpy(o->state[0].text, "aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj");
	const size_t count = layout(o, 250, 400);
	CHECK_EQ(count_glyph(count, 'a'), 4);
	CHECK_EQ(count_glyph(count, 'j'), 4);
	float a = 0, j = 0;
	for (size_t i = 0; i < count; i++) {
		CHECK(quads[i].x + quads[i].width <= 250);
		a = quads[i].glyph == 'a' ? quads[i].y : a;
		j = quads[i].glyph == 'j' ? quads[i].y : j;
	}
	CHECK(j > a);
	free(o);
}

static void wide_characters_take_two_cells(void **state) {
	(void)state;
	CHECK_EQ(glyphs_columns('a'), 1);
	CHECK_EQ(glyphs_columns(0x416), 1);
	CHECK_EQ(glyphs_columns(0x4e2d), 2);
	CHECK_EQ(glyphs_columns(0xac00), 2);
	CHECK_EQ(glyphs_columns(0xff1a), 2);
	struct overlay *o = calloc(1, sizeof *o);
	CHECK(o != NULL);
	o->state_count = 1;
	/* No space anywhere: broken between them, none is lost, none sticks out. */
	for (int i = 0; i < 40; i++) {
		strcat(o->state[0].text, "\xe4\xb8\xad");
	}
	const size_t count = layout(o, 200, 400);
	CHECK_EQ(count_glyph(count, 0x4e2d), 40);
	for (size_t i = 0; i < count; i++) {
		CHECK(quads[i].x + quads[i].width <= 200);
		CHECK(quads[i].glyph != 0x4e2d || (int)quads[i].width == 2 * GLYPHS_WIDTH);
	}
	free(o);
}

static void lists_do_not_cover_each_other(void **state) {
	(void)state;
	struct overlay *o = calloc(1, sizeof *o);
	CHECK(o != NULL);
	o->state_count = 1;
	strcpy(o->state[0].text, "S");
	o->help_count = 1;
	strcpy(o->help[0].key, "K");
	strcpy(o->help[0].text, "H");
	const size_t count = layout(o, 600, 400);
	float state_y = 0, help_y = 0;
	for (size_t i = 0; i < count; i++) {
		state_y = quads[i].glyph == 'S' ? quads[i].y : state_y;
		help_y = quads[i].glyph == 'H' ? quads[i].y + quads[i].height : help_y;
	}
	CHECK(help_y > 0 && help_y <= state_y);
	free(o);
}

/* All keys of the help in a small window: lists beside one another, none outside. */
/* From 320x200 to 4K, in every size of text: each entry is on one of the pages, whole and inside.
 */
/* Of characters, one over another. */
static size_t overlaps(size_t count) {
	size_t found = 0;
	for (size_t a = 0; a < count; a++) {
		for (size_t b = 0; b < a; b++) {
			const struct overlay_quad *p = &quads[a], *q = &quads[b];
			found += p->glyph >= ' ' && q->glyph >= ' ' &&
				 p->x < q->x + q->width - 0.5f && q->x < p->x + p->width - 0.5f &&
				 p->y < q->y + q->height - 0.5f && q->y < p->y + p->height - 0.5f;
		}
	}
	return found;
}

static void help_fits_the_window(void **state) {
	(void)state;
	struct overlay *o = calloc(1, sizeof *o);
	CHECK(o != NULL);
	o->help_count = 36;
	for (unsigned i = 0; i < o->help_count; i++) {
		snprintf(o->help[i].key, sizeof o->help[i].key, "%s", i % 8 == 0 ? "" : "Insert");
		snprintf(o->help[i].text, sizeof o->help[i].text,
				"! what this %s key does for you $",
				i % 5 == 0 ? "long and wordy, really long" : "");
	}
	/* pages at most, of texts of so many pixels */
	static const struct {
		int width, height;
		unsigned font, pages;
	} sizes[] = { { 640, 360, 16, 3 }, { 1920, 1080, 16, 1 }, { 1920, 1080, 32, 1 },
		{ 1280, 720, 16, 1 }, { 1280, 720, 24, 1 }, { 3840, 2160, 16, 1 },
		{ 3840, 2160, 48, 1 }, { 800, 200, 16, 5 }, { 320, 200, 16, 12 },
		{ 320, 200, 12, 7 }, { 2560, 400, 16, 1 } };
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		size_t begins = 0, ends = 0;
		o->font_px = sizes[i].font;
		for (o->help_page = 0; o->help_page < sizes[i].pages; o->help_page++) {
			const size_t count = layout(o, sizes[i].width, sizes[i].height);
			begins += count_glyph(count, '!');
			ends += count_glyph(count, '$');
			CHECK_EQ(count_glyph(count, 0x2026), 0); /* nothing is cut */
			CHECK_EQ(sizes[i].height > 200 ? 0 : overlaps(count), 0);
			for (size_t n = 0; n < count; n++) {
				CHECK(quads[n].x >= 0 && quads[n].x + quads[n].width <=
									 (float)sizes[i].width);
				CHECK(quads[n].y >= 0 && quads[n].y + quads[n].height <=
									 (float)sizes[i].height);
			}
		}
		if (begins < o->help_count) {
			print_message("%dx%d, %u: %zu of %u\n", sizes[i].width, sizes[i].height,
					sizes[i].font, begins, o->help_count);
		}
		CHECK(begins >= o->help_count);
		CHECK_EQ(ends, begins);
	}
	free(o);
}

static void first_screen_fits_the_window(void **state) {
	(void)state;
	struct overlay *o = calloc(1, sizeof *o);
	CHECK(o != NULL);
	o->splash = true;
	strcpy(o->title, "pierglass");
	o->state_count = 8;
	for (unsigned i = 0; i < o->state_count; i++) {
		snprintf(o->state[i].text, sizeof o->state[i].text, "! part %u: %s $", i,
				i % 2 == 0 ? "waits"
					   : "waiting for the Looking Glass host program in "
					     "the VM (not running yet, or it ended)");
	}
	static const struct {
		int width, height;
		unsigned font, pages;
	} sizes[] = { { 1280, 720, 16, 1 }, { 640, 360, 16, 1 }, { 320, 200, 16, 4 },
		{ 320, 200, 12, 2 }, { 640, 480, 32, 2 } };
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		size_t begins = 0, ends = 0;
		o->font_px = sizes[i].font;
		for (o->state_page = 7 * sizes[i].pages; o->state_page < 8 * sizes[i].pages;
				o->state_page++) {
			const size_t count = layout(o, sizes[i].width, sizes[i].height);
			begins += count_glyph(count, '!');
			ends += count_glyph(count, '$');
			CHECK_EQ(overlaps(count), 0);
			for (size_t n = 0; n < count; n++) {
				CHECK(quads[n].y >= 0 && quads[n].y + quads[n].height <=
									 (float)sizes[i].height);
			}
		}
		print_message("%dx%d, %u: %zu on %u pages\n", sizes[i].width, sizes[i].height,
				sizes[i].font, begins, sizes[i].pages);
		CHECK_EQ(begins, o->state_count); /* each once, and whole */
		CHECK_EQ(ends, o->state_count);
	}
	free(o);
}

static void opacity_and_size_count(void **state) {
	(void)state;
	struct overlay *o = calloc(1, sizeof *o);
	CHECK(o != NULL);
	strcpy(o->alert.text, "X");
	CHECK_EQ(layout(o, 400, 300), 0);
	o->alert_opacity = 0.5f;
	size_t count = layout(o, 400, 300);
	CHECK_EQ(count_glyph(count, 'X'), 1);
	const uint32_t alpha = quads[count - 1].color >> 24;
	CHECK(alpha > 100 && alpha < 150);
	const float height = quads[count - 1].height;
	o->font_px = 32;
	count = layout(o, 400, 300);
	CHECK(quads[count - 1].height > height * 1.9f);

	/* Each size is another one. */
	float before = 0;
	for (unsigned px = 6; px <= 96; px++) {
		o->font_px = px;
		count = layout(o, 400, 300);
		CHECK(quads[count - 1].height > before);
		before = quads[count - 1].height;
	}

	struct overlay *other = calloc(1, sizeof *other);
	CHECK(other != NULL);
	CHECK(!overlay_equal(o, other));
	*other = *o;
	CHECK(overlay_equal(o, other));
	free(other);
	free(o);
}

static bool is_covered(const struct overlay_quad *quad, const struct rect *covers, unsigned count) {
	for (unsigned i = 0; i < count; i++) {
		const struct rect *c = &covers[i];
		if (quad->x >= (float)c->x && quad->y >= (float)c->y &&
				quad->x + quad->width <= (float)(c->x + c->width) &&
				quad->y + quad->height <= (float)(c->y + c->height)) {
			return true;
		}
	}
	return false;
}

static long covered(const struct overlay *o, int width, int height, unsigned *ret_count) {
	struct rect covers[OVERLAY_COVERS_MAX];
	const size_t count = layout(o, width, height);
	*ret_count = overlay_cover(quads, count, covers);
	CHECK(*ret_count <= OVERLAY_COVERS_MAX);
	for (size_t i = 0; i < count; i++) {
		CHECK(is_covered(&quads[i], covers, *ret_count));
	}
	long area = 0;
	for (unsigned i = 0; i < *ret_count; i++) {
		area += (long)covers[i].width * covers[i].height;
		for (unsigned j = i + 1; j < *ret_count; j++) {
			const struct rect *a = &covers[i], *b = &covers[j];
			CHECK(a->x >= b->x + b->width || b->x >= a->x + a->width ||
					a->y >= b->y + b->height || b->y >= a->y + a->height);
		}
	}
	return area;
}

/* Only a ground without any transparency, and only where it is alone. */
static void what_hides_the_picture_is_known(void **state) {
	(void)state;
	struct overlay_quad q[2] = { { .x = 10, .y = 20, .width = 100, .height = 50 },
		{ .x = 10, .y = 20, .width = 8, .height = 16, .glyph = 'a' } };
	const struct rect all = { 10, 20, 100, 50 }, more = { 10, 20, 101, 50 };
	q[0].color = 0xff14171e;
	q[1].color = 0xffffffff;
	CHECK(overlay_hides(q, 2, &all));
	CHECK(!overlay_hides(q, 2, &more));
	CHECK(!overlay_hides(q + 1, 1, &(struct rect){ 10, 20, 8, 16 }));
	q[0].color = 0xfe14171e;
	CHECK(!overlay_hides(q, 2, &all));
}

/* What is drawn again under signs is their own area, not that of the window between them. */
static void signs_at_the_edges_cover_little(void **state) {
	(void)state;
	unsigned count;
	struct overlay *o = calloc(1, sizeof *o);
	CHECK(o != NULL);
	CHECK_EQ(covered(o, 1920, 1080, &count), 0);
	CHECK_EQ(count, 0);
	o->figures_count = 1;
	strcpy(o->figures[0], "60 fps");
	o->sign_count = 2;
	strcpy(o->sign[0].word, "muted");
	strcpy(o->sign[1].word, "captured");
	o->state_count = 1;
	strcpy(o->state[0].text, "waiting for the sound");
	CHECK(covered(o, 1920, 1080, &count) < 1920 * 1080 / 50);
	CHECK_EQ(count, 4);
	/* More than are told apart. */
	o->sign_count = OVERLAY_SIGN_MAX;
	for (unsigned i = 0; i < OVERLAY_SIGN_MAX; i++) {
		strcpy(o->sign[i].word, "a sign");
	}
	CHECK(covered(o, 1920, 1080, &count) < 1920 * 1080 / 20);
	CHECK_EQ(count, OVERLAY_COVERS_MAX);
	/* Characters without a ground. */
	o->splash = true;
	strcpy(o->title, "pierglass");
	(void)covered(o, 1920, 1080, &count);
	free(o);
}

/* ---- contrast ---- */

static double light_of(unsigned value) {
	const double part = value / 255.0;
	return part <= 0.03928 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4);
}

static double luminance(const double rgb[3]) {
	return 0.2126 * light_of((unsigned)rgb[0]) + 0.7152 * light_of((unsigned)rgb[1]) +
	       0.0722 * light_of((unsigned)rgb[2]);
}

static void blend(double rgb[3], uint32_t color) {
	const double alpha = (color >> 24) / 255.0;
	for (int i = 0; i < 3; i++) {
		rgb[i] += alpha * ((color >> (16 - 8 * i) & 0xff) - rgb[i]);
	}
}

/* Of that character with what is drawn under it, on a picture of that colour (WCAG 2.1). */
static double contrast_on(size_t glyph, uint32_t picture) {
	const struct overlay_quad *over = &quads[glyph];
	double ground[3] = { 0 }, text[3];
	blend(ground, 0xff000000u | picture);
	for (size_t i = 0; i < glyph; i++) {
		const struct overlay_quad *q = &quads[i];
		if (q->glyph == 0 && q->x <= over->x && q->y <= over->y &&
				q->x + q->width >= over->x + over->width &&
				q->y + q->height >= over->y + over->height) {
			blend(ground, q->color);
		}
	}
	memcpy(text, ground, sizeof text);
	blend(text, over->color);
	const double a = luminance(ground) + 0.05, b = luminance(text) + 0.05;
	return a > b ? a / b : b / a;
}

static void fill_everything(struct overlay *o, bool panel) {
	static const char words[] = "Words xyz";
	o->alert_opacity = 1;
	strcpy(o->alert.text, words);
	o->help_count = o->figures_count = 3;
	o->state_count = o->sign_count = 4;
	for (unsigned i = 0; i < 4; i++) {
		o->state[i].level = o->sign[i].level = (enum overlay_level)i;
		strcpy(o->state[i].text, words);
		strcpy(o->sign[i].word, words);
		strcpy(o->help[i].key, i == 0 ? "" : "Key");
		strcpy(o->help[i].text, words);
		strcpy(o->figures[i], words);
	}
	o->graph_count = 1;
	o->graphs[0].layers = 1;
	strcpy(o->graphs[0].title, words);
	strcpy(o->graphs[0].names[0], words);
	o->panel.open = panel;
	o->panel.page_count = o->panel.row_count = 3;
	strcpy(o->panel.title, words);
	strcpy(o->panel.foot, words);
	for (unsigned i = 0; i < 3; i++) {
		strcpy(o->panel.pages[i], words);
		o->panel.rows[i].adjustable = true;
		o->panel.rows[i].changed = i == 1;
		strcpy(o->panel.rows[i].label, words);
		strcpy(o->panel.rows[i].value, words);
	}
}

/* Whatever the guest shows: text of every kind and level keeps a contrast of 4.5. */
static void texts_stand_out_on_any_picture(void **state) {
	(void)state;
	static const uint32_t pictures[] = { 0xffffff, 0x000000, 0xffff00, 0x00ffff, 0xff00ff,
		0xff0000, 0x00ff00, 0x0000ff, 0x808080 };
	struct overlay *o = calloc(1, sizeof *o);
	CHECK(o != NULL);
	for (int panel = 0; panel < 2; panel++) {
		fill_everything(o, panel);
		const size_t count = layout(o, 1280, 720);
		CHECK(count > 100);
		for (size_t i = 0; i < count; i++) {
			for (size_t p = 0; quads[i].glyph != 0 &&
					   p < sizeof pictures / sizeof pictures[0];
					p++) {
				const double contrast = contrast_on(i, pictures[p]);
				if (contrast < 4.5) {
					print_message("%c (color %08x) on %06x: %.2f\n",
							(int)quads[i].glyph, quads[i].color,
							pictures[p], contrast);
				}
				CHECK(contrast >= 4.5);
			}
			/* Nor does it matter which: nothing of the picture is seen under a text. */
			CHECK(quads[i].glyph == 0 ||
					contrast_on(i, 0xffffff) == contrast_on(i, 0x000000));
		}
	}
	free(o);
}

int main(void) {
	quads = calloc(OVERLAY_QUADS_MAX, sizeof *quads);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_bytes_are_drawn_to_the_end),
		cmocka_unit_test(tab_is_where_it_is_drawn),
		cmocka_unit_test(face_has_what_we_write),
		cmocka_unit_test(splash_shows_title_and_states),
		cmocka_unit_test(long_lines_are_broken),
		cmocka_unit_test(wide_characters_take_two_cells),
		cmocka_unit_test(lists_do_not_cover_each_other),
		cmocka_unit_test(help_fits_the_window),
		cmocka_unit_test(first_screen_fits_the_window),
		cmocka_unit_test(opacity_and_size_count),
		cmocka_unit_test(what_hides_the_picture_is_known),
		cmocka_unit_test(signs_at_the_edges_cover_little),
		cmocka_unit_test(texts_stand_out_on_any_picture),
	};
	const int r = cmocka_run_group_tests(tests, NULL, NULL);
	free(quads);
	return r;
}
