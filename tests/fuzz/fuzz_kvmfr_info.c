/*
 * The user data of a session: what a host says about itself.
 *
 * Covers: host-proto/kvmfr.c
 */
#include <stdint.h>
#include <string.h>

#include "host-proto/kvmfr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void printable(const char *text, size_t size) {
	for (size_t i = 0; i < size && text[i]; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
			__builtin_trap();
		}
	}
	if (!memchr(text, '\0', size)) {
		__builtin_trap();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct kvmfr_info info;
	if (kvmfr_info_read(data, size, &info) == 0) {
		printable(info.host_version, sizeof info.host_version);
		printable(info.capture, sizeof info.capture);
		printable(info.model, sizeof info.model);
		printable(info.os_name, sizeof info.os_name);
	}
	return 0;
}
