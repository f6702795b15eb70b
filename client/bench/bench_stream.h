/*
 * The other far end of --bench=input: a host program of KVMFR 34 in a memory of its own. Its
 * service reads the input stream on a thread ("bench-stream") that looks every 200 us, and notes
 * what arrived and when. Events are told apart by counting, as in bench_wire.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/bench/bench_wire.h"

struct bench_stream_end;
struct input_port;

/* Room for `events` of each kind. folder: where the memory's file lies. The offer goes to port,
 * which outlives it. Offers nothing yet. Returns 0 or a negative errno. */
int bench_stream_create(struct bench_stream_end **ret_end, const char *folder,
		struct input_port *port, uint32_t events);
/* Joins the thread, removes the file. Accepts NULL. */
void bench_stream_destroy(struct bench_stream_end *end);

/* Whether the host offers its stream. */
void bench_stream_offer(struct bench_stream_end *end, bool on);

/* BENCH_MOTION or BENCH_KEY; as bench_wire_arrived() and bench_wire_time_ns(). */
uint32_t bench_stream_arrived(const struct bench_stream_end *end, enum bench_stream stream);
uint64_t bench_stream_time_ns(
		const struct bench_stream_end *end, enum bench_stream stream, uint32_t i);
