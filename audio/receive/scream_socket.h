/*
 * The UDP socket of Scream (scream-audio.md 5.1): datagrams with the kernel's arrival times, the
 * interface they came in by, and the count of those the kernel dropped. Never blocks, allocates
 * nothing after opening. One thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCREAM_SOCKET_BATCH 16

struct scream_socket;

struct scream_datagram {
	const uint8_t *data; /* valid until the next receive */
	size_t len;
	bool truncated;
	int ifindex;
	uint32_t source;      /* IPv4 address, network order */
	uint16_t source_port; /* host order */
	uint64_t arrived_ns;  /* CLOCK_MONOTONIC, when the kernel had it */
	unsigned dropped;     /* by the kernel since the datagram before */
};

/* group: network order; 0 = unicast. Returns 0 or a negative errno; -EADDRINUSE = somebody holds
 * the port and does not share it. */
int scream_socket_open(struct scream_socket **ret_socket, uint32_t group, uint16_t port);
/* Accepts NULL. */
void scream_socket_close(struct scream_socket *socket);
int scream_socket_fd(const struct scream_socket *socket);

/* Membership on one interface, which needs no address. Joining twice is fine. 0 or a negative
 * errno. */
int scream_socket_join(struct scream_socket *socket, int ifindex);
void scream_socket_leave(struct scream_socket *socket, int ifindex);
/* Reports the membership again, without leaving: what forgets it in between (a bridge without a
 * querier) forgets later. */
void scream_socket_renew(struct scream_socket *socket, int ifindex);

/* Takes what waits, at most SCREAM_SOCKET_BATCH. Returns the count; 0 = nothing more. */
int scream_socket_receive(struct scream_socket *socket,
		struct scream_datagram ret_datagrams[SCREAM_SOCKET_BATCH], uint64_t now_ns);
