/*
 * `pierglass --bench=audio`: the audio part between a sender of Scream packets on loopback and the
 * built-in sink, whose clock is 150 ppm off. Measures, for every frame, when it was heard against
 * when its packet was sent, with figures of their own for the first seconds of the sound and for
 * the steady state; glitches, silence, CPU. Each scenario (skew, bursts, loss, stalls) runs for
 * config->seconds (default 10). A table, or one JSON object with --json.
 */
#pragma once

struct config;

/* Returns the exit status. */
int run_bench_audio(struct config *config);
