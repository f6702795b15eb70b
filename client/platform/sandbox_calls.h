/* The system calls that no player needs, refused by seccomp. Private to sandbox.h. */
#pragma once

/* For all threads. Returns 0 or a negative errno; -EOPNOTSUPP on a machine whose calls are not
 * known here. */
int sandbox_calls_enter(void);
