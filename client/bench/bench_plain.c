#define LOG_MODULE "bench"
#include "client/bench/bench_plain.h"

#include <errno.h>
#include <stdlib.h>

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <X11/Xlib.h>

#include "base/log.h"
#include "client/gl/egl.h"
#include "client/gl/gl.h"
#include "client/gl/gl_util.h"
#include "client/gl/window_surface.h"

struct bench_plain {
	struct window_surface *surface;
	/* X11 */
	Display *x11;
	EGLDisplay display;
	EGLContext context;
	EGLSurface egl_surface;
	/* elsewhere */
	struct egl *egl;

	unsigned program, texture, vertices;
	uint32_t texels, rows;
};

static const char vertex_text[] =
		"out vec2 at;\n"
		"void main() {\n"
		"	vec2 corner = vec2(gl_VertexID == 1 ? 2.0 : 0.0, gl_VertexID == 2 ? 2.0 : 0.0);\n"
		"	at = vec2(corner.x, 1.0 - corner.y);\n"
		"	gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);\n"
		"}\n";
static const char fragment_text[] = "in vec2 at;\n"
				    "uniform sampler2D image;\n"
				    "out vec4 color;\n"
				    "void main() {\n"
				    "	color = vec4(texture(image, at).bgr, 1.0);\n"
				    "}\n";

/* The configuration of the window's visual. */
static EGLConfig window_config(const struct bench_plain *plain) {
	const EGLint wanted[] = { EGL_SURFACE_TYPE, EGL_WINDOW_BIT, EGL_RENDERABLE_TYPE,
		EGL_OPENGL_ES3_BIT, EGL_RED_SIZE, 8, EGL_NONE };
	XWindowAttributes attributes;
	EGLConfig configs[256];
	EGLint count = 0;
	if (!XGetWindowAttributes(plain->x11, plain->surface->x11_window, &attributes) ||
			!eglChooseConfig(plain->display, wanted, configs, 256, &count)) {
		return NULL;
	}
	const EGLint visual = (EGLint)XVisualIDFromVisual(attributes.visual);
	for (EGLint i = 0; i < count; i++) {
		EGLint id = 0;
		EGLint depth = 0;
		EGLint samples = 0;
		eglGetConfigAttrib(plain->display, configs[i], EGL_NATIVE_VISUAL_ID, &id);
		eglGetConfigAttrib(plain->display, configs[i], EGL_DEPTH_SIZE, &depth);
		eglGetConfigAttrib(plain->display, configs[i], EGL_SAMPLES, &samples);
		if (id == visual && depth == 0 && samples == 0) {
			return configs[i];
		}
	}
	return count > 0 ? configs[0] : NULL;
}

static int open_x11(struct bench_plain *plain) {
	static const EGLint version[] = { EGL_CONTEXT_MAJOR_VERSION, 3, EGL_NONE };
	plain->x11 = XOpenDisplay(plain->surface->x11_display);
	if (!plain->x11) {
		return -ENODEV;
	}
	plain->display = eglGetPlatformDisplay(EGL_PLATFORM_X11_KHR, plain->x11, NULL);
	if (plain->display == EGL_NO_DISPLAY || !eglInitialize(plain->display, NULL, NULL) ||
			!eglBindAPI(EGL_OPENGL_ES_API)) {
		return -ENODEV;
	}
	EGLConfig config = window_config(plain);
	if (!config) {
		return -ENODEV;
	}
	EGLNativeWindowType window = (EGLNativeWindowType)plain->surface->x11_window;
	plain->egl_surface = eglCreateWindowSurface(plain->display, config, window, NULL);
	plain->context = eglCreateContext(plain->display, config, EGL_NO_CONTEXT, version);
	if (plain->egl_surface == EGL_NO_SURFACE || plain->context == EGL_NO_CONTEXT ||
			!eglMakeCurrent(plain->display, plain->egl_surface, plain->egl_surface,
					plain->context)) {
		return -ENODEV;
	}
	eglSwapInterval(plain->display, 0);
	return 0;
}

static int open_gl(struct bench_plain *plain) {
	plain->program = gl_program("", "", vertex_text, fragment_text);
	if (plain->program == 0) {
		return -ENODEV;
	}
	glGenTextures(1, &plain->texture);
	glGenVertexArrays(1, &plain->vertices);
	glBindVertexArray(plain->vertices);
	glBindTexture(GL_TEXTURE_2D, plain->texture);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
	glUseProgram(plain->program);
	return 0;
}

int bench_plain_create(struct bench_plain **ret_plain, struct window_surface *surface) {
	struct bench_plain *plain = calloc(1, sizeof *plain);
	if (!plain) {
		return -ENOMEM;
	}
	plain->surface = surface;
	plain->display = EGL_NO_DISPLAY;
	int r = surface->kind == WINDOW_SURFACE_X11 ? open_x11(plain)
						    : egl_create_plain(&plain->egl, surface);
	if (r == 0) {
		r = open_gl(plain);
	}
	if (r < 0) {
		log_warn("the floor cannot be measured: no plain OpenGL ES 3 on this window");
		bench_plain_destroy(plain);
		return r;
	}
	*ret_plain = plain;
	return 0;
}

void bench_plain_destroy(struct bench_plain *plain) {
	if (!plain) {
		return;
	}
	if (plain->texture) {
		glDeleteTextures(1, &plain->texture);
		glDeleteVertexArrays(1, &plain->vertices);
		glDeleteProgram(plain->program);
	}
	if (plain->display != EGL_NO_DISPLAY) {
		eglMakeCurrent(plain->display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
		if (plain->context) {
			eglDestroyContext(plain->display, plain->context);
		}
		if (plain->egl_surface) {
			eglDestroySurface(plain->display, plain->egl_surface);
		}
		eglTerminate(plain->display);
		eglReleaseThread();
	}
	if (plain->x11) {
		XCloseDisplay(plain->x11);
	}
	egl_destroy(plain->egl);
	free(plain);
}

void bench_plain_upload(struct bench_plain *plain, const unsigned char *pixels, uint32_t texels,
		uint32_t rows, uint32_t pitch) {
	glBindTexture(GL_TEXTURE_2D, plain->texture);
	if (texels != plain->texels || rows != plain->rows) {
		plain->texels = texels;
		plain->rows = rows;
		glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, (GLsizei)texels, (GLsizei)rows, 0, GL_RGBA,
				GL_UNSIGNED_BYTE, NULL);
	}
	glPixelStorei(GL_UNPACK_ROW_LENGTH, (GLint)(pitch / 4));
	glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, (GLsizei)texels, (GLsizei)rows, GL_RGBA,
			GL_UNSIGNED_BYTE, pixels);
}

int bench_plain_show(struct bench_plain *plain) {
	struct egl_target target = { .framebuffer = 0 };
	if (plain->egl) {
		int r = egl_begin(plain->egl, &target);
		if (r < 0) {
			return r;
		}
	} else {
		target.width = plain->surface->width_px;
		target.height = plain->surface->height_px;
	}
	glViewport(0, 0, target.width, target.height);
	glUseProgram(plain->program);
	glBindVertexArray(plain->vertices);
	glBindTexture(GL_TEXTURE_2D, plain->texture);
	glDrawArrays(GL_TRIANGLES, 0, 3);
	if (plain->egl) {
		(void)egl_swap(plain->egl, NULL, 0);
	} else {
		eglSwapBuffers(plain->display, plain->egl_surface);
	}
	glFinish();
	return 0;
}
