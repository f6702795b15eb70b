/*
 * The app's side of the clipboard part: content goes past it, between pg-clip and pg-io; it tells
 * the user what was not pasted, and types text as keys.
 */
#pragma once

#include "client/clipboard/clipboard_message.h"

struct app_event;
struct app_hud;
struct app_inbox;
struct app_parts;
struct clipboard;
struct config;
struct guest_link;
struct window;

struct app_clipboard {
	struct clipboard *part; /* changed only while pg-io does not run */
	struct guest_link *session;
	struct app_inbox *inbox;
};

int app_clipboard_start(struct app_clipboard *clipboard, const struct config *config,
		struct window *window, struct guest_link *session, struct app_inbox *inbox);
/* What the guest has in the clipboard stays there after the end. Waits half a second at most. */
void app_clipboard_save(struct app_clipboard *clipboard);
void app_clipboard_stop(struct app_clipboard *clipboard);

/* On pg-io: a message of the guest's side. data is the app_clipboard. */
void app_clipboard_from_guest(const struct clipboard_message *message, void *data);

/* On pg-ui, for an event of that kind. */
void app_clipboard_refused(struct app_hud *hud, const struct app_event *event, size_t max_bytes);
void app_clipboard_toolkit_text(struct app_clipboard *clipboard);
void app_clipboard_type(
		struct app_hud *hud, const struct app_parts *parts, const struct app_event *event);
