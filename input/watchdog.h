/*
 * The watchdog: while input devices are grabbed, a thread of its own ("pg-watchdog") checks
 * that the loop of the thread that owns them still turns. When that loop has stood still for longer
 * than the limit, the watchdog ungrabs the devices, so that nobody is left without a keyboard. It
 * sleeps while nothing is grabbed.
 *
 * Only time counts in which the watchdog's own thread was let run. A process that is stopped as a
 * whole (SIGSTOP, a debugger, a frozen cgroup) has no watchdog, and keeps its devices when it goes
 * on; when it dies, the kernel releases them. An owner that would run, but gets no processor on a
 * busy host, has five times the limit.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define WATCHDOG_LIMIT_NS 2000000000ull
#define WATCHDOG_FDS      32

struct watchdog;

/* release(fd) runs on the watchdog's thread; NULL = EVIOCGRAB 0. Returns 0 or a negative errno. */
int watchdog_create(struct watchdog **ret_watchdog, uint64_t limit_ns, void (*release)(int fd));
/* Joins the thread. Accepts NULL. */
void watchdog_destroy(struct watchdog *watchdog);

/* All by the thread that owns the devices. An fd is removed before it is closed. */
int watchdog_add(struct watchdog *watchdog, int fd);
void watchdog_remove(struct watchdog *watchdog, int fd);

/* I turn. Call at least every quarter of the limit while an fd is in. */
void watchdog_feed(struct watchdog *watchdog);

/* Whether it has released the devices since the last call. They are out of its list then. */
bool watchdog_fired(struct watchdog *watchdog);
