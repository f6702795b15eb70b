/*
 * The far ends of --bench=input, each on a thread of its own that notes what arrived and when: a
 * SPICE server peer ("bench-guest") for what the player sends, and a plain socket ("bench-floor")
 * behind a loop that does nothing but read and write.
 *
 * Events are told apart by counting: each motion is one to the right, each key event the next one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct bench_wire;

/* Asked for by the session's thread and the floor's loop, so that both are treated alike; the far
 * ends ask for one more: how late a server reads is not measured. */
#define BENCH_PRIORITY 5

enum bench_stream { BENCH_MOTION, BENCH_KEY, BENCH_FLOOR, BENCH_STREAMS };

/* Room for `events` of each stream. unix_path: where the peer listens. Starts the threads. Returns
 * 0 or a negative errno. */
int bench_wire_create(struct bench_wire **ret_wire, const char *unix_path, uint32_t events);
/* Joins them. Accepts NULL. */
void bench_wire_destroy(struct bench_wire *wire);

/* One event for the floor: as many bytes in and out as the player's. */
int bench_wire_send_floor(struct bench_wire *wire);

/* How many of a stream have arrived. From any thread. */
uint32_t bench_wire_arrived(const struct bench_wire *wire, enum bench_stream stream);
/* When the i-th one arrived; i < bench_wire_arrived(). */
uint64_t bench_wire_time_ns(const struct bench_wire *wire, enum bench_stream stream, uint32_t i);
/* Motion messages that came for all the motions. */
uint32_t bench_wire_motion_messages(const struct bench_wire *wire);
