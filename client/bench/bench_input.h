/*
 * --bench=input: how long an event takes from a device to the SPICE socket's other end, through
 * the parts that play uses, unchanged, while video plays; beside it, in the same run, a bare read +
 * write loop (doc/design.md, Numbers).
 */
#pragma once

struct config;

/* Prints the report (JSON with --json) on stdout. Returns the exit status. On the main thread. */
int run_bench_input(struct config *config);
