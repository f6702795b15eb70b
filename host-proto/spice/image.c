#include "host-proto/spice/image.h"

#include <errno.h>
#include <string.h>

#include "host-proto/spice/reader.h"

#define STRIDE_MAX (1u << 20)

static unsigned bits_per_pixel(uint8_t format) {
	switch (format) {
	case SPICE_BITMAP_1_LE:
	case SPICE_BITMAP_1_BE:
		return 1;
	case SPICE_BITMAP_4_LE:
	case SPICE_BITMAP_4_BE:
		return 4;
	case SPICE_BITMAP_8:
	case SPICE_BITMAP_8A:
		return 8;
	case SPICE_BITMAP_16:
		return 16;
	case SPICE_BITMAP_24:
		return 24;
	case SPICE_BITMAP_32:
	case SPICE_BITMAP_RGBA:
		return 32;
	default:
		return 0;
	}
}

static bool is_indexed(uint8_t format) {
	return format >= SPICE_BITMAP_1_LE && format <= SPICE_BITMAP_8;
}

static int read_palette(
		const uint8_t *message, size_t len, uint32_t offset, struct spice_image *image) {
	if (offset == 0 || offset > len) {
		return -EBADMSG;
	}
	struct reader r = reader_of(message + offset, len - offset);
	read_u64(&r); /* unique: no cache was offered */
	uint32_t n = read_u16(&r);
	if (n > 256) {
		return -EBADMSG;
	}
	for (uint32_t i = 0; i < n; i++) {
		image->palette[i] = 0xff000000u | read_u32(&r);
	}
	image->palette_count = n;
	return reader_ok(&r) ? 0 : -EBADMSG;
}

static int read_bitmap(
		const uint8_t *message, size_t len, struct reader *r, struct spice_image *image) {
	uint8_t format = read_u8(r);
	uint8_t flags = read_u8(r);
	uint32_t width = read_u32(r);
	uint32_t height = read_u32(r);
	uint32_t stride = read_u32(r);
	uint32_t palette = 0;
	if (flags & SPICE_BITMAP_PAL_FROM_CACHE) {
		read_u64(r);
	} else {
		palette = read_u32(r);
	}
	const unsigned bits = bits_per_pixel(format);
	if (!reader_ok(r) || bits == 0 || width != image->width || height != image->height ||
			stride > STRIDE_MAX || stride < ((uint64_t)width * bits + 7) / 8) {
		return -EBADMSG;
	}
	image->data = read_bytes(r, (uint64_t)stride * height);
	image->format = (enum spice_bitmap_format)format;
	image->stride = stride;
	image->top_down = (flags & SPICE_BITMAP_TOP_DOWN) != 0;
	if (!image->data) {
		return -EBADMSG;
	}
	/* A palette of a cache that we never offered: everything is black then. */
	return is_indexed(format) && palette != 0 ? read_palette(message, len, palette, image) : 0;
}

int spice_image_read(const uint8_t *message, size_t len, uint32_t offset, struct spice_image *ret,
		uint8_t *ret_type) {
	if (offset == 0 || offset > len) {
		return -EBADMSG;
	}
	struct reader r = reader_of(message + offset, len - offset);
	struct spice_image *image = ret;
	memset(image, 0, offsetof(struct spice_image, palette));
	read_u64(&r); /* id */
	uint8_t type = read_u8(&r);
	read_u8(&r); /* flags: caches, which we did not offer */
	image->width = read_u32(&r);
	image->height = read_u32(&r);
	image->is_surface = type == SPICE_IMAGE_SURFACE;
	if (!reader_ok(&r) || image->width == 0 || image->width > SPICE_IMAGE_SIDE_MAX ||
			image->height == 0 || image->height > SPICE_IMAGE_SIDE_MAX) {
		return -EBADMSG;
	}
	*ret_type = type;
	switch (type) {
	case SPICE_IMAGE_BITMAP:
		return read_bitmap(message, len, &r, image);
	case SPICE_IMAGE_SURFACE:
		image->surface_id = read_u32(&r);
		return reader_ok(&r) ? 0 : -EBADMSG;
	default:
		return -EOPNOTSUPP;
	}
}

static uint32_t indexed(const struct spice_image *image, unsigned index) {
	return index < image->palette_count ? image->palette[index] : 0xff000000u;
}

static uint32_t from_555(unsigned v) {
	unsigned r = (v >> 10) & 31;
	unsigned g = (v >> 5) & 31;
	unsigned b = v & 31;
	return 0xff000000u | (r << 3 | r >> 2) << 16 | (g << 3 | g >> 2) << 8 | (b << 3 | b >> 2);
}

static uint32_t one_pixel(const struct spice_image *image, const uint8_t *row, uint32_t x) {
	switch (image->format) {
	case SPICE_BITMAP_1_LE:
		return indexed(image, (row[x / 8] >> (x % 8)) & 1);
	case SPICE_BITMAP_1_BE:
		return indexed(image, (row[x / 8] >> (7 - x % 8)) & 1);
	case SPICE_BITMAP_4_LE:
		return indexed(image, (row[x / 2] >> (x % 2 ? 4 : 0)) & 15);
	case SPICE_BITMAP_4_BE:
		return indexed(image, (row[x / 2] >> (x % 2 ? 0 : 4)) & 15);
	case SPICE_BITMAP_8:
		return indexed(image, row[x]);
	case SPICE_BITMAP_16:
		return from_555(row[2 * (size_t)x] | (unsigned)row[2 * (size_t)x + 1] << 8);
	case SPICE_BITMAP_24:
		row += 3 * (size_t)x;
		return 0xff000000u | (uint32_t)row[2] << 16 | (uint32_t)row[1] << 8 | row[0];
	case SPICE_BITMAP_8A:
		return (uint32_t)row[x] << 24;
	case SPICE_BITMAP_32:
	case SPICE_BITMAP_RGBA:
		break; /* copied as a whole */
	}
	return 0;
}

void spice_image_row(const struct spice_image *image, uint32_t y, uint32_t x, uint32_t count,
		uint32_t *ret_words) {
	if (image->is_surface) {
		memcpy(ret_words, image->surface.pixels + (size_t)y * image->surface.stride + x,
				(size_t)count * 4);
		return;
	}
	const size_t line = image->top_down ? y : image->height - 1 - y;
	const uint8_t *row = image->data + line * image->stride;
	if (image->format == SPICE_BITMAP_32 || image->format == SPICE_BITMAP_RGBA) {
		memcpy(ret_words, row + (size_t)x * 4, (size_t)count * 4);
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		ret_words[i] = one_pixel(image, row, x + i);
	}
}
