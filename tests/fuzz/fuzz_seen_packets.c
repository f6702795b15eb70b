/*
 * Packets of a guest's as doctor counts them: a length of 16 bits before each.
 *
 * Covers: tools/doctor/seen_packets.c
 */
#include <stdlib.h>

#include "tools/doctor/seen_packets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct seen_packets seen = { 0 };
	while (size >= 2) {
		size_t len = (size_t)(data[0] << 8 | data[1]);
		data += 2;
		size -= 2;
		len = len < size ? len : size;
		uint8_t *packet = malloc(len + 1);
		for (size_t i = 0; packet && i < len; i++) {
			packet[i] = data[i];
		}
		if (packet) {
			seen_packets_note(&seen, packet, len);
		}
		free(packet);
		data += len;
		size -= len;
	}
	if (seen.kinds > SEEN_KINDS || (seen.kinds > 0 && !seen_packets_most(&seen, true) &&
						       !seen_packets_most(&seen, false))) {
		abort();
	}
	return 0;
}
