/*
 * Images inside display messages (doc/protocol/spice.md 9.2): descriptor and bitmap, checked once;
 * then rows of 0xAARRGGBB words can be fetched without another check. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-proto/spice/wire.h"

#define SPICE_IMAGE_SIDE_MAX 16384u
#define SPICE_SURFACE_PIXELS (64u * 1024 * 1024)

/* Words are 0xAARRGGBB; rows `stride` words apart. */
struct spice_surface {
	uint32_t *pixels;
	uint32_t width, height, stride;
};

struct spice_image {
	uint32_t width, height; /* 1..SPICE_IMAGE_SIDE_MAX */
	enum spice_bitmap_format format;
	bool top_down;
	uint32_t stride;     /* bytes */
	const uint8_t *data; /* stride * height bytes, inside the message */
	unsigned palette_count;
	uint32_t palette[256];
	bool is_surface;
	uint32_t surface_id; /* with is_surface: the caller fills in surface, width and height */
	struct spice_surface surface;
};

/* The image at offset in the message. -EBADMSG: nonsense; -EOPNOTSUPP: a kind that we did not ask
 * for (*ret_type tells which enum spice_image_type). */
int spice_image_read(const uint8_t *message, size_t len, uint32_t offset, struct spice_image *ret,
		uint8_t *ret_type);

/* Pixels [x, x + count) of row y as words. Must lie inside the image. */
void spice_image_row(const struct spice_image *image, uint32_t y, uint32_t x, uint32_t count,
		uint32_t *ret_words);
