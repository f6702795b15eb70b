/* firewalld: the zone of a bridge, and whether Scream's port is open there. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/vm-model/sysroot.h"

/* The zone's name into buf (at least 64 bytes). Returns whether the zone's file opens UDP 4010. */
bool firewalld_zone_of(const struct sysroot *root, const char *bridge, char *buf, size_t size);
