/*
 * Finds a GPU that may be drawn on: none that VFIO holds for a guest, because asking such a GPU
 * takes seconds or wakes it. The window system never offers one; without a window the program
 * itself must choose.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* file: of DRM, "/dev/dri/card0" or "/dev/dri/renderD128". sys: where sysfs is, "/sys". A device
 * that cannot be found there is not held. */
bool gpu_is_held(const char *sys, const char *file);

/* The first one that this user may draw with. dev: where devices are, "/dev". Returns whether there
 * is one; *ret_file is then its file. */
bool gpu_find(const char *sys, const char *dev, char *ret_file, size_t size);
