/*
 * Asks logind over D-Bus whether the screen of a login session is locked. The files in /run/systemd
 * tell only whether the session is the active one.
 *
 * Nothing blocks; a bus that goes away is looked for again. On the loop's thread.
 */
#pragma once

#include <stdbool.h>

struct logind;
struct loop;

/* session: its name, e.g. "2". changed runs whenever logind_locked() changed; the first answer may
 * be such a change, too. -EOPNOTSUPP in a build without libsystemd. */
int logind_create(struct logind **ret_logind, struct loop *loop, const char *session,
		void (*changed)(void *data), void *data);
void logind_destroy(struct logind *logind); /* accepts NULL */

/* False while nothing is known. NULL is never locked. */
bool logind_locked(const struct logind *logind);
