/* For fuzz targets of what lies in shared memory: a mapping that is made once. */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host-proto/shm.h"

#define FUZZ_MEMORY 65536u

static inline struct shm *fuzz_memory(void) {
	static struct shm *shm;
	if (!shm) {
		int fd = memfd_create("fuzz", MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, FUZZ_MEMORY) < 0 || shm_map_fd(&shm, fd) < 0) {
			abort();
		}
		close(fd);
	}
	return shm;
}

/* The bytes stand at the end of the memory, so that one too many is outside. */
static inline uint64_t fuzz_place(struct shm *shm, const uint8_t *data, size_t size) {
	const uint64_t at = (FUZZ_MEMORY - size) & ~3ull;
	memcpy(shm_base(shm) + at, data, size);
	return at;
}
