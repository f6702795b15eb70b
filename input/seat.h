/*
 * Tells whether the user sits at this machine's keyboard: the login session of this process is the
 * active one, and its screen is not locked. The active session comes from logind's files in
 * /run/systemd (readable for everyone; libsystemd reads the same), the lock from logind over D-Bus
 * (input/logind.h). Without logind the active virtual terminal decides; without that the answer is
 * always true.
 *
 * A screen locker that does not tell logind is not noticed. On the loop's thread.
 */
#pragma once

#include <stdbool.h>

struct loop;
struct seat;

/* changed(active) runs whenever the answer changed, not for the first one: ask seat_active().
 * root: "" or a fixture tree; session: "" = find our own. Returns 0 or a negative errno. */
int seat_create(struct seat **ret_seat, struct loop *loop, const char *root, const char *session,
		void (*changed)(bool active, void *data), void *data);
/* Accepts NULL. */
void seat_destroy(struct seat *seat);

/* NULL, no seat to watch, is always active. */
bool seat_active(const struct seat *seat);
/* "", "the session is locked", … for people; the reason why it is not active. */
const char *seat_reason(const struct seat *seat);
