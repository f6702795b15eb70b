/*
 * Starts threads. A new thread has a name that ps and debuggers show, and all signals blocked
 * (base/ending.h waits for them) but those that concern the thread itself.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

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

/* Who is asked for what the limits of the user refuse (rtkit). ask: from any thread, must not
 * block; level: a priority of real-time scheduling, or below 0 a nice value. It comes later, or
 * never. */
struct scheduling_broker {
	void (*ask)(pid_t thread, int level, void *data);
	void *data;
};

/* Asks for real-time scheduling of the calling thread (SCHED_RR, priority 1..) where the limits
 * allow it, else for a negative nice value, else the broker (NULL = nobody). Returns whether
 * anything was granted at once; a refusal is normal and no error. */
bool thread_ask_realtime(int priority, const struct scheduling_broker *broker);
/* For a thread that must answer soon and that its peers can make work for long at a time: short
 * turns as of thread_be_prompt(), and a negative nice value from the limits or the broker. Not
 * real-time scheduling: whoever woke up on its CPU, the display server say, would wait until it
 * sleeps. Returns whether the nice value was granted at once. */
bool thread_ask_priority(const struct scheduling_broker *broker);
/* Gives it back: the calling thread is one of all again. */
void thread_leave_realtime(void);
bool thread_is_realtime(void);

/*
 * Real-time scheduling that rtkit granted ends with the process when a thread works for some 200 ms
 * without a pause. Whoever may have it and can be kept busy from outside calls this once a turn: it
 * sleeps for a moment now and then, when the thread has used the CPU for 20 ms.
 */
struct thread_breath {
	uint64_t cpu_ns; /* both start as 0 */
	uint64_t looked_ns;
};
void thread_breathe(struct thread_breath *breath);
