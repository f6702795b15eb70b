/* Characters of other scripts come from the desktop's fonts, and from the family that was asked
 * for. */
#include <fontconfig/fontconfig.h>
#include <string.h>

#include "client/text/glyph_font.h"
#include "client/text/glyphs.h"
#include "tests/support/check.h"

#define SIDE       18
#define CELL_BYTES ((size_t)SIDE * SIDE)

static bool has_family(const char *family) {
	FcPattern *request = FcPatternCreate();
	FcPatternAddString(request, FC_FAMILY, (const FcChar8 *)family);
	FcObjectSet *none = FcObjectSetBuild(FC_FAMILY, NULL);
	FcFontSet *found = FcFontList(NULL, request, none);
	bool has = found && found->nfont > 0;
	FcFontSetDestroy(found);
	FcObjectSetDestroy(none);
	FcPatternDestroy(request);
	return has;
}

static bool draw(const char *family, uint32_t code, unsigned char *pixels) {
	struct glyph_font *font = glyph_font_create(family);
	memset(pixels, 0, CELL_BYTES);
	assert_non_null(font);
	bool drawn = glyph_font_draw(font, code, glyphs_columns(code),
			glyphs_columns(code) * SIDE / 2, SIDE, pixels);
	glyph_font_destroy(font);
	return drawn;
}

static void the_family_decides(void **state) {
	(void)state;
	unsigned char sans[CELL_BYTES];
	unsigned char serif[CELL_BYTES];
	unsigned char unknown[CELL_BYTES];
	if (!has_family("DejaVu Sans") || !has_family("DejaVu Serif")) {
		skip();
	}
	const uint32_t zhe = 0x0416; /* Cyrillic: both have it */
	assert_true(draw("DejaVu Sans", zhe, sans));
	assert_true(draw("DejaVu Serif", zhe, serif));
	assert_memory_not_equal(sans, serif, CELL_BYTES);
	/* A family that is not there is the desktop's choice. */
	assert_true(draw("No Such Family", zhe, unknown));
	assert_true(draw("", zhe, sans));
	assert_memory_equal(unknown, sans, CELL_BYTES);
	/* It fills its cell in every size, and nothing of it is cut off. */
	struct glyph_font *font = glyph_font_create("DejaVu Sans Mono");
	for (int height = 8; height <= 60; height += 13) {
		static unsigned char pixels[60 * 60];
		const int width = height / 2;
		unsigned ink = 0, edge = 0;
		assert_true(glyph_font_draw(font, 'W', 1, width, height, pixels));
		for (int i = 0; i < width * height; i++) {
			ink += pixels[i] > 100;
			edge += pixels[i] > 100 && (i < width || i >= width * (height - 1));
		}
		assert_true(ink > (unsigned)(width * height) / 12 && edge == 0);
	}
	glyph_font_destroy(font);
}

static void what_the_family_lacks_comes_from_another(void **state) {
	(void)state;
	unsigned char pixels[CELL_BYTES];
	if (!has_family("DejaVu Serif") || !has_family("WenQuanYi Micro Hei")) {
		skip();
	}
	assert_true(draw("DejaVu Serif", 0x4e2d, pixels));
	unsigned sum = 0;
	for (size_t i = 0; i < CELL_BYTES; i++) {
		sum += pixels[i];
	}
	assert_true(sum > 1000);
	/* Of nobody's alphabet. */
	assert_false(draw("", 0x10fffd, pixels));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_family_decides),
		cmocka_unit_test(what_the_family_lacks_comes_from_another),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	FcFini(); /* the configuration that has_family() looked into */
	return failed;
}
