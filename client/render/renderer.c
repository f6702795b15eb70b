#include "client/render/renderer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/gl/egl.h"
#include "client/gl/gl.h"
#include "client/gl/gl_util.h"
#include "client/render/layout.h"
#include "client/render/renderer_film.h"
#include "client/render/renderer_kept.h"
#include "client/render/renderer_overlay.h"
#include "client/render/renderer_plain.h"
#include "client/render/renderer_pointer.h"
#include "client/render/renderer_program.h"
#include "client/render/renderer_scale.h"
#include "client/render/renderer_textures.h"

/* Each part owns its data; what needs several is here. */
struct renderer {
	struct renderer_plain *plain; /* without GL: it alone; else NULL */
	struct renderer_textures textures;
	struct renderer_kept kept;
	struct renderer_scale scale;
	struct renderer_pointer pointer;
	struct renderer_overlay overlay;
	struct renderer_film film;
};

int renderer_create(struct renderer **ret_renderer, bool software, enum video_upload upload) {
	struct renderer *renderer = calloc(1, sizeof *renderer);
	if (!renderer) {
		return -ENOMEM;
	}
	renderer_textures_create(&renderer->textures, software, upload);
	renderer_scale_create(&renderer->scale);
	glDisable(GL_DITHER);
	glDisable(GL_DEPTH_TEST);
	if (!renderer_overlay_create(&renderer->overlay)) {
		renderer_destroy(renderer);
		return -EIO;
	}
	*ret_renderer = renderer;
	return 0;
}

int renderer_create_memory(struct renderer **ret_renderer) {
	struct renderer *renderer = calloc(1, sizeof *renderer);
	if (!renderer) {
		return -ENOMEM;
	}
	renderer->plain = calloc(1, sizeof *renderer->plain);
	if (!renderer->plain) {
		free(renderer);
		return -ENOMEM;
	}
	renderer_plain_init(renderer->plain);
	*ret_renderer = renderer;
	return 0;
}

void renderer_destroy(struct renderer *renderer) {
	if (!renderer) {
		return;
	}
	if (renderer->plain) {
		renderer_plain_finish(renderer->plain);
		free(renderer->plain);
		free(renderer);
		return;
	}
	renderer_film_finish(&renderer->film);
	renderer_kept_forget(&renderer->kept);
	renderer_textures_finish(&renderer->textures);
	renderer_scale_finish(&renderer->scale);
	renderer_pointer_finish(&renderer->pointer);
	renderer_overlay_finish(&renderer->overlay);
	free(renderer);
}

void renderer_set_font(struct renderer *renderer, const char *family) {
	struct renderer_glyphs *glyphs =
			renderer->plain ? &renderer->plain->glyphs : &renderer->overlay.glyphs;
	snprintf(glyphs->family, sizeof glyphs->family, "%s", family);
}

void renderer_set_cursor(struct renderer *renderer, const struct cursor_shape *shape) {
	if (renderer->plain) {
		renderer_plain_set_cursor(renderer->plain, shape);
	} else {
		renderer_pointer_set(&renderer->pointer, shape);
	}
}

/* ---- pixels in ---- */

/* What is kept goes with the picture it is of. */
static void forget_kept(struct renderer *renderer, bool begun_anew) {
	if (begun_anew || !renderer->textures.has_picture) {
		renderer_kept_forget(&renderer->kept);
	}
}

int renderer_set_picture(struct renderer *renderer, const struct renderer_picture *picture) {
	if (renderer->plain) {
		return renderer_plain_set_picture(renderer->plain, picture);
	}
	const int r = renderer_textures_set_picture(&renderer->textures, picture);
	forget_kept(renderer, r == 1);
	return r;
}

bool renderer_set_hdr(struct renderer *renderer, const struct renderer_hdr *hdr) {
	if (renderer->plain) {
		return renderer_plain_set_hdr(renderer->plain, hdr);
	}
	const bool again = renderer_textures_set_hdr(&renderer->textures, hdr);
	forget_kept(renderer, false);
	return again;
}

bool renderer_can_map(void) {
	return gl_has_extension("GL_EXT_buffer_storage");
}

void renderer_set_upload(struct renderer *renderer, enum video_upload way) {
	if (!renderer->plain) {
		renderer_textures_set_upload(&renderer->textures, way);
		forget_kept(renderer, false);
	}
}

enum video_upload renderer_get_upload(const struct renderer *renderer) {
	return renderer->plain ? VIDEO_UPLOAD_DIRECT : renderer->textures.upload;
}

