/*
 * Prepares the process of every program of pierglass, before anything else.
 */
#pragma once

#include <stdbool.h>

/* Opens /dev/null for each of 0, 1 and 2 that is closed, so that no file of ours becomes stdout or
 * stderr, and forbids core dumps (base/core_dump.h). First thing in main().
 */
void process_prepare(void);

/* Allows as many descriptors as the user may have. False with how many there are when these are too
 * few to play. */
bool process_allow_descriptors(unsigned *ret_count);

/* Whether the address space is bounded (ulimit -v): drivers then fail as if they were missing. */
bool process_has_little_space(unsigned *ret_mebibytes);

/* Whether this program runs with rights that its caller does not have (set-uid, set-gid): it
 * reads the caller's files and environment, so it must not. */
bool process_has_borrowed_rights(void);
