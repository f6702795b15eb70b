/* What others offer: the clipboard's content, and what is dragged over the window. */
#include "client/clipboard/clipboard_wayland.h"

#include <stdlib.h>
#include <string.h>

#include "client/clipboard/clipboard_control.h"
#include "client/clipboard/clipboard_wayland_internal.h"

#define URI_LIST "text/uri-list"

/* ---- offers ---- */

static void offer_add(struct wayland_offer *offer, const char *name) {
	for (const char *c = name; *c; c++) {
		offer->hash = (offer->hash ^ (unsigned char)*c) * 16777619u;
	}
	offer->hash = offer->hash * 16777619u + 1;
	clipboard_choice_add(&offer->choice, clipboard_name_find(name));
	offer->ours = offer->ours || strcmp(name, offer->link->own_name) == 0;
	offer->secret = offer->secret || strcmp(name, CLIPBOARD_SECRET_NAME) == 0;
	offer->files = offer->files || strcmp(name, URI_LIST) == 0;
}

static void on_control_name(void *data, struct wl_proxy *proxy, const char *name) {
	(void)proxy;
	offer_add(data, name);
}

static void (*const control_offer_listener[])(void) = { (void (*)(void))on_control_name };

static void on_core_name(void *data, struct wl_data_offer *proxy, const char *name) {
	(void)proxy;
	offer_add(data, name);
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

static const struct wl_data_offer_listener core_offer_listener = {
	.offer = on_core_name, .source_actions = on_source_actions, .action = on_action
};

void wayland_offer_destroy(struct wayland_offer *offer) {
	if (!offer) {
		return;
	}
	if (is_control(offer->link)) {
		wl_proxy_marshal_flags(offer->proxy, OFFER_DESTROY, NULL,
				wl_proxy_get_version(offer->proxy), WL_MARSHAL_FLAG_DESTROY);
	} else {
		wl_data_offer_destroy(offer->proxy);
	}
	free(offer);
}

void wayland_offer_receive(struct wayland_offer *offer, const char *name, int fd) {
	if (is_control(offer->link)) {
		wl_proxy_marshal_flags(offer->proxy, OFFER_RECEIVE, NULL,
				wl_proxy_get_version(offer->proxy), 0, name, fd);
	} else {
		wl_data_offer_receive(offer->proxy, name, fd);
	}
}

void wayland_offer_dropped(struct wayland_offer *offer) {
	if (wl_proxy_get_version(offer->proxy) >= WL_DATA_OFFER_FINISH_SINCE_VERSION) {
		wl_data_offer_finish(offer->proxy);
	}
}

static void offer_new(struct wayland_link *link, void *proxy) {
	/* The server says at once what an offer is for; what was never claimed is the primary
	 * selection's. */
	wayland_offer_destroy(link->fresh);
	link->fresh = calloc(1, sizeof *link->fresh);
	if (!link->fresh) {
		wl_proxy_destroy(proxy);
		return;
	}
	link->fresh->link = link;
	link->fresh->proxy = proxy;
	if (is_control(link)) {
		/* The library calls each with the arguments that its message has. */
		union {
			void (*const *table)(void);
			void (**listener)(void);
		} as = { .table = control_offer_listener };
		wl_proxy_add_listener(proxy, as.listener, link->fresh);
	} else {
		wl_data_offer_add_listener(proxy, &core_offer_listener, link->fresh);
	}
}

/* The offer of that proxy, which is claimed now. */
static struct wayland_offer *offer_claim(struct wayland_link *link, const void *proxy) {
	struct wayland_offer *offer = link->fresh;
	if (!proxy || !offer || offer->proxy != proxy) {
		return NULL;
	}
	link->fresh = NULL;
	return offer;
}

/* ---- the device ---- */

static void on_control_offer(void *data, struct wl_proxy *device, struct wl_proxy *offer) {
	(void)device;
	offer_new(data, offer);
}

static void on_control_selection(void *data, struct wl_proxy *device, struct wl_proxy *offer) {
	struct wayland_link *link = data;
	(void)device;
	link->events.selection(offer_claim(link, offer), link->events.data);
}

static void on_control_finished(void *data, struct wl_proxy *device) {
	(void)data; /* the seat went away; its device is only good to be destroyed */
	(void)device;
}

static void on_control_primary(void *data, struct wl_proxy *device, struct wl_proxy *offer) {
	(void)device;
	wayland_offer_destroy(offer_claim(data, offer));
}

static void (*const control_device_listener[])(void) = { (void (*)(void))on_control_offer,
	(void (*)(void))on_control_selection, (void (*)(void))on_control_finished,
	(void (*)(void))on_control_primary };

static void on_core_offer(void *data, struct wl_data_device *device, struct wl_data_offer *offer) {
	(void)device;
	offer_new(data, offer);
}

static void on_core_selection(
		void *data, struct wl_data_device *device, struct wl_data_offer *offer) {
	struct wayland_link *link = data;
	(void)device;
	link->events.selection(offer_claim(link, offer), link->events.data);
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
	link->drag = offer_claim(link, proxy);
	if (!link->drag) {
		return;
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

static const struct wl_data_device_listener core_device_listener = {
	.data_offer = on_core_offer,
	.enter = on_enter,
	.leave = on_leave,
	.motion = on_motion,
	.drop = on_drop,
	.selection = on_core_selection,
};

void wayland_device_listen(struct wayland_link *link) {
	if (!is_control(link)) {
		wl_data_device_add_listener(
				(struct wl_data_device *)link->device, &core_device_listener, link);
		return;
	}
	union {
		void (*const *table)(void);
		void (**listener)(void);
	} as = { .table = control_device_listener };
	wl_proxy_add_listener(link->device, as.listener, link);
}
