/*
 * Signals as events of the loop. main() calls signals_block() before any thread exists; then the
 * loop's thread reads them from a signalfd.
 *
 * The first SIGINT, SIGTERM or SIGHUP asks to leave; the second one of the same run ends the
 * process at once (after the crash hook released the devices), so that a hang can always be left.
 */
#pragma once

struct loop;
struct signals;

void signals_block(void);

/* For children between fork and exec: the signal mask is inherited otherwise. */
void signals_unblock_in_child(void);

/* quit: on the loop's thread. Returns 0 or a negative errno. */
int signals_create(struct signals **ret_signals, struct loop *loop,
		void (*quit)(int signal, void *data), void *data);
void signals_destroy(struct signals *signals);

/* Runs `release` from the handler of a fatal signal (SIGSEGV, SIGABRT, …) before the process dies
 * of it, so that no key stays held and no device grabbed. It must be async-signal-safe. */
void signals_on_crash(void (*release)(void));
