#include "client/render/glyph_font.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef PG_HAVE_FREETYPE

#include <fontconfig/fontconfig.h>
#include <ft2build.h>
#include FT_FREETYPE_H

#define FACES_MAX 4
#define PIXELS    16
#define BASELINE  14 /* rows from the top, as the embedded face has it */

struct glyph_font {
	FT_Library library;
	FcConfig *config;
	FT_Face faces[FACES_MAX];
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

static FcPattern *find_font(struct glyph_font *font, uint32_t code) {
	FcCharSet *set = FcCharSetCreate();
	FcPattern *wish = FcPatternCreate();
	FcPattern *found = NULL;
	if (set && wish) {
		FcCharSetAddChar(set, code);
		FcPatternAddCharSet(wish, FC_CHARSET, set);
		FcPatternAddBool(wish, FC_SCALABLE, FcTrue);
		if (font->family[0]) {
			FcPatternAddString(wish, FC_FAMILY, (const FcChar8 *)font->family);
		}
		FcPatternAddString(wish, FC_FAMILY, (const FcChar8 *)"sans");
		FcConfigSubstitute(font->config, wish, FcMatchPattern);
		FcDefaultSubstitute(wish);
		FcResult result;
		found = FcFontMatch(font->config, wish, &result);
	}
	if (wish) {
		FcPatternDestroy(wish);
	}
	if (set) {
		FcCharSetDestroy(set);
	}
	return found;
}

/* Opens the font that the desktop would use for the character. */
static FT_Face open_face(struct glyph_font *font, uint32_t code) {
	FcPattern *pattern = find_font(font, code);
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
	if (face && (FT_Get_Char_Index(face, code) == 0 ||
				    FT_Set_Pixel_Sizes(face, 0, PIXELS) != 0)) {
		FT_Done_Face(face);
		face = NULL;
	}
	return face;
}

static FT_Face face_for(struct glyph_font *font, uint32_t code) {
	for (unsigned i = 0; i < font->count; i++) {
		if (FT_Get_Char_Index(font->faces[i], code) != 0) {
			return font->faces[i];
		}
	}
	if (font->count == FACES_MAX) {
		return NULL;
	}
	FT_Face face = open_face(font, code);
	if (face) {
		font->faces[font->count++] = face;
	}
	return face;
}

bool glyph_font_draw(struct glyph_font *font, uint32_t code, unsigned char *pixels) {
	memset(pixels, 0, (size_t)GLYPH_FONT_SIDE * GLYPH_FONT_SIDE);
	FT_Face face = font != NULL ? face_for(font, code) : NULL;
	if (!face || FT_Load_Char(face, code, FT_LOAD_RENDER | FT_LOAD_TARGET_LIGHT) != 0) {
		return false;
	}
	const FT_GlyphSlot slot = face->glyph;
	const FT_Bitmap *bitmap = &slot->bitmap;
	if (bitmap->pixel_mode != FT_PIXEL_MODE_GRAY || bitmap->pitch < 0) {
		return false;
	}
	for (int row = 0; row < (int)bitmap->rows; row++) {
		const int y = BASELINE - slot->bitmap_top + row;
		for (int column = 0; column < (int)bitmap->width; column++) {
			const int x = slot->bitmap_left + column + 1;
			if (x >= 0 && x < GLYPH_FONT_SIDE && y >= 0 && y < GLYPH_FONT_SIDE) {
				pixels[y * GLYPH_FONT_SIDE + x] =
						bitmap->buffer[row * bitmap->pitch + column];
			}
		}
	}
	return true;
}

#else

struct glyph_font *glyph_font_create(const char *family) {
	(void)family;
	return NULL;
}

void glyph_font_destroy(struct glyph_font *font) {
	(void)font;
}

bool glyph_font_draw(struct glyph_font *font, uint32_t code, unsigned char *pixels) {
	(void)font;
	(void)code;
	memset(pixels, 0, (size_t)GLYPH_FONT_SIDE * GLYPH_FONT_SIDE);
	return false;
}

#endif
