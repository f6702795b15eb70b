#include "client/render/renderer_plain.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stream_copy.h"
#include "client/gl/egl.h"
#include "client/render/layout.h"
#include "client/render/overlay_quad.h"
#include "client/render/plain_tone.h"
#include "client/render/renderer_program.h"
#include "client/render/unpack.h"
#include "host-proto/cursor.h"
#include "host-proto/frame.h"

#define GROUND 0x0d0f17u /* where there is no picture */

void renderer_plain_init(struct renderer_plain *plain) {
	plain->hdr = (struct renderer_hdr){ .map = true, .peak_nits = 250, .max_cll_nits = 10000 };
	plain->glyphs.plain = true;
}

static void free_picture(struct renderer_plain *plain) {
	picture_memory_free(&plain->memory);
	plain_tone_destroy(plain->tone);
	plain->tone = NULL;
	plain->has_picture = plain->kept = false;
}

void renderer_plain_finish(struct renderer_plain *plain) {
	free_picture(plain);
	plain_scale_finish(&plain->scale);
	renderer_glyphs_finish(&plain->glyphs);
	free(plain->color);
	free(plain->invert);
}

/* ---- pixels in ---- */

static bool same_picture(const struct renderer_picture *a, const struct renderer_picture *b) {
	return a->format == b->format && a->width == b->width && a->height == b->height &&
	       a->data_width == b->data_width && a->rows == b->rows && a->hdr == b->hdr &&
	       a->pq == b->pq && a->max_cll_nits == b->max_cll_nits;
}

int renderer_plain_set_picture(
		struct renderer_plain *plain, const struct renderer_picture *picture) {
	if (plain->has_picture && same_picture(picture, &plain->picture)) {
		return 0;
	}
	if (picture->width == 0 || picture->height == 0 || picture->rows == 0 ||
			picture->rows > picture->height || picture->width > FRAME_SIDE_MAX ||
			picture->height > FRAME_SIDE_MAX) {
		return -EINVAL;
	}
	free_picture(plain);
	plain->picture = *picture;
	if (plain_tone_knows(picture->format) &&
			plain_tone_create(&plain->tone, picture, &plain->hdr) < 0) {
		return -ENOMEM;
	}
	if (!picture_memory_make(&plain->memory, picture->width, picture->height)) {
		return -ENOMEM;
	}
	plain->has_picture = true; /* black, as new memory is */
	return 1;
}

bool renderer_plain_set_hdr(struct renderer_plain *plain, const struct renderer_hdr *hdr) {
	const struct renderer_hdr before = plain->hdr;
	plain->hdr = *hdr;
	if (!plain->tone || (before.map == hdr->map && before.peak_nits == hdr->peak_nits &&
					    before.max_cll_nits == hdr->max_cll_nits)) {
		return false;
	}
	free_picture(plain); /* begun anew with the next frame */
	return true;
}

static void upload_row(const struct renderer_plain *plain, const unsigned char *from,
		unsigned char *to, size_t count) {
	if (plain->tone) {
		plain_tone_row(plain->tone, from, to, count);
	} else if (unpack_knows(plain->picture.format)) {
		unpack_row(plain->picture.format, from, to, count);
	} else {
		stream_copy(to, from, count * 4);
	}
}

void renderer_plain_upload(struct renderer_plain *plain, const unsigned char *pixels,
		uint32_t pitch, const struct frame_rect *rect) {
	const struct renderer_picture *picture = &plain->picture;
	if (!plain->has_picture || rect->x >= picture->width || rect->y >= picture->rows) {
		return;
	}
	const uint32_t width = rect->width < picture->width - rect->x ? rect->width
								      : picture->width - rect->x;
	const uint32_t height = rect->height < picture->rows - rect->y ? rect->height
								       : picture->rows - rect->y;
	const struct frame_rect part = { rect->x, rect->y, width, height };
	unsigned char *to = picture_memory_write(&plain->memory, &part);
	const size_t step = frame_bytes_per_pixel(picture->format);
	for (uint32_t row = 0; to && row < height; row++) {
		const size_t y = rect->y + row;
		upload_row(plain, pixels + y * pitch + rect->x * step,
				to + y * plain->memory.stride + (size_t)rect->x * 4, width);
	}
}

/* Into other memory, which is there. */
static bool move(struct renderer_plain *plain, struct picture_memory *to) {
	const struct frame_rect all = { 0, 0, plain->picture.width, plain->picture.height };
	const unsigned char *read = picture_memory_read(&plain->memory);
	unsigned char *write = picture_memory_write(to, &all);
	if (!read || !write) {
		picture_memory_free(to);
		return false;
	}
	for (uint32_t row = 0; row < all.height; row++) {
		memcpy(write + row * to->stride, read + row * plain->memory.stride,
				(size_t)all.width * 4);
	}
	picture_memory_free(&plain->memory);
	plain->memory = *to;
	return true;
}