void renderer_finish(struct renderer *renderer) {
	if (!renderer->plain) {
		glFinish();
	}
}

void renderer_upload(struct renderer *renderer, const unsigned char *pixels, uint32_t pitch,
		const struct frame_rect *rect) {
	struct frame_rect part;
	if (renderer->plain) {
		renderer_plain_upload(renderer->plain, pixels, pitch, rect);
	} else if (!renderer->kept.on) {
		renderer_textures_upload(&renderer->textures, pixels, pitch, rect);
	} else if (renderer_textures_clamp(&renderer->textures, rect, &part)) {
		renderer_kept_upload(&renderer->kept, pixels, pitch, &part);
	}
}

void renderer_upload_texture(struct renderer *renderer, unsigned texture) {
	renderer_textures_upload_texture(&renderer->textures, texture);
}

int renderer_wait_uploaded(struct renderer *renderer, uint64_t timeout_ns) {
	return renderer_textures_wait(&renderer->textures, timeout_ns);
}

void renderer_uploaded(struct renderer *renderer, const struct frame_rect *rects, unsigned count) {
	if (!renderer->plain) {
		renderer_textures_uploaded(&renderer->textures, rects, count);
	}
}

bool renderer_keep(struct renderer *renderer, const struct rect *at, struct egl *egl) {
	const struct renderer_picture *picture =
			renderer->plain ? &renderer->plain->picture : &renderer->textures.picture;
	/* The place of the picture before. */
	if (at && (at->width != (int)picture->width || at->height != (int)picture->height)) {
		at = NULL;
	}
	if (renderer->plain) {
		return renderer_plain_keep(renderer->plain, at, egl);
	}
	return renderer_kept_switch(&renderer->kept, &renderer->textures, at, egl);
}

void renderer_resized(struct renderer *renderer) {
	if (renderer->plain) {
		renderer_plain_resized(renderer->plain);
	} else {
		renderer_kept_resized(&renderer->kept, &renderer->textures);
	}
}

void renderer_drop(struct renderer *renderer) {
	picture_memory_drop(renderer->plain ? &renderer->plain->memory : &renderer->kept.memory);
}

bool renderer_keeps(const struct renderer *renderer) {
	return renderer->plain ? renderer->plain->kept : renderer->kept.on;
}

bool renderer_kept_at(const struct renderer *renderer, const struct renderer_scene *scene,
		struct egl_pixels *ret_pixels) {
	if (renderer->plain) {
		return renderer_plain_kept_at(renderer->plain, scene, ret_pixels);
	}
	return renderer_kept_where(&renderer->kept, &renderer->textures, scene, ret_pixels);
}

const char *renderer_upload_name(const struct renderer *renderer) {
	if (renderer->plain || renderer->kept.on) {
		return "memory";
	}
	switch (renderer->textures.upload) {
	case VIDEO_UPLOAD_PBO:
		return "pbo";
	case VIDEO_UPLOAD_PERSISTENT:
		return "persistent";
	case VIDEO_UPLOAD_DMABUF:
		return "dmabuf";
	case VIDEO_UPLOAD_AUTO:
	case VIDEO_UPLOAD_DIRECT:
		break;
	}
	return "direct";
}

/* ---- drawing ---- */

static void draw_picture(struct renderer *renderer, const struct egl_target *target,
		const struct renderer_scene *scene, const struct rect *rect) {
	struct rect needed;
	bool all;
	if (renderer_scale_needs(scene, rect, &needed, &all)) {
		renderer_kept_bring_up(&renderer->kept, &renderer->textures, all ? NULL : &needed);
	}
	renderer_scale_draw(&renderer->scale, &renderer->textures, target, scene, rect);
	renderer_pointer_draw(&renderer->pointer, target, scene, rect);
}

void renderer_draw(struct renderer *renderer, const struct egl_target *target,
		const struct renderer_scene *scene, const struct rect *rects, unsigned count) {
	if (renderer->plain) {
		renderer_plain_draw(renderer->plain, target, scene, rects, count);
		return;
	}
	glBindFramebuffer(GL_FRAMEBUFFER, target->framebuffer);
	glViewport(0, 0, target->width, target->height);
	glEnable(GL_SCISSOR_TEST);
	if (scene->quad_count > 0) {
		renderer_overlay_load(&renderer->overlay, scene);
	}
	for (unsigned i = 0; i < count; i++) {
		if (scene->layout && renderer->textures.has_picture) {
			draw_picture(renderer, target, scene, &rects[i]);
		} else {
			renderer_scissor(target, &rects[i]);
			glClearColor(0.05f, 0.06f, 0.09f, 1);
			glClear(GL_COLOR_BUFFER_BIT);
		}
		if (scene->quad_count > 0) {
			renderer_overlay_draw(&renderer->overlay, target, scene, &rects[i]);
		}
	}
}

