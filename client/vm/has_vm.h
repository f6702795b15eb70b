/*
 * Whether this machine has a virtual machine at all: what --demo-if-no-vm asks. Looks at files and
 * processes only, asks no daemon. A process or file of a stranger is none (base/owners.h).
 */
#pragma once

#include <stdbool.h>

#include "base/owners.h"

bool has_vm(const struct owners *owners);
