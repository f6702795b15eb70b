#include "host-proto/kvmfr_clipboard.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host-proto/kvmfr_wire.h"
#include "host-proto/shm.h"

#define STREAM_VERSION 1u
#define LEASE_MIN_MS   100u
#define LEASE_MAX_MS   10000u
#define FORMATS_KNOWN  (KVMFR_CLIPBOARD_BIT(KVMFR_CLIPBOARD_FORMATS + 1) - 1)

int kvmfr_clipboard_status_read(const struct shm *shm, uint64_t offset, uint32_t size,
		struct kvmfr_clipboard_status *ret_status) {
	struct kvmfr_clipboard_status_wire wire;
	*ret_status = (struct kvmfr_clipboard_status){ .flags = 0 };
	if (size < sizeof wire) {
		return -EBADMSG;
	}
	int r = shm_copy(shm, offset, &wire, sizeof wire);
	if (r < 0) {
		return r;
	}
	if (wire.version != KVMFR_CLIPBOARD_VERSION || wire.stream_version != STREAM_VERSION) {
		return -EPROTONOSUPPORT;
	}
	struct kvmfr_clipboard_status status = { .flags = wire.flags,
		.owner_client_id = wire.owner_client_id,
		.owner_generation = wire.owner_generation,
		.formats = wire.formats & FORMATS_KNOWN };
	status.lease_ms = wire.lease_ms < LEASE_MIN_MS   ? LEASE_MIN_MS
			  : wire.lease_ms > LEASE_MAX_MS ? LEASE_MAX_MS
							 : wire.lease_ms;
	const uint32_t slot_min = KVMFR_CLIPBOARD_BYTES + KVMFR_CLIPBOARD_PIECE;
	if (lgmp_stream_place_read(shm, wire.to_client, LGMP_STREAM_TO_CLIENT, slot_min,
			    &status.to_client) < 0 ||
			lgmp_stream_place_read(shm, wire.to_host, LGMP_STREAM_TO_HOST, slot_min,
					&status.to_host) < 0) {
		return -EBADMSG;
	}
	*ret_status = status;
	return 0;
}

void kvmfr_clipboard_status_describe(
		const struct shm *shm, uint64_t offset, uint32_t size, char *text, size_t room) {
	struct kvmfr_clipboard_status_wire wire = { .version = 0 };
	if (size < sizeof wire || shm_copy(shm, offset, &wire, sizeof wire) < 0) {
		snprintf(text, room, "a block of %u bytes", size);
		return;
	}
	snprintf(text, room, "version %u, streams %u, %u slots of %u bytes, flags %#x",
			wire.version, wire.stream_version, wire.slot_count, wire.slot_bytes,
			wire.flags);
}

int kvmfr_clipboard_message_read(
		const void *bytes, size_t size, struct kvmfr_clipboard_message *ret_message) {
	struct kvmfr_clipboard_message_wire wire;
	if (size < sizeof wire) {
		return -EBADMSG;
	}
	memcpy(&wire, bytes, sizeof wire);
	if (wire.version != KVMFR_CLIPBOARD_VERSION) {
		return -EPROTONOSUPPORT;
	}
	if (wire.type == KVMFR_CLIPBOARD_NONE || wire.type > KVMFR_CLIPBOARD_TYPE_LAST ||
			wire.length > size - sizeof wire) {
		return -EBADMSG;
	}
	*ret_message = (struct kvmfr_clipboard_message){
		.type = (enum kvmfr_clipboard_type)wire.type,
		.generation = wire.generation,
		.sequence = wire.sequence,
		.content = wire.content,
		.transfer = wire.transfer,
		.offset = wire.offset,
		.size = wire.size,
		.format = wire.format,
		.flags = wire.flags,
		.token = wire.token,
		.length = wire.length,
	};
	return 0;
}

void kvmfr_clipboard_message_write(
		const struct kvmfr_clipboard_message *message, uint8_t *ret_bytes) {
	const struct kvmfr_clipboard_message_wire wire = {
		.version = KVMFR_CLIPBOARD_VERSION,
		.type = (uint32_t)message->type,
		.generation = message->generation,
		.sequence = message->sequence,
		.content = message->content,
		.transfer = message->transfer,
		.offset = message->offset,
		.size = message->size,
		.format = message->format,
		.flags = message->flags,
		.token = message->token,
		.length = message->length,
	};
	memcpy(ret_bytes, &wire, sizeof wire);
}
