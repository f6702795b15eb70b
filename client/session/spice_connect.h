/*
 * A connection to a SPICE server, by unix socket or TCP, without ever blocking the loop (names are
 * looked up on a thread of their own).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/owners.h"
#include "host-proto/spice/address.h"

struct loop;
struct spice_connect;

/* Whether a connected socket leads to another machine: its two ends have addresses of their own. */
bool spice_connect_is_elsewhere(int fd);

/* Which server answers on a unix socket; two that are equal are one process at one socket file. */
struct spice_server {
	pid_t pid; /* 0 = unknown */
	uint64_t inode, changed_ns;
};

/* Who may answer on this machine, and who did not count as the VM (-OWNER_REFUSED). */
struct spice_connect_check {
	const struct owners *owners;
	uid_t refused;
};

/*
 * Starts to connect; check may be NULL (a test) and is used until done ran. A server of this
 * machine that belongs to a stranger is not connected to: -OWNER_REFUSED. done runs once, on the
 * loop: fd >= 0 is a non-blocking socket that may still be connecting (goes to the receiver), or a
 * negative errno. It runs inside spice_connect_start() when there is nothing to wait for;
 * *ret_connecting is NULL then.
 */
int spice_connect_start(struct spice_connect **ret_connecting, struct loop *loop,
		const struct spice_address *address, struct spice_connect_check *check,
		void (*done)(int fd, void *data), void *data);
/* done does not run any more. Accepts NULL. */
void spice_connect_cancel(struct spice_connect *connecting);

/* Of a connected unix socket; all zero for TCP. */
void spice_connect_get_server(
		int fd, const struct spice_address *address, struct spice_server *ret_server);
bool spice_connect_server_equal(const struct spice_server *a, const struct spice_server *b);
/* There is a socket file, and it is not the one that this server had. */
bool spice_connect_is_new_file(
		const struct spice_address *address, const struct spice_server *server);
