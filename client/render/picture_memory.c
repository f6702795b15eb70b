#include "client/render/picture_memory.h"

#include <sys/mman.h>

#include "client/gl/egl.h"

#define LARGE_PAGE ((size_t)2 << 20)

/* Large pages where there are any: half the time of writing it is finding the small ones. */
static bool map(struct picture_memory *memory, size_t bytes) {
	const size_t mapped = (bytes + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
	void *at = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) {
		return false;
	}
	(void)madvise(at, mapped, MADV_HUGEPAGE);
	memory->bytes = at;
	memory->mapped = mapped;
	return true;
}

bool picture_memory_make(
		struct picture_memory *memory, uint32_t width, uint32_t height, struct egl *egl) {
	picture_memory_free(memory);
	memory->egl = egl;
	if (egl) {
		memory->bytes = egl_make_pixels(egl, (int)width, (int)height);
	}
	return memory->bytes || map(memory, (size_t)width * height * 4);
}

void picture_memory_free(struct picture_memory *memory) {
	if (memory->bytes && memory->mapped == 0) {
		egl_free_pixels(memory->egl);
	} else if (memory->bytes) {
		munmap(memory->bytes, memory->mapped);
	}
	*memory = (struct picture_memory){ .bytes = NULL };
}
