/* Layouts of Scream: the 5 bytes before the PCM of a datagram (scream-audio.md 1.1) and the header
 * of the shared memory transport (1.9). */
#pragma once

#include "base/wire.h"

#define SCREAM_HEADER_BYTES  5
#define SCREAM_PAYLOAD_BYTES 1152
#define SCREAM_PACKET_BYTES  (SCREAM_HEADER_BYTES + SCREAM_PAYLOAD_BYTES)

struct scream_header_wire {
	uint8_t rate_code; /* bit 7: base 44100 instead of 48000; bits 6..0: multiplier */
	uint8_t bits;
	uint8_t channels;
	uint8_t mask[2]; /* little endian; too odd an address for a uint16_t */
};
WIRE_AT(scream_header_wire, mask, 3);
WIRE_SIZE(scream_header_wire, SCREAM_HEADER_BYTES);

#define SCREAM_SHM_MAGIC 0x11112014u

struct scream_shm_wire {
	uint32_t magic;  /* 0 = no sender */
	uint16_t newest; /* slot, complete */
	uint8_t offset;  /* of slot 0 */
	uint8_t pad0;
	uint16_t slots;
	uint16_t pad1;
	uint32_t slot_bytes;
	uint8_t rate_code;
	uint8_t bits;
	uint8_t channels;
	uint8_t pad2;
	uint16_t mask;
	uint16_t pad3;
};
WIRE_AT(scream_shm_wire, newest, 4);
WIRE_AT(scream_shm_wire, offset, 6);
WIRE_AT(scream_shm_wire, slots, 8);
WIRE_AT(scream_shm_wire, slot_bytes, 12);
WIRE_AT(scream_shm_wire, rate_code, 16);
WIRE_AT(scream_shm_wire, mask, 20);
WIRE_SIZE(scream_shm_wire, 24);
