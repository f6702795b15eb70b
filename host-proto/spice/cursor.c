#include "host-proto/spice/cursor.h"

#include <errno.h>
#include <stdlib.h>

#include "host-proto/cursor.h"
#include "host-proto/spice/reader.h"

#define CACHE_MAX       256u
#define CACHE_BYTES_MAX (16u << 20)
#define OPAQUE          0xff000000u

/* A shape as it came: the header and its data. */
struct raw {
	uint8_t type;
	uint32_t width, height, hot_x, hot_y;
	const uint8_t *data;
	size_t len;
};

struct cached {
	uint64_t unique;
	struct raw raw; /* data is heap, NULL = free place */
	uint8_t *data;
	uint64_t used; /* for replacing the oldest */
};

struct spice_cursor {
	struct spice_cursor_target target;
	struct cursor_shape *shape;
	struct cached cache[CACHE_MAX];
	size_t cache_bytes;
	uint64_t uses;
	int x, y;
	bool visible;
};

int spice_cursor_create(
		struct spice_cursor **ret_cursor, const struct spice_cursor_target *target) {
	struct spice_cursor *cursor = calloc(1, sizeof *cursor);
	if (!cursor) {
		return -ENOMEM;
	}
	cursor->target = *target;
	cursor->shape = calloc(1, sizeof *cursor->shape);
	if (!cursor->shape) {
		free(cursor);
		return -ENOMEM;
	}
	*ret_cursor = cursor;
	return 0;
}

static void cache_drop(struct spice_cursor *cursor, struct cached *cached) {
	cursor->cache_bytes -= cached->raw.len;
	free(cached->data);
	*cached = (struct cached){ 0 };
}

static void cache_clear(struct spice_cursor *cursor) {
	for (unsigned i = 0; i < CACHE_MAX; i++) {
		if (cursor->cache[i].data) {
			cache_drop(cursor, &cursor->cache[i]);
		}
	}
}

static struct cached *cache_find(struct spice_cursor *cursor, uint64_t unique) {
	for (unsigned i = 0; i < CACHE_MAX; i++) {
		if (cursor->cache[i].data && cursor->cache[i].unique == unique) {
			return &cursor->cache[i];
		}
	}
	return NULL;
}

static struct cached *cache_oldest(struct spice_cursor *cursor) {
	struct cached *oldest = NULL;
	for (unsigned i = 0; i < CACHE_MAX; i++) {
		struct cached *cached = &cursor->cache[i];
		if (!cached->data) {
			continue;
		}
		if (!oldest || cached->used < oldest->used) {
			oldest = cached;
		}
	}
	return oldest;
}

static void cache_add(struct spice_cursor *cursor, uint64_t unique, const struct raw *raw) {
	struct cached *place = cache_find(cursor, unique);
	if (place) {
		cache_drop(cursor, place);
	}
	while (cursor->cache_bytes + raw->len > CACHE_BYTES_MAX) {
		cache_drop(cursor, cache_oldest(cursor));
	}
	for (unsigned i = 0; i < CACHE_MAX && !place; i++) {
		if (!cursor->cache[i].data) {
			place = &cursor->cache[i];
		}
	}
	if (!place) {
		place = cache_oldest(cursor);
		cache_drop(cursor, place);
	}
	uint8_t *data = malloc(raw->len ? raw->len : 1);
	if (!data) {
		return;
	}
	if (raw->len > 0) {
		memcpy(data, raw->data, raw->len);
	}
	*place = (struct cached){
		.unique = unique, .raw = *raw, .data = data, .used = ++cursor->uses
	};
	place->raw.data = data;
	cursor->cache_bytes += raw->len;
}

void spice_cursor_destroy(struct spice_cursor *cursor) {
	if (cursor) {
		cache_clear(cursor);
		free(cursor->shape);
		free(cursor);
	}
}

void spice_cursor_reset(struct spice_cursor *cursor) {
	cache_clear(cursor);
	cursor->visible = false;
	cursor->target.shape(NULL, cursor->target.data);
	cursor->target.move(0, 0, false, cursor->target.data);
}

