/*
 * A way for clipboard content between this program and the guest: the SPICE agent
 * (spice_clipboard.h), or the host program's own streams (host_clipboard.h). What may cross, when
 * and after which question is decided above it, once for both (guest_link_clipboard.h). On pg-io.
 *
 * The way tells: the guest's offer, what the guest wants, and the content that was asked for
 * (guest_link_clipboard_offer(), _wanted() and _content()).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "client/clipboard/clipboard_message.h"

struct clipboard_link {
	void *data;
	bool crlf; /* the guest's text has CR LF at its line ends, and wants ours so */
	/* All of these: 0 or a negative errno. */

	/* The desktop has new content in these types (enum clipboard_type) / has none any more. */
	int (*offer)(void *data, unsigned types);
	int (*release)(void *data);
	/* The answer is guest_link_clipboard_content(), once. */
	int (*request)(void *data, enum clipboard_type type);
	/* Nobody waits for that answer any more: it took too long. */
	void (*give_up)(void *data, enum clipboard_type type);
	/* The answer to guest_link_clipboard_wanted(). heap is taken over, also on failure; NULL,
	 * or more than the way takes: the guest gets nothing. */
	int (*answer)(void *data, enum clipboard_type type, void *heap, size_t len);

	/* Bytes received so far of what comes in: tells a slow transfer from none. */
	size_t (*receiving)(void *data);
};
