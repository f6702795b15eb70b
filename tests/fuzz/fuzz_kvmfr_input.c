/*
 * The host's input status and the stream that it names. The input is a list of lies about a good
 * one, 7 bytes each: where (0 status, 1 head of the region, 2 LGMP header, 3 slots; 0x80: only
 * after the stream was opened), offset (2 bytes), value (4 bytes).
 *
 * Covers: host-proto/kvmfr_input.c host-proto/lgmp_stream.c
 */
#include "host-proto/kvmfr_input.h"
#include "host-proto/kvmfr_wire.h"
#include "host-proto/lgmp_stream_wire.h"
#include "tests/fuzz/memory.h"

#define SESSION   5u
#define CLIENT    9u
#define STATUS_AT 12288u
#define REGION_AT 16384u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint32_t sink;

static void put(struct shm *shm, const struct lgmp_stream_place *place,
		struct lgmp_stream *stream) {
	struct kvmfr_input_status_wire wire = { .version = KVMFR_INPUT_VERSION,
		.capabilities = KVMFR_INPUT_RELATIVE | KVMFR_INPUT_KEYBOARD,
		.flags = KVMFR_INPUT_AVAILABLE,
		.stream_version = 1,
		.endpoint_count = 1 };
	const uint32_t session = SESSION;
	memset(shm_base(shm), 0, FUZZ_MEMORY);
	memcpy(shm_base(shm) + 9672, &session, sizeof session);
	lgmp_stream_make(stream, shm, 12, place, SESSION);
	lgmp_stream_bind(stream, CLIENT);
	lgmp_stream_describe(place, wire.endpoints[0].descriptor);
	wire.endpoints[0].bound_client_id = CLIENT;
	wire.endpoints[0].flags = KVMFR_ENDPOINT_AVAILABLE | KVMFR_ENDPOINT_BOUND;
	memcpy(shm_base(shm) + STATUS_AT, &wire, sizeof wire);
}

static void lie(struct shm *shm, const uint8_t *data, size_t size, unsigned late) {
	static const uint32_t from[] = { STATUS_AT, REGION_AT, 9664,
		REGION_AT + LGMP_STREAM_SLOTS_AT };
	static const uint32_t bytes[] = { 448, 256, 64, 16384 };
	for (size_t i = 0; i + 7 <= size; i += 7) {
		const unsigned where = data[i] & 3;
		uint16_t offset;
		memcpy(&offset, data + i + 1, sizeof offset);
		if ((data[i] & 0x80u) == late) {
			memcpy(shm_base(shm) + from[where] + (offset % bytes[where] & ~3u),
					data + i + 3, 4);
		}
	}
}

static void use(struct kvmfr_input_writer *writer) {
	const struct kvmfr_keyboard keyboard = { .modifiers = 1 };
	uint32_t taken;
	for (unsigned i = 0; i < 140; i++) {
		if ((i ? kvmfr_input_write_keyboard(writer, &keyboard)
		       : kvmfr_input_write(writer, KVMFR_INPUT_TYPE_CLAIM)) < 0) {
			break;
		}
	}
	sink = (uint32_t)lgmp_stream_taken(&writer->stream, &taken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct shm *shm = fuzz_memory();
	const struct lgmp_stream_place place = { .offset = REGION_AT,
		.region_bytes = lgmp_stream_region_bytes(128, 64),
		.slot_count = 128,
		.slot_bytes = 64,
		.direction = LGMP_STREAM_TO_HOST };
	struct lgmp_stream host;
	struct kvmfr_input_status status;
	struct kvmfr_input_writer writer = { .generation = 0 };
	uint8_t record[64];
	char text[96];
	put(shm, &place, &host);
	lie(shm, data, size, 0);
	const int r = kvmfr_input_status_read(
			shm, STATUS_AT, FUZZ_MEMORY - STATUS_AT, CLIENT, &status);
	kvmfr_input_status_describe(shm, STATUS_AT, 448, text, sizeof text);
	kvmfr_input_status_describe(shm, STATUS_AT, 4, text, sizeof text);
	sink = (uint8_t)text[0];
	/* Too small, and past the memory. */
	struct kvmfr_input_status none;
	if (kvmfr_input_status_read(shm, STATUS_AT, 8, CLIENT, &none) == 0 ||
			kvmfr_input_status_read(shm, FUZZ_MEMORY - 4, 4096, CLIENT, &none) == 0) {
		__builtin_trap();
	}
	if (r == 0 && status.has_endpoint &&
			lgmp_stream_open(&writer.stream, shm, 12, &status.place, SESSION, CLIENT) ==
					0) {
		lie(shm, data, size, 0x80);
		use(&writer);
	}
	/* Another version, a region past the memory, more than a slot holds. */
	struct lgmp_stream other;
	struct lgmp_stream_place outside = place;
	uint8_t large[65] = { 0 };
	outside.offset = FUZZ_MEMORY - 64;
	if (lgmp_stream_open(&other, shm, 6, &place, SESSION, CLIENT) == 0 ||
			lgmp_stream_open(&other, shm, 12, &outside, SESSION, CLIENT) == 0 ||
			lgmp_stream_write(&host, large, sizeof large) == 0) {
		__builtin_trap();
	}
	/* Our own host reads what anybody wrote. */
	for (unsigned i = 0; i < 200 && lgmp_stream_read(&host, record, sizeof record) >= 0; i++) {
		sink = record[0];
	}
	return 0;
}
