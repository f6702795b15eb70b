#include "client/window/keep_awake.h"

#include <SDL.h>
#include <SDL_syswm.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <wayland-client.h>

/* idle-inhibit-unstable-v1, as much of it as is asked for. */
static const struct wl_message inhibitor_requests[] = { { "destroy", "", NULL } };
static const struct wl_interface inhibitor_interface = { "zwp_idle_inhibitor_v1", 1, 1,
	inhibitor_requests, 0, NULL };
static const struct wl_interface *manager_types[] = { &inhibitor_interface, &wl_surface_interface };
static const struct wl_message manager_requests[] = {
	{ "destroy", "", NULL },
	{ "create_inhibitor", "no", manager_types },
};
static const struct wl_interface manager_interface = { "zwp_idle_inhibit_manager_v1", 1, 2,
	manager_requests, 0, NULL };

enum { DESTROY = 0, CREATE_INHIBITOR = 1 };

struct keep_awake {
	SDL_SysWMinfo window;
	/* Wayland; all on the queue. manager is NULL where the compositor has none. */
	struct wl_event_queue *queue;
	struct wl_registry *registry;
	struct wl_proxy *manager;
	struct wl_proxy *inhibitor;
};

#ifdef SDL_VIDEO_DRIVER_WAYLAND
static void on_global(void *data, struct wl_registry *registry, uint32_t name,
		const char *interface, uint32_t version) {
	struct keep_awake *awake = data;
	(void)version;
	if (!awake->manager && strcmp(interface, manager_interface.name) == 0) {
		awake->manager = wl_registry_bind(registry, name, &manager_interface, 1);
	}
}

static void on_global_remove(void *data, struct wl_registry *registry, uint32_t name) {
	(void)data;
	(void)registry;
	(void)name;
}

static void find_manager(struct keep_awake *awake) {
	static const struct wl_registry_listener listener = { on_global, on_global_remove };
	struct wl_display *display = awake->window.info.wl.display;
	awake->queue = wl_display_create_queue(display);
	struct wl_display *wrapper = awake->queue ? wl_proxy_create_wrapper(display) : NULL;
	if (!wrapper) {
		return;
	}
	wl_proxy_set_queue((struct wl_proxy *)wrapper, awake->queue);
	awake->registry = wl_display_get_registry(wrapper);
	wl_proxy_wrapper_destroy(wrapper);
	if (awake->registry) {
		wl_registry_add_listener(awake->registry, &listener, awake);
		wl_display_roundtrip_queue(display, awake->queue);
	}
}

static void set_inhibitor(struct keep_awake *awake, bool on) {
	if (on && !awake->inhibitor) {
		awake->inhibitor = wl_proxy_marshal_constructor(awake->manager, CREATE_INHIBITOR,
				&inhibitor_interface, NULL, awake->window.info.wl.surface);
	} else if (!on && awake->inhibitor) {
		wl_proxy_marshal(awake->inhibitor, DESTROY);
		wl_proxy_destroy(awake->inhibitor);
		awake->inhibitor = NULL;
	}
	wl_display_flush(awake->window.info.wl.display);
}
#endif

#ifdef SDL_VIDEO_DRIVER_X11
/* On SDL's connection, on which it was asked for, and by the library that SDL asked with. */
static void allow_x11(struct keep_awake *awake) {
	void *library = dlopen("libXss.so.1", RTLD_LAZY | RTLD_NOLOAD);
	if (library) {
		void (*suspend)(Display * display, int on);
		*(void **)&suspend = dlsym(library, "XScreenSaverSuspend");
		if (suspend) {
			suspend(awake->window.info.x11.display, 0);
			XFlush(awake->window.info.x11.display);
		}
		dlclose(library);
	}
}
#endif

struct keep_awake *keep_awake_create(struct SDL_Window *window) {
	struct keep_awake *awake = calloc(1, sizeof *awake);
	if (!awake) {
		return NULL;
	}
	SDL_VERSION(&awake->window.version);
	if (!SDL_GetWindowWMInfo(window, &awake->window)) {
		awake->window.subsystem = SDL_SYSWM_UNKNOWN;
	}
#ifdef SDL_VIDEO_DRIVER_WAYLAND
	if (awake->window.subsystem == SDL_SYSWM_WAYLAND) {
		find_manager(awake);
	}
#endif
	return awake;
}

void keep_awake_destroy(struct keep_awake *awake) {
	if (!awake) {
		return;
	}
	keep_awake_set(awake, false);
#ifdef SDL_VIDEO_DRIVER_WAYLAND
	if (awake->manager) {
		wl_proxy_marshal(awake->manager, DESTROY);
		wl_proxy_destroy(awake->manager);
	}
	if (awake->registry) {
		wl_registry_destroy(awake->registry);
	}
	if (awake->queue) {
		wl_event_queue_destroy(awake->queue);
	}
#endif
	free(awake);
}

void keep_awake_set(struct keep_awake *awake, bool on) {
#ifdef SDL_VIDEO_DRIVER_WAYLAND
	if (awake && awake->manager) {
		set_inhibitor(awake, on);
		return;
	}
#endif
	if (on) {
		SDL_DisableScreenSaver();
		return;
	}
	const bool was_on = !SDL_IsScreenSaverEnabled();
	SDL_EnableScreenSaver();
#ifdef SDL_VIDEO_DRIVER_X11
	if (awake && was_on && awake->window.subsystem == SDL_SYSWM_X11) {
		allow_x11(awake);
	}
#endif
	(void)was_on;
}
