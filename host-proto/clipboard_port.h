/*
 * The port between the thread that reads the host's clipboard queue (pg-lgmp) and the thread that
 * has the clipboard (pg-io). It holds the newest status, which keeps the mapping alive for its
 * taker, and the messages of either side, every one of which counts. The port outlives both
 * threads. Any thread; a call takes a lock for some instructions.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host-proto/kvmfr_clipboard.h"
#include "host-proto/offer_box.h"

struct clipboard_port;

struct clipboard_offer {
	struct host_offer host;
	bool windows; /* the guest's system */
	struct kvmfr_clipboard_status status;
};

/* -ENOMEM. */
int clipboard_port_create(struct clipboard_port **ret_port);
/* Accepts NULL. */
void clipboard_port_destroy(struct clipboard_port *port);

/* Who is woken: pg-io by what the host says, the sender (pg-lgmp) by what is to be sent. NULL:
 * nobody any more, and no call is under way when this returns. */
void clipboard_port_listen(
		struct clipboard_port *port, bool sender, void (*wake)(void *data), void *data);

/* ---- pg-lgmp ---- */

/* Copies the offer and takes a reference to its shm. */
void clipboard_port_put(struct clipboard_port *port, const struct clipboard_offer *offer);
/* The session, or the subscription to the queue, is over: all messages go, too. */
void clipboard_port_withdraw(struct clipboard_port *port);
/* A message of the host; dropped while nobody listens. -ENOBUFS: they are not taken. */
int clipboard_port_push(struct clipboard_port *port, const struct kvmfr_clipboard_message *message);
/* The oldest that is to be sent, KVMFR_CLIPBOARD_BYTES of it; it stays until _sent(). */
bool clipboard_port_next(struct clipboard_port *port, uint8_t *ret_bytes);
void clipboard_port_sent(struct clipboard_port *port);

/* ---- pg-io ---- */

/* The newest offer, with a reference of the taker's own to shm (NULL without a session). False:
 * nothing new since the last call. */
bool clipboard_port_take(struct clipboard_port *port, struct clipboard_offer *ret_offer);
bool clipboard_port_pop(struct clipboard_port *port, struct kvmfr_clipboard_message *ret_message);
/* -ENOBUFS: the host takes none, -ENOTCONN: there is no session. */
int clipboard_port_send(struct clipboard_port *port, const struct kvmfr_clipboard_message *message);
