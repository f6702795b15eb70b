/*
 * The source of Scream's packets: the UDP socket on the right interfaces, which may come and go
 * (scream-audio.md 5), or the shared memory transport (1.9). Filters packets, holds the lock of
 * "one owner of the sound", renews a lost multicast membership, and reports what is missing in
 * words.
 *
 * Runs on pg-audio: when receiver_fd() is readable or receiver_deadline() has passed, call
 * receiver_next() until it returns false, then receiver_tend(). Nothing on the packet path
 * allocates, touches a file, or logs more than the limited lines.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "audio/codec/scream.h"
#include "audio/receive/port_owner.h"
#include "audio/receive/sender_match.h"
#include "base/deadline.h"
#include "base/owners.h"
#include "base/part.h"

struct receiver;

struct receiver_config {
	char interface[64]; /* name or IPv4 address; "auto" = every virbr*; "" = any (unicast) */
	char group[16];
	uint16_t port;
	bool unicast;
	struct port_owner port_owner; /* seen before, where it cannot be seen any more */
	struct owners owners;         /* whose file the memory may be */
	char shm_path[256];           /* "" = the network */
	bool any_sender;
	char sender[SENDER_LIST_BYTES]; /* only of these IPv4 addresses and MACs, "," between; "" =
					 * whoever sounds
					 */
	bool can_own;
	bool preemptible;
};

struct received {
	unsigned lost;  /* so many packets were dropped by the kernel before this one */
	bool is_played; /* there is a packet, which may be played; else lost is all */
	struct scream_packet packet; /* its PCM is valid until the next receiver_next() */
	uint64_t arrived_ns;
};

struct receiver_stats {
	uint64_t packets;
	uint64_t lost;
	uint64_t rejected;
	uint64_t last_packet_ns; /* played; 0 = none yet */
};

int receiver_create(struct receiver **ret_receiver, const struct receiver_config *config);
/* Accepts NULL. */
void receiver_destroy(struct receiver *receiver);

int receiver_fd(const struct receiver *receiver);
/* The next that has come; false: nothing more for now. */
bool receiver_next(struct receiver *receiver, uint64_t now_ns, struct received *ret_received);
/* Everything else that is due. Returns true when the sound now belongs to somebody else. */
bool receiver_tend(struct receiver *receiver, uint64_t now_ns);
deadline receiver_deadline(const struct receiver *receiver);
/* Looks at once which interfaces are there. */
void receiver_retry(struct receiver *receiver);
/* Listens on another interface from now on. */
void receiver_set_interface(struct receiver *receiver, const char *name);
/* Changes config.sender: the VM that is shown is known only later. */
void receiver_set_sender(struct receiver *receiver, const char *senders);

/* Since when packets can come; 0 = long ago. */
uint64_t receiver_since(const struct receiver *receiver);
/* RUNNING: joined (whether packets come or not); else what is missing. */
void receiver_status(const struct receiver *receiver, struct part_status *ret_status);
void receiver_get_stats(const struct receiver *receiver, struct receiver_stats *ret_stats);
