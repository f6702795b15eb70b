/*
 * Hands the host's offer of an input stream from the thread that reads the host's status (pg-lgmp)
 * to the thread that writes the stream (pg-io). The newest offer wins and keeps the mapping alive
 * for its taker. The port outlives both threads. Any thread; a call takes a lock for some
 * instructions.
 */
#pragma once

#include <stdbool.h>

#include "host-proto/kvmfr_input.h"
#include "host-proto/offer_box.h"

struct input_port;

struct input_offer {
	struct host_offer host;
	struct kvmfr_input_status status;
};

/* -ENOMEM. */
int input_port_create(struct input_port **ret_port);
/* Accepts NULL. */
void input_port_destroy(struct input_port *port);

/* Who is woken by a new offer; NULL: nobody any more, and no call is under way when this returns.
 */
void input_port_listen(struct input_port *port, void (*wake)(void *data), void *data);

/* Copies the offer and takes a reference to its shm. */
void input_port_put(struct input_port *port, const struct input_offer *offer);
/* The session is over. */
void input_port_withdraw(struct input_port *port);
/* The newest offer, with a reference of the taker's own to shm (NULL without a session). False:
 * nothing new since the last call. */
bool input_port_take(struct input_port *port, struct input_offer *ret_offer);
