/*
 * A guest agent for tests, behind the server peer: a byte-level stand-in that has a clipboard and
 * takes files (hashing and discarding what comes). It speaks like the Windows agent is believed to
 * (CRLF, no selections) or like the Linux one.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "host-proto/spice/peer.h"
#include "host-proto/spice/reader.h"
#include "tests/support/check.h"

#define GUEST_LINUX                                                                            \
	(SPICE_AGENT_CAP_BY_DEMAND | SPICE_AGENT_CAP_SELECTION | SPICE_AGENT_CAP_GRAB_SERIAL | \
			SPICE_AGENT_CAP_FILE_XFER_DETAILED_ERRORS)
#define GUEST_WINDOWS (SPICE_AGENT_CAP_BY_DEMAND | SPICE_AGENT_CAP_LINEEND_CRLF)

struct guest {
	struct spice_peer *peer;
	uint32_t caps;
	/* coming in */
	uint8_t *message;
	size_t size, got;
	uint32_t type;
	/* its clipboard */
	const void *own;
	size_t own_len;
	uint32_t own_type;
	unsigned offered; /* types that the host offered, as bits of their numbers */
	uint8_t *pasted;
	size_t pasted_len;
	uint32_t pasted_type;
	unsigned pastes;
	bool silent; /* never answers a request */
	/* files */
	uint64_t file_size, file_got, file_hash;
	uint32_t file_id;
	uint32_t refuse; /* enum spice_file_result instead of CAN_SEND; 0 = take it */
	char file_text[512];
	unsigned files_done, files_cancelled;
	uint32_t width, height; /* MONITORS_CONFIG */
};

static inline uint64_t guest_hash(uint64_t hash, const uint8_t *bytes, size_t len) {
	for (size_t i = 0; i < len; i++) {
		hash = (hash ^ bytes[i]) * 1099511628211ull;
	}
	return hash;
}

static inline void guest_say(struct guest *guest, uint32_t type, const void *body, size_t len) {
	const size_t total = SPICE_AGENT_HEADER_BYTES + len;
	uint8_t *bytes = malloc(total);
	struct writer w = writer_of(bytes, total);
	write_u32(&w, SPICE_AGENT_PROTOCOL);
	write_u32(&w, type);
	write_u64(&w, 0);
	write_u32(&w, (uint32_t)len);
	write_bytes(&w, body, len);
	for (size_t at = 0; at < total; at += SPICE_AGENT_PAYLOAD_BYTES) {
		size_t n = total - at < SPICE_AGENT_PAYLOAD_BYTES ? total - at
								  : SPICE_AGENT_PAYLOAD_BYTES;
		(void)spice_peer_send(guest->peer, SPICE_CHANNEL_MAIN, SPICE_MAIN_AGENT_DATA,
				bytes + at, n);
	}
	free(bytes);
}

static inline bool guest_selects(const struct guest *guest) {
	return (guest->caps & SPICE_AGENT_CAP_SELECTION) != 0;
}

static inline void guest_announce(struct guest *guest, uint32_t request) {
	uint8_t bytes[8];
	struct writer w = writer_of(bytes, sizeof bytes);
	write_u32(&w, request);
	write_u32(&w, guest->caps);
	guest_say(guest, SPICE_AGENT_ANNOUNCE, bytes, sizeof bytes);
}

/* The user in the guest copies this. */
static inline void guest_copy(
		struct guest *guest, uint32_t type, const void *data, size_t len, uint32_t serial) {
	uint8_t bytes[16];
	struct writer w = writer_of(bytes, sizeof bytes);
	guest->own = data;
	guest->own_len = len;
	guest->own_type = type;
	write_bytes(&w, "\0\0\0\0", guest_selects(guest) ? 4 : 0);
	if (guest->caps & SPICE_AGENT_CAP_GRAB_SERIAL) {
		write_u32(&w, serial);
	}
	write_u32(&w, type);
	guest_say(guest, SPICE_AGENT_GRAB, bytes, writer_len(&w));
}

/* The user in the guest pastes. */
static inline void guest_paste(struct guest *guest, uint32_t type) {
	uint8_t bytes[16];
	struct writer w = writer_of(bytes, sizeof bytes);
	write_bytes(&w, "\0\0\0\0", guest_selects(guest) ? 4 : 0);
	write_u32(&w, type);
	guest_say(guest, SPICE_AGENT_REQUEST, bytes, writer_len(&w));
}

static inline void guest_file_status(struct guest *guest, uint32_t id, uint32_t result) {
	uint8_t bytes[8];
	struct writer w = writer_of(bytes, sizeof bytes);
	write_u32(&w, id);
	write_u32(&w, result);
	guest_say(guest, SPICE_AGENT_FILE_STATUS, bytes, sizeof bytes);
}

