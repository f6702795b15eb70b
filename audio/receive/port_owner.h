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
