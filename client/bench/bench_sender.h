/*
 * The sender of --bench=audio: a thread that sends Scream packets to a group of its own on
 * loopback, with the faults of a scenario. Left is a ramp that tells the frame, right a pure tone.
 */
#pragma once

#include <stdint.h>

#define BENCH_RATE    48000u
#define BENCH_FRAMES  288u  /* of a packet */
#define BENCH_RAMP    65536 /* frames; one frame is one step of 16 bits */
#define BENCH_TONE_HZ 997.0

struct bench_scenario {
	const char *name;
	double ppm;
	double burst_ms;
	double jitter_ms;
	double loss;
	double stall_every_s, stall_ms;
	unsigned latency_ms; /* 0 = auto */
};

struct bench_sender;

/* group: "239.255.…", on the interface lo. */
int bench_sender_start(struct bench_sender **ret_sender, const struct bench_scenario *scenario,
		const char *group, uint16_t port, double seconds);
/* Joins it. Accepts NULL. *ret_cpu_ns: what it used; may be NULL. */
void bench_sender_stop(struct bench_sender *sender, uint64_t *ret_cpu_ns);
/* When the packet was sent; 0 = not yet, or it was left out. From any thread. */
uint64_t bench_sender_sent_ns(const struct bench_sender *sender, uint64_t packet);
uint64_t bench_sender_start_ns(const struct bench_sender *sender);
