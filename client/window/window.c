#define LOG_MODULE "window"
#include "client/window/window.h"

#include <SDL.h>
#include <SDL_syswm.h>
#include <X11/Xlib.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wayland-client-core.h>

#include "client/gl/window_surface.h"
#include "client/window/keep_awake.h"
#include "client/window/window_drop.h"
#include "client/window/window_frame.h"
#include "client/window/window_held.h"
#include "client/window/window_icon.h"
#include "client/window/window_place.h"
#include "client/window/window_seen.h"

#include "base/log.h"

struct window {
	SDL_Window *sdl;
	struct window_surface surface;
	Uint32 id;
	double x11_scale; /* 0 = the desktop says none */
	struct keep_awake *awake;
	int asked_width, asked_height; /* when it was opened */
	bool bare_full_screen;         /* without a window manager */
	SDL_Rect before_full;
	struct window_drop drop;
	struct window_held held;
	struct window_seen seen;
};

/* SDL2 has no app id hint: these two variables are the only way (read at SDL_Init). */
static void set_app_id(const char *app_id) {
	/* Before any thread of ours exists. */
	setenv("SDL_VIDEO_WAYLAND_WMCLASS", app_id, 1); // NOLINT(concurrency-mt-unsafe)
	setenv("SDL_VIDEO_X11_WMCLASS", app_id, 1);     // NOLINT(concurrency-mt-unsafe)
}

/* SDL2 tries X11 first by itself, which in a Wayland session means XWayland. The environment
 * variable of the user still wins. */
static int start_video(void) {
	const char *wayland = getenv("WAYLAND_DISPLAY");
	bool first = wayland && wayland[0] != '\0';
#ifdef SDL_HINT_VIDEODRIVER
	SDL_SetHintWithPriority(SDL_HINT_VIDEODRIVER, first ? "wayland,x11" : "x11,wayland",
			SDL_HINT_DEFAULT);
	return SDL_InitSubSystem(SDL_INIT_VIDEO);
#else
	/* Before 2.0.22 (Ubuntu 22.04) there is only the variable, and it names one driver. */
	if (getenv("SDL_VIDEODRIVER")) {
		return SDL_InitSubSystem(SDL_INIT_VIDEO);
	}
	const char *const drivers[] = { first ? "wayland" : "x11", first ? "x11" : "wayland" };
	int r = -1;
	for (int i = 0; i < 2 && r < 0; i++) {
		setenv("SDL_VIDEODRIVER", drivers[i], 1); // NOLINT(concurrency-mt-unsafe)
		r = SDL_InitSubSystem(SDL_INIT_VIDEO);
	}
	unsetenv("SDL_VIDEODRIVER"); // NOLINT(concurrency-mt-unsafe)
	return r;
#endif
}

int window_system_start(const char *app_id, const char **ret_error) {
	set_app_id(app_id);
	SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
	SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
	/* A compositor that is told not to composite us costs others; we are not a game ourselves.
	 */
	SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
	SDL_SetHint(SDL_HINT_VIDEO_MINIMIZE_ON_FOCUS_LOSS, "0");
#ifdef SDL_HINT_APP_NAME
	SDL_SetHint(SDL_HINT_APP_NAME, "pierglass");
#endif

	const char *error = "no display was found";
	int r = -ENODEV;
	if (start_video() < 0) {
		error = SDL_GetError();
		/* SDL2 has no other word for "a display server without a screen". */
		r = strstr(error, "did not add any displays") ? -EAGAIN : -ENODEV;
		goto fail;
	}
	const char *driver = SDL_GetCurrentVideoDriver();
	if (!driver || (strcmp(driver, "x11") != 0 && strcmp(driver, "wayland") != 0)) {
		/* SDL falls back to "offscreen" without a word: nobody would see anything. */
		error = "SDL found neither Wayland nor X11";
		SDL_QuitSubSystem(SDL_INIT_VIDEO);
		goto fail;
	}
	return 0;

fail:
	if (ret_error) {
		*ret_error = error;
	}
	return r;
}

void window_system_stop(void) {
	SDL_QuitSubSystem(SDL_INIT_VIDEO);
}

static void drawable_size(SDL_Window *sdl, int *ret_width, int *ret_height) {
#if SDL_VERSION_ATLEAST(2, 26, 0)
	SDL_GetWindowSizeInPixels(sdl, ret_width, ret_height);
#else
	SDL_GL_GetDrawableSize(sdl, ret_width, ret_height);
#endif
	if (*ret_width < 1) {
		*ret_width = 1;
	}
	if (*ret_height < 1) {
		*ret_height = 1;
	}
}

