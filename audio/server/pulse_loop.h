/*
 * A main loop for libpulse, made for pg-audio: the loop polls only when told to, writes deferred
 * data in the same turn, and makes no system call to wake itself or to watch less. A packet needs 7
 * system calls; with libpulse's own main loop it needs 12.
 *
 * One thread. Events may be freed in any callback, their own included.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include <pulse/mainloop-api.h>

#include "base/deadline.h"

/* Descriptors that are watched at once. Two connections have two each and may watch a folder each.
 */
#define PULSE_LOOP_FDS 16

struct pulse_loop;

/* Returns 0 or -ENOMEM. */
int pulse_loop_create(struct pulse_loop **ret_loop);
/* Whatever uses the interface must be gone. Accepts NULL. */
void pulse_loop_destroy(struct pulse_loop *loop);
pa_mainloop_api *pulse_loop_api(struct pulse_loop *loop);

/* Runs what is deferred, due, or said by a file descriptor until nothing is left (at most for some
 * dozen rounds: then others have their turn). Never waits. */
void pulse_loop_run(struct pulse_loop *loop);

/* pulse_loop_run() has something to do when one of these has its events (returns how many), or when
 * the deadline has passed. */
unsigned pulse_loop_fds(const struct pulse_loop *loop, struct pollfd ret_fds[PULSE_LOOP_FDS]);
deadline pulse_loop_deadline(const struct pulse_loop *loop);

/* A server does not take what was written: its file descriptor should be watched. */
bool pulse_loop_is_writing(const struct pulse_loop *loop);
