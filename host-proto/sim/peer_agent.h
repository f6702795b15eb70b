/*
 * A guest agent behind the server peer (doc/protocol/spice.md 10): the other end of agent.h, for
 * the demo guest, spice-stub and tests. The agent takes and gives clipboard content, takes files,
 * and hears of the monitor's size; its owner decides what becomes of them. Like the real server it
 * sends no more than the client has granted tokens for; the rest waits.
 *
 * Bytes of the client are foreign: sizes are bounded, nothing is trusted. No thread, no clock. All
 * calls from the thread that steps the peer; callbacks run inside peer_agent_message() and must not
 * destroy it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-proto/spice/wire.h"

struct peer_agent;

#define PEER_AGENT_LINUX                                                                           \
	(SPICE_AGENT_CAP_MONITORS_CONFIG | SPICE_AGENT_CAP_BY_DEMAND | SPICE_AGENT_CAP_SELECTION | \
			SPICE_AGENT_CAP_GRAB_SERIAL | SPICE_AGENT_CAP_FILE_XFER_DETAILED_ERRORS)
#define PEER_AGENT_WINDOWS \
	(SPICE_AGENT_CAP_MONITORS_CONFIG | SPICE_AGENT_CAP_BY_DEMAND | SPICE_AGENT_CAP_LINEEND_CRLF)

#define PEER_AGENT_MESSAGE_MAX (128u << 20) /* of the client; larger ones are skipped */
#define PEER_AGENT_NAME_BYTES  256u
#define PEER_AGENT_FILES_MAX   16u /* at a time; more are refused */

struct peer_agent_events {
	/* A payload of AGENT_DATA for main: spice_peer_send(). Negative: the client is gone. */
	int (*send)(const void *bytes, size_t len, void *data);

	/* Any of these may be NULL. type: enum spice_clipboard_type; types: bits 1 << type. */

	/* The client has announced itself: offers make sense from now on. */
	void (*ready)(void *data);
	/* The user outside copied something; 0 = it has nothing more. */
	void (*offered)(unsigned types, void *data);
	/* The client wants our content: peer_agent_answer() must follow, at once or later. */
	void (*wanted)(unsigned type, void *data);
	/* The answer to peer_agent_request(); type 0 = nothing. */
	void (*content)(unsigned type, const uint8_t *bytes, size_t len, void *data);
	void (*monitor)(uint32_t width, uint32_t height, void *data);
	/* A file is offered: enum spice_file_result, CAN_SEND takes it. name without escapes. */
	uint32_t (*file_start)(uint32_t id, const char *name, uint64_t size, void *data);
	/* In order. Bytes beyond the size do not come. Anything but CAN_SEND stops it. */
	uint32_t (*file_data)(uint32_t id, const uint8_t *bytes, size_t len, void *data);
	/* Whole (the answer goes to the client), or the client gave it up. */
	void (*file_end)(uint32_t id, bool whole, void *data);
	void *data;
};

/* caps: enum spice_agent_cap that it announces. 0 or -ENOMEM. */
int peer_agent_create(struct peer_agent **ret_agent, uint32_t caps,
		const struct peer_agent_events *events);
void peer_agent_destroy(struct peer_agent *agent); /* accepts NULL */

/* What the peer's `message` callback gets on main: AGENT_START, AGENT_DATA, AGENT_TOKEN. */
void peer_agent_message(struct peer_agent *agent, unsigned type, const uint8_t *body, size_t len);

/* The user in the guest copied something / has nothing more. */
void peer_agent_offer(struct peer_agent *agent, unsigned types);
void peer_agent_release(struct peer_agent *agent);
/* The user in the guest pastes. */
void peer_agent_request(struct peer_agent *agent, unsigned type);
/* The answer to events.wanted(); copied. bytes NULL = nothing. 0, -ENOMEM or -ENOBUFS. */
int peer_agent_answer(struct peer_agent *agent, unsigned type, const void *bytes, size_t len);
