/*
 * Preloaded into the player: a GPU (the CPU's driver by another name, so that EGL's own swap is
 * used) that is reset as soon as the file $PG_EGL_LOST is there. The next swap takes the file away
 * and fails, as all of that context's do.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <EGL/egl.h>
#include <GLES3/gl3.h>

#pragma GCC visibility push(default)

static EGLContext lost;

static bool is_lost(void) {
	const char *file = getenv("PG_EGL_LOST");
	const EGLContext now = eglGetCurrentContext();
	if (file && unlink(file) == 0) {
		lost = now;
	}
	return now != EGL_NO_CONTEXT && now == lost;
}

EGLBoolean eglSwapBuffers(EGLDisplay dpy, EGLSurface surface) {
	EGLBoolean (*real)(EGLDisplay, EGLSurface) =
			(EGLBoolean(*)(EGLDisplay, EGLSurface))dlsym(RTLD_NEXT, "eglSwapBuffers");
	return is_lost() ? EGL_FALSE : real(dpy, surface);
}

/* So that the swap is the one above. */
__eglMustCastToProperFunctionPointerType eglGetProcAddress(const char *name) {
	__eglMustCastToProperFunctionPointerType (*real)(const char *) =
			(__eglMustCastToProperFunctionPointerType(*)(const char *))dlsym(
					RTLD_NEXT, "eglGetProcAddress");
	return strncmp(name, "eglSwapBuffersWithDamage", 24) == 0 ? NULL : real(name);
}

const GLubyte *glGetString(GLenum name) {
	const GLubyte *(*real)(GLenum) =
			(const GLubyte *(*)(GLenum))dlsym(RTLD_NEXT, "glGetString");
	return name == GL_RENDERER ? (const GLubyte *)"a GPU" : real(name);
}