/* Without memory of ours the picture goes, and is begun anew with the next frame. */
static void move_out(struct renderer_plain *plain) {
	struct picture_memory ours = { .bytes = NULL };
	if (!picture_memory_make(&ours, plain->picture.width, plain->picture.height) ||
			!move(plain, &ours)) {
		free_picture(plain);
	}
}

bool renderer_plain_keep(struct renderer_plain *plain, const struct rect *at, struct egl *egl) {
	const bool on = at && plain->has_picture;
	const bool stays = on && plain->kept && at->x == plain->at.x && at->y == plain->at.y &&
			   picture_memory_fits(&plain->memory, at);
	if (stays || (!on && !plain->kept)) {
		return false;
	}
	if (plain->memory.egl) {
		move_out(plain);
	}
	struct picture_memory window = { .bytes = NULL };
	if (on && plain->has_picture && picture_memory_take(&window, egl, at)) {
		(void)move(plain, &window);
	}
	plain->kept = on && plain->has_picture;
	plain->at = on ? *at : plain->at;
	return true;
}

void renderer_plain_resized(struct renderer_plain *plain) {
	if (!picture_memory_fits(&plain->memory, &plain->at)) {
		move_out(plain);
		plain->kept = false;
	}
}

bool renderer_plain_kept_at(const struct renderer_plain *plain, const struct renderer_scene *scene,
		struct egl_pixels *ret_pixels) {
	const struct layout *layout = scene->layout;
	if (!plain->kept || !layout || !layout->exact || layout->rotation != 0 ||
			scene->dim < 1.0f || layout->image_width != plain->picture.width ||
			layout->image_height != plain->picture.height) {
		return false;
	}
	const struct rect at = { layout->x, layout->y, (int)plain->picture.width,
		(int)plain->picture.height };
	*ret_pixels = (struct egl_pixels){
		.memory = plain->memory.bytes, .stride = plain->memory.stride, .at = at
	};
	return picture_memory_fits(&plain->memory, &at);
}

void renderer_plain_read(const struct renderer_plain *plain, uint32_t y, uint32_t height,
		uint32_t width, unsigned char *ret_pixels) {
	const unsigned char *from = picture_memory_read(&plain->memory);
	for (uint32_t row = 0; from && row < height; row++) {
		memcpy(ret_pixels + (size_t)row * width * 4,
				from + (y + row) * plain->memory.stride, (size_t)width * 4);
	}
}

/* ---- the pointer ---- */

void renderer_plain_set_cursor(struct renderer_plain *plain, const struct cursor_shape *shape) {
	plain->pointer_width = plain->pointer_height = 0;
	free(plain->color);
	free(plain->invert);
	plain->color = plain->invert = NULL;
	if (!shape || shape->width == 0 || shape->height == 0) {
		return;
	}
	const size_t bytes = (size_t)shape->width * shape->height * sizeof *plain->color;
	plain->color = malloc(bytes);
	plain->invert = shape->has_invert ? malloc(bytes) : NULL;
	if (!plain->color || (shape->has_invert && !plain->invert)) {
		return;
	}
	memcpy(plain->color, shape->color, bytes);
	if (plain->invert) {
		memcpy(plain->invert, shape->invert, bytes);
	}
	plain->pointer_width = shape->width;
	plain->pointer_height = shape->height;
}

/* under * (1 - alpha of over) + over, whose colours are multiplied already. */
static uint32_t put_over(uint32_t under, uint32_t over) {
	const uint32_t left = 255 - (over >> 24);
	uint32_t out = 0;
	for (int shift = 0; shift <= 16; shift += 8) {
		const uint32_t sum =
				((under >> shift & 255) * left + 127) / 255 + (over >> shift & 255);
		out |= (sum > 255 ? 255 : sum) << shift;
	}
	return out;
}

static uint32_t side_at(float at, uint32_t side) {
	const int i = (int)floorf(at);
	return i < 0 ? 0 : i >= (int)side ? side - 1 : (uint32_t)i;
}

static void draw_pointer(const struct renderer_plain *plain, const struct egl_target *target,
		const struct renderer_scene *scene, const struct rect *rect) {
	struct rect area, part;
	if (!scene->pointer || plain->pointer_width == 0) {
		return;
	}
	layout_pointer_cover(scene->pointer_rect, &area);
	if (!renderer_intersect(rect, &area, &part)) {
		return;
	}
	float m[6];
	layout_pointer_matrix(scene->pointer_rect, scene->pointer_rotation, plain->pointer_width,
			plain->pointer_height, m);
	for (int y = part.y; y < part.y + part.height; y++) {
		uint32_t *to = target->memory + (size_t)y * (size_t)target->width;
		for (int x = part.x; x < part.x + part.width; x++) {
			const float wx = (float)x + 0.5f, wy = (float)y + 0.5f;
			const uint32_t row = side_at(
					m[3] * wx + m[4] * wy + m[5], plain->pointer_height);
			const uint32_t column =
					side_at(m[0] * wx + m[1] * wy + m[2], plain->pointer_width);
			const size_t at = (size_t)row * plain->pointer_width + column;
			to[x] = put_over(to[x], plain->color[at]);
			if (plain->invert) {
				to[x] ^= plain->invert[at] & 0xffffff;
			}
		}
	}
}

