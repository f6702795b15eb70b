/*
 * `pierglass scream -i virbr0 …`: what the receiver of the Scream project did under these flags,
 * without what was wrong with it (features.md 5): an absent interface, address or sound server, a
 * malformed packet or a second receiver never end it; the longest latency holds for every format;
 * -h exits 0; it does not ask for another niceness than the player does. The flags are in
 * config->rest.
 */
#pragma once

struct config;

/* Until a signal, config->seconds, or the end of the reader of raw sound. Returns the exit status.
 */
int run_scream(struct config *config);
