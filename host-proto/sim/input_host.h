/*
 * The host program's input service (doc/protocol/kvmfr.md A.5): a stream for each client that is
 * subscribed, one owner at a time with a lease, and what a keyboard and a mouse behind it would
 * hold. For the demo guest, the bench and tests. No thread; all calls from one.
 *
 * Where the notes leave a choice, this host does so: every subscriber to the input queue gets a
 * stream; the status is posted again for each new subscriber; the owner's generation is that of its
 * claim.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host-proto/kvmfr_wire.h"
#include "host-proto/sim/lgmp_host.h"

struct input_host;

/* Scancodes and buttons are those of peer.h. Any may be NULL. Called from step(). */
struct input_host_events {
	void (*key)(unsigned scancode, bool pressed, void *data);
	void (*button)(unsigned button, bool pressed, void *data);
	void (*wheel)(int notches, void *data);
	void (*motion)(int32_t dx, int32_t dy, void *data);
	void (*owner)(bool owned, void *data);
	void (*leds)(unsigned leds, void *data); /* enum kvmfr_input_led: a lock key was pressed */
	void *data;
};

struct input_host_state {
	bool owned;
	unsigned keys_held, buttons; /* bits of enum spice_button */
	unsigned leds;               /* enum kvmfr_input_led */
	uint64_t records, refused;   /* taken from streams; of these, of no owner or nonsense */
	uint64_t key_events, claims;
	int64_t motion_x, motion_y;
};

/* Borrows host and shm. -ENOMEM. */
int input_host_create(struct input_host **ret_input, struct shm *shm, struct lgmp_host *host,
		const struct input_host_events *events);
/* Accepts NULL. Writes nothing. */
void input_host_destroy(struct input_host *input);

/* Between lgmp_host_begin() and _publish(): the queue, its blocks and streams. -ENOSPC, -EMSGSIZE.
 */
int input_host_begin(struct input_host *input, uint32_t session);

/* Binds, reads all streams, ends leases, posts the status where it changed. */
void input_host_step(struct input_host *input, uint64_t now_ns);

const struct input_host_state *input_host_state(const struct input_host *input);

/* The guest's lock lights changed on another keyboard: a system has one state of them. */
void input_host_set_leds(struct input_host *input, unsigned leds);

/* Faults: nothing is read / nothing is offered / somebody else owns it. */
void input_host_set_stalled(struct input_host *input, bool on);
void input_host_set_off(struct input_host *input, bool on);
void input_host_set_busy(struct input_host *input, bool on);
/* All streams are bound anew. */
void input_host_rebind(struct input_host *input);

/* The scancode that a guest makes of a usage; 0 = none. */
unsigned input_host_scancode(uint8_t usage);
