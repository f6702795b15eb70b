/*
 * Answers whether this machine has a virtual machine at all, for --demo-if-no-vm. Looks at files
 * and processes only, asks no daemon. A process or file of a stranger does not count
 * (base/owners.h).
 */
#pragma once

#include <stdbool.h>

#include "base/owners.h"

bool has_vm(const struct owners *owners);
