/*
 * Routed input to the host program's own stream in the shared memory (kvmfr.md A.5), on pg-io. The
 * stream is up while the host has accepted this client's claim. Keys that a USB keyboard's report
 * does not hold (media keys, a seventh key at once), buttons beyond the host's, and positions go to
 * the fallback, which is SPICE; a key's release goes where its press went.
 *
 * A stream that ends (host restarted, unbound, lease lost) or that the host does not read for
 * 300 ms is left, and claimed again a second later. What the host certainly did not read is kept
 * for host_input_replay(): nothing typed is lost, and nothing is typed twice.
 */
#pragma once

#include <stdbool.h>

#include "input/chord.h"
#include "input/guest_input.h"

struct host_input;
struct input_port;
struct loop;

struct host_input_events {           /* on the loop's thread */
	void (*changed)(void *data); /* what the functions below tell */
	void (*moved)(void *data);   /* motion went out */
	void *data;
};

/* port (borrowed) outlives it. -ENOMEM. */
int host_input_create(struct host_input **ret_input, struct loop *loop, struct input_port *port,
		const struct host_input_events *events);
/* Gives the claim back, with everything up: waits at most 50 ms for room. Accepts NULL. */
void host_input_destroy(struct host_input *input);

/* Whether there is anybody to play for: off gives the claim back, so that another client may have
 * it. Starts off. */
void host_input_want(struct host_input *input, bool wanted);

/* Keys and motion may be sent. */
bool host_input_is_up(const struct host_input *input);
/* The host offers it to us, whether we have claimed it or not, and nobody else has. */
bool host_input_is_offered(const struct host_input *input);
/* The guest's lock lights as the host knows them (enum input_led); false: it does not. */
bool host_input_leds(const struct host_input *input, unsigned *ret_leds);

/* The table for the router, while it is up. */
struct guest_input host_input_table(struct host_input *input);
/* SPICE's table (copied), or NULL while it is not there. */
void host_input_set_fallback(struct host_input *input, const struct guest_input *fallback);

/* After it went down: the keys that are not to be pressed on the fallback again, because it holds
 * them or host_input_replay() presses them; and the key events that were not read, in order:
 * whether there were any. */
const struct key_set *host_input_settled(const struct host_input *input);
bool host_input_replay(struct host_input *input, const struct guest_input *to);
