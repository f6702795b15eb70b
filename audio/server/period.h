/*
 * Learns from the reported positions how much a server takes at a time. PipeWire's quantum depends
 * on the device, other programs and the user's settings, not on what was asked for, and may change
 * at any time. Pure; one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PERIOD_STEPS 8

struct period {
	int64_t position; /* of the last report; -1 = none yet */
	unsigned steps[PERIOD_STEPS];
	unsigned count; /* that are there */
	unsigned next;
	unsigned candidate; /* what the steps have in common */
	unsigned agreed;    /* times in a row */
	unsigned frames;    /* learned; 0 = nothing yet */
};

void period_init(struct period *period);
/* A position in frames, monotonic but for restarts. Returns true if something new was learned. The
 * times between reports must vary, or what they have in common is theirs. */
bool period_report(struct period *period, int64_t position);
