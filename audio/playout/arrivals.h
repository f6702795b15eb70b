/*
 * Arrivals of one source: the format of its packets, the arrival clock, the jitter and the bursts.
 * Pure; one thread at a time.
 */
#pragma once

#include "audio/codec/scream.h"
#include "audio/playout/drift.h"
#include "audio/playout/prebuffer.h"

struct arrivals {
	struct scream_format format;
	struct arrival clock;
	bool reliable;        /* see playout_set_reliable() */
	double spread_ns;     /* how unevenly they come: see note_spread() */
	double error_ns;      /* of the last one */
	uint64_t newest_ns;   /* the last one */
	uint64_t burst_at_ns; /* the first of the last burst */
	double burst_ns;      /* from one burst to the next, on average */
};

/* Another source, or another format of it. */
void arrivals_begin(struct arrivals *arrivals, const struct scream_format *format);
/* A pause: forgets when packets are due, keeps how fast the source's clock goes. */
void arrivals_restart(struct arrivals *arrivals);

/* A packet that is played as it comes. packet_ns: how long it lasts. */
struct arrival_result arrivals_note(
		struct arrivals *arrivals, uint64_t arrived_ns, unsigned frames, double packet_ns);
/* The packets that waited, all at once; returns when the newest should have come. */
double arrivals_note_waiting(struct arrivals *arrivals, struct prebuffer *prebuffer);

/* Several come together, then none for a while. */
bool arrivals_are_bursty(const struct arrivals *arrivals);
/* From one packet, or one burst, to the next. */
double arrivals_period_ns(const struct arrivals *arrivals, double packet_ns);
