#include "host-proto/frame.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "host-proto/kvmfr_wire.h"
#include "host-proto/shm.h"

#define PITCH_MAX       (FRAME_SIDE_MAX * 8 + 4096)
#define SCREEN_SIDE_MAX 65535u

/* A frame that does not fit into its block is shown as far as it goes, but textures and buffers are
 * made for all of it: what it claims has to be in proportion to what the memory can prove. */
#define CLAIM_FREE  (64ull << 20) /* bytes: 4K with 8 bytes a pixel */
#define CLAIM_TIMES 16u           /* the block */

static_assert(FRAME_DAMAGE_MAX == KVMFR_DAMAGE_MAX, "one to one");

/* Where each version keeps its fields; all are 32 bits wide. */
struct frame_layout {
	unsigned kvmfr;
	size_t size;
	size_t screen; /* width, then height */
	size_t data;   /* width, then height; 0 = the version has none */
	size_t frame;  /* width, then height */
	size_t rotation, pitch, offset, flags, damage_count, damage;
	enum kvmfr_type last_type;
	unsigned known_flags;
};

#define LAYOUT(version, wire, data_offset, last, known)                                         \
	{                                                                                       \
		.kvmfr = (version), .size = sizeof(struct wire),                                \
		.screen = offsetof(struct wire, screen_width), .data = (data_offset),           \
		.frame = offsetof(struct wire, frame_width),                                    \
		.rotation = offsetof(struct wire, rotation),                                    \
		.pitch = offsetof(struct wire, pitch), .offset = offsetof(struct wire, offset), \
		.flags = offsetof(struct wire, flags),                                          \
		.damage_count = offsetof(struct wire, damage_count),                            \
		.damage = offsetof(struct wire, damage), .last_type = (last),                   \
		.known_flags = (known)                                                          \
	}

#define FLAGS_19 (FRAME_BLOCK_SCREENSAVER | FRAME_REQUEST_ACTIVATION | FRAME_TRUNCATED)
#define FLAGS_20 (FLAGS_19 | FRAME_HDR | FRAME_HDR_PQ)
#define FLAGS_34 (FLAGS_20 | FRAME_HDR_METADATA)

static const struct frame_layout layouts[] = {
	LAYOUT(19, kvmfr_frame19_wire, 0, KVMFR_TYPE_RGBA16F, FLAGS_19),
	LAYOUT(20, kvmfr_frame20_wire, offsetof(struct kvmfr_frame20_wire, data_width),
			KVMFR_TYPE_RGB_24, FLAGS_20),
	LAYOUT(34, kvmfr_frame34_wire, offsetof(struct kvmfr_frame34_wire, data_width),
			KVMFR_TYPE_RGB_24, FLAGS_34),
};

/* The largest header; read as a whole, once. */
struct header {
	uint8_t bytes[sizeof(struct kvmfr_frame34_wire)];
};

static uint32_t word(const struct header *header, size_t at) {
	uint32_t value;
	memcpy(&value, header->bytes + at, sizeof value);
	return value;
}

static const struct frame_layout *layout_of(unsigned kvmfr) {
	for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
		if (layouts[i].kvmfr == kvmfr) {
			return &layouts[i];
		}
	}
	return NULL;
}

static enum frame_format format_of(uint32_t type) {
	switch (type) {
	case KVMFR_TYPE_BGRA:
		return FRAME_FORMAT_BGRA;
	case KVMFR_TYPE_RGBA:
		return FRAME_FORMAT_RGBA;
	case KVMFR_TYPE_RGBA10:
		return FRAME_FORMAT_RGBA10;
	case KVMFR_TYPE_RGBA16F:
		return FRAME_FORMAT_RGBA16F;
	case KVMFR_TYPE_BGR_32:
		return FRAME_FORMAT_BGR_32;
	case KVMFR_TYPE_RGB_24:
		return FRAME_FORMAT_RGB_24;
	default:
		return FRAME_FORMAT_NONE;
	}
}

unsigned frame_bytes_per_pixel(enum frame_format format) {
	switch (format) {
	case FRAME_FORMAT_NONE:
		return 0;
	case FRAME_FORMAT_BGRA:
	case FRAME_FORMAT_RGBA:
	case FRAME_FORMAT_RGBA10:
		return 4;
	case FRAME_FORMAT_RGBA16F:
		return 8;
	case FRAME_FORMAT_BGR_32:
	case FRAME_FORMAT_RGB_24:
		return 3;
	}
	return 0;
}

const char *frame_format_name(enum frame_format format) {
	switch (format) {
	case FRAME_FORMAT_NONE:
		return "none";
	case FRAME_FORMAT_BGRA:
		return "bgra";
	case FRAME_FORMAT_RGBA:
		return "rgba";
	case FRAME_FORMAT_RGBA10:
		return "rgba10";
	case FRAME_FORMAT_RGBA16F:
		return "rgba16f";
	case FRAME_FORMAT_BGR_32:
		return "bgr_32";
	case FRAME_FORMAT_RGB_24:
		return "rgb_24";
	}
	return "none";
}

