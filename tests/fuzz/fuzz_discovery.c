/*
 * The blocks of pierglass-vm-info: any bytes, and every text that comes out must be terminated.
 *
 * Covers: client/vm/discovery.c
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/vm/discovery.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void on_block(const struct discovery_info *info, void *data) {
	size_t *total = data;
	if (info->evdev_count > DISCOVERY_EVDEV_MAX) {
		abort();
	}
	*total += strlen(info->reason) + strlen(info->domain) + strlen(info->shm) +
		  strlen(info->spice) + strlen(info->bridge);
	for (unsigned i = 0; i < info->evdev_count; i++) {
		*total += strlen(info->evdev[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
	struct discovery_reader reader;
	size_t total = 0;
	discovery_reader_init(&reader);
	discovery_reader_feed(&reader, (const char *)bytes, len / 2, on_block, &total);
	discovery_reader_feed(
			&reader, (const char *)bytes + len / 2, len - len / 2, on_block, &total);
	return total == SIZE_MAX;
}
