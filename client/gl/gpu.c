#include "client/gl/gpu.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool gpu_is_held(const char *sys, const char *file) {
	const char *slash = strrchr(file, '/');
	char path[PATH_MAX], driver[PATH_MAX];
	const int len = snprintf(path, sizeof path, "%s/class/drm/%s/device/driver", sys,
			slash != NULL ? slash + 1 : file);
	if (len < 0 || (size_t)len >= sizeof path) {
		return false;
	}
	const ssize_t bytes = readlink(path, driver, sizeof driver - 1);
	if (bytes <= 0) {
		return false;
	}
	driver[bytes] = '\0';
	const char *name = strrchr(driver, '/');
	name = name != NULL ? name + 1 : driver;
	/* vfio-pci and its variants, mlx5_vfio_pci and the like; pci-stub is the older way. */
	return strstr(name, "vfio") != NULL || strcmp(name, "pci-stub") == 0;
}

bool gpu_find(const char *sys, const char *dev, char *ret_file, size_t size) {
	/* The numbers that DRM gives out for drawing, but for the rarest. */
	for (unsigned number = 128; number < 144; number++) {
		char path[PATH_MAX];
		const int len = snprintf(path, sizeof path, "%s/dri/renderD%u", dev, number);
		if (len > 0 && (size_t)len < size && access(path, R_OK | W_OK) == 0 &&
				!gpu_is_held(sys, path)) {
			memcpy(ret_file, path, (size_t)len + 1);
			return true;
		}
	}
	return false;
}
