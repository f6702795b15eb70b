/*
 * The clipboard part: the desktop's selection (X11 or Wayland), shared with the guest. Text and
 * images, both ways, transferred when somebody pastes; nothing is decoded. The primary selection is
 * never touched.
 *
 * Its thread ("pg-clip") has a connection of its own to the display server, so that megabytes
 * delay neither the window's events (pg-ui) nor keys (pg-io). Where a Wayland compositor gives the
 * clipboard to windows only, the thread shares SDL's connection, with an event queue of its own. A
 * desktop without a clipboard is a state: it is logged, and the guest has no offers.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "client/clipboard/clipboard_message.h"

struct clipboard;
struct queue;
struct window_surface;

struct clipboard_config {
	size_t max_bytes; /* of content, both ways */
};

/* All on pg-clip; must not block. */
struct clipboard_events {
	/* Something was not pasted. len: bytes that it has at least, with CLIPBOARD_FAILURE_SIZE.
	 */
	void (*refused)(bool to_vm, enum clipboard_failure failure, size_t len, void *data);
	/* The answer to clipboard_ask_text(). heap, goes to the receiver; NULL = there is none. */
	void (*text)(char *text, void *data);
	/* Files were dropped on the window: paths ended by NUL each, then an empty one. heap. NULL:
	 * their list could not be read. */
	void (*dropped)(char *paths, void *data);
	/* Only the window's toolkit may read the desktop's text: clipboard_toolkit_text() follows.
	 */
	void (*ask_toolkit)(void *data);
	void *data;
};

/* surface: of the window; it and its display outlive the part. Copies config and events. Nothing
 * runs yet. */
int clipboard_create(struct clipboard **ret_clipboard, const struct clipboard_config *config,
		const struct window_surface *surface, const struct clipboard_events *events);
/* After clipboard_stop(), and after whoever calls clipboard_put(). Accepts NULL. */
void clipboard_destroy(struct clipboard *clipboard);

/*
 * Starts the thread. guest: where struct clipboard_message go to the guest's side, which owns their
 * data from then on; outlives the thread. Returns 0 or a negative errno (local failure). The thread
 * is connected when this returns, and no other thread may be connecting to the X server meanwhile:
 * libXau keeps the name of its file in one place.
 */
int clipboard_start(struct clipboard *clipboard, struct queue *guest);
/* Before the end, while the guest's side still answers: hands what the guest has in the clipboard
 * to the desktop's manager, so that it can be pasted afterwards. Waits so long at most. */
void clipboard_save(struct clipboard *clipboard, uint64_t timeout_ns);
/* Joins the thread; no event comes after that, and nothing is sent. Accepts NULL. */
void clipboard_stop(struct clipboard *clipboard);

/* From any thread: a message of the guest's side, whose data it takes over. data: the struct
 * clipboard. */
void clipboard_put(const struct clipboard_message *message, void *data);
/* From any thread: the answer to events.ask_toolkit. text: heap, taken over; NULL = there is none.
 */
void clipboard_toolkit_text(struct clipboard *clipboard, char *text);
/* From any thread: whether what is dragged over the window comes to events.dropped. It may come to
 * the toolkit as well; known once a drag has been over the window. */
bool clipboard_has_drags(const struct clipboard *clipboard);
/* From any thread: events.text follows. */
void clipboard_ask_text(struct clipboard *clipboard);
