/*
 * The link handshake of one SPICE channel (doc/protocol/spice.md 2): bytes in, bytes out. Pure, but
 * for the random numbers of OpenSSL. Both directions, so that the server in sim/ uses the same
 * code.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-proto/spice/wire.h"

#define SPICE_LINK_REQUEST_BYTES (SPICE_LINK_HEADER_BYTES + SPICE_LINK_MESS_BYTES + 8u)
#define SPICE_LINK_CLIENT_CAPS \
	((uint32_t)(SPICE_CAP_AUTH_SELECTION | SPICE_CAP_AUTH_SPICE | SPICE_CAP_MINI_HEADER))

struct spice_link_request {
	uint32_t connection_id; /* 0 on main, else MAIN_INIT's session_id */
	uint8_t channel_type;
	uint8_t channel_id;
	uint32_t common_caps;
	uint32_t channel_caps; /* 0 sends no word */
};

struct spice_link_reply {
	uint32_t error; /* enum spice_link_error, unchecked */
	uint8_t key[SPICE_PUBLIC_KEY_BYTES];
	uint32_t common_caps;  /* first word, 0 if there is none */
	uint32_t channel_caps; /* first word, 0 if there is none */
};

/* Header, LinkMess and caps. Returns the bytes written. */
size_t spice_link_write_request(const struct spice_link_request *request,
		uint8_t ret_bytes[SPICE_LINK_REQUEST_BYTES]);

/*
 * Readers of what a peer sent so far: the bytes that the unit takes when it is complete and fine, 0
 * for "wait for more", or -EBADMSG (not SPICE, or nonsense) or -EPROTONOSUPPORT (another major
 * version).
 */
int spice_link_read_request(const uint8_t *bytes, size_t len, struct spice_link_request *ret);
int spice_link_read_reply(const uint8_t *bytes, size_t len, struct spice_link_reply *ret);

/* The reply's header and body. Returns the bytes written; an error carries no key and no caps. */
size_t spice_link_write_reply(const struct spice_link_reply *reply, uint8_t *bytes, size_t size);

/* Encrypts the password (NULL = "") under the server's key. -EBADMSG: the key is not RSA-1024 as
 * 2.5 asks; -ENOTSUP: OpenSSL refuses such keys by policy; -E2BIG: the password is too long. */
int spice_link_ticket(const uint8_t key[SPICE_PUBLIC_KEY_BYTES], const char *password,
		uint8_t ret_ticket[SPICE_TICKET_BYTES]);

/* A server's key pair; an opaque EVP_PKEY. */
struct spice_link_key;
int spice_link_key_create(struct spice_link_key **ret_key);
void spice_link_key_destroy(struct spice_link_key *key);
int spice_link_key_public(
		const struct spice_link_key *key, uint8_t ret_key[SPICE_PUBLIC_KEY_BYTES]);
/* Whether the ticket is a valid OAEP block that holds this password (NULL = any). */
bool spice_link_key_check(const struct spice_link_key *key,
		const uint8_t ticket[SPICE_TICKET_BYTES], const char *password);
