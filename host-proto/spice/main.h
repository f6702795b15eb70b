/*
 * Messages of the main channel (doc/protocol/spice.md 4): wire to checked struct, and back. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-proto/spice/wire.h"

#define SPICE_MAIN_CHANNELS_MAX 64u
#define SPICE_NAME_BYTES        4096u

enum spice_main_kind {
	SPICE_MAIN_KIND_NONE, /* nothing for us: skipped */
	SPICE_MAIN_KIND_INIT,
	SPICE_MAIN_KIND_CHANNELS,
	SPICE_MAIN_KIND_MOUSE_MODE,
	SPICE_MAIN_KIND_AGENT_CONNECTED,
	SPICE_MAIN_KIND_AGENT_DISCONNECTED,
	SPICE_MAIN_KIND_AGENT_DATA,
	SPICE_MAIN_KIND_AGENT_TOKENS,
	SPICE_MAIN_KIND_NAME,
	SPICE_MAIN_KIND_UUID,
	SPICE_MAIN_KIND_NOTIFY,
	SPICE_MAIN_KIND_DISCONNECTING,
	SPICE_MAIN_KIND_MIGRATE, /* the machine goes elsewhere: close and reconnect */
};

struct spice_main_message {
	enum spice_main_kind kind;

	uint32_t session_id;  /* INIT */
	bool absolute;        /* INIT, MOUSE_MODE: the client mode is on */
	bool can_be_absolute; /* INIT, MOUSE_MODE: it is offered */
	bool agent;           /* INIT */
	uint32_t tokens;      /* INIT with agent, AGENT_CONNECTED (set), AGENT_TOKENS (add) */

	uint32_t channels; /* CHANNELS: bit (1 << enum spice_channel_type) with id 0 */

	const uint8_t *data; /* AGENT_DATA, NAME, NOTIFY (text, not terminated, not printable),
				UUID (16); lies in the message */
	size_t len;
	unsigned severity; /* NOTIFY: 0 info, 1 warning, 2 error */
	uint32_t reason;   /* DISCONNECTING */
};

/* Returns 0 or -EBADMSG. */
int spice_main_read(unsigned type, const uint8_t *body, size_t len, struct spice_main_message *ret);

/* NOTIFY and DISCONNECTING come on any channel: the same reader for them. */
int spice_common_read(
		unsigned type, const uint8_t *body, size_t len, struct spice_main_message *ret);
