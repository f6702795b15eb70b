/*
 * What the renderer's files share: renderer.c (life, one scene, reading back), renderer_textures.c
 * (pixels in), renderer_kept.c (pixels that GL need not draw), renderer_scale.c (the picture at its
 * size), renderer_pointer.c, renderer_overlay.c.
 */
#pragma once

#include "client/gl/gl.h"
#include "client/gl/region.h"
#include "client/render/renderer.h"

/* By their numbers in the shaders. The ones that are called LAST draw on the window what a first
 * pass made of the image. */
enum renderer_filter {
	FILTER_NEAREST,
	FILTER_LINEAR,
	FILTER_DOWN_LAST,
	FILTER_UP,
	FILTER_FSR_LAST,
	FILTER_COUNT
};

struct renderer_uniforms {
	GLint flip, to_image, to_image_b, size, shrink, dim;
	GLint pointer, pointer_b, under_at;
};

struct renderer_program {
	GLuint id;
	bool tried; /* a driver that cannot compile it is not asked for every frame */
	struct renderer_uniforms at;
};

/* A few rows of the widest picture. */
#define RENDERER_UNPACK_BYTES ((size_t)256 * 1024)
#define RENDERER_BUFFERS      3
#define RENDERER_GLYPHS       1024 /* a power of two; the table is never fuller than half */

/* Glyphs in one texture, each in the sizes that it was used in, drawn when first used. */
struct renderer_glyphs {
	GLuint texture; /* 0 = none yet */
	int side;       /* px */
	int x, y, high; /* the row of them that is being filled */
	unsigned count;
	bool full;    /* since the last renderer_glyphs_enlarge() */
	bool emptied; /* for this load, at its largest */
	struct {
		uint32_t code; /* 0 = free */
		unsigned short x, y, width, height;
	} table[RENDERER_GLYPHS];
	struct glyph_font *font;
	char family[128]; /* asked first; "" = the desktop's */
	bool font_tried;
};

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
	bool imports; /* raw comes with each frame and is not ours */
	GLuint raw, shown;
	GLuint read_framebuffer;    /* shown attached, for copies and clears */
	GLuint convert_framebuffer; /* shown attached, drawn into */
	bool shown_readable;        /* read_framebuffer is complete */
	bool shown_bgra;            /* memory order of shown is B, G, R, A */
	GLuint convert_program;     /* of the current format */
	unsigned convert_key;
	/* The picture in memory of ours. */
	bool keeps;          /* what is uploaded goes there */
	unsigned char *kept; /* rows of picture.width * 4 bytes; NULL until needed */
	size_t kept_bytes;   /* of the mapping */
	struct region stale; /* image rectangles that the texture lacks */

	unsigned char *unpacked; /* RENDERER_UNPACK_BYTES; NULL until needed */

	/* Upload through buffers. */
	GLuint buffers[RENDERER_BUFFERS];
	void *mapped[RENDERER_BUFFERS];
	GLsync fences[RENDERER_BUFFERS];
	size_t buffer_bytes;
	unsigned buffer;
	bool buffer_used; /* something of the current frame is in it */

	struct renderer_program picture_programs[FILTER_COUNT];
	GLuint samplers[2]; /* nearest, linear */

	/* Between the two passes of a filter. */
	struct renderer_program shrink_program, easu_program;
	GLuint layer, layer_framebuffer;
	GLenum layer_format;
	int layer_width, layer_height;
	bool layer_failed; /* this driver cannot: linear instead */

	struct renderer_program pointer_programs[2]; /* without, with inversion */
	GLuint under, under_framebuffer; /* what the screen shows under an inverting pointer */
	int under_width, under_height;
	GLuint cursor_color, cursor_invert;
	bool has_cursor, cursor_inverts;
	uint32_t cursor_width, cursor_height;

	GLuint overlay_program, overlay_buffer, overlay_array;
	GLint overlay_scale, overlay_offset;
	GLuint empty_array;

	struct renderer_glyphs glyphs;
};

/* renderer.c */
/* Compiles it when first used: most sessions need few, and compiling delays the first frame. */
void renderer_make_program(struct renderer_program *program, const char *defines,
		const char *common, const char *fragment);
/* Gives the texture that size and attaches it. False: it cannot be drawn into. Both stay bound. */
bool renderer_make_layer(GLuint texture, GLuint framebuffer, GLenum format, int width, int height);
void renderer_scissor(const struct egl_target *target, const struct rect *rect);
bool renderer_intersect(const struct rect *a, const struct rect *b, struct rect *ret_rect);

/* renderer_textures.c */
void renderer_textures_finish(struct renderer *renderer);
/* renderer_upload() into the texture, whatever is kept. */
void renderer_texture_upload(struct renderer *renderer, const unsigned char *pixels, uint32_t pitch,
		const struct frame_rect *rect);

/* renderer_kept.c */
void renderer_kept_forget(struct renderer *renderer);
void renderer_kept_upload(struct renderer *renderer, const unsigned char *pixels, uint32_t pitch,
		const struct frame_rect *rect);
/* Brings the texture up to date: all of it (NULL), or a part that is to be drawn. */
void renderer_kept_bring_up(struct renderer *renderer, const struct rect *image_rect);
/* Rows as renderer_read_rows() returns them; false: not kept. */
bool renderer_kept_read(const struct renderer *renderer, uint32_t y, uint32_t height,
		uint32_t width, unsigned char *ret_pixels);

/* renderer_scale.c */
void renderer_scale_draw(struct renderer *renderer, const struct egl_target *target,
		const struct renderer_scene *scene, const struct rect *rect);
void renderer_scale_finish(struct renderer *renderer);

/* renderer_pointer.c */
void renderer_pointer_draw(struct renderer *renderer, const struct egl_target *target,
		const struct renderer_scene *scene, const struct rect *rect);
void renderer_pointer_finish(struct renderer *renderer);

/* renderer_overlay.c */
bool renderer_overlay_create(struct renderer *renderer);
/* The quads as triangles into the buffer, once for all rectangles. */
void renderer_overlay_load(struct renderer *renderer, const struct renderer_scene *scene);
void renderer_overlay_draw(struct renderer *renderer, const struct egl_target *target,
		const struct renderer_scene *scene, const struct rect *rect);
void renderer_overlay_finish(struct renderer *renderer);

/* renderer_glyphs.c */
/* Where the character lies in the texture in that size: left, top, right, bottom in 0..1. Nothing
 * (an empty place) where there is no room for it: renderer_glyphs_enlarge() says so. */
void renderer_glyph(
		struct renderer *renderer, uint32_t code, int width, int height, float ret_uv[4]);
/* True: there was no room, now there is more, and all places are others. */
bool renderer_glyphs_enlarge(struct renderer *renderer);
void renderer_glyphs_finish(struct renderer *renderer);
