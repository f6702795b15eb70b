/*
 * Packets that came over an interface, by kind: their senders, groups and ports. Only a program
 * that may open packet sockets (root) sees them, before any firewall.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEEN_KINDS 8

struct seen_kind {
	uint32_t from, to; /* IPv4, in network order */
	uint16_t port;     /* UDP, to */
	unsigned count;
	bool is_scream; /* as Scream's driver fills them */
};

/* The kinds that came first; others are only counted. */
struct seen_packets {
	struct seen_kind kind[SEEN_KINDS];
	unsigned kinds;
	unsigned others;
};

/* Notes one IPv4 packet, header first; whatever is no UDP is passed over. */
void seen_packets_note(struct seen_packets *seen, const uint8_t *packet, size_t len);
/* A packet socket on that interface, which does not block; or a negative errno. */
int seen_packets_open(const char *interface);
/* All that has come there. */
void seen_packets_read(struct seen_packets *seen, int fd);
/* The most frequent kind of Scream's, or of the others; NULL = none came. */
const struct seen_kind *seen_packets_most(const struct seen_packets *seen, bool scream);
