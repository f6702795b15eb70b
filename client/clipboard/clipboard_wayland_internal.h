/*
 * What the files of the Wayland clipboard's objects share; nobody else includes it.
 * clipboard_wayland_link.c is the connection, our source and the keyboard;
 * clipboard_wayland_offer.c what others offer us, and the device that tells of it.
 */
#pragma once

#include <wayland-client.h>

#include "client/clipboard/clipboard_wayland.h"

#define OWN_PREFIX "application/x-pierglass-"

/* Of the table of protocols in clipboard_wayland_link.c. */
#define PROTOCOLS 3u
#define CORE      2u

struct wayland_link {
	struct wayland_link_events events;
	char own_name[sizeof OWN_PREFIX + 16]; /* tells our offers from others' */
	struct wl_display *display;
	bool own_display;
	struct wl_event_queue *queue;
	struct wl_registry *registry;
	uint32_t manager_name[PROTOCOLS], manager_version[PROTOCOLS]; /* 0 = not there */
	unsigned protocol;                                            /* of protocols[] */
	struct wl_seat *seat;
	struct wl_keyboard *keyboard; /* core: for its serials */
	struct wl_proxy *manager, *device, *source;
	struct wayland_offer *fresh; /* told, and not yet said what it is for */
	struct wayland_offer *drag;  /* over the window */
	uint32_t serial;             /* of the newest input; 0 = none yet */
};

static inline bool is_control(const struct wayland_link *link) {
	return link->protocol != CORE;
}

/* The device's events: offers, the selection, what is dragged over the window. */
void wayland_device_listen(struct wayland_link *link);
