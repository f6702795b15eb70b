/* Hooks of libvirt: scripts of the user that run when a VM starts and ends. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/vm-model/sysroot.h"

/* A hook for that VM (or for all) takes devices from their drivers when it starts, as guides for a
 * single GPU have it: then nothing is to be kept for the VM from the start of the machine on.
 * file: which one. */
bool libvirt_hook_binds(const struct sysroot *root, const char *vm, char *file, size_t size);
/* One that reserves huge pages when it starts. */
bool libvirt_hook_reserves(const struct sysroot *root, const char *vm, char *file, size_t size);
