/*
 * The inputs channel of the server peer: what a guest behind the real server would see (spice.md
 * 5). Private to peer.c.
 */
#pragma once

#include "host-proto/sim/peer.h"

struct peer_inputs {
	bool prefix;    /* e0 was the last scancode byte */
	unsigned wheel; /* bit 0: up is pressed, bit 1: down; QEMU's memory of it */
	unsigned motions;
};

/* A message of the client. Returns the number of motion acks to send, or -EBADMSG for what the
 * real server closes the channel for. */
int peer_inputs_message(struct peer_inputs *inputs, struct spice_peer_state *state,
		const struct spice_peer_events *events, unsigned type, const uint8_t *body,
		size_t len);

/* The channel closed: the server releases the keys, not the buttons. */
void peer_inputs_closed(struct peer_inputs *inputs, struct spice_peer_state *state,
		const struct spice_peer_events *events);
