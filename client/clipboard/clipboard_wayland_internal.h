/*
 * Shared by the files of the Wayland clipboard's objects: clipboard_wayland_link.c has the
 * connection, this program's source and the keyboard; clipboard_wayland_offer.c has the offers of
 * other programs; each protocol that lends a clipboard has a file with its table. No other file
 * includes this header.
 */
#pragma once

#include <wayland-client.h>

#include "client/clipboard/clipboard_wayland.h"

#define OWN_PREFIX "application/x-pierglass-"

/*
 * One way to a clipboard. manager, device, source and offer are proxies of the protocol's own
 * types, which only its file knows. Its listeners call the functions at the end of this header.
 */
struct wayland_protocol {
	const char *name;
	const struct wl_interface *manager;
	uint32_t version_max;
	bool control; /* it is for any program, at any time */

	void *(*device_new)(void *manager, struct wl_seat *seat, struct wayland_link *link);
	void (*device_destroy)(void *device);
	void (*manager_destroy)(void *manager);
	/* source NULL: the clipboard has nothing any more. serial: of the newest input. */
	void (*set_selection)(void *device, void *source, uint32_t serial);

	void *(*source_new)(void *manager, struct wayland_link *link);
	void (*source_offer)(void *source, const char *name);
	void (*source_destroy)(void *source);

	void (*offer_listen)(struct wayland_offer *offer);
	void (*offer_receive)(void *offer, const char *name, int fd);
	void (*offer_destroy)(void *offer);
};

extern const struct wayland_protocol wayland_ext, wayland_wlr, wayland_core;
/* As counted by the table in clipboard_wayland_link.c. */
#define WAYLAND_PROTOCOLS 3u

struct wayland_link {
	struct wayland_link_events events;
	char own_name[sizeof OWN_PREFIX + 16]; /* tells our offers from others' */
	bool drags_only;
	struct wl_display *display;
	bool own_display;
	struct wl_event_queue *queue;
	struct wl_registry *registry;
	bool weston, mutter; /* the compositor */
	uint32_t manager_name[WAYLAND_PROTOCOLS];
	uint32_t manager_version[WAYLAND_PROTOCOLS]; /* 0 = not there */
	const struct wayland_protocol *protocol;
	struct wl_seat *seat;
	struct wl_keyboard *keyboard; /* core: for its serials */
	void *manager, *device, *source;
	struct wayland_offer *fresh; /* told, and not yet said what it is for */
	struct wayland_offer *drag;  /* over the window */
	uint32_t serial;             /* of the newest input; 0 = none yet */
	uint64_t rest_ns;            /* not polled before */
};

/* ---- for the protocols' listeners ---- */

/* Somebody pastes from that source. fd is taken over. */
void wayland_source_send(struct wayland_link *link, const void *source, const char *name, int fd);
void wayland_source_cancelled(struct wayland_link *link, const void *source);

/* A new offer; what it is for follows. */
void wayland_offer_new(struct wayland_link *link, void *proxy);
void wayland_offer_add(struct wayland_offer *offer, const char *name);
/* The offer of that proxy, claimed now; NULL: it is not the newest one, or proxy is NULL. */
struct wayland_offer *wayland_offer_claim(struct wayland_link *link, const void *proxy);