/* ---- signs and texts ---- */

static uint32_t blend(uint32_t under, uint32_t color, uint32_t alpha) {
	uint32_t out = 0;
	for (int shift = 0; shift <= 16; shift += 8) {
		const uint32_t sum = (under >> shift & 255) * (255 - alpha) +
				     (color >> shift & 255) * alpha;
		out |= ((sum + 127) / 255) << shift;
	}
	return out;
}

static struct rect quad_rect(const struct overlay_quad *quad) {
	return (struct rect){ (int)floorf(quad->x + 0.5f), (int)floorf(quad->y + 0.5f),
		(int)quad->width, (int)quad->height };
}

static void draw_quad(struct renderer_plain *plain, const struct egl_target *target,
		const struct overlay_quad *quad, const struct rect *rect) {
	const struct rect area = quad_rect(quad);
	struct rect part;
	if (!renderer_intersect(rect, &area, &part)) {
		return;
	}
	const uint32_t alpha = quad->color >> 24;
	const unsigned char *cover = NULL;
	if (quad->glyph != 0) {
		cover = renderer_glyphs_cover(&plain->glyphs, quad->glyph, area.width, area.height);
		if (!cover) {
			return;
		}
	}
	for (int y = part.y; y < part.y + part.height; y++) {
		uint32_t *to = target->memory + (size_t)y * (size_t)target->width;
		const unsigned char *from =
				cover ? cover + (size_t)(y - area.y) * (size_t)plain->glyphs.side
				      : NULL;
		for (int x = part.x; x < part.x + part.width; x++) {
			const uint32_t a = from ? alpha * from[x - area.x] / 255 : alpha;
			if (a != 0) {
				to[x] = blend(to[x], quad->color, a);
			}
		}
	}
}

/* All glyphs have a place at once, so that none moves while they are drawn. */
static void load_glyphs(struct renderer_plain *plain, const struct renderer_scene *scene) {
	do {
		for (size_t i = 0; i < scene->quad_count; i++) {
			const struct rect area = quad_rect(&scene->quads[i]);
			if (scene->quads[i].glyph != 0) {
				(void)renderer_glyphs_cover(&plain->glyphs, scene->quads[i].glyph,
						area.width, area.height);
			}
		}
	} while (renderer_glyphs_enlarge(&plain->glyphs));
}

/* ---- drawing ---- */

static void fill(const struct egl_target *target, const struct rect *rect, uint32_t color) {
	for (int y = rect->y; y < rect->y + rect->height; y++) {
		uint32_t *to = target->memory + (size_t)y * (size_t)target->width;
		for (int x = rect->x; x < rect->x + rect->width; x++) {
			to[x] = color;
		}
	}
}

/* Whole factors stay crisp; so does what the user asked for. */
static bool is_linear(const struct renderer_scene *scene) {
	const struct layout *layout = scene->layout;
	const bool turned = layout->rotation % 2 != 0;
	const int width = turned ? layout->height : layout->width;
	const int height = turned ? layout->width : layout->height;
	const bool whole = width % (int)layout->image_width == 0 &&
			   height % (int)layout->image_height == 0;
	return scene->scale != VIDEO_SCALE_NEAREST && !(scene->scale == VIDEO_SCALE_AUTO && whole);
}

static void draw_picture(struct renderer_plain *plain, const struct egl_target *target,
		const struct renderer_scene *scene, const struct rect *rect) {
	const struct layout *layout = scene->layout;
	const struct rect area = { layout->x, layout->y, layout->width, layout->height };
	struct rect part;
	const bool any = renderer_intersect(rect, &area, &part);
	if (!any || part.width != rect->width || part.height != rect->height) {
		fill(target, rect, 0);
	}
	const struct plain_image image = {
		.pixels = (const uint32_t *)(const void *)picture_memory_read(&plain->memory),
		.stride = plain->memory.stride / 4,
	};
	if (any && image.pixels &&
			!plain_scale_draw(&plain->scale, &image, layout, is_linear(scene),
					(unsigned)(scene->dim * 256), target->memory,
					(size_t)target->width, &part)) {
		fill(target, &part, 0);
	}
	draw_pointer(plain, target, scene, rect);
}

void renderer_plain_draw(struct renderer_plain *plain, const struct egl_target *target,
		const struct renderer_scene *scene, const struct rect *rects, unsigned count) {
	const bool picture = scene->layout && plain->has_picture &&
			     scene->layout->image_width == plain->picture.width &&
			     scene->layout->image_height == plain->picture.height;
	if (count > 0 && scene->quad_count > 0) {
		load_glyphs(plain, scene);
	}
	for (unsigned i = 0; i < count; i++) {
		if (picture) {
			draw_picture(plain, target, scene, &rects[i]);
		} else {
			fill(target, &rects[i], scene->layout ? 0 : GROUND);
		}
		for (size_t quad = 0; quad < scene->quad_count; quad++) {
			draw_quad(plain, target, &scene->quads[quad], &rects[i]);
		}
	}
}
