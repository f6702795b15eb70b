/*
 * A datagram, and the same bytes as a shared memory header: whatever is accepted is converted
 * whole.
 *
 * Covers: audio/codec/scream.c
 */
#include <stdlib.h>

#include "audio/codec/scream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct scream_packet packet;
	const enum scream_verdict verdict = scream_parse(data, size, &packet);
	if (scream_verdict_text(verdict)[0] == '\0') {
		abort();
	}
	if (verdict == SCREAM_OK) {
		float out[SCREAM_FRAMES_MAX];
		enum scream_position positions[SCREAM_CHANNELS_MAX];
		if (packet.frames * packet.format.channels > SCREAM_FRAMES_MAX) {
			abort();
		}
		scream_to_float(out, packet.pcm, packet.frames, &packet.format);
		scream_positions(&packet.format, positions);
		/* What is nothing but zeros is quiet, too. */
		if (scream_is_silence(packet.pcm,
				    packet.frames * scream_frame_bytes(&packet.format)) &&
				!scream_is_quiet(&packet)) {
			abort();
		}
	}
	struct scream_shm_header header;
	if (size >= SCREAM_SHM_HEADER_BYTES && scream_shm_parse(data, size, &header) == 0) {
		const uint8_t *slot = data + header.offset + header.newest * header.slot_bytes;
		volatile uint8_t last = slot[header.slot_bytes - 1];
		(void)last;
	}
	return 0;
}
