#include "client/render/renderer_kept.h"

#include <string.h>

#include "base/stream_copy.h"
#include "client/gl/egl.h"
#include "client/gl/gl_util.h"
#include "client/render/layout.h"
#include "client/render/renderer_program.h"
#include "client/render/renderer_textures.h"

/* Smaller copies are read again at once, out of the cache. */
#define STREAM_BYTES ((size_t)256 * 1024)

void renderer_kept_forget(struct renderer_kept *kept) {
	picture_memory_free(&kept->memory);
	kept->on = false;
	region_clear(&kept->stale);
}

static bool can_keep(const struct renderer_textures *textures) {
	return textures->has_picture && textures->software && !textures->imports &&
	       textures->picture.format == FRAME_FORMAT_BGRA && textures->shown_bgra &&
	       textures->shown_readable && gl_has_extension("GL_EXT_read_format_bgra");
}

static struct frame_rect whole(const struct renderer_textures *textures) {
	return (struct frame_rect){ 0, 0, textures->picture.width, textures->picture.height };
}

/* What the texture has. */
static bool read_texture(struct renderer_kept *kept, const struct renderer_textures *textures) {
	const struct frame_rect all = whole(textures);
	unsigned char *to = picture_memory_write(&kept->memory, &all);
	if (!to) {
		picture_memory_free(&kept->memory);
		return false;
	}
	glBindFramebuffer(GL_FRAMEBUFFER, textures->read_framebuffer);
	glPixelStorei(GL_PACK_ALIGNMENT, 4);
	glPixelStorei(GL_PACK_ROW_LENGTH, (GLint)(kept->memory.stride / 4));
	glReadPixels(0, 0, (GLsizei)all.width, (GLsizei)all.height, GL_BGRA_EXT, GL_UNSIGNED_BYTE,
			to);
	glPixelStorei(GL_PACK_ROW_LENGTH, 0);
	return true;
}

static void end(struct renderer_kept *kept, struct renderer_textures *textures) {
	renderer_kept_bring_up(kept, textures, NULL);
	kept->on = false;
	if (kept->memory.egl) {
		picture_memory_free(&kept->memory);
	}
}

static bool begin(struct renderer_kept *kept, struct renderer_textures *textures,
		const struct rect *at, struct egl *egl) {
	if (!can_keep(textures) ||
			!(picture_memory_take(&kept->memory, egl, at) ||
					picture_memory_any(&kept->memory) ||
					picture_memory_make(&kept->memory, textures->picture.width,
							textures->picture.height))) {
		return false;
	}
	kept->at = *at;
	kept->on = read_texture(kept, textures);
	return kept->on;
}

bool renderer_kept_switch(struct renderer_kept *kept, struct renderer_textures *textures,
		const struct rect *at, struct egl *egl) {
	const bool ends = kept->on && !(at && at->x == kept->at.x && at->y == kept->at.y &&
						      picture_memory_fits(&kept->memory, at));
	if (ends) {
		end(kept, textures);
	}
	return (at && !kept->on && begin(kept, textures, at, egl)) || ends;
}

void renderer_kept_resized(struct renderer_kept *kept, struct renderer_textures *textures) {
	if (kept->on && !picture_memory_fits(&kept->memory, &kept->at)) {
		end(kept, textures);
	}
}

void renderer_kept_upload(struct renderer_kept *kept, const unsigned char *pixels, uint32_t pitch,
		const struct frame_rect *rect) {
	const size_t row_bytes = (size_t)rect->width * 4;
	const size_t to_pitch = kept->memory.stride;
	const unsigned char *from = pixels + (size_t)rect->y * pitch + (size_t)rect->x * 4;
	unsigned char *to = picture_memory_write(&kept->memory, rect);
	if (!to) {
		return;
	}
	to += rect->y * to_pitch + (size_t)rect->x * 4;
	const bool stream = row_bytes * rect->height >= STREAM_BYTES;
	if (stream && row_bytes == to_pitch && pitch == to_pitch) {
		stream_copy(to, from, row_bytes * rect->height);
	} else {
		for (uint32_t row = 0; row < rect->height; row++) {
			if (stream) {
				stream_copy(to, from, row_bytes);
			} else {
				memcpy(to, from, row_bytes);
			}
			to += to_pitch;
			from += pitch;
		}
	}
	const struct rect part = { (int)rect->x, (int)rect->y, (int)rect->width,
		(int)rect->height };
	region_add(&kept->stale, &part);
}

/* What was brought up for a part stays stale: that part is small, and drawn again and again. */
void renderer_kept_bring_up(struct renderer_kept *kept, struct renderer_textures *textures,
		const struct rect *image_rect) {
	if (!kept->on) {
		return;
	}
	region_finish(&kept->stale, (int)textures->picture.width, (int)textures->picture.height);
	const unsigned char *from =
			kept->stale.count > 0 ? picture_memory_read(&kept->memory) : NULL;
	for (unsigned i = 0; from && i < kept->stale.count; i++) {
		struct rect part = kept->stale.rects[i];
		if (image_rect && !renderer_intersect(&kept->stale.rects[i], image_rect, &part)) {
			continue;
		}
		const struct frame_rect rect = { (uint32_t)part.x, (uint32_t)part.y,
			(uint32_t)part.width, (uint32_t)part.height };
		renderer_textures_upload(textures, from, (uint32_t)kept->memory.stride, &rect);
	}
	if (!image_rect) {
		region_clear(&kept->stale);
	}
}

bool renderer_kept_where(const struct renderer_kept *kept, const struct renderer_textures *textures,
		const struct renderer_scene *scene, struct egl_pixels *ret_pixels) {
	const struct layout *layout = scene->layout;
	if (!kept->on || !layout || !layout->exact || layout->rotation != 0 || scene->dim < 1.0f ||
			layout->image_width != textures->picture.width ||
			layout->image_height != textures->picture.height) {
		return false;
	}
	const struct rect at = { layout->x, layout->y, (int)textures->picture.width,
		(int)textures->picture.height };
	*ret_pixels = (struct egl_pixels){
		.memory = kept->memory.bytes, .stride = kept->memory.stride, .at = at
	};
	return picture_memory_fits(&kept->memory, &at);
}

bool renderer_kept_read(const struct renderer_kept *kept, uint32_t y, uint32_t height,
		uint32_t width, unsigned char *ret_pixels) {
	const unsigned char *from = kept->on ? picture_memory_read(&kept->memory) : NULL;
	if (!from) {
		return false;
	}
	for (uint32_t row = 0; row < height; row++) {
		memcpy(ret_pixels + (size_t)row * width * 4, from + (y + row) * kept->memory.stride,
				(size_t)width * 4);
	}
	return true;
}
