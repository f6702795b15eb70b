/*
 * The host program's own streams as a way for clipboard content (clipboard_link.h; kvmfr.md A.6).
 * The way is up while the host has accepted this client's claim. Text and images; files go by
 * SPICE. On pg-io.
 *
 * A host that leaves a request unanswered for too long, or sends nonsense, is left, and claimed
 * again after growing pauses: content goes by SPICE then. Content is accepted only as the answer to
 * a request of this client, and never beyond the limit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/session/clipboard_link.h"

struct clipboard_port;
struct host_clipboard;
struct loop;

/* On the loop's thread, and never from inside a function of the link. */
struct host_clipboard_events {
	void (*changed)(void *data);               /* host_clipboard_is_up() */
	void (*offer)(unsigned types, void *data); /* of the guest; 0 = it has nothing more */
	void (*wanted)(enum clipboard_type type, void *data);
	/* See guest_link_clipboard_content(). */
	void (*content)(enum clipboard_type type, uint8_t *heap, size_t len, void *data);
	void *data;
};

/* port (borrowed) outlives it. limit: of content in bytes, both ways. -ENOMEM. */
int host_clipboard_create(struct host_clipboard **ret_clipboard, struct loop *loop,
		struct clipboard_port *port, size_t limit,
		const struct host_clipboard_events *events);
/* Accepts NULL. */
void host_clipboard_destroy(struct host_clipboard *clipboard);

bool host_clipboard_is_up(const struct host_clipboard *clipboard);
/* What the guest has offered, and not taken back. */
unsigned host_clipboard_types(const struct host_clipboard *clipboard);
/* While it is up. */
struct clipboard_link host_clipboard_link(struct host_clipboard *clipboard);
