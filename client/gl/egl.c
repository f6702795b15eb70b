#define LOG_MODULE "egl"
#include "client/gl/egl.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wayland-client.h>
#include <wayland-egl.h>

#include "client/gl/egl_display.h"
#include "client/gl/gl.h"
#include "client/gl/gl_target.h"
#include "client/gl/pixel_ring.h"
#include "client/gl/wayland_present.h"
#include "client/gl/wayland_times.h"
#include "client/gl/window_surface.h"
#include "client/gl/x11_present.h"
#include "client/gl/x11_times.h"

#include "base/deadline.h"
#include "base/log.h"

/* No answer of the compositor for that long: nobody sees the window. */
#define HIDDEN_NS (250 * NS_PER_MS)
/* How often it is asked whether the window is seen: each answer wakes every thread that reads the
 * connection. */
#define ASK_NS (100 * NS_PER_MS)

struct egl {
	struct window_surface *surface;
	EGLDisplay display;
	EGLConfig config;
	EGLContext context;
	EGLSurface egl_surface; /* EGL_NO_SURFACE: we draw into `target` */
	bool software, vsync;
	bool plain;     /* always EGL's own swap */
	bool memory;    /* neither EGL nor GL */
	bool preserved; /* a swap keeps the back buffer */
	bool has_buffer_age;
	PFNEGLSWAPBUFFERSWITHDAMAGEKHRPROC swap_with_damage;

	int width, height; /* of what is being drawn */
	bool ever_swapped; /* at this size */
	struct gl_target *target;

	void *x11; /* Display *, our own connection */
	struct x11_present *present;
	bool has_put;                /* since the last swap */
	bool waits_x11;              /* for the server to have read what was put */
	struct x11_times *x11_times; /* NULL: nobody tells */
	unsigned char *x11_pixels;   /* of egl_make_pixels() */

	struct wl_egl_window *wl_window;
	struct wl_event_queue *wl_queue;
	struct wl_surface *wl_wrapper;
	struct wl_callback *wl_frame;
	uint64_t wl_frame_since_ns; /* when it was asked for last */
	bool wl_waits;              /* for the compositor */
	struct wayland_present *wl_present;
	struct wayland_times *wl_times; /* NULL: nobody tells */
	uint64_t watch_tag;             /* of the next swap; 0 = none */
};

static int open_x11(struct egl *egl) {
	if (egl->surface->kind == WINDOW_SURFACE_X11) {
		egl->x11 = x11_open(egl->surface->x11_display);
		if (!egl->x11) {
			log_error("no connection to the X server %s", egl->surface->x11_display);
			return -ENODEV;
		}
	}
	return 0;
}

static int open_display(struct egl *egl) {
	switch (egl->surface->kind) {
	case WINDOW_SURFACE_X11:
		egl->display = eglGetPlatformDisplay(EGL_PLATFORM_X11_KHR, egl->x11, NULL);
		break;
	case WINDOW_SURFACE_WAYLAND:
		egl->display = eglGetPlatformDisplay(
				EGL_PLATFORM_WAYLAND_KHR, egl->surface->wl_display, NULL);
		break;
	case WINDOW_SURFACE_OFFSCREEN:
		egl->display = egl_open_offscreen();
		break;
	}
	EGLint major = 0, minor = 0;
	if (egl->display == EGL_NO_DISPLAY || !eglInitialize(egl->display, &major, &minor)) {
		log_error("EGL does not start (0x%x)", (unsigned)eglGetError());
		egl->display = EGL_NO_DISPLAY;
		return -ENODEV;
	}
	if (!eglBindAPI(EGL_OPENGL_ES_API)) {
		log_error("EGL offers no OpenGL ES");
		return -ENODEV;
	}
	return 0;
}

/* The first without depth, samples and alpha; on X11 of the window's own visual, which has fewer
 * than 8 bits a colour on a server of 16 bits. */