static void update_size(struct window *window) {
	int width, height;
	drawable_size(window->sdl, &width, &height);
	pthread_mutex_lock(&window->surface.lock);
	window->surface.width_px = width;
	window->surface.height_px = height;
	pthread_mutex_unlock(&window->surface.lock);
}

static void update_refresh(struct window *window) {
	SDL_DisplayMode mode;
	const int display = SDL_GetWindowDisplayIndex(window->sdl);
	if (display >= 0 && SDL_GetCurrentDisplayMode(display, &mode) == 0) {
		atomic_store(&window->surface.refresh_hz, mode.refresh_rate);
	}
}

/* Runs inside SDL's handling of a configure, before SDL acknowledges it: compositors end a client
 * that commits a buffer of the old size after that. */
static int watch_size(void *data, SDL_Event *event) {
	struct window *window = data;
	if (event->type != SDL_WINDOWEVENT || event->window.windowID != window->id) {
		return 1;
	}
	if (event->window.event == SDL_WINDOWEVENT_SIZE_CHANGED) {
		update_size(window);
	}
	if (event->window.event == SDL_WINDOWEVENT_SIZE_CHANGED ||
			event->window.event == SDL_WINDOWEVENT_MOVED) {
		update_refresh(window);
	}
	return 1;
}

#ifdef SDL_VIDEO_DRIVER_X11
/* As the other programs of the desktop scale their texts. */
static double xft_scale(Display *display) {
	const char *text = XGetDefault(display, "Xft", "dpi");
	const double dpi = text ? strtod(text, NULL) : 0;
	return dpi >= 48 && dpi <= 960 ? dpi / 96 : 0;
}
#endif

static int take_handles(struct window *window) {
	SDL_SysWMinfo info;
	SDL_VERSION(&info.version);
	if (!SDL_GetWindowWMInfo(window->sdl, &info)) {
		log_error("no native handle of the window: %s", SDL_GetError());
		return -ENODEV;
	}
	struct window_surface *surface = &window->surface;
	switch (info.subsystem) {
#ifdef SDL_VIDEO_DRIVER_X11
	case SDL_SYSWM_X11:
		surface->kind = WINDOW_SURFACE_X11;
		surface->x11_window = info.info.x11.window;
		snprintf(surface->x11_display, sizeof surface->x11_display, "%s",
				DisplayString(info.info.x11.display));
		window->x11_scale = xft_scale(info.info.x11.display);
		return 0;
#endif
#ifdef SDL_VIDEO_DRIVER_WAYLAND
	case SDL_SYSWM_WAYLAND:
		surface->kind = WINDOW_SURFACE_WAYLAND;
		surface->wl_display = info.info.wl.display;
		surface->wl_surface = info.info.wl.surface;
		return 0;
#endif
	default:
		log_error("SDL's %s windows are not supported", SDL_GetCurrentVideoDriver());
		return -ENODEV;
	}
}

static Uint32 window_flags(const struct window_config *config) {
	Uint32 flags = SDL_WINDOW_ALLOW_HIGHDPI;
	if (config->resizable) {
		flags |= SDL_WINDOW_RESIZABLE;
	}
	if (config->borderless) {
		flags |= SDL_WINDOW_BORDERLESS;
	}
	if (config->full_screen) {
		flags |= SDL_WINDOW_FULLSCREEN_DESKTOP;
	}
	return flags;
}

#define MONITORS_MAX 16

static int monitors(const char *names[MONITORS_MAX], struct place_rect rects[MONITORS_MAX]) {
	int count = SDL_GetNumVideoDisplays();
	count = count < MONITORS_MAX ? count : MONITORS_MAX;
	for (int i = 0; i < count; i++) {
		SDL_Rect bounds = { 0 };
		SDL_GetDisplayBounds(i, &bounds);
		names[i] = SDL_GetDisplayName(i);
		rects[i] = (struct place_rect){ bounds.x, bounds.y, bounds.w, bounds.h };
	}
	return count < 0 ? 0 : count;
}

/* What panels and docks leave of a screen; 0, 0 = unknown. */
static void room_of(int monitor, int *ret_width, int *ret_height) {
	SDL_Rect usable = { 0 };
	if (monitor >= 0) {
		SDL_GetDisplayUsableBounds(monitor, &usable);
	}
	*ret_width = usable.w;
	*ret_height = usable.h;
}

