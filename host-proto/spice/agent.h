/*
 * The guest agent of the client, over the main channel (doc/protocol/spice.md 10): framing, tokens,
 * capabilities, clipboard on demand, file transfer, monitor sizes. No thread, no log, no clock.
 *
 * The guest is on the other end: nothing that it says is kept beyond stated limits, and clipboard
 * content is accepted only as the answer to a request of the client. Only the CLIPBOARD selection
 * is used; a request for another one is answered with "nothing".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-proto/spice/wire.h"

struct spice_agent;

#define SPICE_AGENT_TEXT_MAX   (16u << 20)
#define SPICE_AGENT_IMAGE_MAX  (1024u << 20)
#define SPICE_AGENT_FILE_CHUNK 65536u

/* Bit of enum spice_clipboard_type in a set of types. */
#define SPICE_CLIPBOARD_BIT(type) (1u << (type))

struct spice_agent_events {
	/* A message for main (AGENT_START, AGENT_DATA, AGENT_TOKEN). A negative result stops
	 * everything until the next spice_agent_set_connected(). */
	int (*send)(unsigned type, const void *body, size_t len, void *data);
	/* Whether main can take more now; spice_agent_pump() when it can again. */
	bool (*has_room)(void *data);
	/* The guest's capabilities are known: offers and files make sense from now on. */
	void (*ready)(void *data);
	/* The guest copied something: a set of SPICE_CLIPBOARD_BIT(). 0 = it has nothing more. */
	void (*offer)(unsigned types, void *data);
	/* The guest wants our content: spice_agent_answer() must follow, also with nothing. */
	void (*wanted)(enum spice_clipboard_type type, void *data);
	/* The answer to spice_agent_request(), as it came: see spice_agent_crlf(). heap: goes to
	 * the receiver. NULL = nothing, or with a length: more than is kept. */
	void (*content)(enum spice_clipboard_type type, uint8_t *heap, size_t len, void *data);
	/* enum spice_file_result of a file of ours. detail: free bytes with NO_SPACE. */
	void (*file)(uint32_t id, uint32_t result, uint64_t detail, void *data);
	/* Everything that was queued is on its way: time for the next piece of a file. Must not
	 * queue it at once. */
	void (*drained)(void *data);
	void *data;
};

/* limit: of clipboard content in bytes, both ways; the fixed limits above hold too. Content is
 * never copied whole: 64 MiB would take as long as several keys. */
int spice_agent_create(struct spice_agent **ret_agent, size_t limit,
		const struct spice_agent_events *events);
void spice_agent_destroy(struct spice_agent *agent); /* accepts NULL */

/* The agent came (with this many messages that we may send) or went. */
void spice_agent_set_connected(struct spice_agent *agent, bool connected, uint32_t tokens);
void spice_agent_add_tokens(struct spice_agent *agent, uint32_t tokens);
/* Sends what waits, as far as tokens and room go. */
void spice_agent_pump(struct spice_agent *agent);
/* A payload of AGENT_DATA. */
void spice_agent_data(struct spice_agent *agent, const uint8_t *bytes, size_t len);

bool spice_agent_is_ready(const struct spice_agent *agent);
/* enum spice_agent_cap of the guest. */
uint32_t spice_agent_caps(const struct spice_agent *agent);
/* The guest's text has CR LF at line ends, and wants ours so (text.h converts). */
bool spice_agent_crlf(const struct spice_agent *agent);
/* Bytes received so far of the message that is coming in: tells a slow transfer from none. */
size_t spice_agent_receiving(const struct spice_agent *agent);
/* Bytes that wait for tokens. */
size_t spice_agent_queued(const struct spice_agent *agent);

/* All of these: 0, -ENOTCONN while not ready, -ENOBUFS when too much waits already. */

/* We have new content in these types (a set of SPICE_CLIPBOARD_BIT()). */
int spice_agent_offer(struct spice_agent *agent, unsigned types);
int spice_agent_release(struct spice_agent *agent);
int spice_agent_request(struct spice_agent *agent, enum spice_clipboard_type type);
/* The answer to events->wanted(), with the guest's line ends. heap is taken over, also on failure;
 * NULL, or too large: "nothing" is said. */
int spice_agent_answer(
		struct spice_agent *agent, enum spice_clipboard_type type, void *heap, size_t len);

/* One monitor of this size. */
int spice_agent_set_monitor(struct spice_agent *agent, uint32_t width, uint32_t height);

/* name: without folders. */
int spice_agent_file_start(struct spice_agent *agent, uint32_t id, const char *name, uint64_t size);
/* len: at most SPICE_AGENT_FILE_CHUNK. Only after drained(). */
int spice_agent_file_data(struct spice_agent *agent, uint32_t id, const void *data, size_t len);
int spice_agent_file_cancel(struct spice_agent *agent, uint32_t id);
