/* Files and programs under Landlock. Private to sandbox.h. */
#pragma once

#include <stddef.h>

/* What a mode may do beside reading what is no secret and writing outside of the home folder. */
enum sandbox_may {
	SANDBOX_PROGRAMS = 1 << 0, /* execute those of ours; no mode executes others */
	SANDBOX_CACHE = 1 << 1,    /* write ~/.cache and the folders that drivers have */
	SANDBOX_SETTINGS = 1 << 2, /* write our settings and state */
	SANDBOX_PICTURES = 1 << 3, /* write where screenshots go */
};

/* The rules for a home folder; write: files that are written wherever they are; "" or NULL ends
 * them. Returns the kernel's version of Landlock and the rules, or 0 without it. */
int sandbox_files_prepare(unsigned may, const char *home, const char *const *write,
		size_t write_count, int *ret_rules);

/* For this thread and those that it starts. Returns 0 or a negative errno. */
int sandbox_files_enter(int rules);
