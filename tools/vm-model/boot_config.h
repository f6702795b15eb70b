/* The command line that the kernel will be started with, from the boot loader's own files. */
#pragma once

#include <stdbool.h>

#include "tools/vm-model/sysroot.h"

/* One of the files that the usual boot loaders take the kernel's command line from has the word:
 * GRUB's with its drop-ins, /etc/kernel/cmdline, the entries of systemd-boot, rEFInd's. What only
 * root may read says nothing. */
bool boot_config_says(const struct sysroot *root, const char *word);
