/*
 * Converts pixels of other orders to B, G, R, x on the CPU, which is several times cheaper than a
 * shader where a CPU draws. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "host-proto/frame.h"

/* Whether unpack_row() knows the format: BGR_32, RGB_24, RGBA. */
bool unpack_knows(enum frame_format format);

/* Converts `count` pixels. Reads count * 3 (RGBA: 4) bytes and not one more. */
void unpack_row(enum frame_format format, const unsigned char *from, unsigned char *to,
		size_t count);
