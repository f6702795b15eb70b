/*
 * One SPICE channel of the client: a non-blocking socket with its handshake, the mini header, the
 * bounded queue of what is to be sent, and the messages that every channel has (acknowledgements
 * and PING are answered here; doc/protocol/spice.md 2, 3).
 *
 * No thread, no loop and no callbacks: whoever runs the channel watches spice_channel_fd() and
 * calls spice_channel_step(), which returns at most one message, so that no channel delays another.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-proto/spice/wire.h"

struct spice_channel;
struct spice_tls; /* tls.h */

struct spice_channel_config {
	enum spice_channel_type type;
	uint8_t id;
	uint32_t connection_id; /* 0 for main */
	uint32_t caps;          /* of this channel type */
	const char *password;   /* NULL = ""; copied, and wiped when the ticket is made */
	size_t send_max;        /* bytes that may wait to be sent; more is an error */
	struct spice_tls *tls;  /* NULL = plain; outlives the channel */
	const char *host;       /* with tls: the name to check */
};

struct spice_message {
	unsigned type;
	const uint8_t *body; /* valid until spice_channel_done() */
	size_t len;
};

/* What a step came to. */
enum spice_step {
	SPICE_STEP_WAIT,    /* for the socket */
	SPICE_STEP_MORE,    /* is at hand: call again after the other channels had their turn */
	SPICE_STEP_LINKED,  /* the handshake is done: messages may be sent */
	SPICE_STEP_MESSAGE, /* one has come */
};

/* Takes the socket over (non-blocking; it may still be connecting), also on failure. */
int spice_channel_create(struct spice_channel **ret_channel, int fd,
		const struct spice_channel_config *config);

/* Closes the socket. Accepts NULL. */
void spice_channel_destroy(struct spice_channel *channel);

int spice_channel_fd(const struct spice_channel *channel);
/* Watch the socket for writing too. Ask after every call that may have sent something. */
bool spice_channel_wants_write(const struct spice_channel *channel);

/*
 * Does what the socket is ready for. Returns enum spice_step; after SPICE_STEP_LINKED and
 * SPICE_STEP_MESSAGE follows spice_channel_done(). Negative = the channel is dead:
 *	-ENOTCONN          closed by the server, or the handshake was cut
 *	-EACCES            wrong or missing password
 *	-EPROTO            the server refused the link: spice_channel_link_error()
 *	-EPROTONOSUPPORT   not a version that we speak, or it lacks the mini header
 *	-ENOMSG            what answers is no SPICE server
 *	-EBADMSG           nonsense, or larger than the channel's limit
 *	-ENOBUFS           the server does not read what we send
 * or what connect() or TLS gave, or spice_channel_done() was given.
 */
int spice_channel_step(struct spice_channel *channel, struct spice_message *ret_message);
/* Ends a step, and writes what the caller has sent. result: 0 = the message is done; 1 = a part of
 * it is, and the next step returns it again; a negative errno kills the channel. Returns
 * SPICE_STEP_WAIT or SPICE_STEP_MORE, or negative as spice_channel_step() does. */
int spice_channel_done(struct spice_channel *channel, int result);

/* enum spice_link_error of the last refusal. */
uint32_t spice_channel_link_error(const struct spice_channel *channel);

/* Queues a message; spice_channel_flush() writes. A full queue kills the channel at its next step
 * (returns -ENOBUFS here): a message is never left out of the middle. */
int spice_channel_send(struct spice_channel *channel, unsigned type, const void *body, size_t len);
/* Writes what the socket takes now. Errors are told by the next step. */
void spice_channel_flush(struct spice_channel *channel);
/* Bytes that wait. */
size_t spice_channel_unsent(const struct spice_channel *channel);

/* Largest payload that is taken on a channel (12). */
uint32_t spice_channel_limit(enum spice_channel_type type);
