/*
 * Text of a guest, a server or a process of this machine, on its way to people: the log, the
 * overlay, a JSON reader, the keys that type it, the other clipboard format. Each walk ends, and
 * what comes out is UTF-8 without control characters. Bytes 0..4 choose sizes, the rest is the
 * text.
 *
 * Covers: base/utf8.c base/json.c client/text/glyphs.c client/render/overlay.c
 * client/render/overlay_pen.c input/keystrokes.c
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "client/render/overlay.h"
#include "client/text/glyphs.h"
#include "input/keystrokes.h"
#include "tests/support/utf8_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool condition) {
	if (!condition) {
		abort();
	}
}

static void walk(const char *text, size_t len) {
	size_t count = 0;
	for (const char *p = text; utf8_next(&p); count++) {
	}
	expect(count <= len && (strlen(text) < len || count == utf8_count(text, len)));
	size_t left = len;
	while (left > 0) {
		const size_t last = utf8_last(text, left);
		expect(last > 0 && last <= left);
		left -= last;
	}
}

/* What fits is whole characters: one more would be too much, or is not there. */
static void cut(const char *text, size_t most) {
	const int fits = utf8_fit(text, most);
	expect(fits >= 0 && (size_t)fits <= most && (size_t)fits <= strlen(text));
	const char *p = text + fits;
	expect(!utf8_next(&p) || (size_t)(p - text) > most);
	size_t left = (size_t)fits;
	while (left > 0) {
		left -= utf8_last(text, left);
	}
}

static void print(const char *text, size_t len, size_t room) {
	char *out = malloc(room);
	utf8_printable(out, room, text, len);
	expect(strlen(out) < room && utf8_valid(out, strlen(out)));
	for (const char *p = out; *p;) {
		const uint32_t code = utf8_next(&p);
		expect(code >= 0x20 && (code < 0x7f || code >= 0xa0));
	}
	free(out);
}

static void write_json(const char *text) {
	char *line = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&line, &len);
	struct json json;
	json_begin(&json, out);
	json_string(&json, "text", text);
	json_finish(&json);
	fclose(out);
	expect(utf8_valid(line, len) && strlen(line) == len);
	free(line);
}

static void type(const char *text) {
	struct keystrokes keystrokes = { 0 };
	if (keystrokes_set(&keystrokes, text) < 0) {
		return;
	}
	struct stroke stroke;
	size_t strokes = 0;
	while (keystrokes_more(&keystrokes) &&
			keystrokes_next(&keystrokes, 4, strokes % 2, &stroke)) {
		expect(++strokes <= strlen(text));
	}
	keystrokes_clear(&keystrokes);
}

static void draw(const uint8_t *sizes, const char *text) {
	static struct overlay_quad quads[OVERLAY_QUADS_MAX];
	static struct overlay overlay;
	memset(&overlay, 0, sizeof overlay);
	overlay.splash = sizes[2] & 1;
	overlay.font_px = sizes[3];
	overlay.alert_opacity = 1;
	overlay.state_count = sizes[2] % (OVERLAY_STATE_MAX + 1);
	overlay.help_count = sizes[2] & 2 ? OVERLAY_HELP_MAX : 0;
	overlay.figures_count = OVERLAY_FIGURES_MAX;
	overlay.sign_count = sizes[2] % (OVERLAY_SIGN_MAX + 1);
	for (unsigned i = 0; i < overlay.sign_count; i++) {
		overlay.sign[i].level = i % 4;
		snprintf(overlay.sign[i].word, sizeof overlay.sign[i].word, "%s", text);
	}
	snprintf(overlay.title, sizeof overlay.title, "%s", text);
	snprintf(overlay.tab, sizeof overlay.tab, "%s", text);
	snprintf(overlay.alert.text, sizeof overlay.alert.text, "%s", text);
	for (unsigned i = 0; i < overlay.state_count; i++) {
		snprintf(overlay.state[i].text, sizeof overlay.state[i].text, "%s", text);
	}
	for (unsigned i = 0; i < overlay.help_count; i++) {
		snprintf(overlay.help[i].key, sizeof overlay.help[i].key, "%s", text);
		snprintf(overlay.help[i].text, sizeof overlay.help[i].text, "%s", text);
	}
	for (unsigned i = 0; i < OVERLAY_FIGURES_MAX; i++) {
		snprintf(overlay.figures[i], sizeof overlay.figures[i], "%s", text);
	}
	const size_t count = overlay_layout(
			&overlay, sizes[0] * 16, sizes[1] * 16, quads, OVERLAY_QUADS_MAX);
	expect(count <= OVERLAY_QUADS_MAX);
	const struct rect corner = { 0, 0, sizes[0], sizes[1] };
	(void)overlay_hides(quads, count, &corner);
	(void)overlay_tab_at(&overlay, sizes[0] * 16, sizes[1] * 16, sizes[0] * 8, 2);
	for (size_t i = 0; i < count; i++) {
		unsigned char pixels[8 * 8];
		glyphs_draw(quads[i].glyph, 8, 8, pixels);
		expect(quads[i].width > 0 && quads[i].height > 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	if (size < 5) {
		return 0;
	}
	const size_t len = size - 5;
	char *text = malloc(len + 1);
	memcpy(text, data + 5, len);
	text[len] = '\0';
	walk(text, len);
	cut(text, data[4] % 64u);
	print(text, len, data[4] + 1u);
	write_json(text);
	type(text);
	draw(data, text);
	free(text);
	return 0;
}
