/*
 * Which GPU may be drawn on: none that VFIO holds for a guest. Asking such a GPU takes seconds or
 * wakes it. The window system never offers one, but without a window the program chooses itself.
 */
#pragma once

#include <stdbool.h>

/* file: of DRM, "/dev/dri/card0" or "/dev/dri/renderD128". sys: where sysfs is, "/sys". A device
 * that cannot be found there is not held. */
bool gpu_is_held(const char *sys, const char *file);
