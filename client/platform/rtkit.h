/*
 * Real-time scheduling through rtkit (org.freedesktop.RealtimeKit1), for users whose limits refuse
 * it: the service with which desktops grant it to sound programs. Without it sound and frames wait
 * behind whatever else wants the CPU.
 *
 * rtkit wants a limit on real-time work without a pause (RLIMIT_RTTIME), past which the kernel ends
 * the process. Threads keep below it (base/thread.h, thread_breathe()); a thread
 * that does not gets SIGXCPU at half of the limit and goes on without real-time scheduling.
 *
 * A missing bus, a missing rtkit and a refusal are normal, not errors.
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
