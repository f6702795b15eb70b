/*
 * The event loop of pg-io and of --audio-only: file descriptors, timers, and a wake from other
 * threads, on epoll. One thread runs it; only loop_wake() and loop_quit() may be called from
 * others.
 *
 * A callback may add and remove anything, itself included: a source removed while the loop
 * dispatches is marked and freed after the round, and its callback does not run any more.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"

struct loop;
struct loop_source;

/* events: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP that occurred. */
typedef void (*loop_fd_fn)(int fd, uint32_t events, void *data);
typedef void (*loop_fn)(void *data);

int loop_create(struct loop **ret_loop);
/* Frees all sources that are left (their fds stay open: whoever opened them closes them). */
void loop_destroy(struct loop *loop);

/* Dispatches until loop_quit(). Returns the value given to it, or a negative errno. */
int loop_run(struct loop *loop);

/* One round: waits at most timeout_ms (-1 = for ever, 0 = not at all) and dispatches what is ready.
 * Returns the number of callbacks that ran or a negative errno. For tests and for those who embed
 * the loop. */
int loop_run_once(struct loop *loop, int timeout_ms);

/* For those who have to wait for something else as well: poll this fd for input, for at most
 * loop_wait_ms() (-1 = for ever), then call loop_run_once(loop, 0). */
int loop_fd(const struct loop *loop);
int loop_wait_ms(const struct loop *loop);

/* From any thread, also before loop_run(). */
void loop_quit(struct loop *loop, int result);

/* The loop does not own the fd. Returns NULL when out of memory or the fd cannot be watched. */
struct loop_source *loop_add_fd(
		struct loop *loop, int fd, uint32_t events, loop_fd_fn fn, void *data);
int loop_set_events(struct loop_source *source, uint32_t events);

/* A timer that does not run yet. */
struct loop_source *loop_add_timer(struct loop *loop, loop_fn fn, void *data);
/* Fires once at the deadline; DEADLINE_NONE stops it. Setting it again replaces the deadline. */
void loop_set_timer(struct loop_source *timer, deadline due);

/* Something that other threads can wake: fn runs on the loop's thread soon after; several wakes
 * before that are one. */
struct loop_source *loop_add_wake(struct loop *loop, loop_fn fn, void *data);
/* From any thread, never blocks, allocates nothing. */
void loop_wake(struct loop_source *wake);

/* Accepts NULL. Call on the loop's thread, or while no thread runs it. */
void loop_remove(struct loop_source *source);
