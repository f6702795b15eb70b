/* Messages of a linked client, as the real server takes them: main, agent, display, record. */
#include <errno.h>

#include "host-proto/sim/peer_internal.h"

#define MESSAGE_MAX (64u * 1024) /* from a client */
#define TOKEN_BATCH 5u           /* as the real server gives them back (10.3) */
#define INPUTS_MAX  2048u

void peer_send_mouse_mode(struct spice_peer *peer) {
	struct connection *c = peer->linked[SPICE_CHANNEL_MAIN];
	if (c) {
		uint8_t body[4];
		struct writer w = writer_of(body, sizeof body);
		write_u16(&w, peer->absolute_possible ? 3 : 1);
		write_u16(&w, peer->state.absolute ? SPICE_MOUSE_CLIENT : SPICE_MOUSE_SERVER);
		peer_send_written(c, SPICE_MAIN_MOUSE_MODE, &w);
	}
}

static int on_agent_data(
		struct spice_peer *peer, struct connection *c, const uint8_t *body, size_t len) {
	if (len > SPICE_AGENT_PAYLOAD_BYTES) {
		return -EBADMSG;
	}
	if (peer->agent_message == 0) {
		struct reader r = reader_of(body, len);
		uint32_t protocol = read_u32(&r);
		read_u32(&r);
		read_u64(&r);
		uint32_t size = read_u32(&r);
		if (!reader_ok(&r) || protocol != SPICE_AGENT_PROTOCOL || r.left > size) {
			return -EBADMSG;
		}
		peer->agent_message = size - (uint32_t)r.left;
	} else {
		if (len > peer->agent_message) {
			return -EBADMSG;
		}
		peer->agent_message -= (uint32_t)len;
	}
	if (!peer->agent || !peer->agent_started) {
		return 0; /* swallowed silently */
	}
	if (peer->agent_tokens == 0) {
		return -EBADMSG;
	}
	peer->agent_tokens--;
	if (++peer->agent_used == TOKEN_BATCH) {
		peer->agent_used = 0;
		peer->agent_tokens += TOKEN_BATCH;
		uint8_t word[4];
		struct writer w = writer_of(word, sizeof word);
		write_u32(&w, TOKEN_BATCH);
		peer_send_written(c, SPICE_MAIN_AGENT_TOKEN, &w);
	}
	return 1;
}

static void send_channels(struct spice_peer *peer, struct connection *c) {
	uint8_t body[4 + 2 * SPICE_CHANNEL_COUNT];
	struct writer w = writer_of(body, sizeof body);
	uint32_t n = 0;
	for (unsigned type = 1; type < SPICE_CHANNEL_COUNT; type++) {
		n += peer_channel_exists(peer, type);
	}
	write_u32(&w, n);
	for (unsigned type = 1; type < SPICE_CHANNEL_COUNT; type++) {
		if (peer_channel_exists(peer, type)) {
			write_u8(&w, (uint8_t)type);
			write_u8(&w, 0);
		}
	}
	peer_send_written(c, SPICE_MAIN_CHANNELS_LIST, &w);
}

/* 1 = the owner may want to see it too. */
static int on_main(struct spice_peer *peer, struct connection *c, unsigned type,
		const uint8_t *body, size_t len) {
	struct reader r = reader_of(body, len);
	switch (type) {
	case SPICE_MAIN_ATTACH_CHANNELS:
		send_channels(peer, c);
		return 0;
	case SPICE_MAIN_MOUSE_MODE_REQUEST: {
		unsigned mode = read_u16(&r);
		if (!reader_ok(&r)) {
			return -EBADMSG;
		}
		bool absolute = mode == SPICE_MOUSE_CLIENT;
		if ((absolute && !peer->absolute_possible) || absolute == peer->state.absolute) {
			return 0;
		}
		peer->state.absolute = absolute;
		peer_send_mouse_mode(peer);
		return 0;
	}
	case SPICE_MAIN_AGENT_START:
		read_u32(&r);
		peer->agent_started = true;
		return reader_ok(&r) ? 1 : -EBADMSG;
	case SPICE_MAIN_AGENT_DATA_OUT:
		return on_agent_data(peer, c, body, len);
	case SPICE_MAIN_AGENT_TOKEN_OUT:
		read_u32(&r);
		return reader_ok(&r) ? 1 : -EBADMSG;
	case SPICE_MAIN_CLIENT_INFO:
		return 0;
	default:
		return -EBADMSG;
	}
}

