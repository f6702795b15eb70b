/*
 * Whether a sender of Scream's is the one that is wanted, by its address or its MAC. One thread at
 * a time; a MAC that is not known yet is asked for over the network.
 */
#pragma once

#include <stdint.h>

#include "audio/receive/filter.h"

#define SENDER_LIST_BYTES 64

/* wanted: IPv4 addresses and MACs, "," between, shorter than SENDER_LIST_BYTES. source: an IPv4
 * address, network order. FILTER_SENDER_UNKNOWN: its MAC was asked for; judge again soon. */
enum filter_sender sender_match(const char *wanted, uint32_t source);
