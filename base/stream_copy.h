/*
 * A copy past the cache: for blocks that are larger than it and are read by somebody else, or much
 * later. Half the memory traffic of memcpy(), which first reads what it overwrites.
 */
#pragma once

#include <stddef.h>

/* The blocks must not overlap. Everything is written when it returns, for other threads too. */
void stream_copy(void *to, const void *from, size_t bytes);
