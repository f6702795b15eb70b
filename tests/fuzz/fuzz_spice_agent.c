/*
 * The agent's byte stream: payloads of any length, requests outstanding.
 *
 * Covers: host-proto/spice/agent.c host-proto/spice/agent_clipboard.c
 */
#include "host-proto/spice/agent.h"
#include "tests/fuzz/spice_messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned sum;

static int on_send(unsigned type, const void *body, size_t len, void *data) {
	(void)data;
	const uint8_t *bytes = body;
	if (len == 0 || len > SPICE_AGENT_PAYLOAD_BYTES) {
		abort();
	}
	sum += type + bytes[0] + bytes[len - 1];
	return 0;
}

static bool has_room(void *data) {
	(void)data;
	return true;
}

static void on_event(void *data) {
	(void)data;
}

static void on_offer(unsigned types, void *data) {
	struct spice_agent **agent = data;
	if (types & SPICE_CLIPBOARD_BIT(SPICE_CLIPBOARD_TEXT)) {
		(void)spice_agent_request(*agent, SPICE_CLIPBOARD_TEXT);
	}
}

static void on_wanted(enum spice_clipboard_type type, void *data) {
	struct spice_agent **agent = data;
	(void)spice_agent_answer(*agent, type, strdup("a\nb"), 3);
}

static void on_content(enum spice_clipboard_type type, uint8_t *heap, size_t len, void *data) {
	(void)data;
	if (heap && len > 0) {
		sum += type + heap[0] + heap[len - 1];
	}
	free(heap);
}

static void on_file(uint32_t id, uint32_t result, uint64_t detail, void *data) {
	(void)data;
	sum += id + result + (unsigned)detail;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct spice_agent *agent = NULL;
	const struct spice_agent_events events = { on_send, has_room, on_event, on_offer, on_wanted,
		on_content, on_file, on_event, &agent };
	if (spice_agent_create(&agent, 1 << 20, &events) < 0) {
		return 0;
	}
	spice_agent_set_connected(agent, true, 1000);
	/* The first byte of each payload is its length. */
	struct reader r = reader_of(data, size);
	while (r.left > 0) {
		size_t len = read_u8(&r);
		len = len < r.left ? len : r.left;
		const uint8_t *bytes = read_bytes(&r, len);
		uint8_t *exact = malloc(len ? len : 1);
		if (len > 0) {
			memcpy(exact, bytes, len);
		}
		spice_agent_data(agent, exact, len);
		free(exact);
	}
	spice_agent_destroy(agent);
	return 0;
}
