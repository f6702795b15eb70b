/* Of the fuzz targets that play the desktop's clipboard: what our own side promises. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

static inline void expect(bool condition) {
	if (!condition) {
		abort();
	}
}

/* An answer takes its question away; one to what was not asked, or a second one, is a fault. */
static inline void take_id(uint32_t *ids, unsigned *count, uint32_t id) {
	for (unsigned i = 0; i < *count; i++) {
		if (ids[i] == id) {
			ids[i] = ids[--*count];
			return;
		}
	}
	abort();
}
