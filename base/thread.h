/*
 * Threads. A thread that is started here has all signals blocked (main() reads them from a
 * signalfd) and a name that ps and debuggers show.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

/* Returns 0 or a negative errno. name: at most 15 bytes ("pg-audio"). */
int thread_start(pthread_t *ret_thread, const char *name, void *(*run)(void *data), void *data);

/*
 * For a thread that works for microseconds and must do so on time: its sleeps end when they should
 * (by default 50 us later), and where the kernel takes a wish for short turns (Linux 6.12), it gets
 * the CPU from a thread in the middle of a longer one instead of up to 3 ms later. Needs no right
 * and takes no more than its share of the CPU. slice_us: 100 or more, what it usually needs at
 * once.
 */
void thread_be_prompt(unsigned slice_us);

/* Asks for real-time scheduling of the calling thread (SCHED_RR, priority 1..) where the limits
 * allow it, else for a negative nice value. Returns whether anything was granted; a refusal is
 * normal and no error. */
bool thread_ask_realtime(int priority);
/* Gives it back: the calling thread is one of all again. */
void thread_leave_realtime(void);
