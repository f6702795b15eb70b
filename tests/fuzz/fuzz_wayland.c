/*
 * What a compositor answers to the doctor.
 *
 * Covers: tools/doctor/wayland.c
 */
#include <stdint.h>
#include <stdlib.h>

#include "tools/doctor/wayland.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
	struct text names = { 0 };
	size_t consumed = 0;
	int r = wayland_parse(bytes, len, 2, 3, &names, &consumed);
	if (r >= 0 && consumed > len) {
		abort();
	}
	for (size_t i = 0; i < names.len; i++) {
		if (names.bytes[i] < ' ' || names.bytes[i] > '~') {
			abort();
		}
	}
	text_finish(&names);
	return 0;
}