/* The first size and place. The frame around it is known only later: some room is left for it. */
static void place(const struct window_config *config, struct place_rect *at) {
	const char *names[MONITORS_MAX];
	struct place_rect rects[MONITORS_MAX];
	const int frame = config->borderless || config->full_screen || config->size_set ? 0 : 32;
	const int count = monitors(names, rects);
	const int monitor = window_place_monitor(config->monitor, names, count);
	int width, height;
	if (config->monitor[0] && monitor < 0) {
		log_warn("--monitor=%s is none of the %d screens of this desktop: the desktop chooses",
				config->monitor, count);
	}
	*at = (struct place_rect){ config->x, config->y, config->width > 0 ? config->width : 1024,
		config->height > 0 ? config->height : 768 };
	if (monitor >= 0 || !config->position_set || !window_place_in_sight(at, rects, count)) {
		at->x = at->y = monitor >= 0 ? (int)SDL_WINDOWPOS_CENTERED_DISPLAY(monitor)
					     : (int)SDL_WINDOWPOS_CENTERED;
	}
	room_of(monitor >= 0 ? monitor : 0, &width, &height);
	if (!config->position_set || monitor >= 0) {
		window_place_fit(width - frame, height - frame, &at->width, &at->height);
	}
}

static void set_icon(struct window *window) {
	static const int side = 64;
	if (window->surface.kind != WINDOW_SURFACE_X11) {
		return;
	}
	SDL_Surface *icon =
			SDL_CreateRGBSurfaceWithFormat(0, side, side, 32, SDL_PIXELFORMAT_ARGB8888);
	if (icon) {
		window_icon_draw(icon->pixels, side);
		SDL_SetWindowIcon(window->sdl, icon);
		SDL_FreeSurface(icon);
	}
}

#ifdef SDL_VIDEO_DRIVER_X11
/* Full screen on X11 is a request to the window manager. Without one nobody fulfils it. */
static bool has_window_manager(const struct window *window) {
	SDL_SysWMinfo info;
	Atom type;
	int format;
	unsigned long count = 0, rest;
	unsigned char *data = NULL;
	SDL_VERSION(&info.version);
	if (!SDL_GetWindowWMInfo(window->sdl, &info) || info.subsystem != SDL_SYSWM_X11) {
		return true;
	}
	Display *display = info.info.x11.display;
	const Atom check = XInternAtom(display, "_NET_SUPPORTING_WM_CHECK", False);
	if (XGetWindowProperty(display, DefaultRootWindow(display), check, 0, 1, False,
			    AnyPropertyType, &type, &format, &count, &rest, &data) != Success) {
		return true;
	}
	if (data) {
		XFree(data);
	}
	return count > 0;
}
#else
static bool has_window_manager(const struct window *window) {
	(void)window;
	return true;
}
#endif

/* SDL asks before it queues an event. Those of the system are looked at here; the app gets only the
 * one after which the window may be seen or not, and no key that was pressed in another window. */
static int filter(void *data, SDL_Event *event) {
	struct window *window = data;
	const bool ours = window_held_event(&window->held, event);
	if (event->type != SDL_SYSWMEVENT) {
		return ours;
	}
	window_drop_event(&window->drop, event);
	return window_seen_event(&window->seen, event) || ours;
}

static bool is_x11(void) {
	const char *driver = SDL_GetCurrentVideoDriver();
	return driver && strcmp(driver, "x11") == 0;
}

/* Before the first window: SDL throws away the events that wait. */
static void start_filter(struct window *window) {
	if (is_x11()) {
		SDL_SetEventFilter(filter, window);
		SDL_EventState(SDL_SYSWMEVENT, SDL_ENABLE);
	}
}

static void stop_filter(void) {
	if (is_x11()) {
		SDL_EventState(SDL_SYSWMEVENT, SDL_DISABLE);
		SDL_SetEventFilter(NULL, NULL);
	}
}

static void set_bare_full_screen(struct window *window, bool on) {
	SDL_Rect to = window->before_full;
	if (on == window->bare_full_screen) {
		return;
	}
	if (on) {
		SDL_GetWindowPosition(window->sdl, &window->before_full.x, &window->before_full.y);
		SDL_GetWindowSize(window->sdl, &window->before_full.w, &window->before_full.h);
		SDL_GetDisplayBounds(window_monitor(window), &to);
	}
	window->bare_full_screen = on;
	SDL_SetWindowPosition(window->sdl, to.x, to.y);
	SDL_SetWindowSize(window->sdl, to.w, to.h);
}