static inline void guest_on_request(struct guest *guest, struct reader *r) {
	uint32_t type = read_u32(r);
	if (guest->silent) {
		return;
	}
	const bool has = guest->own && type == guest->own_type;
	const size_t len = has ? guest->own_len : 0;
	uint8_t *bytes = malloc(len + 8);
	struct writer w = writer_of(bytes, len + 8);
	write_bytes(&w, "\0\0\0\0", guest_selects(guest) ? 4 : 0);
	write_u32(&w, has ? type : 0);
	write_bytes(&w, guest->own, len);
	guest_say(guest, SPICE_AGENT_CLIPBOARD, bytes, writer_len(&w));
	free(bytes);
}

static inline void guest_on_file(struct guest *guest, struct reader *r) {
	uint32_t id = read_u32(r);
	switch (guest->type) {
	case SPICE_AGENT_FILE_START: {
		char text[512] = { 0 };
		memcpy(text, r->at, r->left < sizeof text - 1 ? r->left : sizeof text - 1);
		memcpy(guest->file_text, text, sizeof text);
		char *size = strstr(text, "\nsize=");
		CHECK(size);
		guest->file_id = id;
		guest->file_size = strtoull(size + 6, NULL, 10);
		guest->file_got = 0;
		guest->file_hash = 0;
		guest_file_status(guest, id, guest->refuse ? guest->refuse : SPICE_FILE_CAN_SEND);
		break;
	}
	case SPICE_AGENT_FILE_DATA: {
		uint64_t size = read_u64(r);
		CHECK(reader_ok(r) && size == r->left);
		if (id != guest->file_id) {
			break;
		}
		guest->file_got += size;
		guest->file_hash = guest_hash(guest->file_hash, r->at, r->left);
		if (guest->file_got == guest->file_size) {
			guest->files_done++;
			guest_file_status(guest, id, SPICE_FILE_SUCCESS);
		}
		break;
	}
	default:
		guest->files_cancelled++;
		break;
	}
}

static inline void guest_on_message(struct guest *guest) {
	struct reader r = reader_of(guest->message, guest->size);
	const bool clipboard =
			guest->type == SPICE_AGENT_CLIPBOARD || guest->type == SPICE_AGENT_GRAB ||
			guest->type == SPICE_AGENT_REQUEST || guest->type == SPICE_AGENT_RELEASE;
	if (clipboard && guest_selects(guest)) {
		CHECK(read_u32(&r) == 0);
	}
	switch (guest->type) {
	case SPICE_AGENT_ANNOUNCE:
		if (read_u32(&r) != 0) {
			guest_announce(guest, 0);
		}
		break;
	case SPICE_AGENT_GRAB:
		if (guest->caps & SPICE_AGENT_CAP_GRAB_SERIAL) {
			read_u32(&r);
		}
		guest->offered = 0;
		while (r.left >= 4) {
			guest->offered |= 1u << read_u32(&r);
		}
		break;
	case SPICE_AGENT_RELEASE:
		guest->offered = 0;
		break;
	case SPICE_AGENT_REQUEST:
		guest_on_request(guest, &r);
		break;
	case SPICE_AGENT_CLIPBOARD:
		guest->pasted_type = read_u32(&r);
		free(guest->pasted);
		guest->pasted = malloc(r.left + 1);
		memcpy(guest->pasted, r.at, r.left);
		guest->pasted_len = r.left;
		guest->pastes++;
		break;
	case SPICE_AGENT_FILE_START:
	case SPICE_AGENT_FILE_STATUS:
	case SPICE_AGENT_FILE_DATA:
		guest_on_file(guest, &r);
		break;
	case SPICE_AGENT_MONITORS_CONFIG:
		read_u32(&r);
		read_u32(&r);
		guest->height = read_u32(&r);
		guest->width = read_u32(&r);
		break;
	default:
		break;
	}
}

/* The peer's `message` callback for AGENT_DATA on main. The peer has checked the framing. */
static inline void guest_data(struct guest *guest, const uint8_t *bytes, size_t len) {
	struct reader r = reader_of(bytes, len);
	if (guest->got == guest->size) {
		read_u32(&r);
		guest->type = read_u32(&r);
		read_u64(&r);
		guest->size = read_u32(&r);
		guest->got = 0;
		free(guest->message);
		guest->message = malloc(guest->size + 1);
	}
	memcpy(guest->message + guest->got, r.at, r.left);
	guest->got += r.left;
	if (guest->got == guest->size) {
		guest_on_message(guest);
	}
}

static inline void guest_finish(struct guest *guest) {
	free(guest->message);
	free(guest->pasted);
}
