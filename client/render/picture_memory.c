#include "client/render/picture_memory.h"

#include <sys/mman.h>

#include "client/gl/egl.h"
#include "host-proto/frame.h"

#define LARGE_PAGE ((size_t)2 << 20)

bool picture_memory_any(const struct picture_memory *memory) {
	return memory->bytes || memory->egl;
}

/* Large pages where there are any: half the time of writing it is finding the small ones. */
bool picture_memory_make(struct picture_memory *memory, uint32_t width, uint32_t height) {
	const size_t stride = (size_t)width * 4, bytes = stride * height;
	const size_t mapped = (bytes + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
	picture_memory_free(memory);
	void *at = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) {
		return false;
	}
	(void)madvise(at, mapped, MADV_HUGEPAGE);
	*memory = (struct picture_memory){ .bytes = at, .mapped = mapped, .stride = stride };
	return true;
}

bool picture_memory_take(struct picture_memory *memory, struct egl *egl, const struct rect *at) {
	size_t stride;
	if (!egl || !egl_make_pixels(egl, at, &stride)) {
		return false;
	}
	if (!memory->egl) {
		picture_memory_free(memory);
	}
	*memory = (struct picture_memory){ .egl = egl, .stride = stride };
	return true;
}

void picture_memory_free(struct picture_memory *memory) {
	if (memory->egl) {
		egl_free_pixels(memory->egl);
	} else if (memory->bytes) {
		munmap(memory->bytes, memory->mapped);
	}
	*memory = (struct picture_memory){ .bytes = NULL };
}

bool picture_memory_fits(const struct picture_memory *memory, const struct rect *at) {
	return !memory->egl || egl_pixels_fit(memory->egl, at);
}

unsigned char *picture_memory_write(
		const struct picture_memory *memory, const struct frame_rect *rect) {
	const struct rect part = { (int)rect->x, (int)rect->y, (int)rect->width,
		(int)rect->height };
	return memory->egl ? egl_write_pixels(memory->egl, &part) : memory->bytes;
}

const unsigned char *picture_memory_read(const struct picture_memory *memory) {
	return memory->egl ? egl_read_pixels(memory->egl) : memory->bytes;
}

void picture_memory_drop(const struct picture_memory *memory) {
	if (memory->egl) {
		egl_drop_pixels(memory->egl);
	}
}
