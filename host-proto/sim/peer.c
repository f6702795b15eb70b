#include "host-proto/sim/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "host-proto/sim/peer_internal.h"

#define ROUNDS_MAX 64

int spice_peer_step(struct spice_peer *peer) {
	for (int round = 0; round < ROUNDS_MAX; round++) {
		struct epoll_event events[PEER_CONNECTIONS_MAX];
		int n = epoll_wait(peer->epoll_fd, events, PEER_CONNECTIONS_MAX, 0);
		if (n < 0 && errno != EINTR) {
			return -errno;
		}
		if (n <= 0) {
			break;
		}
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == &peer->unix_fd) {
				peer_accept(peer, peer->unix_fd);
			} else if (events[i].data.ptr == &peer->tcp_fd) {
				peer_accept(peer, peer->tcp_fd);
			} else {
				peer_connection_ready(events[i].data.ptr, events[i].events);
			}
		}
	}
	/* What one channel's message made another one say (motion acks, NOTIFY). */
	for (unsigned i = 0; i < PEER_CONNECTIONS_MAX; i++) {
		struct connection *c = &peer->connections[i];
		if (c->fd >= 0 && !peer->frozen && c->out_len > 0) {
			peer_connection_ready(c, 0);
		}
	}
	return 0;
}

static int copy_text(char **ret, const char *text) {
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

int spice_peer_create(struct spice_peer **ret_peer, const struct spice_peer_config *config,
		const struct spice_peer_events *events) {
	struct spice_peer *peer = calloc(1, sizeof *peer);
	if (!peer) {
		return -ENOMEM;
	}
	for (unsigned i = 0; i < PEER_CONNECTIONS_MAX; i++) {
		peer->connections[i].fd = -1;
		peer->connections[i].peer = peer;
	}
	peer->unix_fd = peer->tcp_fd = -1;
	peer->events = events ? *events : (struct spice_peer_events){ 0 };
	peer->absolute_possible = config->absolute;
	peer->agent = config->agent;
	peer->channels = config->channels;
	memcpy(peer->uuid, config->uuid, sizeof peer->uuid);
	int r;
	peer->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (peer->epoll_fd < 0) {
		r = -errno;
		goto error;
	}
	r = spice_link_key_create(&peer->key);
	if (r < 0) {
		goto error;
	}
	r = spice_link_key_public(peer->key, peer->public_key);
	if (r < 0) {
		goto error;
	}
	if (copy_text(&peer->password, config->password) < 0 ||
			copy_text(&peer->name, config->name) < 0 ||
			copy_text(&peer->unix_path, config->unix_path) < 0) {
		r = -ENOMEM;
		goto error;
	}
	if (peer->unix_path && (r = peer_listen_unix(peer)) < 0) {
		goto error;
	}
	if (config->tcp && (r = peer_listen_tcp(peer, config->tcp_port)) < 0) {
		goto error;
	}
	*ret_peer = peer;
	return 0;
error:
	spice_peer_destroy(peer);
	return r;
}

static void close_fd(int fd) {
	if (fd >= 0) {
		close(fd);
	}
}

int spice_peer_set_password(struct spice_peer *peer, const char *password) {
	char *copy;
	int r = copy_text(&copy, password);
	if (r == 0) {
		free(peer->password);
		peer->password = copy;
	}
	return r;
}

void spice_peer_destroy(struct spice_peer *peer) {
	if (!peer) {
		return;
	}
	for (unsigned i = 0; i < PEER_CONNECTIONS_MAX; i++) {
		peer_connection_close(&peer->connections[i]);
	}
	if (peer->unix_fd >= 0) {
		unlink(peer->unix_path);
	}
	close_fd(peer->unix_fd);
	close_fd(peer->tcp_fd);
	close_fd(peer->epoll_fd);
	spice_link_key_destroy(peer->key);
	free(peer->password);
	free(peer->name);
	free(peer->unix_path);
	free(peer);
}

int spice_peer_fd(const struct spice_peer *peer) {
	return peer->epoll_fd;
}

uint16_t spice_peer_port(const struct spice_peer *peer) {
	return peer->port;
}

const struct spice_peer_state *spice_peer_state(const struct spice_peer *peer) {
	return &peer->state;
}

bool spice_peer_key_held(const struct spice_peer *peer, unsigned scancode) {
	unsigned index = (scancode & 0x7f) | ((scancode & 0xff00) == 0xe000 ? 0x80u : 0u);
	return (peer->state.keys[index / 8] & (1u << (index % 8))) != 0;
}

int spice_peer_send_raw(struct spice_peer *peer, enum spice_channel_type channel, const void *bytes,
		size_t len) {
	struct connection *c = channel < SPICE_CHANNEL_COUNT ? peer->linked[channel] : NULL;
	if (!c) {
		return -ENOTCONN;
	}
	int r = peer_queue_out(c, bytes, len);
	if (r == 0 && !peer->frozen) {
		(void)peer_write_out(c); /* a client that is gone is noticed by the next step */
		peer_watch(c);
	}
	return r;
}

int spice_peer_send(struct spice_peer *peer, enum spice_channel_type channel, unsigned type,
		const void *body, size_t len) {
	struct connection *c = channel < SPICE_CHANNEL_COUNT ? peer->linked[channel] : NULL;
	if (!c) {
		return -ENOTCONN;
	}
	int r = peer_send_message(c, type, body, len);
	return r < 0 ? r : spice_peer_send_raw(peer, channel, NULL, 0);
}

size_t spice_peer_unsent(const struct spice_peer *peer, enum spice_channel_type channel) {
	const struct connection *c = channel < SPICE_CHANNEL_COUNT ? peer->linked[channel] : NULL;
	return c ? c->out_len : 0;
}

void spice_peer_set_leds(struct spice_peer *peer, unsigned leds) {
	uint8_t body[2];
	struct writer w = writer_of(body, sizeof body);
	write_u16(&w, (uint16_t)leds);
	peer->state.leds = leds;
	(void)spice_peer_send(
			peer, SPICE_CHANNEL_INPUTS, SPICE_INPUTS_MODIFIERS, body, sizeof body);
}

void spice_peer_set_absolute_possible(struct spice_peer *peer, bool possible) {
	if (peer->absolute_possible == possible) {
		return;
	}
	peer->absolute_possible = possible;
	peer->state.absolute = peer->state.absolute && possible;
	peer_send_mouse_mode(peer);
	(void)spice_peer_send_raw(peer, SPICE_CHANNEL_MAIN, NULL, 0);
}

void spice_peer_set_agent(struct spice_peer *peer, bool connected) {
	uint8_t body[4];
	struct writer w = writer_of(body, sizeof body);
	write_u32(&w, connected ? PEER_AGENT_TOKENS : 0);
	peer->agent = connected;
	peer->agent_tokens = PEER_AGENT_TOKENS;
	peer->agent_used = 0;
	peer->agent_message = 0;
	(void)spice_peer_send(peer, SPICE_CHANNEL_MAIN,
			connected ? SPICE_MAIN_AGENT_CONNECTED_TOKENS
				  : SPICE_MAIN_AGENT_DISCONNECTED,
			body, sizeof body);
}

void spice_peer_close(struct spice_peer *peer, enum spice_channel_type channel) {
	if (channel == SPICE_CHANNEL_NONE) {
		peer_close_session(peer);
	} else if (channel < SPICE_CHANNEL_COUNT && peer->linked[channel]) {
		peer_connection_close(peer->linked[channel]);
	}
}

void spice_peer_set_frozen(struct spice_peer *peer, bool frozen) {
	peer->frozen = frozen;
	for (unsigned i = 0; i < PEER_CONNECTIONS_MAX; i++) {
		if (peer->connections[i].fd >= 0) {
			peer_watch(&peer->connections[i]);
		}
	}
}
