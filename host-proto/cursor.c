#include "host-proto/cursor.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "host-proto/kvmfr_wire.h"
#include "host-proto/shm.h"

#define PITCH_MAX 4096u /* bytes */

#define OPAQUE 0xff000000u
#define WHITE  0xffffffffu

/* A shape whose header was checked: every byte of it lies in the block. */
struct source {
	const struct shm *shm;
	uint64_t data; /* of its first row in the mapping */
	uint32_t width, height;
	uint32_t pitch;
};

static void copy_row(const struct source *source, uint32_t row, void *dst, size_t bytes) {
	/* Cannot fail: the whole shape was found to be in range. */
	(void)shm_copy(source->shm, source->data + (uint64_t)row * source->pitch, dst, bytes);
}

static uint32_t premultiplied(uint32_t argb) {
	const uint32_t alpha = argb >> 24;
	uint32_t result = argb & OPAQUE;
	for (unsigned shift = 0; shift < 24; shift += 8) {
		const uint32_t channel = argb >> shift & 0xff;
		result |= (channel * alpha + 127) / 255 << shift;
	}
	return result;
}

static void read_color(
		const struct source *source, bool straight_alpha, struct cursor_shape *shape) {
	uint32_t row[CURSOR_SIDE_MAX];
	for (uint32_t y = 0; y < source->height; y++) {
		copy_row(source, y, row, source->width * sizeof row[0]);
		uint32_t *color = shape->color + (size_t)y * source->width;
		uint32_t *invert = shape->invert + (size_t)y * source->width;
		for (uint32_t x = 0; x < source->width; x++) {
			color[x] = straight_alpha ? premultiplied(row[x]) : row[x];
			invert[x] = 0;
		}
	}
}

static void read_masked(const struct source *source, struct cursor_shape *shape) {
	uint32_t row[CURSOR_SIDE_MAX];
	for (uint32_t y = 0; y < source->height; y++) {
		copy_row(source, y, row, source->width * sizeof row[0]);
		uint32_t *color = shape->color + (size_t)y * source->width;
		uint32_t *invert = shape->invert + (size_t)y * source->width;
		for (uint32_t x = 0; x < source->width; x++) {
			const uint32_t rgb = row[x] & ~OPAQUE;
			const bool replaces = (row[x] & OPAQUE) == 0;
			color[x] = replaces ? OPAQUE | rgb : 0;
			invert[x] = !replaces && rgb != 0 ? OPAQUE | rgb : 0;
			shape->has_invert |= invert[x] != 0;
		}
	}
}

/* source->height is the visible one: the AND rows, then as many XOR rows (kvmfr.md 6.2). */
static void read_mono(const struct source *source, struct cursor_shape *shape) {
	uint8_t and_row[CURSOR_SIDE_MAX / 8];
	uint8_t xor_row[CURSOR_SIDE_MAX / 8];
	const size_t bytes = (source->width + 7) / 8;
	for (uint32_t y = 0; y < source->height; y++) {
		copy_row(source, y, and_row, bytes);
		copy_row(source, source->height + y, xor_row, bytes);
		uint32_t *color = shape->color + (size_t)y * source->width;
		uint32_t *invert = shape->invert + (size_t)y * source->width;
		for (uint32_t x = 0; x < source->width; x++) {
			const bool keep = and_row[x / 8] & 0x80 >> x % 8;
			const bool flip = xor_row[x / 8] & 0x80 >> x % 8;
			color[x] = keep ? 0 : flip ? WHITE : OPAQUE;
			invert[x] = keep && flip ? WHITE : 0;
			shape->has_invert |= invert[x] != 0;
		}
	}
}

static int clamp(int value, int limit) {
	return value < -limit ? -limit : value > limit ? limit : value;
}

static int read_shape(const struct shm *shm, const struct kvmfr_cursor_wire *wire, uint64_t data,
		uint64_t room, bool straight_alpha, struct cursor_shape *shape) {
	const bool mono = wire->type == KVMFR_CURSOR_MONO;
	struct source source = { .shm = shm,
		.data = data,
		.width = wire->width,
		.height = mono ? wire->height / 2 : wire->height,
		.pitch = wire->pitch };
	if (source.width < 1 || source.width > CURSOR_SIDE_MAX || source.height < 1 ||
			source.height > CURSOR_SIDE_MAX || (mono && wire->height % 2 != 0)) {
		return -EBADMSG;
	}
	if (source.pitch < (mono ? (source.width + 7) / 8 : source.width * 4) ||
			source.pitch > PITCH_MAX) {
		return -EBADMSG;
	}
	const uint64_t bytes = (uint64_t)source.pitch * wire->height;
	if (bytes > room || bytes > KVMFR_CURSOR_SHAPE_MAX) {
		return -EBADMSG;
	}
	if (!shm_in_range(shm, data, bytes)) {
		return -ERANGE;
	}

	shape->serial++;
	shape->width = source.width;
	shape->height = source.height;
	shape->hot_x = clamp(wire->hot_x, (int)source.width);
	shape->hot_y = clamp(wire->hot_y, (int)source.height);
	shape->has_invert = false;
	if (mono) {
		read_mono(&source, shape);
	} else if (wire->type == KVMFR_CURSOR_MASKED) {
		read_masked(&source, shape);
	} else {
		read_color(&source, straight_alpha, shape);
	}
	return 0;
}

int cursor_read(const struct shm *shm, unsigned kvmfr, uint32_t flags, uint64_t offset,
		uint32_t size, bool straight_alpha, struct cursor_update *ret_update,
		struct cursor_shape *shape) {
	const size_t header = kvmfr >= 23 ? KVMFR_CURSOR34_BYTES : sizeof(struct kvmfr_cursor_wire);
	if (!shm_in_range(shm, offset, size)) {
		return -ERANGE;
	}
	if (size < header) {
		return -EBADMSG;
	}
	struct kvmfr_cursor_wire wire;
	int r = shm_copy(shm, offset, &wire, sizeof wire);
	if (r < 0) {
		return r;
	}

	/* From here on only the local copy is looked at. */
	struct cursor_update update = {
		.has_visible = kvmfr < 23 || flags & KVMFR_CURSOR_VISIBLE_VALID,
		.visible = flags & KVMFR_CURSOR_VISIBLE,
		.has_position = flags & KVMFR_CURSOR_POSITION,
		.x = wire.x,
		.y = wire.y,
	};
	if (flags & KVMFR_CURSOR_SHAPE && wire.type <= KVMFR_CURSOR_MASKED) {
		r = read_shape(shm, &wire, offset + header, size - header, straight_alpha, shape);
		if (r < 0) {
			return r;
		}
		update.has_shape = true;
	}
	*ret_update = update;
	return 0;
}