int window_create(struct window **ret_window, const struct window_config *config) {
	struct window *window = calloc(1, sizeof *window);
	if (!window) {
		return -ENOMEM;
	}
	pthread_mutex_init(&window->surface.lock, NULL);

	start_filter(window);
	struct place_rect at;
	place(config, &at);
	window->asked_width = at.width;
	window->asked_height = at.height;
	window->sdl = SDL_CreateWindow(
			config->title, at.x, at.y, at.width, at.height, window_flags(config));
	if (!window->sdl) {
		log_error("no window: %s", SDL_GetError());
		window_destroy(window);
		return -ENODEV;
	}
	window->id = SDL_GetWindowID(window->sdl);
	int r = take_handles(window);
	if (r < 0) {
		window_destroy(window);
		return r;
	}
	update_size(window);
	update_refresh(window);
	set_icon(window);
	window_held_start(&window->held, window->sdl);
	window_seen_start(&window->seen, window->sdl);
	window->awake = keep_awake_create(window->sdl);
	SDL_AddEventWatch(watch_size, window);
	if (config->maximized) {
		/* Not by a flag: SDL 2.26 acknowledges the first configure of a maximized Wayland
		 * window with the unmaximized size, for which compositors end us. */
		SDL_MaximizeWindow(window->sdl);
	}
	if (config->full_screen && !has_window_manager(window)) {
		SDL_SetWindowFullscreen(window->sdl, 0);
		set_bare_full_screen(window, true);
	}
	*ret_window = window;
	return 0;
}

void window_destroy(struct window *window) {
	if (!window) {
		return;
	}
	SDL_DelEventWatch(watch_size, window);
	stop_filter();
	window_drop_forget(&window->drop);
	keep_awake_destroy(window->awake);
	if (window->sdl) {
		SDL_DestroyWindow(window->sdl);
	}
	pthread_mutex_destroy(&window->surface.lock);
	free(window);
}

struct SDL_Window *window_sdl(const struct window *window) {
	return window->sdl;
}

struct window_surface *window_get_surface(struct window *window) {
	return &window->surface;
}

struct window_drop *window_get_drop(struct window *window) {
	return &window->drop;
}

void window_size_px(const struct window *window, int *ret_width, int *ret_height) {
	drawable_size(window->sdl, ret_width, ret_height);
}

double window_scale(const struct window *window) {
	int width_px, height_px, width, height;
	drawable_size(window->sdl, &width_px, &height_px);
	SDL_GetWindowSize(window->sdl, &width, &height);
	return width > 0 ? (double)width_px / width : 1.0;
}

double window_text_scale(const struct window *window) {
	return window->x11_scale > 0 ? window->x11_scale : window_scale(window);
}

const char *window_kind(const struct window *window) {
	switch (window->surface.kind) {
	case WINDOW_SURFACE_OFFSCREEN:
		return "offscreen";
	case WINDOW_SURFACE_X11:
		return "x11";
	case WINDOW_SURFACE_WAYLAND:
		return "wayland";
	}
	return "?";
}

const char *window_x11(const struct window *window, uint32_t *ret_window) {
	if (window->surface.kind != WINDOW_SURFACE_X11) {
		return NULL;
	}
	*ret_window = (uint32_t)window->surface.x11_window;
	return window->surface.x11_display;
}

int window_display_fd(const struct window *window) {
	SDL_SysWMinfo info;
	SDL_VERSION(&info.version);
	if (!SDL_GetWindowWMInfo(window->sdl, &info)) {
		return -1;
	}
	switch (info.subsystem) {
#ifdef SDL_VIDEO_DRIVER_X11
	case SDL_SYSWM_X11:
		return ConnectionNumber(info.info.x11.display);
#endif
#ifdef SDL_VIDEO_DRIVER_WAYLAND
	case SDL_SYSWM_WAYLAND:
		return wl_display_get_fd(info.info.wl.display);
#endif
	default:
		return -1;
	}
}

/* Xlib's handler is one of the whole process and carries no pointer. */
static struct {
	void (*gone)(void *data);
	void *data;
} x11;

static int on_x11_gone(Display *display) {
	(void)display;
	x11.gone(x11.data);
	while (pause() < 0) { /* no signal has a handler: for ever */
	}
	return 0;
}

void window_when_x11_is_gone(void (*gone)(void *data), void *data) {
	x11.gone = gone;
	x11.data = data;
	XSetIOErrorHandler(on_x11_gone);
}

void window_set_full_screen(struct window *window, bool on) {
	if (window->bare_full_screen || (on && !has_window_manager(window))) {
		set_bare_full_screen(window, on);
		return;
	}
	if (SDL_SetWindowFullscreen(window->sdl, on ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0) < 0) {
		log_warn("full screen: %s", SDL_GetError());
	}
}

