/*
 * Shared by the files of agent.h: agent.c frames and counts tokens; agent_clipboard.c and
 * agent_files.c know what the messages mean. No other file includes this header.
 */
#pragma once

#include "base/bytes.h"
#include "host-proto/spice/agent.h"
#include "host-proto/spice/reader.h"

#define AGENT_PREFIX_BYTES    40u
#define AGENT_SELECTIONS      3u
#define AGENT_CLIPBOARD_KNOWN 6u /* types below are known */
#define AGENT_FRONT_MAX       8u /* selection and type in front of clipboard content */

/* A message on its way out: header and fixed fields, then bulk data. */
struct outgoing {
	struct outgoing *next;
	uint8_t prefix[AGENT_PREFIX_BYTES];
	size_t prefix_len;
	uint8_t *data;
	size_t len;
	size_t sent; /* of prefix and data together */
};

struct spice_agent {
	struct spice_agent_events events;
	size_t limit;
	bool connected, ready, broken;
	uint32_t caps;
	uint32_t tokens;   /* messages that we may send */
	uint32_t consumed; /* messages of the server since the last tokens we gave */
	uint32_t serials[AGENT_SELECTIONS];
	unsigned requested; /* SPICE_CLIPBOARD_BIT() that we asked for */
	unsigned wanted;    /* that the guest asked for */
	bool guest_owns;    /* the guest's offer is the newest */

	/* coming in */
	uint8_t header[SPICE_AGENT_HEADER_BYTES];
	size_t header_len;
	uint32_t type;
	uint8_t front[AGENT_FRONT_MAX]; /* of clipboard content: the body is the content alone */
	size_t front_len, front_got;
	size_t size, got; /* of the body */
	bool keep;        /* it is collected, else skipped */
	struct bytes body;

	/* going out */
	struct outgoing *first, *last;
	unsigned count;
	size_t queued;
};

/* What both ends announced. */
bool agent_both_have(const struct spice_agent *agent, uint32_t cap);
/* Of clipboard content of this type, in bytes. */
size_t agent_limit_of(const struct spice_agent *agent, unsigned type);

/* Queues a message and sends what goes. fixed: the fields in front, or NULL; data: heap, taken
 * over, also on failure. 0, -ENOTCONN while not ready, -ENOBUFS, -ENOMEM. */
int agent_send(struct spice_agent *agent, unsigned type, const struct writer *fixed, uint8_t *data,
		size_t len);

/* Messages of the guest, whole. */
void agent_on_grab(struct spice_agent *agent, struct reader *r);
void agent_on_request(struct spice_agent *agent, struct reader *r);
void agent_on_release(struct spice_agent *agent, struct reader *r);
void agent_on_file_status(struct spice_agent *agent, struct reader *r);

/* Clipboard content, whose front stands in agent->front: whether its body is worth collecting … */
bool agent_keeps_content(const struct spice_agent *agent);
/* … and when it is whole. body: heap, of agent->size bytes, taken over; NULL = it was skipped. */
void agent_on_content(struct spice_agent *agent, uint8_t *body);
