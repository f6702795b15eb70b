/*
 * The clipboard of the guest agent, by demand (doc/protocol/spice.md 10.5).
 */
#include <errno.h>
#include <stdlib.h>

#include "host-proto/spice/agent_internal.h"

#define GRAB_TYPES_MAX 64u

static void write_selection(const struct spice_agent *agent, struct writer *w, uint8_t selection) {
	if (agent_both_have(agent, SPICE_AGENT_CAP_SELECTION)) {
		write_u8(w, selection);
		write_bytes(w, "\0\0", 3);
	}
}

int spice_agent_offer(struct spice_agent *agent, unsigned types) {
	uint8_t bytes[16];
	struct writer w = writer_of(bytes, sizeof bytes);
	write_selection(agent, &w, 0);
	if (agent_both_have(agent, SPICE_AGENT_CAP_GRAB_SERIAL)) {
		write_u32(&w, agent->serials[0]);
	}
	uint32_t *list = calloc(AGENT_CLIPBOARD_KNOWN, sizeof *list);
	if (!list) {
		return -ENOMEM;
	}
	size_t n = 0;
	for (uint32_t type = SPICE_CLIPBOARD_TEXT; type < AGENT_CLIPBOARD_KNOWN; type++) {
		if (types & SPICE_CLIPBOARD_BIT(type)) {
			list[n++] = type;
		}
	}
	int r = agent_send(agent, SPICE_AGENT_GRAB, &w, (uint8_t *)list, n * sizeof *list);
	if (r == 0) {
		agent->serials[0]++;
		agent->guest_owns = false;
		agent->requested = 0;
	}
	return r;
}

int spice_agent_release(struct spice_agent *agent) {
	uint8_t bytes[16];
	struct writer w = writer_of(bytes, sizeof bytes);
	write_selection(agent, &w, 0);
	return agent_send(agent, SPICE_AGENT_RELEASE, &w, NULL, 0);
}

int spice_agent_request(struct spice_agent *agent, enum spice_clipboard_type type) {
	uint8_t bytes[16];
	struct writer w = writer_of(bytes, sizeof bytes);
	write_selection(agent, &w, 0);
	write_u32(&w, type);
	int r = agent_send(agent, SPICE_AGENT_REQUEST, &w, NULL, 0);
	if (r == 0) {
		agent->requested |= SPICE_CLIPBOARD_BIT(type);
	}
	return r;
}

static int send_content(struct spice_agent *agent, uint8_t selection, unsigned type, uint8_t *data,
		size_t len) {
	uint8_t bytes[16];
	struct writer w = writer_of(bytes, sizeof bytes);
	write_selection(agent, &w, selection);
	write_u32(&w, data ? type : SPICE_CLIPBOARD_NONE);
	return agent_send(agent, SPICE_AGENT_CLIPBOARD, &w, data, data ? len : 0);
}

int spice_agent_answer(
		struct spice_agent *agent, enum spice_clipboard_type type, void *heap, size_t len) {
	agent->wanted &= ~SPICE_CLIPBOARD_BIT(type);
	if (heap && len > agent_limit_of(agent, type)) {
		free(heap);
		heap = NULL;
	}
	const bool content = heap != NULL;
	int r = send_content(agent, 0, type, heap, len);
	if (r == -ENOBUFS && content) { /* the guest's program waits for an answer */
		r = send_content(agent, 0, type, NULL, 0);
	}
	return r;
}

/* The selection in front of the clipboard messages; 0 where there is none. */
static uint8_t read_selection(const struct spice_agent *agent, struct reader *r) {
	if (!agent_both_have(agent, SPICE_AGENT_CAP_SELECTION)) {
		return 0;
	}
	uint8_t selection = read_u8(r);
	read_bytes(r, 3);
	return selection;
}

void agent_on_grab(struct spice_agent *agent, struct reader *r) {
	uint8_t selection = read_selection(agent, r);
	if (agent_both_have(agent, SPICE_AGENT_CAP_GRAB_SERIAL)) {
		uint32_t serial = read_u32(r);
		if (!reader_ok(r) || selection >= AGENT_SELECTIONS ||
				serial != agent->serials[selection]) {
			return; /* it crossed with a grab of ours, which wins */
		}
		agent->serials[selection]++;
	}
	unsigned types = 0;
	for (unsigned i = 0; i < GRAB_TYPES_MAX && r->left >= 4; i++) {
		uint32_t type = read_u32(r);
		if (type > SPICE_CLIPBOARD_NONE && type < AGENT_CLIPBOARD_KNOWN) {
			types |= SPICE_CLIPBOARD_BIT(type);
		}
	}
	if (!reader_ok(r) || selection != 0) {
		return;
	}
	agent->guest_owns = true;
	agent->requested = 0;
	agent->events.offer(types, agent->events.data);
}

void agent_on_request(struct spice_agent *agent, struct reader *r) {
	uint8_t selection = read_selection(agent, r);
	uint32_t type = read_u32(r);
	if (!reader_ok(r)) {
		return;
	}
	/* One at a time of each type; whoever asks more often is told "nothing" at once. */
	if (selection != 0 || type == SPICE_CLIPBOARD_NONE || type >= AGENT_CLIPBOARD_KNOWN ||
			(agent->wanted & SPICE_CLIPBOARD_BIT(type)) != 0) {
		(void)send_content(agent, selection, SPICE_CLIPBOARD_NONE, NULL, 0);
		return;
	}
	agent->wanted |= SPICE_CLIPBOARD_BIT(type);
	agent->events.wanted((enum spice_clipboard_type)type, agent->events.data);
}

void agent_on_release(struct spice_agent *agent, struct reader *r) {
	if (read_selection(agent, r) == 0 && reader_ok(r) && agent->guest_owns) {
		agent->guest_owns = false;
		agent->requested = 0;
		agent->events.offer(0, agent->events.data);
	}
}

/* "Nothing", for whatever was asked. */
static void on_no_content(struct spice_agent *agent) {
	unsigned requested = agent->requested;
	agent->requested = 0;
	for (unsigned t = 1; t < AGENT_CLIPBOARD_KNOWN; t++) {
		if (requested & SPICE_CLIPBOARD_BIT(t)) {
			agent->events.content(
					(enum spice_clipboard_type)t, NULL, 0, agent->events.data);
		}
	}
}

/* False: it was not asked for. */
static bool read_front(const struct spice_agent *agent, enum spice_clipboard_type *ret_type) {
	struct reader r = reader_of(agent->front, agent->front_got);
	uint8_t selection = read_selection(agent, &r);
	uint32_t type = read_u32(&r);
	if (!reader_ok(&r) || selection != 0 || type >= AGENT_CLIPBOARD_KNOWN) {
		return false;
	}
	*ret_type = (enum spice_clipboard_type)type;
	return type == SPICE_CLIPBOARD_NONE ? agent->requested != 0
					    : (agent->requested & SPICE_CLIPBOARD_BIT(type)) != 0;
}

bool agent_keeps_content(const struct spice_agent *agent) {
	enum spice_clipboard_type type;
	return read_front(agent, &type) && type != SPICE_CLIPBOARD_NONE &&
	       agent->size <= agent_limit_of(agent, type);
}

void agent_on_content(struct spice_agent *agent, uint8_t *body) {
	enum spice_clipboard_type type;
	if (!read_front(agent, &type)) {
		free(body);
	} else if (type == SPICE_CLIPBOARD_NONE) {
		free(body);
		on_no_content(agent);
	} else {
		agent->requested &= ~SPICE_CLIPBOARD_BIT(type);
		agent->events.content(type, body, agent->size, agent->events.data);
	}
}
