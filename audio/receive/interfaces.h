/*
 * Finds the network interfaces to receive on, and notices changes (scream-audio.md 5.2). The
 * rtnetlink socket only says "look again"; each look reads the whole list afresh.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define INTERFACES_MAX 8

struct interface {
	char name[IF_NAMESIZE];
	int index;
};

/* name: of an interface, an IPv4 address of one, or "auto" for every bridge called virbr*. Returns
 * how many were found (at most INTERFACES_MAX). */
unsigned interfaces_find(const char *name, struct interface ret_interfaces[INTERFACES_MAX]);

/* An rtnetlink socket that becomes readable when links or addresses change; negative errno. */
int interfaces_watch(void);
/* Empties it. Returns whether anything came; deleted[] takes the indices of interfaces that were
 * deleted, at most INTERFACES_MAX of them, 0 after the last. */
bool interfaces_changed(int fd, int deleted[INTERFACES_MAX + 1]);

/* Multicast packets that the interface has received, from its statistics. 0 if unknown. */
uint64_t interface_multicast_count(const char *name);
/* Whether its reverse path filter is strict. */
bool interface_filters_strictly(const char *name);

/* The MAC of a neighbour (of a VM on a bridge, say), as the kernel knows it now. false: it does
 * not.
 */
bool interfaces_mac_of(uint32_t address, char ret_mac[18]);
/* Makes the kernel ask for it: an empty datagram to the discard port. */
void interfaces_ask_mac_of(uint32_t address);
