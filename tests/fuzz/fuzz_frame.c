/*
 * A frame message of the host. First byte: the version and the alignment; the rest is the payload
 * block of a frame message. *
 *
 * Covers: host-proto/frame.c
 */
#include "host-proto/frame.h"
#include "tests/fuzz/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned sink;

static void use(const struct frame *frame) {
	const size_t bytes = (size_t)frame->pitch * frame->rows;
	const unsigned bpp = frame_bytes_per_pixel(frame->format);
	if (frame->rows < 1 || frame->rows > frame->height || frame->width < 1 ||
			(size_t)frame->width * bpp > frame->pitch ||
			frame->pixels_offset + bytes > FUZZ_MEMORY ||
			frame_written(frame) > bytes) {
		__builtin_trap();
	}
	sink = frame->pixels[0] + frame->pixels[bytes - 1];
	for (unsigned i = 0; i < frame->damage_count; i++) {
		const struct frame_rect *rect = &frame->damage[i];
		if (rect->width < 1 || rect->height < 1 || rect->x >= frame->width ||
				rect->width > frame->width - rect->x || rect->y >= frame->rows ||
				rect->height > frame->rows - rect->y) {
			__builtin_trap();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static const unsigned versions[] = { 19, 20, 34, 21 };
	struct shm *shm = fuzz_memory();
	struct frame frame;
	struct frame older;
	if (size < 1 || size > FUZZ_MEMORY / 2) {
		return 0;
	}
	const uint64_t at = fuzz_place(shm, data + 1, size - 1) + (data[0] >> 4 & 3);
	const uint32_t room = (uint32_t)(FUZZ_MEMORY - at);
	char text[160];
	sink = (unsigned)frame_describe(shm, versions[data[0] & 3], at, room, text, sizeof text)[0];
	if (frame_read(shm, versions[data[0] & 3], at, room, &frame) == 0) {
		sink = (unsigned)frame_format_name(frame.format)[0];
		use(&frame);
		older = frame;
		older.serial--;
		frame_merge_damage(&frame, &older);
		use(&frame);
	}
	return 0;
}
