/*
 * Scheduling that the user's limits refuse, asked of rtkit (org.freedesktop.RealtimeKit1), the
 * service of every desktop that grants it to sound programs. Without it sound and frames wait for
 * their turn behind whatever else wants the CPU.
 *
 * rtkit wants a limit on real-time work without a pause (RLIMIT_RTTIME), past which the kernel ends
 * the process. Threads keep below it (base/thread.h, thread_breathe()); should one not, at half of
 * the limit SIGXCPU reaches that thread, which goes on without real-time scheduling.
 *
 * No bus, no rtkit, a refusal: normal, and no error.
 */
#pragma once

#include <sys/types.h>

struct loop;
struct rtkit;

/* On the loop's thread, or before it runs. Connects when somebody asks for the first time. One per
 * process: it takes over SIGXCPU. */
int rtkit_create(struct rtkit **ret_rtkit, struct loop *loop);
void rtkit_destroy(struct rtkit *rtkit); /* accepts NULL; nobody may ask any more */

/* From any thread: struct scheduling_broker's ask() (base/thread.h). data: the rtkit, NULL = nobody
 * is asked. */
void rtkit_ask(pid_t thread, int level, void *data);