/* Bytes of the pixel part; the mask of the coloured kinds comes behind it. */
static uint64_t pixel_bytes(const struct raw *raw) {
	const uint64_t pixels = (uint64_t)raw->width * raw->height;
	switch (raw->type) {
	case SPICE_CURSOR_ALPHA:
	case SPICE_CURSOR_COLOR32:
		return pixels * 4;
	case SPICE_CURSOR_MONO:
		return (uint64_t)((raw->width + 7) / 8) * raw->height;
	case SPICE_CURSOR_COLOR4:
		return (uint64_t)((raw->width + 1) / 2) * raw->height + 16 * 4;
	case SPICE_CURSOR_COLOR8:
		return pixels + 256 * 4;
	case SPICE_CURSOR_COLOR16:
		return pixels * 2;
	case SPICE_CURSOR_COLOR24:
		return pixels * 3;
	default:
		return UINT64_MAX;
	}
}

static uint64_t mask_bytes(const struct raw *raw) {
	return raw->type == SPICE_CURSOR_ALPHA ? 0 : (uint64_t)((raw->width + 7) / 8) * raw->height;
}

static bool mask_bit(const struct raw *raw, const uint8_t *mask, uint32_t x, uint32_t y) {
	return (mask[(size_t)y * ((raw->width + 7) / 8) + x / 8] >> (7 - x % 8)) & 1;
}

static uint32_t word_at(const uint8_t *bytes) {
	return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 |
	       bytes[0];
}

static uint32_t color_at(const struct raw *raw, uint32_t x, uint32_t y) {
	const size_t at = (size_t)y * raw->width + x;
	const uint8_t *data = raw->data;
	switch (raw->type) {
	case SPICE_CURSOR_COLOR4: {
		const size_t row = (raw->width + 1) / 2;
		const uint8_t pair = data[y * row + x / 2];
		const unsigned index = x % 2 ? pair & 15u : pair >> 4;
		return word_at(data + row * raw->height + index * 4);
	}
	case SPICE_CURSOR_COLOR8:
		return word_at(data + (size_t)raw->width * raw->height + data[at] * 4u);
	case SPICE_CURSOR_COLOR16: {
		const unsigned v = data[2 * at] | (unsigned)data[2 * at + 1] << 8;
		const unsigned r = (v >> 10) & 31;
		const unsigned g = (v >> 5) & 31;
		const unsigned b = v & 31;
		return (r << 3 | r >> 2) << 16 | (g << 3 | g >> 2) << 8 | (b << 3 | b >> 2);
	}
	case SPICE_CURSOR_COLOR24:
		return (uint32_t)data[3 * at + 2] << 16 | (uint32_t)data[3 * at + 1] << 8 |
		       data[3 * at];
	default:
		return word_at(data + 4 * at);
	}
}

/* One pixel of the two images. mask: behind the pixel part. */
static void convert_pixel(const struct raw *raw, const uint8_t *mask, uint32_t x, uint32_t y,
		uint32_t *ret_color, uint32_t *ret_invert) {
	*ret_color = 0;
	*ret_invert = 0;
	if (raw->type == SPICE_CURSOR_ALPHA) {
		*ret_color = color_at(raw, x, y);
	} else if (raw->type == SPICE_CURSOR_MONO) {
		/* AND mask, then XOR mask. */
		const bool keep = mask_bit(raw, raw->data, x, y);
		const bool flip = mask_bit(raw, mask, x, y);
		*ret_color = keep ? 0 : OPAQUE | (flip ? 0xffffffu : 0);
		*ret_invert = keep && flip ? 0xffffffffu : 0;
	} else if (mask_bit(raw, mask, x, y)) {
		/* XOR with the screen; colour 0 = transparent. */
		const uint32_t bits = color_at(raw, x, y) & 0xffffffu;
		*ret_invert = bits ? OPAQUE | bits : 0;
	} else {
		*ret_color = OPAQUE | color_at(raw, x, y);
	}
}

/* raw was checked: its data is as long as its kind asks. */
static void convert(const struct raw *raw, struct cursor_shape *shape) {
	shape->width = raw->width;
	shape->height = raw->height;
	shape->hot_x = (int)raw->hot_x;
	shape->hot_y = (int)raw->hot_y;
	shape->has_invert = false;
	const uint8_t *mask = raw->data + pixel_bytes(raw);
	for (uint32_t y = 0; y < raw->height; y++) {
		for (uint32_t x = 0; x < raw->width; x++) {
			const size_t at = (size_t)y * raw->width + x;
			convert_pixel(raw, mask, x, y, &shape->color[at], &shape->invert[at]);
			shape->has_invert = shape->has_invert || shape->invert[at] != 0;
		}
	}
}

