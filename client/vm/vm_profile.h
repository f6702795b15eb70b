/*
 * Finds the settings of a VM (vms/NAME.ini) when the user did not say its name: those of the only
 * VM that runs with a shared memory device, or of the one whose id or UUID was given. Settings are
 * read at the start, so pierglass-vm-info is asked then, once, and only if there is such a file.
 *
 * On the main thread, before any other. What the VM has is not taken over here: vm_apply.h does,
 * also later.
 */
#pragma once

#include "client/config/config.h"

/* Reads the profile into config if there is one and the way to run that was asked for has use of
 * it. Waits for the answer, 2 s at most; that none came is said. Returns 0, or -EINVAL with what is
 * wrong in the file in error. */
int vm_profile_load(struct config *config, char error[static CONFIG_ERROR_BYTES]);

/* The VM with that name was found only now: says once that its profile would count from the next
 * start, if it has one that was not read. */
void vm_profile_missed(const struct config *config, const char *vm_name);
