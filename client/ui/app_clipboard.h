/*
 * Answers the clipboard part's requests to the app: to report what was not pasted, to lend the
 * toolkit's text, and to type text as keys. Content does not pass here. On pg-ui, for an event of
 * the inbox.
 */
#pragma once

#include <stddef.h>

struct app_event;
struct app_hud;
struct app_parts;
struct clipboard;

void app_clipboard_refused(struct app_hud *hud, const struct app_event *event, size_t max_bytes);
void app_clipboard_toolkit_text(struct clipboard *clipboard);
void app_clipboard_type(
		struct app_hud *hud, const struct app_parts *parts, const struct app_event *event);