static void show(struct spice_cursor *cursor, const struct raw *raw) {
	convert(raw, cursor->shape);
	cursor->target.shape(cursor->shape, cursor->target.data);
}

/* The Cursor at the end of INIT and SET. */
static int read_shape(struct spice_cursor *cursor, struct reader *r) {
	const unsigned flags = read_u16(r);
	if (!reader_ok(r)) {
		return -EBADMSG;
	}
	if (flags & SPICE_CURSOR_NONE) {
		cursor->target.shape(NULL, cursor->target.data);
		return 0;
	}
	struct raw raw;
	const uint64_t unique = read_u64(r);
	raw.type = read_u8(r);
	raw.width = read_u16(r);
	raw.height = read_u16(r);
	raw.hot_x = read_u16(r);
	raw.hot_y = read_u16(r);
	if (!reader_ok(r)) {
		return -EBADMSG;
	}
	if (flags & SPICE_CURSOR_FROM_CACHE) {
		struct cached *cached = cache_find(cursor, unique);
		if (cached) { /* else the current shape stays */
			cached->used = ++cursor->uses;
			show(cursor, &cached->raw);
		}
		return 0;
	}
	if (raw.width == 0 || raw.height == 0) {
		cursor->target.shape(NULL, cursor->target.data);
		return 0;
	}
	if (raw.width > CURSOR_SIDE_MAX || raw.height > CURSOR_SIDE_MAX || raw.hot_x > raw.width ||
			raw.hot_y > raw.height || pixel_bytes(&raw) == UINT64_MAX) {
		return -EBADMSG;
	}
	raw.len = (size_t)(pixel_bytes(&raw) + mask_bytes(&raw));
	raw.data = read_bytes(r, raw.len);
	if (!raw.data) {
		return -EBADMSG;
	}
	if (flags & SPICE_CURSOR_CACHE_ME) {
		cache_add(cursor, unique, &raw);
	}
	show(cursor, &raw);
	return 0;
}

static int on_set(struct spice_cursor *cursor, struct reader *r, bool init) {
	const int x = read_i16(r);
	const int y = read_i16(r);
	if (init) {
		cache_clear(cursor);
		read_u16(r); /* trail length */
		read_u16(r); /* trail frequency */
	}
	const bool visible = read_u8(r) != 0;
	int result = read_shape(cursor, r);
	if (result < 0) {
		return result;
	}
	cursor->x = x;
	cursor->y = y;
	cursor->visible = visible;
	cursor->target.move(x, y, visible, cursor->target.data);
	return 0;
}

int spice_cursor_message(
		struct spice_cursor *cursor, unsigned type, const uint8_t *body, size_t len) {
	struct reader r = reader_of(body, len);
	switch (type) {
	case SPICE_CURSOR_INIT:
		return on_set(cursor, &r, true);
	case SPICE_CURSOR_SET:
		return on_set(cursor, &r, false);
	case SPICE_CURSOR_RESET:
		spice_cursor_reset(cursor);
		return 0;
	case SPICE_CURSOR_MOVE:
		cursor->x = read_i16(&r);
		cursor->y = read_i16(&r);
		if (!reader_ok(&r)) {
			return -EBADMSG;
		}
		cursor->visible = true; /* a move shows a hidden pointer */
		break;
	case SPICE_CURSOR_HIDE:
		cursor->visible = false;
		break;
	case SPICE_CURSOR_INVAL_ONE: {
		struct cached *cached = cache_find(cursor, read_u64(&r));
		if (reader_ok(&r) && cached) {
			cache_drop(cursor, cached);
		}
		return reader_ok(&r) ? 0 : -EBADMSG;
	}
	case SPICE_CURSOR_INVAL_ALL:
		cache_clear(cursor);
		return 0;
	default:
		return 0;
	}
	cursor->target.move(cursor->x, cursor->y, cursor->visible, cursor->target.data);
	return 0;
}
