/*
 * wl_data_device of the core protocol: only the window with the keyboard hears of the clipboard and
 * may set it, and only with the serial of an input. What is dragged over the window comes this way
 * as well.
 */
#include "client/clipboard/clipboard_wayland_internal.h"

#define URI_LIST "text/uri-list"

/* ---- offers ---- */

static void on_name(void *data, struct wl_data_offer *proxy, const char *name) {
	(void)proxy;
	wayland_offer_add(data, name);
}

static void on_source_actions(void *data, struct wl_data_offer *proxy, uint32_t actions) {
	(void)data;
	(void)proxy;
	(void)actions;
}

static void on_action(void *data, struct wl_data_offer *proxy, uint32_t action) {
	(void)data;
	(void)proxy;
	(void)action;
}

static const struct wl_data_offer_listener offer_listener = {
	.offer = on_name, .source_actions = on_source_actions, .action = on_action
};

static void offer_listen(struct wayland_offer *offer) {
	wl_data_offer_add_listener(offer->proxy, &offer_listener, offer);
}

static void offer_receive(void *offer, const char *name, int fd) {
	wl_data_offer_receive(offer, name, fd);
}

static void offer_destroy(void *offer) {
	wl_data_offer_destroy(offer);
}

/* ---- the source ---- */

static void on_target(void *data, struct wl_data_source *source, const char *name) {
	(void)data;
	(void)source;
	(void)name;
}

static void on_send(void *data, struct wl_data_source *source, const char *name, int32_t fd) {
	wayland_source_send(data, source, name, fd);
}

static void on_cancelled(void *data, struct wl_data_source *source) {
	wayland_source_cancelled(data, source);
}

static void on_dnd(void *data, struct wl_data_source *source) {
	(void)data;
	(void)source;
}

static void on_dnd_action(void *data, struct wl_data_source *source, uint32_t action) {
	(void)data;
	(void)source;
	(void)action;
}

static const struct wl_data_source_listener source_listener = {
	.target = on_target,
	.send = on_send,
	.cancelled = on_cancelled,
	.dnd_drop_performed = on_dnd,
	.dnd_finished = on_dnd,
	.action = on_dnd_action,
};

static void *source_new(void *manager, struct wayland_link *link) {
	struct wl_data_source *source = wl_data_device_manager_create_data_source(manager);
	if (source) {
		wl_data_source_add_listener(source, &source_listener, link);
	}
	return source;
}

static void source_offer(void *source, const char *name) {
	wl_data_source_offer(source, name);
}

static void source_destroy(void *source) {
	wl_data_source_destroy(source);
}

/* ---- the device ---- */

static void on_offer(void *data, struct wl_data_device *device, struct wl_data_offer *offer) {
	(void)device;
	wayland_offer_new(data, offer);
}

static void on_selection(void *data, struct wl_data_device *device, struct wl_data_offer *offer) {
	struct wayland_link *link = data;
	(void)device;
	struct wayland_offer *claimed = wayland_offer_claim(link, offer);
	if (link->drags_only) {
		wayland_offer_destroy(claimed);
	} else {
		link->events.selection(claimed, link->events.data);
	}
}

static void on_enter(void *data, struct wl_data_device *device, uint32_t serial,
		struct wl_surface *surface, wl_fixed_t x, wl_fixed_t y,
		struct wl_data_offer *proxy) {
	struct wayland_link *link = data;
	(void)device;
	(void)surface; /* we have one window */
	(void)x;
	(void)y;
	wayland_offer_destroy(link->drag);
	link->drag = wayland_offer_claim(link, proxy);
	if (!link->drag) {
		return;
	}
	if (link->drag->files) {
		link->events.dragged(link->events.data);
	} else if (link->drags_only) {
		return; /* SDL may want it */
	}
	wl_data_offer_accept(proxy, serial, link->drag->files ? URI_LIST : NULL);
	if (wl_proxy_get_version(link->drag->proxy) >= WL_DATA_OFFER_SET_ACTIONS_SINCE_VERSION) {
		const uint32_t copy = link->drag->files ? WL_DATA_DEVICE_MANAGER_DND_ACTION_COPY
							: WL_DATA_DEVICE_MANAGER_DND_ACTION_NONE;
		wl_data_offer_set_actions(proxy, copy, copy);
	}
}

static void on_leave(void *data, struct wl_data_device *device) {
	struct wayland_link *link = data;
	(void)device;
	wayland_offer_destroy(link->drag);
	link->drag = NULL;
}

static void on_motion(void *data, struct wl_data_device *device, uint32_t time, wl_fixed_t x,
		wl_fixed_t y) {
	(void)data;
	(void)device;
	(void)time;
	(void)x;
	(void)y;
}

static void on_drop(void *data, struct wl_data_device *device) {
	struct wayland_link *link = data;
	struct wayland_offer *offer = link->drag;
	(void)device;
	link->drag = NULL;
	if (offer && offer->files) {
		link->events.dropped(offer, link->events.data);
	} else {
		wayland_offer_destroy(offer);
	}
}

static const struct wl_data_device_listener device_listener = {
	.data_offer = on_offer,
	.enter = on_enter,
	.leave = on_leave,
	.motion = on_motion,
	.drop = on_drop,
	.selection = on_selection,
};

static void *device_new(void *manager, struct wl_seat *seat, struct wayland_link *link) {
	struct wl_data_device *device = wl_data_device_manager_get_data_device(manager, seat);
	if (device) {
		wl_data_device_add_listener(device, &device_listener, link);
	}
	return device;
}

static void set_selection(void *device, void *source, uint32_t serial) {
	wl_data_device_set_selection(device, source, serial);
}

static void device_destroy(void *device) {
	if (wl_proxy_get_version(device) >= WL_DATA_DEVICE_RELEASE_SINCE_VERSION) {
		wl_data_device_release(device);
	} else {
		wl_data_device_destroy(device);
	}
}

static void manager_destroy(void *manager) {
	wl_data_device_manager_destroy(manager);
}

const struct wayland_protocol wayland_core = {
	.name = "wl_data_device",
	.manager = &wl_data_device_manager_interface,
	.version_max = 3,
	.device_new = device_new,
	.device_destroy = device_destroy,
	.manager_destroy = manager_destroy,
	.set_selection = set_selection,
	.source_new = source_new,
	.source_offer = source_offer,
	.source_destroy = source_destroy,
	.offer_listen = offer_listen,
	.offer_receive = offer_receive,
	.offer_destroy = offer_destroy,
};
