/*
 * The middle of the clipboard, between the guest's side (clipboard_message.h) and the desktop's
 * selection (clipboard_backend.h). The core knows the offers, the requests that wait, sizes and
 * line ends. On pg-clip; no thread of its own.
 */
#pragma once

#include "client/clipboard/clipboard_backend.h"

struct clipboard_core;
struct queue;

struct clipboard_core_events {
	/* To the guest's side: struct clipboard_message, whose data is its taker's. Outlives the
	 * core. */
	struct queue *guest;
	/* Something was not pasted, and the user should know why. len: as in clipboard_message.h.
	 */
	void (*refused)(bool to_vm, enum clipboard_failure failure, size_t len, void *data);
	/* The answer to clipboard_core_ask_text(): heap, ended by a NUL, goes to the receiver; NULL
	 * = there is none. */
	void (*text)(char *text, void *data);
	void *data;
};

/* max_bytes: of content, both ways. Text has a limit of its own below it (SPICE_AGENT_TEXT_MAX). */
int clipboard_core_create(struct clipboard_core **ret_core, size_t max_bytes,
		const struct clipboard_core_events *events);
void clipboard_core_destroy(struct clipboard_core *core); /* accepts NULL */

/* For the backend's create; dropped is left out. */
struct clipboard_backend_events clipboard_core_backend_events(struct clipboard_core *core);
/* NULL: the desktop has no clipboard (any more); what waits for it is answered. */
void clipboard_core_set_backend(struct clipboard_core *core, struct clipboard_backend *backend);

/* A message of the guest's side; takes its data over. */
void clipboard_core_message(struct clipboard_core *core, const struct clipboard_message *message);
/* The text of the clipboard, wherever it is; one at a time, others are told "none". */
void clipboard_core_ask_text(struct clipboard_core *core);
