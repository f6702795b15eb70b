/*
 * Addresses of SPICE servers as people and other programs write them: the one grammar of the
 * command line, the ini files and the session. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host-proto/spice/wire.h"

enum spice_address_kind { SPICE_ADDRESS_OFF, SPICE_ADDRESS_UNIX, SPICE_ADDRESS_TCP };

struct spice_address {
	enum spice_address_kind kind;
	bool tls;
	char path[108]; /* UNIX */
	char host[256]; /* TCP: name or address, without brackets */
	uint16_t port;  /* with TLS if tls is set */
	/* Beside a port without TLS: the port for a server that asks for TLS there; 0 = none. */
	uint16_t tls_port;
	char password[SPICE_PASSWORD_MAX_BYTES]; /* "" = none was given */
};

/*
 *   off                      no server (so does "")
 *   /PATH  unix:PATH  spice+unix://PATH
 *   HOST:PORT  [V6]:PORT  spice://HOST:PORT  spice+tls://HOST:PORT
 *   spice://HOST?port=N&tls-port=N&password=TEXT   as virt-viewer and "virsh domdisplay" have it
 *
 * Schemes may be in any case; of the query, what is not named here is left out. Returns 0 or
 * -EINVAL.
 */
int spice_address_parse(const char *text, struct spice_address *ret_address);

/* A server on this machine. */
bool spice_address_is_local(const struct spice_address *address);
