/*
 * --bench=video: the video part, unchanged, against the embedded guest, and its figures beside
 * their floors of the same run (doc/design.md, Numbers). On the main thread.
 */
#pragma once

struct config;

/* Prints the report (JSON with --json) on stdout. Returns the exit status. */
int run_bench_video(struct config *config);
