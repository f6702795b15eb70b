/*
 * The local side of the clipboard, through SDL: text both ways. On pg-ui.
 *
 * SDL 2 knows text only and has no lazy offers, so the guest's text is fetched as soon as it is
 * offered, and images stay on their side. Selections of our own on SDL's X11 and Wayland
 * connections, which images and lazy transfer need, fit behind these functions.
 */
#pragma once

struct clip_message;
struct clipboard;

/* send: to the session; returns negative (and takes nothing) when it cannot be queued. */
int clipboard_create(struct clipboard **ret_clipboard,
		int (*send)(const struct clip_message *message, void *data), void *data);
void clipboard_destroy(struct clipboard *clipboard); /* accepts NULL */

/* SDL_CLIPBOARDUPDATE, and once at the start: the local content may be new. */
void clipboard_changed(struct clipboard *clipboard);
/* A message of the guest's side; frees its data. */
void clipboard_message(struct clipboard *clipboard, const struct clip_message *message);
