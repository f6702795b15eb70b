/* The picture in memory of ours: where a CPU draws and the window takes pixels from memory, a
 * picture that is shown 1:1 needs no GL. What GL does draw of it, under a pointer or an overlay, it
 * gets from there. */
#include "client/render/renderer_internal.h"

#include <string.h>
#include <sys/mman.h>

#include "base/stream_copy.h"
#include "client/gl/egl.h"
#include "client/gl/gl_util.h"
#include "client/render/layout.h"

#define LARGE_PAGE ((size_t)2 << 20)
/* Smaller copies are read again at once, out of the cache. */
#define STREAM_BYTES ((size_t)256 * 1024)

static size_t pitch_of(const struct renderer *renderer) {
	return (size_t)renderer->picture.width * 4;
}

void renderer_kept_forget(struct renderer *renderer) {
	if (renderer->kept) {
		munmap(renderer->kept, renderer->kept_bytes);
	}
	renderer->kept = NULL;
	renderer->keeps = false;
	region_clear(&renderer->stale);
}

/* Large pages where there are any: half the time of writing it is finding the small ones. */
static bool make_kept(struct renderer *renderer) {
	const size_t bytes = pitch_of(renderer) * renderer->picture.height;
	renderer->kept_bytes = (bytes + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
	void *memory = mmap(NULL, renderer->kept_bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		return false;
	}
	(void)madvise(memory, renderer->kept_bytes, MADV_HUGEPAGE);
	renderer->kept = memory;
	return true;
}

static bool can_keep(const struct renderer *renderer) {
	return renderer->has_picture && renderer->software && !renderer->imports &&
	       renderer->picture.format == FRAME_FORMAT_BGRA && renderer->shown_bgra &&
	       renderer->shown_readable && gl_has_extension("GL_EXT_read_format_bgra");
}

/* What the texture has. */
static void read_kept(struct renderer *renderer) {
	glBindFramebuffer(GL_FRAMEBUFFER, renderer->read_framebuffer);
	glPixelStorei(GL_PACK_ALIGNMENT, 4);
	glReadPixels(0, 0, (GLsizei)renderer->picture.width, (GLsizei)renderer->picture.height,
			GL_BGRA_EXT, GL_UNSIGNED_BYTE, renderer->kept);
}

void renderer_keep(struct renderer *renderer, bool on) {
	if (!on) {
		renderer_kept_bring_up(renderer, NULL);
		renderer->keeps = false;
	} else if (!renderer->keeps && can_keep(renderer) &&
			(renderer->kept != NULL || make_kept(renderer))) {
		read_kept(renderer);
		renderer->keeps = true;
	}
}

bool renderer_keeps(const struct renderer *renderer) {
	return renderer->keeps;
}

void renderer_kept_upload(struct renderer *renderer, const unsigned char *pixels, uint32_t pitch,
		const struct frame_rect *rect) {
	const size_t row_bytes = (size_t)rect->width * 4;
	const size_t to_pitch = pitch_of(renderer);
	const unsigned char *from = pixels + (size_t)rect->y * pitch + (size_t)rect->x * 4;
	unsigned char *to = renderer->kept + rect->y * to_pitch + (size_t)rect->x * 4;
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
	region_add(&renderer->stale, &part);
}

/* What was brought up for a part stays stale: that part is small, and drawn again and again. */
void renderer_kept_bring_up(struct renderer *renderer, const struct rect *image_rect) {
	if (!renderer->keeps) {
		return;
	}
	region_finish(&renderer->stale, (int)renderer->picture.width,
			(int)renderer->picture.height);
	for (unsigned i = 0; i < renderer->stale.count; i++) {
		struct rect part = renderer->stale.rects[i];
		if (image_rect &&
				!renderer_intersect(&renderer->stale.rects[i], image_rect, &part)) {
			continue;
		}
		const struct frame_rect rect = { (uint32_t)part.x, (uint32_t)part.y,
			(uint32_t)part.width, (uint32_t)part.height };
		renderer_texture_upload(
				renderer, renderer->kept, (uint32_t)pitch_of(renderer), &rect);
	}
	if (!image_rect) {
		region_clear(&renderer->stale);
	}
}

bool renderer_kept_at(const struct renderer *renderer, const struct renderer_scene *scene,
		struct egl_pixels *ret_pixels) {
	const struct layout *layout = scene->layout;
	if (!renderer->keeps || !layout || !layout->exact || layout->rotation != 0 ||
			scene->dim < 1.0f || layout->image_width != renderer->picture.width ||
			layout->image_height != renderer->picture.height) {
		return false;
	}
	*ret_pixels = (struct egl_pixels){
		.memory = renderer->kept,
		.stride = pitch_of(renderer),
		.at = { layout->x, layout->y, (int)renderer->picture.width,
				(int)renderer->picture.height },
	};
	return true;
}

bool renderer_kept_read(const struct renderer *renderer, uint32_t y, uint32_t height,
		uint32_t width, unsigned char *ret_pixels) {
	if (!renderer->keeps) {
		return false;
	}
	for (uint32_t row = 0; row < height; row++) {
		memcpy(ret_pixels + (size_t)row * width * 4,
				renderer->kept + (y + row) * pitch_of(renderer), (size_t)width * 4);
	}
	return true;
}
