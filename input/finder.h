/*
 * Finds the machine's input devices: lists them from sysfs (readable for everyone), asks udev about
 * them, and notices new and removed ones through udev and through the folders of /dev/input, so
 * that either may be missing.
 */
#pragma once

#include "input/device.h"

/* root: "" for the machine, or a folder with a copy of /sys and /dev (tests; udev is left out
 * then). Returns 0 or a negative errno. */
int finder_create(struct device_finder *ret_finder, const char *root);
