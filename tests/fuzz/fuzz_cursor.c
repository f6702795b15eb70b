/*
 * A pointer message of the host. First byte: the version, the message's flags and the alpha rule;
 * the rest is the payload block of a pointer message. *
 *
 * Covers: host-proto/cursor.c
 */
#include "host-proto/cursor.h"
#include "tests/fuzz/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint32_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static struct cursor_shape shape;
	struct shm *shm = fuzz_memory();
	struct cursor_update update;
	if (size < 1 || size > FUZZ_MEMORY / 2) {
		return 0;
	}
	const uint64_t at = fuzz_place(shm, data + 1, size - 1);
	const uint32_t serial = shape.serial;
	int r = cursor_read(shm, data[0] & 0x80 ? 34 : 20, data[0] & 0x1f, at,
			(uint32_t)(FUZZ_MEMORY - at), data[0] & 0x40, &update, &shape);
	if (r < 0) {
		return 0;
	}
	if ((shape.serial != serial) != update.has_shape) {
		__builtin_trap();
	}
	if (update.has_shape) {
		if (shape.width < 1 || shape.width > CURSOR_SIDE_MAX || shape.height < 1 ||
				shape.height > CURSOR_SIDE_MAX) {
			__builtin_trap();
		}
		sink = shape.color[0] + shape.invert[shape.width * shape.height - 1];
	}
	return 0;
}
