/*
 * The firewalls of the host, as far as their files may be read: which one is on, and whether UDP to
 * a port comes through it from a bridge. Doctor's findings and setup's steps are both made of this.
 * nftables by itself has no file that says so: the packets that arrive do (doctor_live.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/vm-model/sysroot.h"

#define SCREAM_PORT  4010
#define SCREAM_GROUP "239.255.77.77"

struct firewall {
	bool ufw, ufw_open;
	bool firewalld, firewalld_open;
	char zone[64];    /* firewalld's, of the bridge */
	bool nft_service; /* nftables.service loads rules at the start */
};

void firewall_read(struct firewall *ret, const struct sysroot *root, const char *bridge,
		unsigned port);

/* ---- the pure parts ---- */

/* Rules as ufw writes them into user.rules: the first one that fits decides, else `otherwise`. A
 * rule that fits only some senders counts, for the guest may be one of them; one for another group
 * than the port's, or with "!", does not. */
bool ufw_lets_in(const char *rules, const char *bridge, unsigned port, bool otherwise);

/* A zone of firewalld, or a service (root element), in its XML. */
struct firewalld_zone {
	bool port_open;  /* by a port, a range, a protocol or a rule that accepts */
	bool accepts;    /* what no rule names (target) */
	bool shuts_last; /* a rule without a condition rejects or drops */
	bool has_bridge; /* one of its interfaces is the bridge */
	char services[16][64];
	unsigned service_count;
};
/* Without libxml2, or where it is not XML: false. */
bool firewalld_zone_read(struct firewalld_zone *ret, const char *xml, size_t len,
		const char *bridge, unsigned port);
