/*
 * A device of the kernel, opened and read through libevdev: the real device behind input/device.h.
 */
#pragma once

#include "input/device.h"

/* Opens it without blocking and without waiting for anything. Writing (lock lights) is given up
 * silently where it is not allowed. Returns 0, -EACCES, -ENODEV, … */
int evdev_open(const char *node, struct device *ret_device);
