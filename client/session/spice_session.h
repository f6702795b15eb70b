/*
 * The SPICE side of the session part: links main and the wanted channels, answers main, and
 * reconnects what is lost (spice.md 3.4). Messages of the other channels go to their handlers.
 * Everything happens on the loop's thread.
 *
 * Reconnecting: a local server after 0.25, 0.5 and then every 1 s, and at once when its socket file
 * appears; another host up to every 5 s. A server that closed the session and still answers was
 * taken by another client; the session then waits 30 s, or for spice_session_retry(), instead of
 * taking the server back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/owners.h"
#include "base/part.h"
#include "host-proto/spice/channel.h"

struct loop;
struct spice_session;

struct spice_session_status {
	struct part_status part;
	bool inputs; /* the inputs channel is up */
	bool needs_password;
	bool kicked;
	bool absolute, absolute_possible;
	bool agent;
	bool has_display, has_playback, has_record;
	char name[64]; /* of the VM, printable */
	uint8_t uuid[16];
};

/* What a channel is linked with, and who gets its messages. Any function may be NULL. */
struct spice_handler {
	uint32_t caps;
	uint32_t remote_caps; /* more of them, where the server is on another machine */
	size_t send_max;
	void (*linked)(struct spice_channel *channel, void *data);
	/* After linked(): it is gone. The channel must not be used any more. */
	void (*closed)(void *data);
	int (*message)(unsigned type, const uint8_t *body, size_t len, void *data);
	void *data;
};

struct spice_session_events {
	void (*status)(void *data); /* spice_session_status() changed */
	/* The agent, on main. send with spice_session_send_main(). */
	void (*agent)(bool connected, uint32_t tokens, void *data);
	void (*agent_tokens)(uint32_t tokens, void *data);
	int (*agent_data)(const uint8_t *bytes, size_t len, void *data);
	/* Everything that was queued on main is written. */
	void (*main_drained)(void *data);
	void *data;
};

/* uri as spice_address_parse() takes it; copies the texts and owners. -EINVAL for a bad one. Does
 * not connect yet. */
int spice_session_create(struct spice_session **ret_session, struct loop *loop, const char *uri,
		const char *password_file, const char *ca_file, const char *host_subject,
		const struct owners *owners, const struct spice_session_events *events);
/* Closes everything; handlers are told. Accepts NULL. */
void spice_session_destroy(struct spice_session *session);

/* For any channel but main. Before spice_session_start(). Copied. */
void spice_session_set_handler(struct spice_session *session, enum spice_channel_type type,
		const struct spice_handler *handler);
/* Link it when it exists / close it. Inputs is always wanted. */
void spice_session_want(struct spice_session *session, enum spice_channel_type type, bool wanted);

/* First attempt. */
void spice_session_start(struct spice_session *session);
/* Try at once, also when kicked. */
void spice_session_retry(struct spice_session *session);
/* Another server. -EINVAL leaves the old one. */
int spice_session_set_uri(struct spice_session *session, const char *uri);
/* The password for this and the next connections; copied. Wiped when the session ends. */
void spice_session_set_password(struct spice_session *session, const char *password);

/* Asks for absolute (client) or relative (server) positions; status tells what came of it. The
 * request is kept for later connections. */
void spice_session_ask_mouse_mode(struct spice_session *session, bool absolute);

/* Queues a message on main and writes what goes. -ENOTCONN when it is not there. */
int spice_session_send_main(
		struct spice_session *session, unsigned type, const void *body, size_t len);
/* Bytes that wait on main. */
size_t spice_session_unsent_main(const struct spice_session *session);

/* Something was sent on a channel by its handler: have the rest written when the socket takes it.
 */
void spice_session_sent(struct spice_session *session, enum spice_channel_type type);

const struct spice_session_status *spice_session_status(const struct spice_session *session);
