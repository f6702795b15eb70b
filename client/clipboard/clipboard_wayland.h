/*
 * The objects of the Wayland clipboard: the protocol that lends the clipboard, and its connection.
 * Included by clipboard_wayland.c only. On pg-clip; events run inside wayland_link_turn().
 *
 * ext-data-control and wlr-data-control give the clipboard to any program, at any time, over a
 * connection of its own. The core protocol gives it to the window that has the keyboard, so SDL's
 * connection is shared, with a separate queue. What is dragged over the window comes by the core
 * protocol alone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/clipboard/clipboard_names.h"

struct loop;
struct wayland_link;
struct wl_display;

/* What somebody offers. Names are compared and forgotten. */
struct wayland_offer {
	struct wayland_link *link;
	void *proxy;
	struct clipboard_choice choice;
	bool ours;     /* it is what we offered ourselves */
	bool files;    /* text/uri-list */
	bool secret;   /* a password manager marked it: it is not for others */
	uint32_t hash; /* of all its names */
	unsigned names;
};

struct wayland_link_events {
	/* The clipboard has this now; NULL = nothing. Goes to the receiver. */
	void (*selection)(struct wayland_offer *offer, void *data);
	/* A program pastes from our source. fd goes to the receiver. */
	void (*send)(const char *name, int fd, void *data);
	/* Our source has been replaced; it exists no more. */
	void (*cancelled)(void *data);
	/* The window has the keyboard: from now on it may set the clipboard. */
	void (*focused)(void *data);
	/* Files are over the window. */
	void (*dragged)(void *data);
	/* Files were dropped on the window; wayland_offer_receive(), then wayland_offer_dropped().
	 */
	void (*dropped)(struct wayland_offer *offer, void *data);
	void *data;
};

/* window: its display. -ENOTCONN, -ENOTSUP. */
int wayland_link_create(struct wayland_link **ret_link, struct wl_display *window,
		const struct wayland_link_events *events);
/* What is dragged over the window alone, where the clipboard has a connection of its own: a second
 * device beside SDL's. wlroots tells both of a drag, KWin the older one, SDL's. The events are
 * dragged and dropped; the others may be NULL. */
int wayland_link_create_drags(struct wayland_link **ret_link, struct wl_display *window,
		const struct wayland_link_events *events);
void wayland_link_destroy(struct wayland_link *link); /* accepts NULL */
/* "ext-data-control", "wlr-data-control", "wl_data_device" */
const char *wayland_link_name(const struct wayland_link *link);
/* One of the first two. */
bool wayland_link_is_control(const struct wayland_link *link);

/* The type that marks our own offers. */
bool wayland_link_is_mark(const struct wayland_link *link, const char *name);

/* Waits for the connection and the loop, and does what there is to do. drags: NULL, or a link of
 * drags, to wait for as well. -ENOTCONN: a connection is gone. */
int wayland_link_turn(struct wayland_link *link, struct wayland_link *drags, struct loop *loop);

/* Sets a new source with these types; 0 = takes ours away. -EAGAIN: not before focused(). */
int wayland_link_own(struct wayland_link *link, unsigned types);

/* Has the content written into fd, which stays the caller's. name: of clipboard_names, or
 * "text/uri-list". */
void wayland_offer_receive(struct wayland_offer *offer, const char *name, int fd);
/* The drop is over. */
void wayland_offer_dropped(struct wayland_offer *offer);
void wayland_offer_destroy(struct wayland_offer *offer); /* accepts NULL */
