/*
 * EGL's displays: what one can, and the one of a picture without a window. Everything on pg-video.
 */
#pragma once

#include <stdbool.h>

bool egl_display_has(void *display, const char *extension);

/* EGLDisplay: a real GPU that no guest has, else Mesa's of the CPU; not initialised perhaps. */
void *egl_open_offscreen(void);
