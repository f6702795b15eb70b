#include "client/render/overlay_pen.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"
#include "client/render/overlay_quad.h"
#include "client/text/glyphs.h"

#define FONT_PX_MAX 400

struct overlay_pen overlay_pen(unsigned font_px, int width_px, int height_px,
		struct overlay_quad *quads, size_t max) {
	const int size = font_px == 0 ? 16 : font_px > FONT_PX_MAX ? FONT_PX_MAX : (int)font_px;
	const int line = (size * GLYPHS_HEIGHT + 8) / 16;
	const int cell = (size * GLYPHS_WIDTH + 8) / 16;
	return (struct overlay_pen){
		.quads = quads,
		.max = max,
		.cell = cell,
		.line = line,
		.hair = line / GLYPHS_HEIGHT > 0 ? line / GLYPHS_HEIGHT : 1,
		.width_px = width_px,
		.height_px = height_px,
	};
}

int overlay_pen_cell(const struct overlay_pen *pen) {
	return pen->cell;
}

int overlay_pen_line(const struct overlay_pen *pen) {
	return pen->line;
}

int overlay_pen_px(const struct overlay_pen *pen, int px) {
	return (px * pen->line + GLYPHS_HEIGHT / 2) / GLYPHS_HEIGHT;
}

int overlay_pen_columns(const char *text) {
	int columns = 0;
	for (uint32_t code = utf8_next(&text); code != 0; code = utf8_next(&text)) {
		columns += glyphs_columns(code);
	}
	return columns;
}

static void put(struct overlay_pen *pen, int x, int y, int width, int height, uint32_t glyph,
		uint32_t color) {
	if (pen->count < pen->max && width > 0 && height > 0) {
		pen->quads[pen->count++] = (struct overlay_quad){ (float)x, (float)y, (float)width,
			(float)height, glyph, color };
	}
}

void overlay_pen_box(struct overlay_pen *pen, int x, int y, int width, int height, uint32_t color) {
	put(pen, x, y, width, height, 0, color);
}

void overlay_pen_text(struct overlay_pen *pen, int x, int y, const char *text, int columns,
		uint32_t color) {
	const bool cut = overlay_pen_columns(text) > columns;
	int left = cut ? columns - 1 : columns;
	for (;;) {
		const uint32_t code = utf8_next(&text);
		left -= glyphs_columns(code);
		if (code == 0 || left < 0) {
			break;
		}
		const int width = glyphs_columns(code) * overlay_pen_cell(pen);
		if (code != ' ') {
			put(pen, x, y, width, overlay_pen_line(pen), code, color);
		}
		x += width;
	}
	if (cut && columns > 0) {
		put(pen, x, y, overlay_pen_cell(pen), overlay_pen_line(pen), 0x2026, color);
	}
}

/* Chinese punctuation that does not begin a line. */
static bool closes(uint32_t code) {
	switch (code) {
	case 0x201d:
	case 0x3001:
	case 0x3002:
	case 0x300b:
	case 0x300d:
	case 0xff01:
	case 0xff09:
	case 0xff0c:
	case 0xff1a:
	case 0xff1b:
	case 0xff1f:
		return true;
	default:
		return false;
	}
}

const char *overlay_pen_wrap(const char *text, int columns, char *line, size_t line_size) {
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
		if ((code == ' ' && n <= columns) || (width == 2 && n > 0 && !closes(code))) {
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