static bool side_ok(uint32_t side) {
	return side >= 1 && side <= FRAME_SIDE_MAX;
}

/* Sizes and pitch (kvmfr.md 3.5, 10). */
static int read_geometry(const struct header *header, const struct frame_layout *layout,
		struct frame *frame) {
	frame->width = word(header, layout->frame);
	frame->height = word(header, layout->frame + 4);
	frame->screen_width = word(header, layout->screen);
	frame->screen_height = word(header, layout->screen + 4);
	frame->pitch = word(header, layout->pitch);
	uint32_t data_width = layout->data ? word(header, layout->data) : frame->width;
	uint32_t data_height = layout->data ? word(header, layout->data + 4) : frame->height;

	if (!side_ok(frame->width) || !side_ok(frame->height) || !side_ok(data_width) ||
			!side_ok(data_height)) {
		return -EBADMSG;
	}
	if (frame->screen_width < 1 || frame->screen_width > SCREEN_SIDE_MAX ||
			frame->screen_height < 1 || frame->screen_height > SCREEN_SIDE_MAX) {
		frame->screen_width = frame->width;
		frame->screen_height = frame->height;
	}
	const uint32_t row_bytes = frame->width * frame_bytes_per_pixel(frame->format);
	if (frame->pitch < row_bytes || frame->pitch > PITCH_MAX) {
		return -EBADMSG;
	}
	if (frame->format == FRAME_FORMAT_BGR_32) {
		if (frame->pitch % 4 != 0 || data_width * 4 < row_bytes) {
			return -EBADMSG;
		}
		/* A row of texels ends with the row: the last one must not run out of the block. */
		frame->data_width = data_width * 4 > frame->pitch ? frame->pitch / 4 : data_width;
	} else {
		if (data_width < frame->width) {
			return -EBADMSG;
		}
		frame->data_width = frame->width;
	}
	frame->rows = data_height < frame->height ? data_height : frame->height;
	return 0;
}

/* Where the pixels lie, and how many rows of them really lie in the block (4.1). */
static int read_place(const struct shm *shm, const struct header *header,
		const struct frame_layout *layout, uint64_t block, uint32_t block_size,
		struct frame *frame) {
	const uint32_t offset = word(header, layout->offset);
	if (offset < layout->size || offset % 4 != 0 || block_size < KVMFR_WRITE_POINTER_BYTES ||
			offset > block_size - KVMFR_WRITE_POINTER_BYTES) {
		return -EBADMSG;
	}
	const uint32_t room = block_size - offset - KVMFR_WRITE_POINTER_BYTES;
	const uint64_t claimed = (uint64_t)frame->pitch * frame->height;
	if (claimed > CLAIM_FREE && claimed > (uint64_t)CLAIM_TIMES * block_size) {
		return -EBADMSG;
	}
	if ((uint64_t)frame->pitch * frame->rows > room) {
		frame->rows = room / frame->pitch;
		frame->flags |= FRAME_TRUNCATED;
	}
	if (frame->rows == 0) {
		return -EBADMSG;
	}
	const unsigned char *start;
	int r = shm_span(shm, block + offset,
			KVMFR_WRITE_POINTER_BYTES + (uint64_t)frame->pitch * frame->rows, &start);
	if (r < 0) {
		return r;
	}
	frame->block_offset = block;
	frame->block_bytes = block_size;
	frame->pixels_offset = block + offset + KVMFR_WRITE_POINTER_BYTES;
	frame->write_pointer = (const uint32_t *)(const void *)start;
	frame->pixels = start + KVMFR_WRITE_POINTER_BYTES;
	return 0;
}

static void read_damage(const struct header *header, const struct frame_layout *layout,
		struct frame *frame) {
	uint32_t count = word(header, layout->damage_count);
	if (count > KVMFR_DAMAGE_MAX) {
		count = 0;
	}
	frame->damage_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct kvmfr_rect_wire wire;
		memcpy(&wire, header->bytes + layout->damage + i * sizeof wire, sizeof wire);
		if (wire.x >= frame->width || wire.y >= frame->rows || wire.width == 0 ||
				wire.height == 0) {
			continue;
		}
		const uint32_t room_x = frame->width - wire.x;
		const uint32_t room_y = frame->rows - wire.y;
		frame->damage[frame->damage_count++] = (struct frame_rect){
			.x = wire.x,
			.y = wire.y,
			.width = wire.width < room_x ? wire.width : room_x,
			.height = wire.height < room_y ? wire.height : room_y,
		};
	}
}

