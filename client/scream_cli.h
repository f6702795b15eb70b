/*
 * `pierglass scream -i virbr0 …`: the command line of the Scream project's receiver, without its
 * faults: an absent interface, address or sound server, a malformed packet or a second receiver
 * never end it; the longest latency holds for every format; -h exits 0; the niceness is the
 * player's. The flags are in config->rest.
 */
#pragma once

struct config;

/* Until a signal, config->seconds, or the end of the reader of raw sound. Returns the exit status.
 */
int run_scream(struct config *config);
