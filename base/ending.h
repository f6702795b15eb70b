/*
 * Bounds the end of the program: whatever hangs, keys and devices are free half a second after
 * SIGINT, SIGTERM or SIGHUP, and the process is gone after two. A second signal ends the process at
 * once. (The kernel releases the grabbed devices of a process that is gone, and a SPICE server its
 * keys.) The same holds for an end without a signal, from ending_begin() on.
 *
 * A separate thread, "pg-ending", waits for the signals and looks at the clock; it takes no lock
 * that is held while anything waits. The process has one end, hence no handle.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct loop;

#define ENDING_RELEASE_NS 400000000ull  /* after this the process ends if keys are still held */
#define ENDING_GONE_NS    1800000000ull /* after this it ends in any case */
#define ENDING_CALM_NS    5000000000ull /* the same where nobody sent a signal */

/* The first thing in main(): blocks the signals for every thread that there will be and starts to
 * wait for them. Until there is somebody to ask, a signal ends the process. SIGHUP stays ignored
 * where it was (nohup). Returns 0 or a negative errno. */
int ending_start(void);

/* quit runs on the loop's thread after the first signal; when it returns, no key and no device is
 * held any more. One at a time; NULL ends it (call it where the loop runs, or while it does not
 * run). Returns 0 or a negative errno. */
int ending_ask(struct loop *loop, void (*quit)(int signal, void *data), void *data);

/* For who runs no loop: the number of the signal that came, 0 = none. From the first call on a
 * signal does not end the process at once. */
int ending_signalled(void);

/* The program ends for another reason than a signal, and within gone_ns at the latest. From any
 * thread. */
void ending_begin(uint64_t gone_ns);

/* Neither keys nor devices are held any more: from now on only the end itself is bounded. */
void ending_released(void);

/* Out, at once, without exit handlers: other threads may be anywhere. */
_Noreturn void ending_now(int status);

/* gone runs on pg-ending, once, when the other end of this socket has gone; it must not block. One
 * at a time; fd -1 ends it, and gone does not run any more when that returned. */
void ending_watch(int fd, void (*gone)(void *data), void *data);

/* Runs fn on pg-ending and waits for it: for what the kernel keeps for each thread by itself. fn
 * must not block. Without pg-ending it is not run. */
void ending_run_there(void (*fn)(void *data), void *data);

/* For children between fork and exec: the signal mask is inherited otherwise. Async-signal-safe. */
void ending_in_child(void);
