/*
 * Finds in /proc the other process that receives on Scream's UDP port. Slow; not for the packet
 * path.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct port_owner {
	int pid; /* 0 = not to be seen from here: another user's */
	char name[32];
};

/* A socket that is bound to the port and is not of this process. */
bool port_owner_find(uint16_t port, struct port_owner *ret_owner);
/* Why the port cannot be had, and the remedy, for people. owner: NULL = not found. */
void port_owner_describe(
		const struct port_owner *owner, uint16_t port, char *ret_reason, size_t room);
