/*
 * Converts B, G, R, x bytes to the pixels that a window of the X server wants: 32, 24, 16 or 8 bits
 * each, any masks and byte order, colours out of a colour map. On the thread of the connection.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct x11_format {
	uint8_t depth;
	unsigned bytes;  /* of a pixel */
	unsigned pad;    /* bytes that a row is a multiple of */
	bool as_is;      /* B, G, R, x bytes */
	bool most_first; /* the pixel's most significant byte comes first */
	struct x11_channel {
		unsigned bits, shift;
	} red, green, blue;
	bool mapped;      /* a byte that stands for a colour: */
	uint8_t map[256]; /* of red (3 bits), green (3), blue (2) */
};

/* display: Display *. False: none that is known here. */
bool x11_format_of(void *display, unsigned long window, struct x11_format *ret_format);
/* Bytes from row to row. */
size_t x11_format_stride(const struct x11_format *format, int width);
/* Converts `count` pixels. */
void x11_format_row(const struct x11_format *format, const unsigned char *from, unsigned char *to,
		int count);
