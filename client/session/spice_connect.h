/*
 * A connection to a SPICE server, by unix socket or TCP, without ever blocking the loop (names are
 * looked up on a thread of their own).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/owners.h"
#include "host-proto/spice/address.h"

struct loop;
struct spice_connect;

/* Whether a connected socket leads to another machine: its two ends have addresses of their own. */
bool spice_connect_is_elsewhere(int fd);

/*
 * Which server answers. On a unix socket, two that are equal are one process at one socket file; by
 * TCP, one socket of this machine that listens. A server on another machine, and one behind a
 * forwarder (ssh), is equal to the next one there.
 */
struct spice_server {
	pid_t pid;                        /* 0 = unknown */
	uint64_t inode, changed_ns;       /* of the file or, without pid and time, of the socket */
	struct sockaddr_storage listener; /* AF_UNSPEC: not TCP, or another machine's */
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

/* Of a connected socket; all zero = unknown. */
void spice_connect_get_server(
		int fd, const struct spice_address *address, struct spice_server *ret_server);
bool spice_connect_server_equal(const struct spice_server *a, const struct spice_server *b);
/* Without a connection: the socket file is there and is not the one that this server had, or its
 * TCP socket does not listen any more. */
bool spice_connect_is_replaced(
		const struct spice_address *address, const struct spice_server *server);
