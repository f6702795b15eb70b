#include "client/gl/gl_memory.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Code and constants only: those pages are the file's, unchanged. */
static void unmap_pages(const struct dl_phdr_info *object, const ElfW(Phdr) * segment) {
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t begin = (object->dlpi_addr + segment->p_vaddr + page - 1) & ~(page - 1);
	const uintptr_t end =
			(object->dlpi_addr + segment->p_vaddr + segment->p_memsz) & ~(page - 1);
	if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0 && begin < end) {
		/* NOLINTNEXTLINE(performance-no-int-to-ptr): it is an address */
		(void)madvise((void *)begin, end - begin, MADV_DONTNEED);
	}
}

static int look_at(struct dl_phdr_info *object, size_t size, void *data) {
	(void)size;
	(void)data;
	if (object->dlpi_name && strstr(object->dlpi_name, "libLLVM") != NULL) {
		for (int i = 0; i < object->dlpi_phnum; i++) {
			unmap_pages(object, &object->dlpi_phdr[i]);
		}
	}
	return 0;
}

void gl_memory_trim(void) {
	(void)dl_iterate_phdr(look_at, NULL);
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
