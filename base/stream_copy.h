/*
 * A copy that bypasses the cache, for blocks larger than the cache whose reader is another program
 * or comes much later. It causes half the memory traffic of memcpy(), which first reads the memory
 * that it overwrites.
 */
#pragma once

#include <stddef.h>

/* The blocks must not overlap. Everything is written when it returns, for other threads too. */
void stream_copy(void *to, const void *from, size_t bytes);
