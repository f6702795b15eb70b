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

static size_t pitch_of(const struct renderer_textures *textures) {
	return (size_t)textures->picture.width * 4;
}

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

/* What the texture has. */
static void read_texture(struct renderer_kept *kept, const struct renderer_textures *textures) {
	glBindFramebuffer(GL_FRAMEBUFFER, textures->read_framebuffer);
	glPixelStorei(GL_PACK_ALIGNMENT, 4);
	glReadPixels(0, 0, (GLsizei)textures->picture.width, (GLsizei)textures->picture.height,
			GL_BGRA_EXT, GL_UNSIGNED_BYTE, kept->memory.bytes);
}

void renderer_kept_switch(struct renderer_kept *kept, struct renderer_textures *textures, bool on,
		struct egl *egl) {
	if (!on) {
		renderer_kept_bring_up(kept, textures, NULL);
		kept->on = false;
	} else if (!kept->on && can_keep(textures) &&
			(kept->memory.bytes != NULL ||
					picture_memory_make(&kept->memory, textures->picture.width,
							textures->picture.height, egl))) {
		read_texture(kept, textures);
		kept->on = true;
	}
}

void renderer_kept_upload(struct renderer_kept *kept, const struct renderer_textures *textures,
		const unsigned char *pixels, uint32_t pitch, const struct frame_rect *rect) {
	const size_t row_bytes = (size_t)rect->width * 4;
	const size_t to_pitch = pitch_of(textures);
	const unsigned char *from = pixels + (size_t)rect->y * pitch + (size_t)rect->x * 4;
	unsigned char *to = kept->memory.bytes + rect->y * to_pitch + (size_t)rect->x * 4;
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
	for (unsigned i = 0; i < kept->stale.count; i++) {
		struct rect part = kept->stale.rects[i];
		if (image_rect && !renderer_intersect(&kept->stale.rects[i], image_rect, &part)) {
			continue;
		}
		const struct frame_rect rect = { (uint32_t)part.x, (uint32_t)part.y,
			(uint32_t)part.width, (uint32_t)part.height };
		renderer_textures_upload(
				textures, kept->memory.bytes, (uint32_t)pitch_of(textures), &rect);
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
	*ret_pixels = (struct egl_pixels){
		.memory = kept->memory.bytes,
		.stride = pitch_of(textures),
		.at = { layout->x, layout->y, (int)textures->picture.width,
				(int)textures->picture.height },
	};
	return true;
}

bool renderer_kept_read(const struct renderer_kept *kept, const struct renderer_textures *textures,
		uint32_t y, uint32_t height, uint32_t width, unsigned char *ret_pixels) {
	if (!kept->on) {
		return false;
	}
	for (uint32_t row = 0; row < height; row++) {
		memcpy(ret_pixels + (size_t)row * width * 4,
				kept->memory.bytes + (y + row) * pitch_of(textures),
				(size_t)width * 4);
	}
	return true;
}
