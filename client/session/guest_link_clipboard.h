/*
 * The clipboard between the agent (on pg-io) and the local side (clip.h): who owns what, requests
 * with a time limit, and a switch for each direction. On pg-io.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/clipboard/clipboard_message.h"
#include "host-proto/spice/wire.h"

struct loop;
struct session_clipboard;
struct spice_agent;

struct session_clipboard_config {
	enum clipboard_policy to_vm, to_local;
	uint64_t timeout_ns; /* of the guest; 0 = 5 s without progress */
};

/* send: a message for the local side; owns its data from then on. */
int session_clipboard_create(struct session_clipboard **ret_clipboard, struct loop *loop,
		const struct session_clipboard_config *config,
		void (*send)(const struct clip_message *message, void *data), void *data);
void session_clipboard_destroy(struct session_clipboard *clipboard); /* accepts NULL */

/* NULL = the agent is gone. Called again when its capabilities are known. */
void session_clipboard_set_agent(struct session_clipboard *clipboard, struct spice_agent *agent);

/* The guest has the focus: the window has it, or the guest the devices (starts without). */
void session_clipboard_set_focus(struct session_clipboard *clipboard, bool focus);
/* Contents that the guest got without it. */
unsigned session_clipboard_read_unfocused(const struct session_clipboard *clipboard);

/* The agent's events. */
void session_clipboard_offer(struct session_clipboard *clipboard, unsigned theirs);
void session_clipboard_wanted(struct session_clipboard *clipboard, enum spice_clipboard_type type);
/* heap is taken over; NULL with a length: too large. */
void session_clipboard_content(struct session_clipboard *clipboard, enum spice_clipboard_type type,
		uint8_t *heap, size_t len);

/* A message of the local side; takes its data over. */
void session_clipboard_local(
		struct session_clipboard *clipboard, const struct clip_message *message);
