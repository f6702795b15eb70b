/*
 * Shared by the files of peer.h: peer_io.c moves bytes, peer_link.c does the handshake,
 * peer_messages.c understands what a linked client says, and peer.c is the outside. No other file
 * includes this header.
 */
#pragma once

#include "host-proto/sim/peer.h"
#include "host-proto/sim/peer_inputs.h"
#include "host-proto/spice/link.h"
#include "host-proto/spice/reader.h"

#define PEER_CONNECTIONS_MAX 24u
#define PEER_AGENT_TOKENS    10u

enum peer_state { PEER_LINK_REQUEST, PEER_LINK_TICKET, PEER_OPEN };

struct connection {
	struct spice_peer *peer;
	int fd; /* -1 = this place is free */
	enum peer_state state;
	struct spice_link_request request;
	bool close_after; /* when everything is written */
	bool display_init;
	uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_len, out_start, out_size;
	uint32_t watched;
};

struct spice_peer {
	struct spice_peer_events events;
	struct spice_peer_state state;
	struct spice_link_key *key;
	uint8_t public_key[SPICE_PUBLIC_KEY_BYTES];
	char *password, *name, *unix_path;
	uint8_t uuid[16];
	uint32_t channels;
	bool absolute_possible, agent, agent_started, frozen;
	uint32_t agent_tokens;  /* that the client has */
	uint32_t agent_used;    /* since the last AGENT_TOKEN */
	uint32_t agent_message; /* bytes that are still to come of the client's agent message */
	int epoll_fd, unix_fd, tcp_fd;
	uint16_t port;
	uint32_t session_id;
	struct peer_inputs inputs;
	struct connection connections[PEER_CONNECTIONS_MAX];
	/* The linked ones. */
	struct connection *linked[SPICE_CHANNEL_COUNT];
};

/* peer_io.c */

/* Listening sockets; readiness comes with a pointer to peer->unix_fd or tcp_fd. */
int peer_listen_unix(struct spice_peer *peer);
int peer_listen_tcp(struct spice_peer *peer, uint16_t port);
void peer_accept(struct spice_peer *peer, int listen_fd);
/* Reads, handles and writes what can be done without waiting. events: of epoll. */
void peer_connection_ready(struct connection *c, uint32_t events);
/* Accepts one that is closed. Closing main ends the session. */
void peer_connection_close(struct connection *c);
/* Main is gone (or goes): the rest of the session with it. */
void peer_close_session(struct spice_peer *peer);
/* Asks epoll for what this connection waits for now. */
void peer_watch(struct connection *c);
/* 0, -ENOBUFS or -ENOMEM: nothing was queued then. */
int peer_queue_out(struct connection *c, const void *bytes, size_t len);
/* False: the client is gone. */
bool peer_write_out(struct connection *c);
int peer_send_message(struct connection *c, unsigned type, const void *body, size_t len);
void peer_send_written(struct connection *c, unsigned type, const struct writer *w);

/* What came, by the state of the connection: bytes consumed, 0 = wait, < 0 = close. peer_link.c: */
int peer_on_link_request(
		struct spice_peer *peer, struct connection *c, const uint8_t *bytes, size_t len);
int peer_on_ticket(struct spice_peer *peer, struct connection *c, const uint8_t *bytes, size_t len);
bool peer_channel_exists(const struct spice_peer *peer, unsigned type);
/* peer_messages.c: */
int peer_on_open(struct spice_peer *peer, struct connection *c, const uint8_t *bytes, size_t len);
void peer_send_mouse_mode(struct spice_peer *peer);