/* ---- reading back ---- */

int renderer_read_rows(struct renderer *renderer, uint32_t y, uint32_t height, uint32_t width,
		unsigned char *ret_pixels) {
	if (renderer->plain && renderer->plain->has_picture) {
		renderer_plain_read(renderer->plain, y, height, width, ret_pixels);
		return 0;
	}
	if (!renderer->textures.has_picture || !renderer->textures.shown_readable) {
		return -ENODATA;
	}
	if (renderer_kept_read(&renderer->kept, y, height, width, ret_pixels)) {
		return 0;
	}
	glBindFramebuffer(GL_FRAMEBUFFER, renderer->textures.read_framebuffer);
	glPixelStorei(GL_PACK_ALIGNMENT, 4);
	glReadPixels(0, (GLint)y, (GLsizei)width, (GLsizei)height, GL_RGBA, GL_UNSIGNED_BYTE,
			ret_pixels);
	return gl_clear_errors() == 0 ? 0 : -EIO;
}

/* The scene of the picture alone, upright at 1:1, in a target of its size. */
static void upright_scene(const struct renderer_picture *picture, unsigned rotation,
		const float *pointer, struct egl_target *target, struct layout *layout,
		struct renderer_scene *ret_scene) {
	const struct layout_input input = {
		.image_width = picture->width,
		.image_height = picture->height,
		.user_rotation = rotation,
		.window_width = target->width,
		.window_height = target->height,
		.keep_aspect = true,
	};
	layout_compute(layout, &input);
	*ret_scene = (struct renderer_scene){
		.layout = layout, .scale = VIDEO_SCALE_NEAREST, .dim = 1
	};
	if (pointer) {
		ret_scene->pointer = true;
		memcpy(ret_scene->pointer_rect, pointer, sizeof ret_scene->pointer_rect);
	}
}

/* Draws it with GL and reads it back: R, G, B, A bytes. */
static int draw_upright(struct renderer *renderer, struct egl_target *target,
		const struct renderer_scene *scene, unsigned char *rgba) {
	GLuint texture = 0, framebuffer = 0;
	const struct rect all = { 0, 0, target->width, target->height };
	gl_clear_errors();
	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, target->width, target->height, 0, GL_RGBA,
			GL_UNSIGNED_BYTE, NULL);
	glGenFramebuffers(1, &framebuffer);
	glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
	glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
	target->framebuffer = framebuffer;
	renderer_draw(renderer, target, scene, &all, 1);
	glPixelStorei(GL_PACK_ALIGNMENT, 4);
	glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
	glReadPixels(0, 0, target->width, target->height, GL_RGBA, GL_UNSIGNED_BYTE, rgba);
	glDeleteFramebuffers(1, &framebuffer);
	glDeleteTextures(1, &texture);
	return gl_clear_errors() == 0 ? 0 : -EIO;
}

static const struct renderer_picture *picture_of(const struct renderer *renderer) {
	if (renderer->plain) {
		return renderer->plain->has_picture ? &renderer->plain->picture : NULL;
	}
	return renderer->textures.has_picture ? &renderer->textures.picture : NULL;
}

int renderer_read(struct renderer *renderer, unsigned rotation, const float *pointer,
		unsigned char *ret_rgb) {
	const bool plain = renderer->plain != NULL;
	const struct renderer_picture *picture = picture_of(renderer);
	if (!picture) {
		return -ENODATA;
	}
	const bool turned = rotation % 2 != 0;
	struct egl_target target = {
		.width = (int)(turned ? picture->height : picture->width),
		.height = (int)(turned ? picture->width : picture->height),
		.top_first = true,
	};
	const size_t count = (size_t)target.width * (size_t)target.height;
	uint32_t *pixels = malloc(count * sizeof *pixels);
	if (!pixels) {
		return -ENOMEM;
	}
	struct layout layout;
	struct renderer_scene scene;
	upright_scene(picture, rotation, pointer, &target, &layout, &scene);
	int r = 0;
	if (plain) {
		const struct rect all = { 0, 0, target.width, target.height };
		target.memory = pixels;
		renderer_plain_draw(renderer->plain, &target, &scene, &all, 1);
	} else {
		r = draw_upright(renderer, &target, &scene, (unsigned char *)pixels);
	}
	const unsigned char *from = (const unsigned char *)pixels;
	for (size_t i = 0; r == 0 && i < count; i++) {
		ret_rgb[3 * i] = from[4 * i + (plain ? 2 : 0)];
		ret_rgb[3 * i + 1] = from[4 * i + 1];
		ret_rgb[3 * i + 2] = from[4 * i + (plain ? 0 : 2)];
	}
	free(pixels);
	return r;
}

