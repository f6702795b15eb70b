/*
 * Which GPU may be drawn on: none that VFIO holds for a guest. Asking such a one costs seconds or
 * wakes it; the window system never offers it, but without a window we choose ourselves.
 */
#pragma once

#include <stdbool.h>

/* file: of DRM, "/dev/dri/card0" or "/dev/dri/renderD128". sys: where sysfs is, "/sys". A device
 * that cannot be found there is not held. */
bool gpu_is_held(const char *sys, const char *file);