static void read_hdr_and_schedule(const struct header *header, const struct frame_layout *layout,
		struct frame *frame) {
	struct kvmfr_frame34_wire wire;
	frame->hdr = (struct frame_hdr){ .max_nits = 0 };
	frame->schedule_generation = frame->schedule_epoch = frame->schedule_deadline = 0;
	if (layout->kvmfr < 34) {
		return;
	}
	memcpy(&wire, header->bytes, sizeof wire);
	frame->hdr.sdr_white_nits = wire.sdr_white_nits;
	frame->schedule_generation = wire.schedule_generation;
	frame->schedule_epoch = wire.schedule_epoch;
	frame->schedule_deadline = wire.schedule_deadline_serial;
	if (!(frame->flags & FRAME_HDR_METADATA)) {
		return;
	}
	memcpy(frame->hdr.primaries, wire.hdr_primaries, sizeof frame->hdr.primaries);
	memcpy(frame->hdr.white, wire.hdr_white, sizeof frame->hdr.white);
	frame->hdr.max_nits = wire.hdr_max_nits;
	frame->hdr.min_nits_10000 = wire.hdr_min_nits_10000;
	frame->hdr.max_cll_nits = wire.hdr_max_cll;
	frame->hdr.max_fall_nits = wire.hdr_max_fall;
}

int frame_read(const struct shm *shm, unsigned kvmfr, uint64_t offset, uint32_t size,
		struct frame *ret_frame) {
	const struct frame_layout *layout = layout_of(kvmfr);
	if (!layout) {
		return -EPROTONOSUPPORT;
	}
	if (!shm_in_range(shm, offset, size)) {
		return -ERANGE;
	}
	if (offset % 4 != 0 || size < layout->size) {
		return -EBADMSG;
	}
	struct header header;
	int r = shm_copy(shm, offset, header.bytes, layout->size);
	if (r < 0) {
		return r;
	}

	/* From here on only the local copy is looked at. */
	const uint32_t type = word(&header, offsetof(struct kvmfr_frame20_wire, type));
	if (type == KVMFR_TYPE_INVALID || type > (uint32_t)layout->last_type) {
		return -EPROTONOSUPPORT;
	}
	const uint32_t rotation = word(&header, layout->rotation);
	struct frame checked;
	struct frame *frame = &checked;
	frame->format = format_of(type);
	frame->format_version = word(&header, offsetof(struct kvmfr_frame20_wire, format_version));
	frame->serial = word(&header, offsetof(struct kvmfr_frame20_wire, serial));
	frame->damage_since = frame->serial - 1;
	frame->rotation = rotation <= 3 ? rotation : 0;
	frame->flags = word(&header, layout->flags) & layout->known_flags;
	r = read_geometry(&header, layout, frame);
	if (r < 0) {
		return r;
	}
	r = read_place(shm, &header, layout, offset, size, frame);
	if (r < 0) {
		return r;
	}
	read_damage(&header, layout, frame);
	read_hdr_and_schedule(&header, layout, frame);
	*ret_frame = checked;
	return 0;
}

const char *frame_describe(const struct shm *shm, unsigned kvmfr, uint64_t offset, uint32_t size,
		char *text, size_t text_size) {
	const struct frame_layout *layout = layout_of(kvmfr);
	struct header header;
	if (!layout || size < layout->size ||
			shm_copy(shm, offset, header.bytes, layout->size) < 0) {
		snprintf(text, text_size, "block of %u bytes, too small for a header", size);
		return text;
	}
	snprintf(text, text_size, "pixel type %u, %ux%u, pitch %u, pixels at %u of %u bytes",
			word(&header, offsetof(struct kvmfr_frame20_wire, type)),
			word(&header, layout->frame), word(&header, layout->frame + 4),
			word(&header, layout->pitch), word(&header, layout->offset), size);
	return text;
}

uint64_t frame_written(const struct frame *frame) {
	const uint64_t all = (uint64_t)frame->pitch * frame->rows;
	const uint64_t written = __atomic_load_n(frame->write_pointer, __ATOMIC_ACQUIRE);
	return written < all ? written : all;
}

bool frame_same_geometry(const struct frame *a, const struct frame *b) {
	return a->format == b->format && a->width == b->width && a->height == b->height &&
	       a->data_width == b->data_width && a->rows == b->rows;
}

void frame_merge_damage(struct frame *frame, const struct frame *older) {
	const bool follows = frame->damage_since == older->serial;
	frame->damage_since = older->damage_since;
	if (!follows || frame->damage_count == 0 || older->damage_count == 0 ||
			frame->damage_count + older->damage_count > FRAME_DAMAGE_MAX ||
			!frame_same_geometry(frame, older)) {
		frame->damage_count = 0;
		return;
	}
	memcpy(frame->damage + frame->damage_count, older->damage,
			older->damage_count * sizeof older->damage[0]);
	frame->damage_count += older->damage_count;
}
