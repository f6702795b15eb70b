/* What renderer.c (drawing) and renderer_textures.c (pixels in) share. */
#pragma once

#include "client/gl.h"
#include "client/renderer.h"

enum renderer_filter { FILTER_NEAREST, FILTER_LINEAR, FILTER_DOWN, FILTER_UP, FILTER_COUNT };

struct renderer_uniforms {
	GLint flip, to_image, to_image_b, size, dim;
	GLint pointer, pointer_b;
};

struct renderer_program {
	GLuint id;
	bool tried; /* a driver that cannot compile it is not asked for every frame */
	struct renderer_uniforms at;
};

/* A few rows of the widest picture. */
#define RENDERER_UNPACK_BYTES ((size_t)256 * 1024)
#define RENDERER_BUFFERS      3
#define RENDERER_OTHER_GLYPHS 300

struct renderer {
	bool software;
	enum video_upload upload;
	GLint texture_side_max;
	bool has_bgra;

	/* The picture. raw: as uploaded; shown: what is sampled. The same texture unless the format
	 * needs a conversion. */
	struct renderer_picture picture;
	struct renderer_hdr hdr;
	bool has_picture, converts;
	GLuint raw, shown;
	GLuint read_framebuffer;    /* shown attached, for copies and clears */
	GLuint convert_framebuffer; /* shown attached, drawn into */
	bool shown_readable;        /* read_framebuffer is complete */
	bool shown_bgra;            /* memory order of shown is B, G, R, A */
	GLuint convert_program;     /* of the current format */
	unsigned convert_key;
	unsigned char *unpacked; /* RENDERER_UNPACK_BYTES; NULL until needed */

	/* Upload through buffers. */
	GLuint buffers[RENDERER_BUFFERS];
	void *mapped[RENDERER_BUFFERS];
	GLsync fences[RENDERER_BUFFERS];
	size_t buffer_bytes;
	unsigned buffer;
	bool buffer_used; /* something of the current frame is in it */

	struct renderer_program picture_programs[FILTER_COUNT];
	struct renderer_program pointer_programs[2]; /* without, with inversion */
	GLuint samplers[2];                          /* nearest, linear */

	GLuint cursor_color, cursor_invert;
	bool has_cursor, cursor_inverts;
	uint32_t cursor_width, cursor_height;

	GLuint overlay_program, overlay_atlas, overlay_buffer, overlay_array;
	GLint overlay_scale, overlay_offset;
	GLuint empty_array;

	/* Characters of other fonts, drawn into the free part of the atlas when first used. */
	struct glyph_font *font;
	bool font_tried;
	unsigned other_count;
	uint32_t other_glyphs[RENDERER_OTHER_GLYPHS]; /* at their place in the atlas */
	bool other_has[RENDERER_OTHER_GLYPHS];        /* false: no font has it */
};

void renderer_textures_finish(struct renderer *renderer);
