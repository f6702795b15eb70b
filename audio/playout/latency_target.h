/*
 * The latency target (scream-audio.md 3.4): the sound that must be in flight, which is what the
 * server needs, plus the lateness of packets, plus a margin. Adapts within 10..80 ms, or is set by
 * the user. Pure; one thread at a time.
 *
 * The target is the mean latency from the arrival of a packet to the loudspeaker; what the loop
 * holds is the fill before a packet is written, latency_target_fill_ns().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LATENCY_TARGET_BINS   201 /* of 0.5 ms: 0..100 ms */
#define LATENCY_TARGET_BLOCKS 3   /* of 10 s */

/* 2 ms are too little: other programs hold the CPUs for longer than that. */
#define LATENCY_TARGET_MARGIN_NS 4e6

#define LATENCY_TARGET_MIN_MS   10
#define LATENCY_TARGET_MAX_MS   80
#define LATENCY_TARGET_START_MS 25

struct latency_target {
	bool fixed;
	double now_ns;         /* what is wanted */
	double reserve_ns;     /* what the server needs at any time */
	double late_ns;        /* how late packets come, 99.5th percentile */
	double batch_ns;       /* how long packets are left waiting on purpose */
	double attack_ns;      /* added after underruns; decays */
	double attacked_to_ns; /* what it was after the last one */
	uint64_t hold_ns;      /* how long it stays before it decays */
	double constant_ns;    /* half a packet and what the resampler holds */
	uint64_t update_ns;
	uint64_t attacked_ns;
	uint64_t decay_ns;

	unsigned block;
	uint64_t block_since_ns;
	uint32_t bins[LATENCY_TARGET_BLOCKS][LATENCY_TARGET_BINS];
	uint32_t counts[LATENCY_TARGET_BLOCKS];
};

/* fixed_ms: 0 = adapt. */
void latency_target_init(struct latency_target *target, unsigned fixed_ms);
/* From now on, while it plays: another fixed target, or (0) one that adapts. */
void latency_target_change(struct latency_target *target, unsigned fixed_ms);
/* Another stream: other packets. Keeps what was learned of the server and of underruns. */
void latency_target_restart(struct latency_target *target, double packet_ns, double resampler_ns);
void latency_target_set_reserve(struct latency_target *target, double reserve_ns);
/* Packets are picked up so much later than they come: see playout_pickup(). */
void latency_target_set_batch(struct latency_target *target, double batch_ns);
/* A packet was handled late_ns after its smoothed time (negative = early). */
void latency_target_late(struct latency_target *target, double late_ns);
/* The fill ran out. */
void latency_target_underrun(struct latency_target *target, uint64_t now_ns);
/* Moves the target; call it at least once a second. */
void latency_target_update(struct latency_target *target, uint64_t now_ns);
/* In force: what is wanted, but never less than the server itself holds (Bluetooth). */
double latency_target_ns(const struct latency_target *target);
/* What the loop holds: in flight before a packet is written. */
double latency_target_fill_ns(const struct latency_target *target);
