#include "host-proto/kvmfr_input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host-proto/kvmfr_wire.h"
#include "host-proto/shm.h"

#define STREAM_VERSION 1u

int kvmfr_input_status_read(const struct shm *shm, uint64_t offset, uint32_t size,
		uint32_t client_id, struct kvmfr_input_status *ret_status) {
	struct kvmfr_input_status_wire wire;
	*ret_status = (struct kvmfr_input_status){ .capabilities = 0 };
	if (size < sizeof wire) {
		return -EBADMSG;
	}
	int r = shm_copy(shm, offset, &wire, sizeof wire);
	if (r < 0) {
		return r;
	}
	if (wire.version != KVMFR_INPUT_VERSION || wire.stream_version != STREAM_VERSION) {
		return -EPROTONOSUPPORT;
	}
	if (wire.endpoint_count > KVMFR_INPUT_ENDPOINTS) {
		return -EBADMSG;
	}
	struct kvmfr_input_status status = { .capabilities = wire.capabilities,
		.flags = wire.flags,
		.leds = wire.leds,
		.owner_client_id = wire.owner_client_id,
		.owner_generation = wire.owner_generation,
		.max_buttons = wire.max_buttons };
	for (uint32_t i = 0; i < wire.endpoint_count && !status.has_endpoint; i++) {
		const struct kvmfr_input_endpoint_wire *endpoint = &wire.endpoints[i];
		const uint32_t both = KVMFR_ENDPOINT_AVAILABLE | KVMFR_ENDPOINT_BOUND;
		if ((endpoint->flags & both) != both || endpoint->bound_client_id != client_id) {
			continue;
		}
		r = lgmp_stream_place_read(shm, endpoint->descriptor, LGMP_STREAM_TO_HOST,
				sizeof(struct kvmfr_input_record_wire), &status.place);
		if (r < 0) {
			return r;
		}
		status.has_endpoint = true;
		status.binding_generation = endpoint->binding_generation;
	}
	*ret_status = status;
	return 0;
}

void kvmfr_input_status_describe(
		const struct shm *shm, uint64_t offset, uint32_t size, char *text, uint32_t room) {
	struct kvmfr_input_status_wire wire = { .version = 0 };
	if (size < sizeof wire || shm_copy(shm, offset, &wire, sizeof wire) < 0) {
		snprintf(text, room, "a block of %u bytes", size);
		return;
	}
	snprintf(text, room, "version %u, streams %u, %u endpoints, flags %#x", wire.version,
			wire.stream_version, wire.endpoint_count, wire.flags);
}

/* payload: 16 bytes, or NULL. */
static int write_record(struct kvmfr_input_writer *writer, enum kvmfr_input_type type,
		const void *payload) {
	const bool claim = type == KVMFR_INPUT_TYPE_CLAIM;
	uint32_t generation = writer->generation + claim;
	generation += generation == 0;
	struct kvmfr_input_record_wire wire = { .type = (uint32_t)type,
		.generation = generation,
		.sequence = claim ? 1 : writer->sequence + 1 };
	if (payload) {
		memcpy(wire.payload, payload, sizeof wire.payload);
	}
	int r = lgmp_stream_write(&writer->stream, &wire, sizeof wire);
	if (r == 0) {
		writer->generation = generation;
		writer->sequence = wire.sequence;
	}
	return r;
}

int kvmfr_input_write(struct kvmfr_input_writer *writer, enum kvmfr_input_type type) {
	return write_record(writer, type, NULL);
}

int kvmfr_input_write_relative(
		struct kvmfr_input_writer *writer, const struct kvmfr_relative *relative) {
	const struct kvmfr_relative_wire wire = { .buttons = relative->buttons,
		.dx = relative->dx,
		.dy = relative->dy,
		.wheel = relative->wheel };
	return write_record(writer, KVMFR_INPUT_TYPE_RELATIVE, &wire);
}

int kvmfr_input_write_keyboard(
		struct kvmfr_input_writer *writer, const struct kvmfr_keyboard *keyboard) {
	struct kvmfr_keyboard_wire wire = { .modifiers = keyboard->modifiers };
	memcpy(wire.usages, keyboard->usages, sizeof wire.usages);
	return write_record(writer, KVMFR_INPUT_TYPE_KEYBOARD, &wire);
}