bool window_is_full_screen(const struct window *window) {
	return window->bare_full_screen ||
	       (SDL_GetWindowFlags(window->sdl) & SDL_WINDOW_FULLSCREEN) != 0;
}

bool window_has_focus(const struct window *window) {
	return (SDL_GetWindowFlags(window->sdl) & SDL_WINDOW_INPUT_FOCUS) != 0;
}

bool window_is_viewable(const struct window *window) {
	return window_is_seen(&window->seen);
}

deadline window_deadline(const struct window *window) {
	return window->held.look_ns;
}

void window_tick(struct window *window, uint64_t now_ns) {
	if (deadline_is_over(window->held.look_ns, now_ns)) {
		window_held_look(&window->held, now_ns);
	}
}

bool window_lacks_frame(const struct window *window) {
	return window->surface.kind == WINDOW_SURFACE_WAYLAND &&
	       (SDL_GetWindowFlags(window->sdl) & SDL_WINDOW_BORDERLESS) == 0 &&
	       window_frame_is_missing(window->surface.wl_display);
}

void window_keep_awake(struct window *window, bool on) {
	keep_awake_set(window->awake, on);
}

/* In window units, for what is inside the frame. */
static void room(const struct window *window, int *ret_width, int *ret_height) {
	int top = 0, left = 0, bottom = 0, right = 0;
	room_of(SDL_GetWindowDisplayIndex(window->sdl), ret_width, ret_height);
	SDL_GetWindowBordersSize(window->sdl, &top, &left, &bottom, &right);
	*ret_width -= left + right;
	*ret_height -= top + bottom;
}

void window_set_size_px(struct window *window, int width_px, int height_px) {
	const double scale = window_scale(window);
	int width = (int)(width_px / scale + 0.5);
	int height = (int)(height_px / scale + 0.5);
	int most_width, most_height;
	room(window, &most_width, &most_height);
	window_place_fit(most_width, most_height, &width, &height);
	SDL_SetWindowSize(window->sdl, width > 0 ? width : 1, height > 0 ? height : 1);
}

void window_take_aspect(struct window *window, int width_px, int height_px) {
	const Uint32 other = SDL_WINDOW_MAXIMIZED | SDL_WINDOW_MINIMIZED;
	int width, height, most_width, most_height;
	SDL_GetWindowSize(window->sdl, &width, &height);
	if (window_is_full_screen(window) || (SDL_GetWindowFlags(window->sdl) & other) != 0 ||
			width != window->asked_width || height != window->asked_height) {
		return;
	}
	room(window, &most_width, &most_height);
	window_place_aspect(width_px, height_px, most_width, most_height, &width, &height);
	SDL_SetWindowSize(window->sdl, width, height);
}

void window_set_title(struct window *window, const char *title) {
	SDL_SetWindowTitle(window->sdl, title);
}

int window_monitor_count(void) {
	return SDL_GetNumVideoDisplays();
}

int window_monitor(const struct window *window) {
	const int index = SDL_GetWindowDisplayIndex(window->sdl);
	return index > 0 ? index : 0;
}

void window_to_monitor(struct window *window, int index) {
	const bool full = window_is_full_screen(window);
	if (index < 0 || index >= SDL_GetNumVideoDisplays()) {
		return;
	}
	if (full) { /* a full window stays where it is */
		SDL_SetWindowFullscreen(window->sdl, 0);
	}
	SDL_SetWindowPosition(window->sdl, (int)SDL_WINDOWPOS_CENTERED_DISPLAY(index),
			(int)SDL_WINDOWPOS_CENTERED_DISPLAY(index));
	if (full) {
		SDL_SetWindowFullscreen(window->sdl, SDL_WINDOW_FULLSCREEN_DESKTOP);
	}
}

int window_surface_create_offscreen(
		struct window_surface **ret_surface, int width_px, int height_px) {
	if (width_px < 1 || height_px < 1) {
		return -EINVAL;
	}
	struct window_surface *surface = calloc(1, sizeof *surface);
	if (!surface) {
		return -ENOMEM;
	}
	surface->kind = WINDOW_SURFACE_OFFSCREEN;
	surface->width_px = width_px;
	surface->height_px = height_px;
	pthread_mutex_init(&surface->lock, NULL);
	*ret_surface = surface;
	return 0;
}

void window_surface_destroy(struct window_surface *surface) {
	if (!surface) {
		return;
	}
	pthread_mutex_destroy(&surface->lock);
	free(surface);
}
