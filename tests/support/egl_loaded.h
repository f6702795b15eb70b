/*
 * Keeps the EGL driver in memory until the test ends: what it never frees would otherwise have no
 * module to be known by in a leak report (tests/support/lsan.supp).
 */
#pragma once

#include <EGL/egl.h>
#include <EGL/eglext.h>

static inline void keep_egl_loaded(void) {
	EGLDisplay display = eglGetPlatformDisplay(
			EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL);
	if (display != EGL_NO_DISPLAY) {
		eglInitialize(display, NULL, NULL);
	}
}
