/*
 * Whether this machine has a virtual machine at all: what --demo-if-no-vm asks. Looks at files and
 * processes only, asks no daemon.
 */
#pragma once

#include <stdbool.h>

bool has_vm(void);
