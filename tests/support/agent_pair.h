/*
 * The client's agent and a guest's, back to back: no socket, no server. What one sends lies in a
 * row until agent_pair_turn() hands it to the other, as on a wire. Tokens are granted as the real
 * server does: one for each payload that it took.
 */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "host-proto/sim/peer_agent.h"
#include "host-proto/spice/agent.h"
#include "tests/support/check.h"

#define AGENT_PAIR_TOKENS 10u

struct agent_payload {
	struct agent_payload *next;
	bool to_guest;
	unsigned type;
	size_t len;
	uint8_t bytes[];
};

struct agent_pair {
	struct spice_agent *client;
	struct peer_agent *guest;
	struct agent_payload *first, **last;
};

static void agent_pair_push(struct agent_pair *pair, bool to_guest, unsigned type,
		const void *bytes, size_t len) {
	struct agent_payload *payload = malloc(sizeof *payload + len);
	CHECK(payload);
	*payload = (struct agent_payload){ .to_guest = to_guest, .type = type, .len = len };
	if (len > 0) {
		memcpy(payload->bytes, bytes, len);
	}
	*pair->last = payload;
	pair->last = &payload->next;
}

/* For spice_agent_events.send and peer_agent_events.send of a struct that begins with the pair. */
static int agent_pair_from_client(unsigned type, const void *body, size_t len, void *data) {
	agent_pair_push(data, true, type, body, len);
	return 0;
}

static int agent_pair_from_guest(const void *bytes, size_t len, void *data) {
	agent_pair_push(data, false, 0, bytes, len);
	return 0;
}

static bool agent_pair_has_room(void *data) {
	(void)data;
	return true;
}

/* Delivers all that is under way, also what comes of it. Returns how many payloads that were. */
static unsigned agent_pair_turn(struct agent_pair *pair) {
	unsigned count = 0;
	for (struct agent_payload *p; (p = pair->first); count++) {
		pair->first = p->next;
		if (!pair->first) {
			pair->last = &pair->first;
		}
		if (!p->to_guest) {
			spice_agent_data(pair->client, p->bytes, p->len);
		} else {
			peer_agent_message(pair->guest, p->type, p->bytes, p->len);
			if (p->type == SPICE_MAIN_AGENT_DATA_OUT) {
				spice_agent_add_tokens(pair->client, 1);
			}
		}
		free(p);
	}
	return count;
}

static void agent_pair_start(struct agent_pair *pair, const struct spice_agent_events *client,
		const struct peer_agent_events *guest, uint32_t caps, size_t limit) {
	pair->last = &pair->first;
	CHECK_EQ(spice_agent_create(&pair->client, limit, client), 0);
	CHECK_EQ(peer_agent_create(&pair->guest, caps, guest), 0);
	spice_agent_set_connected(pair->client, true, AGENT_PAIR_TOKENS);
	agent_pair_turn(pair);
	CHECK(spice_agent_is_ready(pair->client));
}

static void agent_pair_stop(struct agent_pair *pair) {
	spice_agent_destroy(pair->client);
	peer_agent_destroy(pair->guest);
	for (struct agent_payload *p; (p = pair->first);) {
		pair->first = p->next;
		free(p);
	}
}