/* ---- a recording ---- */

/* From pixels of the upright picture to those of a target that shows it scaled. */
static void place_pointer(const struct layout *layout, struct renderer_scene *scene) {
	const bool turned = layout->rotation % 2 != 0;
	const float width = (float)(turned ? layout->image_height : layout->image_width);
	const float height = (float)(turned ? layout->image_width : layout->image_height);
	float *rect = scene->pointer_rect;
	const float sx = (float)layout->width / width, sy = (float)layout->height / height;
	rect[0] = (float)layout->x + rect[0] * sx;
	rect[1] = (float)layout->y + rect[1] * sy;
	rect[2] *= sx;
	rect[3] *= sy;
}

/* Where a CPU draws and the picture is in memory: a copy, and GL only under the pointer. */
static int film_kept(struct renderer *renderer, struct egl_target *target,
		const struct renderer_scene *scene, unsigned char *pixels) {
	struct rect cover;
	const struct rect all = { 0, 0, target->width, target->height };
	if (!renderer_kept_read(&renderer->kept, 0, (uint32_t)target->height,
			    (uint32_t)target->width, pixels)) {
		return -ENODATA;
	}
	if (!scene->pointer) {
		return 0;
	}
	layout_pointer_cover(scene->pointer_rect, &cover);
	if (!renderer_intersect(&cover, &all, &cover)) {
		return 0;
	}
	target->framebuffer = renderer_film_target(&renderer->film, target->width, target->height);
	renderer_draw(renderer, target, scene, &cover, 1);
	const int r = renderer_film_read(&renderer->film, &cover, pixels);
	for (int y = cover.y; r == 0 && y < cover.y + cover.height; y++) {
		unsigned char *row = pixels + (size_t)y * (size_t)target->width * 4;
		for (int x = cover.x; x < cover.x + cover.width; x++) {
			const unsigned char red = row[4 * x];
			row[4 * x] = row[4 * x + 2];
			row[4 * x + 2] = red;
		}
	}
	return r;
}

static int film_drawn(struct renderer *renderer, struct egl_target *target,
		const struct renderer_scene *scene, unsigned char *pixels) {
	const struct rect all = { 0, 0, target->width, target->height };
	target->framebuffer = renderer_film_target(&renderer->film, target->width, target->height);
	if (!target->framebuffer) {
		return -EIO;
	}
	renderer_draw(renderer, target, scene, &all, 1);
	if (renderer->textures.software) {
		return renderer_film_read(&renderer->film, &all, pixels);
	}
	const int r = renderer_film_ask(&renderer->film);
	return r == 0 ? -EINPROGRESS : r;
}

int renderer_film(struct renderer *renderer, uint32_t width, uint32_t height, unsigned rotation,
		const float *pointer, unsigned char *ret_pixels, bool *ret_rgba) {
	const struct renderer_picture *picture = picture_of(renderer);
	struct egl_target target = {
		.width = (int)width, .height = (int)height, .top_first = true
	};
	struct layout layout;
	struct renderer_scene scene;
	if (!picture) {
		return -ENODATA;
	}
	upright_scene(picture, rotation, pointer, &target, &layout, &scene);
	if (!layout.exact) {
		scene.scale = VIDEO_SCALE_LINEAR;
		place_pointer(&layout, &scene);
	}
	*ret_rgba = false;
	if (renderer->plain) {
		const struct rect all = { 0, 0, target.width, target.height };
		target.memory = (uint32_t *)(void *)ret_pixels;
		renderer_plain_draw(renderer->plain, &target, &scene, &all, 1);
		return 0;
	}
	if (layout.exact && layout.covers && layout.rotation == 0 && renderer_keeps(renderer)) {
		return film_kept(renderer, &target, &scene, ret_pixels);
	}
	*ret_rgba = true;
	return film_drawn(renderer, &target, &scene, ret_pixels);
}

int renderer_film_later(struct renderer *renderer, unsigned char *ret_pixels) {
	return renderer_film_collect(&renderer->film, ret_pixels);
}

void renderer_film_end(struct renderer *renderer) {
	if (!renderer->plain) {
		renderer_film_finish(&renderer->film);
	}
}
