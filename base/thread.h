/*
 * Threads. A thread that is started here has all signals blocked (main() reads them from a
 * signalfd) and a name that ps and debuggers show.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

/* Returns 0 or a negative errno. name: at most 15 bytes ("pg-audio"). */
int thread_start(pthread_t *ret_thread, const char *name, void *(*run)(void *data), void *data);

/* Asks for real-time scheduling of the calling thread (SCHED_RR, priority 1..) where the limits
 * allow it, else for a negative nice value. Returns whether anything was granted; a refusal is
 * normal and no error. */
bool thread_ask_realtime(int priority);
