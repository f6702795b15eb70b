/*
 * How much sound must be in flight (scream-audio.md 3.4): what the server needs, plus how late
 * packets come, plus a margin. Adapts within 10..80 ms, or is what the user said. Pure; one thread
 * at a time.
 *
 * The target is the mean latency from the arrival of a packet to the loudspeaker; what the loop
 * holds is the level before a packet is written, target_level_ns().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TARGET_BINS   201 /* of 0.5 ms: 0..100 ms */
#define TARGET_BLOCKS 3   /* of 10 s */

/* 2 ms were not enough where other programs hold the CPUs for so long. */
#define TARGET_MARGIN_NS 4e6

#define TARGET_MIN_MS       10
#define TARGET_MAX_MS       80
#define TARGET_FIXED_MAX_MS 200
#define TARGET_START_MS     25

struct target {
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
	uint32_t bins[TARGET_BLOCKS][TARGET_BINS];
	uint32_t counts[TARGET_BLOCKS];
};

/* fixed_ms: 0 = adapt. */
void target_init(struct target *target, unsigned fixed_ms);
/* Another stream: other packets. Keeps what was learned of the server and of underruns. */
void target_restart(struct target *target, double packet_ns, double resampler_ns);
void target_set_reserve(struct target *target, double reserve_ns);
/* Packets are picked up so much later than they come: see player_pickup(). */
void target_set_batch(struct target *target, double batch_ns);
/* A packet was handled late_ns after its smoothed time (negative = early). */
void target_late(struct target *target, double late_ns);
/* The level ran out. */
void target_underrun(struct target *target, uint64_t now_ns);
/* Moves the target; call it at least once a second. */
void target_update(struct target *target, uint64_t now_ns);
/* In force: what is wanted, but never less than the server itself holds (Bluetooth). */
double target_ns(const struct target *target);
/* What the loop holds: in flight before a packet is written. */
double target_level_ns(const struct target *target);
