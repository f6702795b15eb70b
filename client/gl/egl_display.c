#include "client/gl/egl_display.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <string.h>

#include "client/gl/gpu.h"

static bool has_word(const char *list, const char *word) {
	const size_t len = strlen(word);
	for (const char *p = list; p != NULL && (p = strstr(p, word)) != NULL; p += len) {
		if ((p == list || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0')) {
			return true;
		}
	}
	return false;
}

bool egl_display_has(void *display, const char *extension) {
	return has_word(eglQueryString(display, EGL_EXTENSIONS), extension);
}

/* Nothing is asked of a GPU that a guest has. */
static bool device_is_held(EGLDeviceEXT device) {
	PFNEGLQUERYDEVICESTRINGEXTPROC query =
			(PFNEGLQUERYDEVICESTRINGEXTPROC)(void *)eglGetProcAddress(
					"eglQueryDeviceStringEXT");
	if (!query || !has_word(query(device, EGL_EXTENSIONS), "EGL_EXT_device_drm")) {
		return false;
	}
	const char *file = query(device, EGL_DRM_DEVICE_FILE_EXT);
	return file != NULL && gpu_is_held("/sys", file);
}

EGLDisplay egl_open_offscreen(void) {
	const char *client = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS);
	if (has_word(client, "EGL_EXT_platform_device") &&
			has_word(client, "EGL_EXT_device_enumeration")) {
		/* A real GPU first; Mesa lists its software device last. */
		PFNEGLQUERYDEVICESEXTPROC query =
				(PFNEGLQUERYDEVICESEXTPROC)(void *)eglGetProcAddress(
						"eglQueryDevicesEXT");
		EGLDeviceEXT devices[8];
		EGLint count = 0;
		if (query && query(8, devices, &count)) {
			for (EGLint i = 0; i < count; i++) {
				if (device_is_held(devices[i])) {
					continue;
				}
				EGLDisplay display = eglGetPlatformDisplay(
						EGL_PLATFORM_DEVICE_EXT, devices[i], NULL);
				if (display != EGL_NO_DISPLAY &&
						eglInitialize(display, NULL, NULL)) {
					return display;
				}
			}
		}
	}
	if (has_word(client, "EGL_MESA_platform_surfaceless")) {
		return eglGetPlatformDisplay(
				EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL);
	}
	return eglGetDisplay(EGL_DEFAULT_DISPLAY);
}
