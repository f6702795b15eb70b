/*
 * The seam between the clipboard part (clipboard.h) and the desktop's selection: X11, Wayland, and
 * a stand-in for tests. Everything happens on pg-clip; events run inside turn() or own().
 *
 * Only the clipboard proper is touched: never the primary selection, which belongs to whoever
 * marked text with the mouse.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "client/clipboard/clipboard_message.h"

struct clipboard_backend;
struct loop;
struct wl_display;

/* Time limit without progress of the other program. */
#define CLIPBOARD_TIMEOUT_NS (3 * NS_PER_S)

struct clipboard_backend_events {
	/* Another program has the clipboard now, in these types; 0 = none, or none of ours. secret:
	 * a password manager's, which is not for other programs. */
	void (*offered)(unsigned types, bool secret, void *data);
	/* The answer to fetch(), exactly one. heap goes to the receiver; NULL: failure says why,
	 * and with CLIPBOARD_FAILURE_SIZE len how much it was at least. */
	void (*fetched)(uint32_t id, void *heap, size_t len, enum clipboard_failure failure,
			void *data);
	/* A program pastes what we own: give() with this id must follow, also with nothing. */
	void (*wanted)(uint32_t id, unsigned type, void *data);
	void *data;
	/* Files are over the window: the desktop gives drops to us (clipboard_wayland.c), and
	 * dropped() follows if they are let go there. May be NULL. */
	void (*dragged)(void *data);
	/* Files were dropped on the window: paths, each ended by a NUL, and an empty one. Heap,
	 * goes to the receiver. NULL: their list could not be read. May be NULL. */
	void (*dropped)(char *paths, void *data);
	/* The compositor lets only the window's toolkit read this text (clipboard_wayland.c): its
	 * owner asks there and says fetched() with the same id. May be NULL. */
	void (*ask_toolkit)(uint32_t id, void *data);
	void *window_data; /* of these three */
};

struct clipboard_backend_table {
	const char *name;
	void (*destroy)(struct clipboard_backend *backend);
	/* Waits and does what there is to do, timers and wakes of the loop too. Negative: the
	 * display server is gone, and nothing but destroy() may follow. */
	int (*turn)(struct clipboard_backend *backend);
	/* Takes the clipboard with these types, or with 0 gives it up if it is ours. */
	void (*own)(struct clipboard_backend *backend, unsigned types);
	/* Asks the other program for one of the types that it offered, up to max_bytes. */
	void (*fetch)(struct clipboard_backend *backend, uint32_t id, unsigned type,
			size_t max_bytes);
	/* Hands what we own to the desktop's clipboard manager, before the end; saved() follows, at
	 * once where there is none or nothing to hand over. NULL: managers here need not be asked.
	 */
	void (*save)(struct clipboard_backend *backend, void (*saved)(void *data), void *data);
	/* heap is taken over; NULL = nothing. */
	void (*give)(struct clipboard_backend *backend, uint32_t id, void *heap, size_t len);
};

struct clipboard_backend {
	const struct clipboard_backend_table *table;
};

/* A connection of its own to that server. -ENOTCONN, -ENOTSUP (an X server without XFIXES). */
int clipboard_x11_create(struct clipboard_backend **ret_backend, struct loop *loop,
		const char *display, uint64_t timeout_ns,
		const struct clipboard_backend_events *events);

/* window: the display of the window, used when the compositor lets only windows touch the
 * clipboard. -ENOTCONN, -ENOTSUP (no seat, no data device). */
int clipboard_wayland_create(struct clipboard_backend **ret_backend, struct loop *loop,
		struct wl_display *window, uint64_t timeout_ns,
		const struct clipboard_backend_events *events);
