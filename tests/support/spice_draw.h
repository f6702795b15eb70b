/* Builders of display messages for tests. */
#pragma once

#include "host-proto/spice/reader.h"
#include "host-proto/spice/wire.h"

static inline void put_rect(struct writer *w, int left, int top, int right, int bottom) {
	write_i32(w, top);
	write_i32(w, left);
	write_i32(w, bottom);
	write_i32(w, right);
}

/* Base without clips. */
static inline void put_base(
		struct writer *w, uint32_t surface, int left, int top, int right, int bottom) {
	write_u32(w, surface);
	put_rect(w, left, top, right, bottom);
	write_u8(w, 0);
}

static inline void put_mask(struct writer *w) {
	write_u8(w, 0);
	write_i32(w, 0);
	write_i32(w, 0);
	write_u32(w, 0);
}

static inline size_t make_surface(uint8_t *bytes, uint32_t id, uint32_t width, uint32_t height,
		uint32_t format, uint32_t flags) {
	struct writer w = writer_of(bytes, 64);
	write_u32(&w, id);
	write_u32(&w, width);
	write_u32(&w, height);
	write_u32(&w, format);
	write_u32(&w, flags);
	return writer_len(&w);
}

static inline size_t make_fill(uint8_t *bytes, uint32_t surface, int left, int top, int right,
		int bottom, uint32_t color, unsigned rop) {
	struct writer w = writer_of(bytes, 128);
	put_base(&w, surface, left, top, right, bottom);
	write_u8(&w, 1);
	write_u32(&w, color);
	write_u16(&w, (uint16_t)rop);
	put_mask(&w);
	return writer_len(&w);
}

/* Where an image stands: a bitmap whose data is given. palette: of `colors` words, behind the data;
 * 0 = none. */
static inline void put_bitmap(struct writer *w, unsigned format, unsigned flags, uint32_t width,
		uint32_t height, uint32_t stride, const void *data, const uint32_t *palette,
		unsigned colors) {
	write_u64(w, 2);
	write_u8(w, SPICE_IMAGE_BITMAP);
	write_u8(w, 0);
	write_u32(w, width);
	write_u32(w, height);
	write_u8(w, (uint8_t)format);
	write_u8(w, (uint8_t)flags);
	write_u32(w, width);
	write_u32(w, height);
	write_u32(w, stride);
	write_u32(w, palette ? (uint32_t)writer_len(w) + 4 + stride * height : 0);
	write_bytes(w, data, (size_t)stride * height);
	if (palette) {
		write_u64(w, 1);
		write_u16(w, (uint16_t)colors);
		for (unsigned i = 0; i < colors; i++) {
			write_u32(w, palette[i]);
		}
	}
}

/* DRAW_COPY of a bitmap; area = the whole image. */
static inline size_t make_copy(uint8_t *bytes, size_t size, uint32_t surface, const int box[4],
		unsigned format, unsigned flags, uint32_t width, uint32_t height, uint32_t stride,
		const void *data, const uint32_t *palette, unsigned colors) {
	struct writer w = writer_of(bytes, size);
	put_base(&w, surface, box[0], box[1], box[2], box[3]);
	write_u32(&w, 57);
	put_rect(&w, 0, 0, (int)width, (int)height);
	write_u16(&w, SPICE_ROP_PUT);
	write_u8(&w, 0);
	put_mask(&w);
	put_bitmap(&w, format, flags, width, height, stride, data, palette, colors);
	return writer_len(&w);
}
