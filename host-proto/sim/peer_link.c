/* The handshake of the server peer (doc/protocol/spice.md 2), and what it says on a fresh channel.
 */
#include <errno.h>
#include <sys/random.h>

#include "host-proto/sim/peer_internal.h"

#define ACK_WINDOW     20u
#define NAME_MAX_BYTES 256u

static void start_main(struct spice_peer *peer, struct connection *c) {
	uint8_t body[NAME_MAX_BYTES];
	struct writer w = writer_of(body, sizeof body);
	write_u32(&w, peer->session_id);
	write_u32(&w, 1);
	write_u32(&w, peer->absolute_possible ? 3 : 1);
	write_u32(&w, peer->state.absolute ? SPICE_MOUSE_CLIENT : SPICE_MOUSE_SERVER);
	write_u32(&w, peer->agent);
	write_u32(&w, PEER_AGENT_TOKENS);
	write_u32(&w, 1000); /* multimedia time */
	write_u32(&w, 0);
	peer_send_written(c, SPICE_MAIN_INIT, &w);
	peer->agent_tokens = PEER_AGENT_TOKENS;
	peer->agent_used = 0;
	if (c->request.channel_caps & SPICE_MAIN_CAP_NAME_AND_UUID) {
		if (peer->name) {
			w = writer_of(body, sizeof body);
			write_u32(&w, (uint32_t)strlen(peer->name) + 1);
			write_bytes(&w, peer->name, strlen(peer->name) + 1);
			peer_send_written(c, SPICE_MAIN_NAME, &w);
		}
		(void)peer_send_message(c, SPICE_MAIN_UUID, peer->uuid, sizeof peer->uuid);
	}
	peer->state.connected = true;
	if (peer->events.session) {
		peer->events.session(true, peer->events.data);
	}
}

static void send_notify(struct spice_peer *peer, const char *text) {
	struct connection *c = peer->linked[SPICE_CHANNEL_MAIN];
	uint8_t body[256];
	struct writer w = writer_of(body, sizeof body);
	write_u64(&w, 1);
	write_u32(&w, 1); /* warning */
	write_u32(&w, 2);
	write_u32(&w, 0);
	write_u32(&w, (uint32_t)strlen(text));
	write_bytes(&w, text, strlen(text) + 1);
	if (c) {
		peer_send_written(c, SPICE_NOTIFY, &w);
	}
}

static void start_channel(struct spice_peer *peer, struct connection *c) {
	const enum spice_channel_type type = c->request.channel_type;
	uint8_t body[16];
	struct writer w = writer_of(body, sizeof body);
	switch (type) {
	case SPICE_CHANNEL_MAIN:
		start_main(peer, c);
		break;
	case SPICE_CHANNEL_INPUTS:
		peer->state.inputs = true;
		write_u16(&w, (uint16_t)peer->state.leds);
		peer_send_written(c, SPICE_INPUTS_INIT, &w);
		/* As the real one does on every link without TLS. */
		send_notify(peer, "keyboard channel is insecure");
		break;
	case SPICE_CHANNEL_DISPLAY:
	case SPICE_CHANNEL_CURSOR:
		write_u32(&w, 1);
		write_u32(&w, ACK_WINDOW);
		peer_send_written(c, SPICE_SET_ACK, &w);
		break;
	case SPICE_CHANNEL_PLAYBACK:
	case SPICE_CHANNEL_RECORD:
	case SPICE_CHANNEL_NONE:
	case SPICE_CHANNEL_COUNT:
		break;
	}
	if (peer->events.linked) {
		peer->events.linked(type, peer->events.data);
	}
}

bool peer_channel_exists(const struct spice_peer *peer, unsigned type) {
	return type == SPICE_CHANNEL_MAIN || type == SPICE_CHANNEL_INPUTS ||
	       (type < SPICE_CHANNEL_COUNT && (peer->channels & (1u << type)) != 0);
}

