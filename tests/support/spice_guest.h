/*
 * A guest for tests, behind the server peer: the peer's agent with a clipboard that holds one thing
 * and a folder that hashes and discards what comes. It announces what the Windows agent is believed
 * to (CRLF, no selections), or what the Linux one does.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host-proto/sim/peer.h"
#include "host-proto/sim/peer_agent.h"
#include "tests/support/check.h"

#define GUEST_LINUX   PEER_AGENT_LINUX
#define GUEST_WINDOWS PEER_AGENT_WINDOWS

struct guest {
	struct spice_peer *peer;
	struct peer_agent *agent;
	uint32_t caps;
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
	uint64_t file_size, file_got, file_hash; /* of the newest one */
	uint32_t file_id;
	uint32_t refuse; /* enum spice_file_result instead of CAN_SEND; 0 = take it */
	char file_name[PEER_AGENT_NAME_BYTES];
	unsigned files_done, files_cancelled;
	uint32_t width, height; /* MONITORS_CONFIG */
};

static inline uint64_t guest_hash(uint64_t hash, const uint8_t *bytes, size_t len) {
	for (size_t i = 0; i < len; i++) {
		hash = (hash ^ bytes[i]) * 1099511628211ull;
	}
	return hash;
}

static inline int guest_send(const void *bytes, size_t len, void *data) {
	struct guest *guest = data;
	return spice_peer_send(guest->peer, SPICE_CHANNEL_MAIN, SPICE_MAIN_AGENT_DATA, bytes, len);
}

static inline void guest_on_offered(unsigned types, void *data) {
	((struct guest *)data)->offered = types;
}

static inline void guest_on_wanted(unsigned type, void *data) {
	struct guest *guest = data;
	const bool has = guest->own && type == guest->own_type;
	if (!guest->silent) {
		CHECK(peer_agent_answer(guest->agent, type, has ? guest->own : NULL,
				      guest->own_len) == 0);
	}
}

static inline void guest_on_content(unsigned type, const uint8_t *bytes, size_t len, void *data) {
	struct guest *guest = data;
	guest->pasted_type = type;
	free(guest->pasted);
	guest->pasted = malloc(len + 1);
	memcpy(guest->pasted, bytes, len);
	guest->pasted_len = len;
	guest->pastes++;
}

static inline void guest_on_monitor(uint32_t width, uint32_t height, void *data) {
	struct guest *guest = data;
	guest->width = width;
	guest->height = height;
}

static inline uint32_t guest_on_file(uint32_t id, const char *name, uint64_t size, void *data) {
	struct guest *guest = data;
	snprintf(guest->file_name, sizeof guest->file_name, "%s", name);
	guest->file_id = id;
	guest->file_size = size;
	guest->file_got = 0;
	guest->file_hash = 0;
	return guest->refuse;
}

static inline uint32_t guest_on_file_data(
		uint32_t id, const uint8_t *bytes, size_t len, void *data) {
	struct guest *guest = data;
	if (id == guest->file_id) {
		guest->file_got += len;
		guest->file_hash = guest_hash(guest->file_hash, bytes, len);
	}
	return SPICE_FILE_CAN_SEND;
}

static inline void guest_on_file_end(uint32_t id, bool whole, void *data) {
	struct guest *guest = data;
	(void)id;
	guest->files_done += whole;
	guest->files_cancelled += !whole;
}

/* The peer's `message` callback on main. */
static inline void guest_message(
		struct guest *guest, unsigned type, const uint8_t *body, size_t len) {
	if (!guest->agent) {
		const struct peer_agent_events events = { .send = guest_send,
			.offered = guest_on_offered,
			.wanted = guest_on_wanted,
			.content = guest_on_content,
			.monitor = guest_on_monitor,
			.file_start = guest_on_file,
			.file_data = guest_on_file_data,
			.file_end = guest_on_file_end,
			.data = guest };
		CHECK(peer_agent_create(&guest->agent, guest->caps, &events) == 0);
	}
	peer_agent_message(guest->agent, type, body, len);
}

/* The user in the guest copies this. It must stay where it is. */
static inline void guest_copy(struct guest *guest, uint32_t type, const void *data, size_t len) {
	guest->own = data;
	guest->own_len = len;
	guest->own_type = type;
	peer_agent_offer(guest->agent, 1u << type);
}

/* The user in the guest pastes. */
static inline void guest_paste(struct guest *guest, uint32_t type) {
	peer_agent_request(guest->agent, type);
}

static inline void guest_finish(struct guest *guest) {
	peer_agent_destroy(guest->agent);
	free(guest->pasted);
}
