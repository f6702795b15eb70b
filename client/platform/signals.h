/*
 * Signals as events of the loop. main() calls signals_block() before any thread exists; then the
 * loop's thread reads them from a signalfd.
 *
 * The first SIGINT, SIGTERM or SIGHUP asks to leave; the second one of the same run ends the
 * process at once, so that a hang can always be left: the kernel gives grabbed devices back, and a
 * SPICE server lets the keys of a client go that is gone.
 */
#pragma once

#include <stdint.h>

struct loop;
struct signals;

void signals_block(void);

/* For children between fork and exec: the signal mask is inherited otherwise. */
void signals_unblock_in_child(void);

/* quit: on the loop's thread. Returns 0 or a negative errno. */
int signals_create(struct signals **ret_signals, struct loop *loop,
		void (*quit)(int signal, void *data), void *data);
void signals_destroy(struct signals *signals);

/* For who runs no loop: waits so long for one of them. Returns its number, 0 = none came. */
int signals_wait(uint64_t ns);