static int choose_config(struct egl *egl) {
	const EGLint wanted[] = { EGL_SURFACE_TYPE,
		egl->surface->kind == WINDOW_SURFACE_OFFSCREEN ? 0 : EGL_WINDOW_BIT,
		EGL_RENDERABLE_TYPE, EGL_OPENGL_ES3_BIT, EGL_RED_SIZE, 3, EGL_GREEN_SIZE, 3,
		EGL_BLUE_SIZE, 2, EGL_NONE };
	EGLConfig configs[256];
	EGLint count = 0;
	if (!eglChooseConfig(egl->display, wanted, configs, 256, &count) || count == 0) {
		log_error("EGL has no configuration for OpenGL ES 3");
		return -ENODEV;
	}
	const EGLint visual = egl->surface->kind == WINDOW_SURFACE_X11
					      ? (EGLint)x11_window_visual(
								egl->x11, egl->surface->x11_window)
					      : 0;
	long best = -1;
	for (EGLint i = 0; i < count; i++) {
		EGLint id = 0, alpha = 0, depth = 0, samples = 0, red = 0, types = 0;
		eglGetConfigAttrib(egl->display, configs[i], EGL_NATIVE_VISUAL_ID, &id);
		eglGetConfigAttrib(egl->display, configs[i], EGL_ALPHA_SIZE, &alpha);
		eglGetConfigAttrib(egl->display, configs[i], EGL_DEPTH_SIZE, &depth);
		eglGetConfigAttrib(egl->display, configs[i], EGL_SAMPLES, &samples);
		eglGetConfigAttrib(egl->display, configs[i], EGL_RED_SIZE, &red);
		eglGetConfigAttrib(egl->display, configs[i], EGL_SURFACE_TYPE, &types);
		if (visual != 0 && id != visual) {
			continue;
		}
		const long cost = labs(red - 8) * 1000L + samples * 100L + depth + alpha * 10L;
		if (best < 0 || cost < best) {
			best = cost;
			egl->config = configs[i];
			egl->preserved = (types & EGL_SWAP_BEHAVIOR_PRESERVED_BIT) != 0;
		}
	}
	if (best < 0) {
		log_error("EGL cannot draw on this window's visual");
		return -ENODEV;
	}
	return 0;
}

static bool name_is_software(const char *renderer) {
	return strstr(renderer, "llvmpipe") != NULL || strstr(renderer, "softpipe") != NULL ||
	       strstr(renderer, "swrast") != NULL ||
	       strstr(renderer, "Software Rasterizer") != NULL ||
	       strstr(renderer, "SwiftShader") != NULL;
}

static int create_context(struct egl *egl) {
	const EGLint attributes[] = { EGL_CONTEXT_MAJOR_VERSION, 3, EGL_CONTEXT_MINOR_VERSION, 0,
		EGL_NONE };
	egl->context = eglCreateContext(egl->display, egl->config, EGL_NO_CONTEXT, attributes);
	if (egl->context == EGL_NO_CONTEXT) {
		log_error("no OpenGL ES 3 context (EGL error 0x%x)", (unsigned)eglGetError());
		return -ENODEV;
	}
	/* Without a surface first: what draws decides how we show it. */
	if (!eglMakeCurrent(egl->display, EGL_NO_SURFACE, EGL_NO_SURFACE, egl->context)) {
		return -EAGAIN;
	}
	return 0;
}

static void frame_done(void *data, struct wl_callback *callback, uint32_t time) {
	(void)time;
	struct egl *egl = data;
	wl_callback_destroy(callback);
	egl->wl_frame = NULL;
}

static const struct wl_callback_listener frame_listener = { .done = frame_done };

static int make_target(struct egl *egl) {
	return egl->memory ? gl_target_create_memory(&egl->target, egl->width, egl->height)
			   : gl_target_create(&egl->target, egl->width, egl->height);
}

static int create_wayland_surface(struct egl *egl) {
	struct wl_display *display = egl->surface->wl_display;
	egl->wl_queue = wl_display_create_queue(display);
	egl->wl_wrapper = wl_proxy_create_wrapper(egl->surface->wl_surface);
	if (!egl->wl_queue || !egl->wl_wrapper) {
		return -ENOMEM;
	}
	wl_proxy_set_queue((struct wl_proxy *)egl->wl_wrapper, egl->wl_queue);
	egl->wl_times = wayland_times_create(display, egl->wl_queue);
	if (egl->software && !egl->plain &&
			wayland_present_create(&egl->wl_present, display, egl->wl_queue,
					egl->wl_wrapper) == 0) {
		return make_target(egl);
	}
	if (egl->memory) {
		log_error("the compositor takes no pictures from memory (wl_shm)");
		return -ENODEV;
	}
	egl->wl_window = wl_egl_window_create(egl->surface->wl_surface, egl->width, egl->height);
	if (!egl->wl_window) {
		return -ENOMEM;
	}
	egl->egl_surface = eglCreatePlatformWindowSurface(
			egl->display, egl->config, egl->wl_window, NULL);
	return 0;
}

