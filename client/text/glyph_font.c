#include "client/text/glyph_font.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "client/text/glyphs.h"

#ifdef PG_HAVE_FREETYPE

#include <fontconfig/fontconfig.h>
#include <ft2build.h>
#include FT_FREETYPE_H

#define FACES_MAX 6

struct glyph_font {
	FT_Library library;
	FcConfig *config;
	FT_Face faces[FACES_MAX];
	int columns[FACES_MAX]; /* of the characters that each is for */
	unsigned count;
	char family[128];
};

struct glyph_font *glyph_font_create(const char *family) {
	struct glyph_font *font = calloc(1, sizeof *font);
	if (!font || FT_Init_FreeType(&font->library) != 0) {
		free(font);
		return NULL;
	}
	snprintf(font->family, sizeof font->family, "%s", family);
	font->config = FcInitLoadConfigAndFonts();
	if (!font->config) {
		glyph_font_destroy(font);
		return NULL;
	}
	return font;
}

void glyph_font_destroy(struct glyph_font *font) {
	if (!font) {
		return;
	}
	for (unsigned i = 0; i < font->count; i++) {
		FT_Done_Face(font->faces[i]);
	}
	FT_Done_FreeType(font->library);
	if (font->config) {
		FcConfigDestroy(font->config);
	}
	free(font);
}

static FcPattern *find_font(struct glyph_font *font, uint32_t code, int columns) {
	FcCharSet *set = FcCharSetCreate();
	FcPattern *request = FcPatternCreate();
	FcPattern *found = NULL;
	if (set && request) {
		FcCharSetAddChar(set, code);
		FcPatternAddCharSet(request, FC_CHARSET, set);
		FcPatternAddBool(request, FC_SCALABLE, FcTrue);
		if (font->family[0]) {
			FcPatternAddString(request, FC_FAMILY, (const FcChar8 *)font->family);
		}
		FcPatternAddString(request, FC_FAMILY,
				(const FcChar8 *)(columns == 1 ? "monospace" : "sans"));
		FcConfigSubstitute(font->config, request, FcMatchPattern);
		FcDefaultSubstitute(request);
		FcResult result;
		found = FcFontMatch(font->config, request, &result);
	}
	if (request) {
		FcPatternDestroy(request);
	}
	if (set) {
		FcCharSetDestroy(set);
	}
	return found;
}

/* Opens the font that the desktop would use for the character. */
static FT_Face open_face(struct glyph_font *font, uint32_t code, int columns) {
	FcPattern *pattern = find_font(font, code, columns);
	if (!pattern) {
		return NULL;
	}
	FcChar8 *path = NULL;
	int index = 0;
	FcPatternGetString(pattern, FC_FILE, 0, &path);
	FcPatternGetInteger(pattern, FC_INDEX, 0, &index);
	FT_Face face = NULL;
	if (!path || FT_New_Face(font->library, (const char *)path, index, &face) != 0) {
		face = NULL;
	}
	FcPatternDestroy(pattern);
	if (face && (FT_Get_Char_Index(face, code) == 0 || !FT_IS_SCALABLE(face))) {
		FT_Done_Face(face);
		face = NULL;
	}
	return face;
}

static FT_Face face_for(struct glyph_font *font, uint32_t code, int columns) {
	for (unsigned i = 0; i < font->count; i++) {
		if (font->columns[i] == columns && FT_Get_Char_Index(font->faces[i], code) != 0) {
			return font->faces[i];
		}
	}
	if (font->count == FACES_MAX) {
		return NULL;
	}
	FT_Face face = open_face(font, code, columns);
	if (face) {
		font->columns[font->count] = columns;
		font->faces[font->count++] = face;
	}
	return face;
}

/* In font units; 0 = it has no such character. */
static long advance_of(FT_Face face, uint32_t code) {
	const FT_UInt index = FT_Get_Char_Index(face, code);
	if (index == 0 || FT_Load_Glyph(face, index, FT_LOAD_NO_SCALE) != 0) {
		return 0;
	}
	return face->glyph->metrics.horiAdvance;
}

