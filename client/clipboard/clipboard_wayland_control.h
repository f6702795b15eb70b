/*
 * The body of clipboard_wayland_ext.c and clipboard_wayland_wlr.c, whose protocols differ in their
 * names only. Before including this header, each defines
 *
 *	CONTROL(object, what)  e.g. ext_data_control_source_v1_offer, of source and offer
 *	CONTROL_OBJECT(object) e.g. ext_data_control_source_v1
 */
#include "client/clipboard/clipboard_wayland_internal.h"

/* ---- offers ---- */

static void on_name(void *data, struct CONTROL_OBJECT(offer) * proxy, const char *name) {
	(void)proxy;
	wayland_offer_add(data, name);
}

static const struct CONTROL(offer, listener) offer_listener = { .offer = on_name };

static void offer_listen(struct wayland_offer *offer) {
	CONTROL(offer, add_listener)(offer->proxy, &offer_listener, offer);
}

static void offer_receive(void *offer, const char *name, int fd) {
	CONTROL(offer, receive)(offer, name, fd);
}

static void offer_destroy(void *offer) {
	CONTROL(offer, destroy)(offer);
}

/* ---- the source ---- */

static void on_send(
		void *data, struct CONTROL_OBJECT(source) * source, const char *name, int32_t fd) {
	wayland_source_send(data, source, name, fd);
}

static void on_cancelled(void *data, struct CONTROL_OBJECT(source) * source) {
	wayland_source_cancelled(data, source);
}

static const struct CONTROL(
		source, listener) source_listener = { .send = on_send, .cancelled = on_cancelled };

static void *source_new(void *manager, struct wayland_link *link) {
	struct CONTROL_OBJECT(source) *source = CONTROL(manager, create_data_source)(manager);
	if (source) {
		CONTROL(source, add_listener)(source, &source_listener, link);
	}
	return source;
}

static void source_offer(void *source, const char *name) {
	CONTROL(source, offer)(source, name);
}

static void source_destroy(void *source) {
	CONTROL(source, destroy)(source);
}

/* ---- the device ---- */

static void on_offer(void *data, struct CONTROL_OBJECT(device) * device,
		struct CONTROL_OBJECT(offer) * offer) {
	(void)device;
	wayland_offer_new(data, offer);
}

static void on_selection(void *data, struct CONTROL_OBJECT(device) * device,
		struct CONTROL_OBJECT(offer) * offer) {
	struct wayland_link *link = data;
	(void)device;
	link->events.selection(wayland_offer_claim(link, offer), link->events.data);
}

static void on_finished(void *data, struct CONTROL_OBJECT(device) * device) {
	(void)data; /* the seat went away; its device is only good to be destroyed */
	(void)device;
}

static void on_primary(void *data, struct CONTROL_OBJECT(device) * device,
		struct CONTROL_OBJECT(offer) * offer) {
	(void)device;
	wayland_offer_destroy(wayland_offer_claim(data, offer));
}

static const struct CONTROL(device, listener) device_listener = { .data_offer = on_offer,
	.selection = on_selection,
	.finished = on_finished,
	.primary_selection = on_primary };

static void *device_new(void *manager, struct wl_seat *seat, struct wayland_link *link) {
	struct CONTROL_OBJECT(device) *device = CONTROL(manager, get_data_device)(manager, seat);
	if (device) {
		CONTROL(device, add_listener)(device, &device_listener, link);
	}
	return device;
}

static void set_selection(void *device, void *source, uint32_t serial) {
	(void)serial;
	CONTROL(device, set_selection)(device, source);
}

static void device_destroy(void *device) {
	CONTROL(device, destroy)(device);
}

static void manager_destroy(void *manager) {
	CONTROL(manager, destroy)(manager);
}

#define CONTROL_TABLE                                                                             \
	.manager = &CONTROL(manager, interface), .version_max = 1, .control = true,               \
	.device_new = device_new, .device_destroy = device_destroy,                               \
	.manager_destroy = manager_destroy, .set_selection = set_selection,                       \
	.source_new = source_new, .source_offer = source_offer, .source_destroy = source_destroy, \
	.offer_listen = offer_listen, .offer_receive = offer_receive,                             \
	.offer_destroy = offer_destroy