static int create_surface(struct egl *egl) {
	int r = 0;
	switch (egl->surface->kind) {
	case WINDOW_SURFACE_OFFSCREEN:
		return make_target(egl);
	case WINDOW_SURFACE_X11:
		if (egl->software && !egl->plain &&
				x11_present_create(&egl->present, egl->x11,
						egl->surface->x11_window, egl->memory) == 0) {
			egl->x11_times =
					x11_times_create(egl->x11, egl->surface->x11_window, false);
			return make_target(egl);
		}
		if (egl->memory) {
			log_error("the X server %s takes no pixels in the form of this window",
					egl->surface->x11_display);
			return -ENODEV;
		}
		egl->x11_times = x11_times_create(egl->x11, egl->surface->x11_window, true);
		egl->egl_surface = eglCreatePlatformWindowSurface(
				egl->display, egl->config, &egl->surface->x11_window, NULL);
		break;
	case WINDOW_SURFACE_WAYLAND:
		r = create_wayland_surface(egl);
		break;
	}
	if (r < 0 || egl->target) {
		return r;
	}
	if (egl->egl_surface == EGL_NO_SURFACE || !eglMakeCurrent(egl->display, egl->egl_surface,
								  egl->egl_surface, egl->context)) {
		log_error("EGL cannot draw on the window (0x%x)", (unsigned)eglGetError());
		return -ENODEV;
	}
	if (egl->preserved && egl->software) {
		/* Mesa's software swap copies anyway; with a GPU preserving costs a copy. */
		eglSurfaceAttrib(egl->display, egl->egl_surface, EGL_SWAP_BEHAVIOR,
				EGL_BUFFER_PRESERVED);
	} else {
		egl->preserved = false;
	}
	eglSwapInterval(egl->display, 0);
	return 0;
}

static struct egl *new_egl(struct window_surface *surface) {
	struct egl *egl = calloc(1, sizeof *egl);
	if (!egl) {
		return NULL;
	}
	egl->surface = surface;
	egl->display = EGL_NO_DISPLAY;
	egl->context = EGL_NO_CONTEXT;
	egl->egl_surface = EGL_NO_SURFACE;
	pthread_mutex_lock(&surface->lock);
	egl->width = surface->width_px;
	egl->height = surface->height_px;
	pthread_mutex_unlock(&surface->lock);
	return egl;
}

static int create(struct egl **ret_egl, struct window_surface *surface, bool plain) {
	struct egl *egl = new_egl(surface);
	if (!egl) {
		return -ENOMEM;
	}
	egl->plain = plain;
	int r = open_x11(egl);
	if (r == 0) {
		r = open_display(egl);
	}
	if (r < 0) {
		goto fail;
	}
	r = choose_config(egl);
	if (r < 0) {
		goto fail;
	}
	r = create_context(egl);
	if (r == 0) {
		egl->software = name_is_software((const char *)glGetString(GL_RENDERER));
	} else if (r != -EAGAIN || surface->kind == WINDOW_SURFACE_OFFSCREEN) {
		log_error("no OpenGL ES context without a surface");
		goto fail;
	}
	r = create_surface(egl);
	if (r < 0) {
		goto fail;
	}
	egl->has_buffer_age = egl_display_has(egl->display, "EGL_EXT_buffer_age");
	if (egl_display_has(egl->display, "EGL_KHR_swap_buffers_with_damage")) {
		egl->swap_with_damage =
				(PFNEGLSWAPBUFFERSWITHDAMAGEKHRPROC)(void *)eglGetProcAddress(
						"eglSwapBuffersWithDamageKHR");
	} else if (egl_display_has(egl->display, "EGL_EXT_swap_buffers_with_damage")) {
		egl->swap_with_damage =
				(PFNEGLSWAPBUFFERSWITHDAMAGEKHRPROC)(void *)eglGetProcAddress(
						"eglSwapBuffersWithDamageEXT");
	}
	log_info("drawing with %s (%s)", egl_renderer_name(egl), egl_kind(egl));
	*ret_egl = egl;
	return 0;

fail:
	egl_destroy(egl);
	return r;
}

int egl_create(struct egl **ret_egl, struct window_surface *surface) {
	return create(ret_egl, surface, false);
}

int egl_create_memory(struct egl **ret_egl, struct window_surface *surface) {
	struct egl *egl = new_egl(surface);
	if (!egl) {
		return -ENOMEM;
	}
	egl->memory = true;
	egl->software = true;
	int r = open_x11(egl);
	if (r == 0) {
		r = create_surface(egl);
	}
	if (r < 0) {
		egl_destroy(egl);
		return r;
	}
	log_info("drawing without OpenGL (%s)", egl_kind(egl));
	*ret_egl = egl;
	return 0;
}