/* The largest size, in 64ths of a pixel, at which the font's letters and this character fit into
 * the cell. Of wide characters the boxes are far higher than what is drawn in them. */
static long size_for(FT_Face face, uint32_t code, int columns, int width, int height) {
	const long units = face->units_per_EM;
	const long high = columns == 1 ? face->ascender - face->descender : units * 9 / 8;
	long wide = advance_of(face, code);
	if (columns == 1 && advance_of(face, 'M') > wide) {
		wide = advance_of(face, 'M');
	}
	long size = high > 0 ? height * 64 * units / high : height * 64;
	if (wide > 0 && width * 64 * units / wide < size) {
		size = width * 64 * units / wide;
	}
	return size;
}

static int baseline_of(FT_Face face, long size, int columns, int height) {
	if (columns != 1) {
		return height * 7 / 9;
	}
	const long units = face->units_per_EM * 64L;
	const long up = face->ascender * size / units;
	const long high = (face->ascender - face->descender) * size / units;
	return (int)((height - high) / 2 + up);
}

static void copy_bitmap(const FT_GlyphSlot slot, int left, int baseline, int width, int height,
		unsigned char *pixels) {
	const FT_Bitmap *bitmap = &slot->bitmap;
	for (int row = 0; row < (int)bitmap->rows; row++) {
		const int y = baseline - slot->bitmap_top + row;
		for (int column = 0; column < (int)bitmap->width; column++) {
			const int x = left + slot->bitmap_left + column;
			if (x >= 0 && x < width && y >= 0 && y < height) {
				pixels[y * width + x] =
						bitmap->buffer[row * bitmap->pitch + column];
			}
		}
	}
}

bool glyph_font_draw(struct glyph_font *font, uint32_t code, int columns, int width, int height,
		unsigned char *pixels) {
	memset(pixels, 0, (size_t)width * (size_t)height);
	FT_Face face = font != NULL ? face_for(font, code, columns) : NULL;
	if (!face || face->units_per_EM == 0) {
		return false;
	}
	const long size = size_for(face, code, columns, width, height);
	if (FT_Set_Char_Size(face, 0, size, 72, 72) != 0 ||
			FT_Load_Char(face, code, FT_LOAD_RENDER | FT_LOAD_TARGET_LIGHT) != 0) {
		return false;
	}
	const FT_GlyphSlot slot = face->glyph;
	if (slot->bitmap.pixel_mode != FT_PIXEL_MODE_GRAY || slot->bitmap.pitch < 0) {
		return false;
	}
	const int left = (width - (int)(slot->advance.x + 32) / 64) / 2;
	copy_bitmap(slot, left, baseline_of(face, size, columns, height), width, height, pixels);
	return true;
}

static bool has(struct glyph_font *font, uint32_t code) {
	return font && face_for(font, code, glyphs_columns(code)) != NULL;
}

#else

struct glyph_font *glyph_font_create(const char *family) {
	(void)family;
	return NULL;
}

void glyph_font_destroy(struct glyph_font *font) {
	(void)font;
}

bool glyph_font_draw(struct glyph_font *font, uint32_t code, int columns, int width, int height,
		unsigned char *pixels) {
	(void)font;
	(void)code;
	(void)columns;
	memset(pixels, 0, (size_t)width * (size_t)height);
	return false;
}

static bool has(struct glyph_font *font, uint32_t code) {
	(void)font;
	(void)code;
	return false;
}

#endif

bool glyph_font_writes(const char *family, const char *text) {
	struct glyph_font *font = NULL;
	bool writes = true;
	for (uint32_t code = utf8_next(&text); code != 0 && writes; code = utf8_next(&text)) {
		if (code > ' ' && !glyphs_has(code)) {
			font = font ? font : glyph_font_create(family);
			writes = has(font, code);
		}
	}
	glyph_font_destroy(font);
	return writes;
}
