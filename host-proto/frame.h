/*
 * Frames of the guest's picture: messages of the wire (KVMFR 19, 20, …; doc/protocol/kvmfr.md 3, 4,
 * 10) to checked values. Pure: no threads, no log.
 *
 * All fields are copies, read once and validated; only the pixels and the write pointer still lie
 * in memory that the guest writes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shm;

#define FRAME_SIDE_MAX   16384u /* pixels */
#define FRAME_DAMAGE_MAX 64u

enum frame_format {
	FRAME_FORMAT_NONE,
	FRAME_FORMAT_BGRA,    /* 4 bytes B G R x */
	FRAME_FORMAT_RGBA,    /* 4 bytes R G B x */
	FRAME_FORMAT_RGBA10,  /* one LE word: R bits 0-9, G 10-19, B 20-29 */
	FRAME_FORMAT_RGBA16F, /* 4 half floats R G B x */
	FRAME_FORMAT_BGR_32,  /* 3 bytes B G R, rows carried in a texture of 4-byte texels */
	FRAME_FORMAT_RGB_24,  /* 3 bytes R G B */
};

enum frame_flag { /* kvmfr.md 3.4, by their wire values */
	FRAME_BLOCK_SCREENSAVER = 0x1,
	FRAME_REQUEST_ACTIVATION = 0x2,
	FRAME_TRUNCATED = 0x4,
	FRAME_HDR = 0x8,
	FRAME_HDR_PQ = 0x10,
	FRAME_HDR_METADATA = 0x20, /* KVMFR 34: struct frame_hdr is filled */
};

/* Static metadata of HDR content, as the guest tells it: any values (kvmfr.md A.2). */
struct frame_hdr {
	uint16_t primaries[3][2]; /* R G B; x, y in 0.00002 */
	uint16_t white[2];
	uint32_t max_nits, min_nits_10000; /* of the display that the content was made for */
	uint32_t max_cll_nits, max_fall_nits;
	uint32_t sdr_white_nits; /* KVMFR 34, also without the flag; 0 = not told */
};

struct frame_rect {
	uint32_t x, y, width, height; /* pixels of the frame; inside it, never empty */
};

struct frame {
	uint32_t serial;         /* frameSerial: +1 per captured frame */
	uint32_t format_version; /* formatVer: only its change means something */
	enum frame_format format;
	uint32_t screen_width, screen_height; /* the captured output, unrotated; never 0 */
	uint32_t width, height; /* pixels of the image, unrotated; 1..FRAME_SIDE_MAX */
	uint32_t data_width;    /* pixels in a row; BGR_32: 4-byte texels in a row */
	uint32_t rows;          /* rows that exist in the block: 1..height, fewer when truncated */
	uint32_t pitch;         /* bytes between rows */
	unsigned rotation;      /* 0..3: quarter turns counter-clockwise that make it upright */
	unsigned flags;         /* enum frame_flag, known bits only */
	struct frame_hdr hdr;   /* zero, but for sdr_white_nits, without FRAME_HDR_METADATA */
	/* KVMFR 34: whose schedule it was made for (kvmfr_schedule.h), any values; 0 = nobody's. */
	uint32_t schedule_generation, schedule_epoch, schedule_deadline;

	/* What differs from the frame with the serial damage_since: serial - 1, until damage of
	 * skipped frames was merged in. Count 0 = all of it. */
	uint32_t damage_since;
	unsigned damage_count;
	struct frame_rect damage[FRAME_DAMAGE_MAX];

	uint64_t block_offset;  /* of the LGMP payload block in the mapping */
	uint32_t block_bytes;   /* its size */
	uint64_t pixels_offset; /* of the first pixel in the mapping; pitch * rows bytes lie inside
				 */
	/* The same place. Bytes may change while they are read: feed them to the GPU or a copy,
	 * never to an index, a size or a branch. */
	const unsigned char *pixels;
	const uint32_t *write_pointer; /* read it with frame_written() only */
};

/* Bytes of one pixel; 3 for BGR_32 and RGB_24. */
unsigned frame_bytes_per_pixel(enum frame_format format);
const char *frame_format_name(enum frame_format format); /* "bgra", "rgba10", "bgr_32", … */

/* Reads and checks the frame header in the payload block at [offset, offset + size).
 * kvmfr: the version of the session's layout.
 * -ERANGE: outside the mapping; -EBADMSG: nonsense; -EPROTONOSUPPORT: a type this version lacks. */
int frame_read(const struct shm *shm, unsigned kvmfr, uint64_t offset, uint32_t size,
		struct frame *ret_frame);

/* What of a header frame_read() could not understand, in a few words for the log: its type, size,
 * pitch and place as they stand there. Returns text. */
const char *frame_describe(const struct shm *shm, unsigned kvmfr, uint64_t offset, uint32_t size,
		char *text, size_t text_size);

/* Bytes of pixels that the producer says are there, clamped to pitch * rows (acquire). */
uint64_t frame_written(const struct frame *frame);

/* Adds the damage of `older`, which was never shown, to `frame`, which replaces it. Becomes "all"
 * when the serials do not follow each other, the geometry differs, or there are too many. */
void frame_merge_damage(struct frame *frame, const struct frame *older);

/* Whether a texture made for one fits the other. */
bool frame_same_geometry(const struct frame *a, const struct frame *b);