static void refuse(struct connection *c, uint32_t error) {
	uint8_t bytes[SPICE_LINK_HEADER_BYTES + SPICE_LINK_REPLY_BYTES];
	const struct spice_link_reply reply = { .error = error };
	c->peer->state.refused_links++;
	(void)peer_queue_out(c, bytes, spice_link_write_reply(&reply, bytes, sizeof bytes));
	c->close_after = true;
}

static uint32_t caps_of(unsigned type) {
	static const uint32_t caps[SPICE_CHANNEL_COUNT] = {
		[SPICE_CHANNEL_MAIN] = 0x0f,
		[SPICE_CHANNEL_DISPLAY] = 0x1052,
		[SPICE_CHANNEL_INPUTS] = 0x01,
		[SPICE_CHANNEL_PLAYBACK] = 0x0a,
		[SPICE_CHANNEL_RECORD] = 0x06,
	};
	return caps[type];
}

int peer_on_link_request(
		struct spice_peer *peer, struct connection *c, const uint8_t *bytes, size_t len) {
	int used = spice_link_read_request(bytes, len, &c->request);
	if (used == 0) {
		return 0;
	}
	if (used < 0) {
		refuse(c, used == -EPROTONOSUPPORT                   ? SPICE_LINK_VERSION_MISMATCH
				: memcmp(bytes, SPICE_MAGIC, 4) != 0 ? SPICE_LINK_INVALID_MAGIC
								     : SPICE_LINK_INVALID_DATA);
		return (int)len;
	}
	if (!peer_channel_exists(peer, c->request.channel_type)) {
		return -ENOTCONN; /* no answer, plain end (2.7) */
	}
	uint8_t reply_bytes[SPICE_LINK_HEADER_BYTES + SPICE_LINK_REPLY_BYTES + 8];
	struct spice_link_reply reply = {
		.common_caps = SPICE_LINK_CLIENT_CAPS,
		.channel_caps = caps_of(c->request.channel_type),
	};
	memcpy(reply.key, peer->public_key, sizeof reply.key);
	(void)peer_queue_out(c, reply_bytes,
			spice_link_write_reply(&reply, reply_bytes, sizeof reply_bytes));
	c->state = PEER_LINK_TICKET;
	return used;
}

int peer_on_ticket(
		struct spice_peer *peer, struct connection *c, const uint8_t *bytes, size_t len) {
	if (len < 4 + SPICE_TICKET_BYTES) {
		return 0;
	}
	struct reader r = reader_of(bytes, len);
	if (read_u32(&r) != SPICE_AUTH_MECHANISM) {
		refuse(c, SPICE_LINK_INVALID_DATA);
		return (int)len;
	}
	const unsigned type = c->request.channel_type;
	uint32_t result = SPICE_LINK_OK;
	if (!spice_link_key_check(peer->key, bytes + 4, peer->password)) {
		result = SPICE_LINK_PERMISSION_DENIED;
	} else if (type != SPICE_CHANNEL_MAIN &&
			(c->request.connection_id != peer->session_id || peer->session_id == 0)) {
		result = SPICE_LINK_BAD_CONNECTION_ID;
	}
	uint8_t word[4];
	struct writer w = writer_of(word, sizeof word);
	write_u32(&w, result);
	(void)peer_queue_out(c, word, sizeof word);
	if (result != SPICE_LINK_OK) {
		peer->state.refused_links++;
		c->close_after = true;
		return (int)len;
	}
	peer->state.links++;
	if (type == SPICE_CHANNEL_MAIN) {
		peer_close_session(peer); /* one client only: the new one wins */
		while (peer->session_id == 0) {
			if (getrandom(&peer->session_id, sizeof peer->session_id, 0) < 0) {
				return -ENOTCONN;
			}
		}
	} else if (peer->linked[type]) {
		c->close_after = true; /* linked, then closed: the first one stays */
		return (int)len;
	}
	c->state = PEER_OPEN;
	peer->linked[type] = c;
	start_channel(peer, c);
	return 4 + (int)SPICE_TICKET_BYTES;
}
