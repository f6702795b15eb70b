#include "client/window/window_frame.h"

#include <link.h>
#include <stdint.h>
#include <string.h>
#include <wayland-client.h>

/* "…/libdecor/plugins-1/libdecor-cairo.so"; the library itself is libdecor-0.so. */
static int is_plugin(struct dl_phdr_info *info, size_t size, void *data) {
	const char *slash = info->dlpi_name ? strrchr(info->dlpi_name, '/') : NULL;
	(void)size;
	(void)data;
	return slash && strncmp(slash, "/libdecor-", 10) == 0 &&
	       strncmp(slash, "/libdecor-0.", 12) != 0;
}

static void on_global(void *data, struct wl_registry *registry, uint32_t name,
		const char *interface, uint32_t version) {
	bool *draws = data;
	(void)registry;
	(void)name;
	(void)version;
	*draws = *draws || strcmp(interface, "zxdg_decoration_manager_v1") == 0;
}

static void on_global_remove(void *data, struct wl_registry *registry, uint32_t name) {
	(void)data;
	(void)registry;
	(void)name;
}

/* The compositor does, where it is asked to. true: also where nothing can be asked. */
static bool compositor_draws(struct wl_display *display) {
	static const struct wl_registry_listener listener = { on_global, on_global_remove };
	struct wl_event_queue *queue = wl_display_create_queue(display);
	struct wl_display *wrapper = queue ? wl_proxy_create_wrapper(display) : NULL;
	bool draws = false;
	if (!wrapper) {
		return true;
	}
	wl_proxy_set_queue((struct wl_proxy *)wrapper, queue);
	struct wl_registry *registry = wl_display_get_registry(wrapper);
	wl_proxy_wrapper_destroy(wrapper);
	if (registry) {
		wl_registry_add_listener(registry, &listener, &draws);
		draws = wl_display_roundtrip_queue(display, queue) < 0 || draws;
		wl_registry_destroy(registry);
	}
	wl_event_queue_destroy(queue);
	return draws;
}

bool window_frame_is_missing(struct wl_display *display) {
	return dl_iterate_phdr(is_plugin, NULL) == 0 && !compositor_draws(display);
}
