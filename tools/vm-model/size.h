/* The memory that a resolution needs (kvmfr.md 8). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* MiB: width x height x (8 for HDR, else 4) x 2 frames, + 10 MiB, up to a power of two. */
static inline unsigned shmem_mib(unsigned width, unsigned height, bool hdr) {
	uint64_t bytes = (uint64_t)width * height * (hdr ? 8 : 4) * 2 + (10ull << 20);
	unsigned mib = 1;
	while ((uint64_t)mib << 20 < bytes) {
		mib *= 2;
	}
	return mib;
}