static int on_display(struct spice_peer *peer, struct connection *c, unsigned type, size_t len) {
	switch (type) {
	case SPICE_DISPLAY_INIT:
		if (c->display_init) {
			peer->state.unsafe++;
		}
		c->display_init = true;
		return len < 14 ? -EBADMSG : 1;
	case SPICE_DISPLAY_PREFERRED_COMPRESSION:
		return len < 1 ? -EBADMSG : 1;
	default:
		return -EBADMSG;
	}
}

static int on_inputs(struct spice_peer *peer, struct connection *c, unsigned type,
		const uint8_t *body, size_t len) {
	if (len > INPUTS_MAX) {
		return -EBADMSG;
	}
	int acks = peer_inputs_message(&peer->inputs, &peer->state, &peer->events, type, body, len);
	for (int i = 0; i < acks; i++) {
		(void)peer_send_message(c, SPICE_INPUTS_MOTION_ACK, NULL, 0);
	}
	return acks < 0 ? acks : 0;
}

static int on_record(unsigned type, size_t len) {
	switch (type) {
	case SPICE_RECORD_DATA:
	case SPICE_RECORD_START_MARK:
		return len < 4 ? -EBADMSG : 1;
	case SPICE_RECORD_MODE:
		return len < 6 ? -EBADMSG : 1;
	default:
		return -EBADMSG;
	}
}

static int on_typed(struct spice_peer *peer, struct connection *c, unsigned type,
		const uint8_t *body, size_t len) {
	switch ((enum spice_channel_type)c->request.channel_type) {
	case SPICE_CHANNEL_MAIN:
		return on_main(peer, c, type, body, len);
	case SPICE_CHANNEL_INPUTS:
		return on_inputs(peer, c, type, body, len);
	case SPICE_CHANNEL_DISPLAY:
		return on_display(peer, c, type, len);
	case SPICE_CHANNEL_RECORD:
		return on_record(type, len);
	case SPICE_CHANNEL_CURSOR:
	case SPICE_CHANNEL_PLAYBACK:
	case SPICE_CHANNEL_NONE:
	case SPICE_CHANNEL_COUNT:
		break;
	}
	return -EBADMSG;
}

static int on_common(struct spice_peer *peer, unsigned type, size_t len) {
	switch (type) {
	case SPICE_ACK_SYNC:
		return len < 4 ? -EBADMSG : 0;
	case SPICE_ACK:
		peer->state.acks++;
		return 0;
	case SPICE_PONG:
		peer->state.pongs++;
		return len < 12 ? -EBADMSG : 0;
	case SPICE_DISCONNECTING_BACK:
		return 0;
	default: /* 4 and 5: migration, of which there is none */
		peer->state.unsafe++;
		return -EBADMSG;
	}
}

int peer_on_open(struct spice_peer *peer, struct connection *c, const uint8_t *bytes, size_t len) {
	struct reader r = reader_of(bytes, len);
	unsigned type = read_u16(&r);
	uint32_t size = read_u32(&r);
	if (!reader_ok(&r)) {
		return 0;
	}
	if (size > MESSAGE_MAX) {
		peer->state.errors++;
		return -EBADMSG;
	}
	const uint8_t *body = read_bytes(&r, size);
	if (!reader_ok(&r)) {
		return 0;
	}
	int result = type < 101 ? on_common(peer, type, size) : on_typed(peer, c, type, body, size);
	if (result < 0) {
		peer->state.errors++;
		return result;
	}
	if (result == 1 && peer->events.message) {
		peer->events.message(c->request.channel_type, type, body, size, peer->events.data);
	}
	return (int)(SPICE_HEADER_BYTES + size);
}