int egl_create_plain(struct egl **ret_egl, struct window_surface *surface) {
	return create(ret_egl, surface, true);
}

void egl_destroy(struct egl *egl) {
	if (!egl) {
		return;
	}
	gl_target_destroy(egl->target);
	x11_times_destroy(egl->x11_times);
	x11_present_destroy(egl->present);
	wayland_present_destroy(egl->wl_present);
	wayland_times_destroy(egl->wl_times);
	if (egl->display != EGL_NO_DISPLAY) {
		eglMakeCurrent(egl->display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
		if (egl->egl_surface != EGL_NO_SURFACE) {
			eglDestroySurface(egl->display, egl->egl_surface);
		}
		if (egl->context != EGL_NO_CONTEXT) {
			eglDestroyContext(egl->display, egl->context);
		}
	}
	if (egl->wl_frame) {
		wl_callback_destroy(egl->wl_frame);
	}
	if (egl->wl_window) {
		wl_egl_window_destroy(egl->wl_window);
	}
	if (egl->wl_wrapper) {
		wl_proxy_wrapper_destroy(egl->wl_wrapper);
	}
	if (egl->wl_queue) {
		wl_event_queue_destroy(egl->wl_queue);
	}
	if (egl->display != EGL_NO_DISPLAY) {
		eglTerminate(egl->display);
		eglReleaseThread();
	}
	x11_close(egl->x11);
	free(egl);
}

int egl_begin(struct egl *egl, struct egl_target *ret_target) {
	pthread_mutex_lock(&egl->surface->lock);
	const int width = egl->surface->width_px;
	const int height = egl->surface->height_px;
	pthread_mutex_unlock(&egl->surface->lock);

	if (width != egl->width || height != egl->height) {
		egl->width = width;
		egl->height = height;
		egl->ever_swapped = false;
		if (egl->wl_window) {
			wl_egl_window_resize(egl->wl_window, width, height, 0, 0);
		}
		if (egl->target && gl_target_resize(egl->target, width, height) < 0) {
			return -EIO;
		}
	}
	*ret_target = (struct egl_target){ .width = width, .height = height };
	if (egl->target) {
		ret_target->framebuffer = gl_target_bind(egl->target);
		ret_target->memory = gl_target_memory(egl->target);
		ret_target->top_first = true;
		ret_target->bgra = gl_target_is_bgra(egl->target);
		ret_target->age = egl->ever_swapped ? 1 : 0;
		return 0;
	}
	glBindFramebuffer(GL_FRAMEBUFFER, 0);
	ret_target->bgra = true;
	if (!egl->ever_swapped) {
		return 0;
	}
	if (egl->preserved) {
		ret_target->age = 1;
	} else if (egl->has_buffer_age) {
		EGLint age = 0;
		eglQuerySurface(egl->display, egl->egl_surface, EGL_BUFFER_AGE_EXT, &age);
		ret_target->age = age > 0 ? (unsigned)age : 0;
	}
	return 0;
}

bool egl_takes_pixels(const struct egl *egl) {
	return egl->present != NULL || egl->wl_present != NULL;
}

static struct pixel_ring *ring_of(const struct egl *egl) {
	return egl->wl_present ? wayland_present_ring(egl->wl_present) : NULL;
}

bool egl_has_pixels(const struct egl *egl, const struct rect *at) {
	return egl->present ||
	       (egl->wl_present && at->x >= 0 && at->y >= 0 && at->x + at->width <= egl->width &&
			       at->y + at->height <= egl->height);
}

bool egl_make_pixels(struct egl *egl, const struct rect *at, size_t *ret_stride) {
	if (!egl_has_pixels(egl, at)) {
		return false;
	}
	*ret_stride = (size_t)(egl->present ? at->width : egl->width) * 4;
	if (egl->wl_present) {
		pixel_ring_open(ring_of(egl), at, egl->width, egl->height);
		return true;
	}
	egl->x11_pixels = x11_present_make_picture(egl->present, at->width, at->height);
	return egl->x11_pixels != NULL;
}

bool egl_pixels_fit(const struct egl *egl, const struct rect *at) {
	const struct pixel_ring *ring = ring_of(egl);
	return !ring || (ring->width == egl->width && ring->height == egl->height &&
					ring->at.x == at->x && ring->at.y == at->y);
}

unsigned char *egl_write_pixels(struct egl *egl, const struct rect *rect) {
	return egl->wl_present ? pixel_ring_write(ring_of(egl), rect) : egl->x11_pixels;
}

const unsigned char *egl_read_pixels(struct egl *egl) {
	return egl->wl_present ? pixel_ring_read(ring_of(egl)) : egl->x11_pixels;
}

void egl_drop_pixels(struct egl *egl) {
	if (egl->wl_present) {
		pixel_ring_drop(ring_of(egl));
	}
}

void egl_free_pixels(struct egl *egl) {
	if (egl->wl_present) {
		pixel_ring_close(ring_of(egl));
	} else {
		x11_present_free_picture(egl->present);
		egl->x11_pixels = NULL;
	}
}

int egl_put(struct egl *egl, const struct egl_pixels *pixels, const struct rect *rects,
		unsigned count) {
	int r = 0;
	if (egl->present) {
		r = x11_present_put(egl->present, pixels, rects, count);
	} else {
		wayland_present_put(egl->wl_present, pixels, rects, count);
	}
	egl->has_put = r == 0;
	return r;
}

#define DAMAGE_MAX 64

static EGLBoolean swap_buffers(struct egl *egl, const struct rect *rects, unsigned count) {
	if (!egl->swap_with_damage || count == 0 || count > DAMAGE_MAX) {
		return eglSwapBuffers(egl->display, egl->egl_surface);
	}
	EGLint list[4 * DAMAGE_MAX];
	for (unsigned i = 0; i < count; i++) {
		list[4 * i] = rects[i].x;
		list[4 * i + 1] = egl->height - rects[i].y - rects[i].height;
		list[4 * i + 2] = rects[i].width;
		list[4 * i + 3] = rects[i].height;
	}
	return egl->swap_with_damage(egl->display, egl->egl_surface, list, (EGLint)count);
}

/* With the next commit. */
static void ask(struct egl *egl, uint64_t now_ns) {
	if (!egl->wl_frame && (egl->vsync || now_ns - egl->wl_frame_since_ns >= ASK_NS)) {
		egl->wl_frame = wl_surface_frame(egl->wl_wrapper);
		egl->wl_frame_since_ns = now_ns;
		wl_callback_add_listener(egl->wl_frame, &frame_listener, egl);
	}
	if (egl->wl_times && egl->watch_tag != 0) {
		wayland_times_ask(egl->wl_times, egl->wl_wrapper, egl->watch_tag);
	}
	egl->watch_tag = 0;
}

static int swap_wayland(struct egl *egl, const struct rect *rects, unsigned count) {
	struct window_surface *surface = egl->surface;
	pthread_mutex_lock(&surface->lock);
	if (surface->width_px != egl->width || surface->height_px != egl->height) {
		pthread_mutex_unlock(&surface->lock);
		if (egl->wl_present) {
			wayland_present_drop(egl->wl_present);
		}
		return -EAGAIN;
	}
	ask(egl, clock_now_ns());
	int r = 0;
	if (egl->wl_present) {
		r = wayland_present_show(egl->wl_present, egl->width, egl->height, egl->target,
				rects, count);
	} else if (!swap_buffers(egl, rects, count)) {
		r = -EIO;
	}
	pthread_mutex_unlock(&surface->lock);
	return r;
}

/* Out of memory that the display server reads; only what changed. */
static int swap_target(struct egl *egl, const struct rect *rects, unsigned count) {
	const struct rect all = { 0, 0, egl->width, egl->height };
	const bool partial = egl->has_put || (count > 0 && egl->ever_swapped);
	egl->has_put = false;
	rects = partial ? rects : &all;
	count = partial ? count : 1;
	if (egl->present && egl->x11_times && egl->watch_tag != 0) {
		x11_present_watch(egl->present, egl->x11_times, egl->watch_tag);
		egl->watch_tag = 0;
	}
	return egl->present ? x11_present_show(egl->present, egl->target, rects, count)
			    : swap_wayland(egl, rects, count);
}

int egl_swap(struct egl *egl, const struct rect *rects, unsigned count) {
	int r = 0;
	if (egl->present || egl->wl_present) {
		r = swap_target(egl, rects, count);
	} else if (egl->memory) {
		/* offscreen: it is there */
	} else if (egl->target) {
		glFlush();
	} else if (egl->wl_window) {
		r = swap_wayland(egl, rects, count);
	} else if (!swap_buffers(egl, rects, count)) {
		r = -EIO;
	} else if (egl->x11_times) {
		x11_times_swapped(egl->x11_times, egl->watch_tag);
		egl->watch_tag = 0;
	}
	if (r == 0) {
		egl->ever_swapped = true;
	} else if (r == -EIO) {
		log_warn_limited("the window's surface is lost (EGL error 0x%x)",
				egl->memory ? 0u : (unsigned)eglGetError());
	}
	return r;
}

void egl_watch(struct egl *egl, uint64_t tag) {
	egl->watch_tag = tag;
}

bool egl_take_shown(struct egl *egl, struct egl_shown *ret_shown) {
	ret_shown->refresh_ns = 0;
	return egl->x11_times ? x11_times_take(egl->x11_times, &ret_shown->tag, &ret_shown->at_ns)
			      : egl->wl_times && wayland_times_take(egl->wl_times, &ret_shown->tag,
								 &ret_shown->at_ns,
								 &ret_shown->refresh_ns);
}

void egl_set_vsync(struct egl *egl, bool on) {
	egl->vsync = on;
	if (egl->egl_surface != EGL_NO_SURFACE && !egl->wl_window) {
		eglSwapInterval(egl->display, on ? 1 : 0);
	}
}

bool egl_wants_frame(struct egl *egl) {
	if (egl->present) {
		egl->waits_x11 = !x11_present_is_read(egl->present);
		return !egl->waits_x11;
	}
	if (!egl->wl_queue) {
		return true;
	}
	wl_display_dispatch_queue_pending(egl->surface->wl_display, egl->wl_queue);
	const bool held = egl->wl_present && !wayland_present_has_buffer(egl->wl_present);
	const bool unseen = egl->wl_frame &&
			    (egl->vsync || clock_now_ns() - egl->wl_frame_since_ns >= HIDDEN_NS);
	egl->wl_waits = held || unseen;
	return !egl->wl_waits;
}

static void wait_fds(struct pollfd *fds, nfds_t count, deadline due) {
	if (!deadline_is_set(due)) {
		ppoll(fds, count, NULL, NULL);
		return;
	}
	const uint64_t now_ns = clock_now_ns();
	const uint64_t left_ns = due > now_ns ? due - now_ns : 0;
	const struct timespec left = { .tv_sec = (time_t)(left_ns / NS_PER_S),
		.tv_nsec = (long)(left_ns % NS_PER_S) };
	ppoll(fds, count, &left, NULL);
}

void egl_wait(struct egl *egl, int wake_fd, deadline due) {
	struct pollfd fds[2] = { { .fd = wake_fd, .events = POLLIN } };
	/* Only while we wait for the compositor: the main thread reads that socket, too, and every
	 * reader of it waits for all others. */
	if (egl && egl->waits_x11) {
		fds[1] = (struct pollfd){ .fd = x11_present_fd(egl->present), .events = POLLIN };
		wait_fds(fds, 2, due);
		return;
	}
	if (!egl || !egl->wl_queue || !egl->wl_waits) {
		wait_fds(fds, 1, due);
		return;
	}
	struct wl_display *display = egl->surface->wl_display;
	if (wl_display_prepare_read_queue(display, egl->wl_queue) < 0) {
		wl_display_dispatch_queue_pending(display, egl->wl_queue);
		return;
	}
	wl_display_flush(display);
	fds[1] = (struct pollfd){ .fd = wl_display_get_fd(display), .events = POLLIN };
	wait_fds(fds, 2, due);
	if ((fds[1].revents & (POLLIN | POLLERR | POLLHUP)) != 0) {
		wl_display_read_events(display);
		wl_display_dispatch_queue_pending(display, egl->wl_queue);
	} else {
		wl_display_cancel_read(display);
	}
}

bool egl_has_gl(const struct egl *egl) {
	return !egl->memory;
}

bool egl_is_software(const struct egl *egl) {
	return egl->software;
}

void *egl_display(const struct egl *egl) {
	return egl->display;
}

const char *egl_renderer_name(const struct egl *egl) {
	if (egl->memory) {
		return "no OpenGL";
	}
	const char *name = (const char *)glGetString(GL_RENDERER);
	return name != NULL ? name : "?";
}

const char *egl_kind(const struct egl *egl) {
	switch (egl->surface->kind) {
	case WINDOW_SURFACE_OFFSCREEN:
		return "offscreen";
	case WINDOW_SURFACE_X11:
		return egl->present != NULL ? "x11 shm" : "x11";
	case WINDOW_SURFACE_WAYLAND:
		return egl->wl_present != NULL ? "wayland shm" : "wayland";
	}
	return "?";
}
