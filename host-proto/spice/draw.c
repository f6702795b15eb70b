#include "host-proto/spice/draw.h"

#include <string.h>

struct spice_rect spice_rect_intersect(const struct spice_rect *a, const struct spice_rect *b) {
	return (struct spice_rect){
		.left = a->left > b->left ? a->left : b->left,
		.top = a->top > b->top ? a->top : b->top,
		.right = a->right < b->right ? a->right : b->right,
		.bottom = a->bottom < b->bottom ? a->bottom : b->bottom,
	};
}

static uint32_t apply_rop(unsigned rop, uint32_t src, uint32_t dst) {
	if (rop & (SPICE_ROP_INVERS_SRC | SPICE_ROP_INVERS_BRUSH)) {
		src = ~src;
	}
	if (rop & SPICE_ROP_INVERS_DEST) {
		dst = ~dst;
	}
	uint32_t result = src;
	if (rop & SPICE_ROP_OR) {
		result = src | dst;
	} else if (rop & SPICE_ROP_AND) {
		result = src & dst;
	} else if (rop & SPICE_ROP_XOR) {
		result = src ^ dst;
	} else if (rop & SPICE_ROP_BLACKNESS) {
		result = 0;
	} else if (rop & SPICE_ROP_WHITENESS) {
		result = 0xffffffu;
	} else if (rop & SPICE_ROP_INVERS) {
		result = ~dst;
	}
	return (rop & SPICE_ROP_INVERS_RES) ? ~result : result;
}

/* Bit i of the operation is the result where pattern, source and destination spell i. */
static uint32_t apply_rop3(unsigned rop, uint32_t pattern, uint32_t src, uint32_t dst) {
	uint32_t result = 0;
	for (unsigned i = 0; i < 8; i++) {
		if (rop & (1u << i)) {
			result |= ((i & 4) ? pattern : ~pattern) & ((i & 2) ? src : ~src) &
				  ((i & 1) ? dst : ~dst);
		}
	}
	return result;
}

static uint32_t scale_byte(uint32_t value, uint32_t by) {
	return (value * by + 127) / 255;
}

static uint32_t blend(const struct draw *draw, uint32_t src, uint32_t dst) {
	uint32_t own = draw->image_has_alpha ? src >> 24 : 255;
	uint32_t keep = 255 - scale_byte(own, draw->alpha);
	uint32_t result = 0;
	for (unsigned shift = 0; shift < 32; shift += 8) {
		uint32_t value = scale_byte((src >> shift) & 255, draw->alpha) +
				 scale_byte((dst >> shift) & 255, keep);
		result |= (value > 255 ? 255 : value) << shift;
	}
	return result;
}

static uint32_t apply(const struct draw *draw, uint32_t src, uint32_t dst) {
	switch (draw->kind) {
	case DRAW_ROP:
		return apply_rop(draw->rop, src, dst);
	case DRAW_ROP3:
		return apply_rop3(draw->rop, draw->color, src, dst);
	case DRAW_TRANSPARENT:
		return ((src ^ draw->color) & 0xffffffu) == 0 ? dst : src;
	case DRAW_ALPHA:
		return blend(draw, src, dst);
	}
	return dst;
}

static bool is_scaled(const struct draw *draw) {
	return draw->area.right - draw->area.left != draw->box.right - draw->box.left ||
	       draw->area.bottom - draw->area.top != draw->box.bottom - draw->box.top;
}

/* Nearest pixel. position and sizes are below 2^21, so that the product fits. */
static uint32_t scale(int32_t position, int32_t from, int32_t to, int32_t offset) {
	return (uint32_t)(offset + (int64_t)position * from / to);
}

/* The source words for clip's row y, in row[0, width of clip). */
static void source_row(
		const struct draw *draw, const struct spice_rect *clip, int32_t y, uint32_t *row) {
	const struct spice_rect *area = &draw->area;
	const struct spice_rect *box = &draw->box;
	const uint32_t count = (uint32_t)(clip->right - clip->left);
	if (!is_scaled(draw)) {
		spice_image_row(draw->image, (uint32_t)(area->top + y - box->top),
				(uint32_t)(area->left + clip->left - box->left), count, row);
		return;
	}
	const int32_t box_width = box->right - box->left;
	const int32_t area_width = area->right - area->left;
	const uint32_t src_y = scale(
			y - box->top, area->bottom - area->top, box->bottom - box->top, area->top);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t src_x = scale(clip->left - box->left + (int32_t)i, area_width, box_width,
				area->left);
		spice_image_row(draw->image, src_y, src_x, 1, &row[i]);
	}
}

void draw_clipped(const struct draw *draw, const struct spice_surface *surface,
		const struct spice_rect *clip, uint32_t *row) {
	const uint32_t count = (uint32_t)(clip->right - clip->left);
	const bool plain = draw->kind == DRAW_ROP && draw->rop == SPICE_ROP_PUT;
	for (uint32_t i = 0; !draw->image && i < count; i++) {
		row[i] = draw->color;
	}
	for (int32_t y = clip->top; y < clip->bottom; y++) {
		uint32_t *to = surface->pixels + (size_t)y * surface->stride + clip->left;
		if (draw->image) {
			source_row(draw, clip, y, row);
		}
		if (plain) {
			memcpy(to, row, (size_t)count * 4);
			continue;
		}
		for (uint32_t i = 0; i < count; i++) {
			to[i] = apply(draw, row[i], to[i]);
		}
	}
}

int draw_cost(const struct draw *draw) {
	const int scaled = draw->image && is_scaled(draw) ? 8 : 0;
	switch (draw->kind) {
	case DRAW_ROP:
		return (draw->rop == SPICE_ROP_PUT ? 1 : 4) + scaled;
	case DRAW_ROP3:
		return 16 + scaled;
	case DRAW_TRANSPARENT:
		return 4 + scaled;
	case DRAW_ALPHA:
		return 12 + scaled;
	}
	return 1;
}

struct spice_rect draw_move(const struct spice_surface *surface, const struct spice_rect *box,
		int32_t src_x, int32_t src_y, int32_t first, int32_t count) {
	const size_t bytes = (size_t)(box->right - box->left) * 4;
	const int32_t rows = box->bottom - box->top;
	/* Downwards moves start at the bottom, so that no row is read after it was written. */
	const bool upwards = src_y < box->top;
	for (int32_t i = first; i < first + count; i++) {
		int32_t row = upwards ? rows - 1 - i : i;
		memmove(surface->pixels + (size_t)(box->top + row) * surface->stride + box->left,
				surface->pixels + (size_t)(src_y + row) * surface->stride + src_x,
				bytes);
	}
	struct spice_rect moved = *box;
	moved.top = upwards ? box->bottom - first - count : box->top + first;
	moved.bottom = moved.top + count;
	return moved;
}
