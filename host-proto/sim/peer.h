/*
 * A SPICE server, for the demo guest and for tests. It links any channel (RSA ticket checked),
 * plays main and inputs with both mouse modes and motion acknowledgements (doc/protocol/spice.md 2
 * to 5), and models what a guest behind it would hold: keys by scancode, and buttons. Like the real
 * server it has one session: a new main link ends the old session, and when inputs closes the
 * server releases the keys, but not the buttons.
 *
 * No thread of its own, and nothing blocks but the creation of the key at the start (some 10 ms):
 * watch spice_peer_fd() and call spice_peer_step(). All callbacks run inside spice_peer_step(),
 * spice_peer_close() or spice_peer_destroy().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-proto/spice/wire.h"

struct spice_peer;

struct spice_peer_config {
	const char *unix_path; /* listen there (an old socket file is replaced); NULL = do not */
	bool tcp;              /* listen on 127.0.0.1 */
	uint16_t tcp_port;     /* 0 = any: spice_peer_port() tells */
	const char *password;  /* NULL = ticketing off */
	const char *name;      /* of the VM; NULL = none */
	uint8_t uuid[16];
	bool absolute;     /* offer the client mouse mode */
	bool agent;        /* an agent is connected from the start */
	uint32_t channels; /* bit (1 << enum spice_channel_type) of those that exist beside main
			      and inputs */
};

/* Buttons are numbered by enum spice_button, scancodes are set 1: 0x1e, or 0xe048 with prefix. */
struct spice_peer_events {
	void (*key)(unsigned scancode, bool pressed, void *data);
	void (*button)(unsigned button, bool pressed, void *data);
	void (*wheel)(int notches, void *data); /* > 0 = up */
	void (*motion)(int32_t dx, int32_t dy, void *data);
	void (*position)(uint32_t x, uint32_t y, void *data);
	/* Main was linked / the session ended. */
	void (*session)(bool connected, void *data);
	/* A channel was linked; main and inputs too. */
	void (*linked)(enum spice_channel_type channel, void *data);
	/* Messages that the peer itself does not understand: display INIT, agent data, record, … */
	void (*message)(enum spice_channel_type channel, unsigned type, const uint8_t *body,
			size_t len, void *data);
	void *data;
};

/* What a guest would hold, and counters since the start. */
struct spice_peer_state {
	bool connected; /* main is linked */
	bool inputs;    /* inputs is linked */
	bool absolute;  /* the client mouse mode is on */
	unsigned keys_held;
	uint8_t keys[256 / 8]; /* bit: scancode & 0x7f, + 0x80 with prefix e0 */
	unsigned buttons;      /* bit (1 << enum spice_button) */
	uint32_t x, y;         /* last position */
	unsigned leds;         /* enum spice_modifier */
	uint64_t key_events, button_events, wheel_notches, motions, positions;
	int64_t motion_x, motion_y;    /* sums */
	uint64_t links, refused_links; /* good handshakes / wrong tickets and nonsense */
	uint64_t errors;               /* messages that a real server would close the channel for */
	uint64_t unsafe;               /* messages that would end a real QEMU (spice.md 13) */
	uint64_t pongs, acks;
};

/* Any callback may be NULL. Copies everything. Returns 0 or a negative errno. */
int spice_peer_create(struct spice_peer **ret_peer, const struct spice_peer_config *config,
		const struct spice_peer_events *events);

/* Closes everything and removes the socket file. Accepts NULL. */
void spice_peer_destroy(struct spice_peer *peer);

/* Readable whenever spice_peer_step() has something to do. Stays the same. */
int spice_peer_fd(const struct spice_peer *peer);
uint16_t spice_peer_port(const struct spice_peer *peer);

/* Does everything that can be done without waiting. Returns 0 or a negative errno (local failure
 * only). */
int spice_peer_step(struct spice_peer *peer);

const struct spice_peer_state *spice_peer_state(const struct spice_peer *peer);
bool spice_peer_key_held(const struct spice_peer *peer, unsigned scancode);

/* The guest's lock keys (enum spice_modifier), told to the client. */
void spice_peer_set_leds(struct spice_peer *peer, unsigned leds);
/* Offer or withdraw the client mouse mode while it runs. */
void spice_peer_set_absolute_possible(struct spice_peer *peer, bool possible);
/* An agent comes or goes. */
void spice_peer_set_agent(struct spice_peer *peer, bool connected);

/* Another password (NULL = ticketing off), as set_password does on a running VM. 0 or -ENOMEM. */
int spice_peer_set_password(struct spice_peer *peer, const char *password);

/* Any message on a linked channel, also a wrong one. -ENOTCONN if it is not linked, -ENOBUFS when
 * the client does not read. */
int spice_peer_send(struct spice_peer *peer, enum spice_channel_type channel, unsigned type,
		const void *body, size_t len);
/* The same without a header of ours: for lies in it. */
int spice_peer_send_raw(struct spice_peer *peer, enum spice_channel_type channel, const void *bytes,
		size_t len);
/* Bytes that are still to be written to the client. */
size_t spice_peer_unsent(const struct spice_peer *peer, enum spice_channel_type channel);
/* Cuts a channel, or with SPICE_CHANNEL_NONE the whole session. */
void spice_peer_close(struct spice_peer *peer, enum spice_channel_type channel);
/* Neither reads nor answers until it is switched off: a hung QEMU. */
void spice_peer_set_frozen(struct spice_peer *peer, bool frozen);
