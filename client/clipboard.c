#include "client/clipboard.h"

#include <SDL.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "clipboard"
#include "base/log.h"
#include "client/clip.h"
#include "host-proto/spice/text.h"

struct clipboard {
	int (*send)(const struct clip_message *message, void *data);
	void *data;
	char *from_guest; /* what we put into the local clipboard: not to be offered back */
	uint32_t serial;  /* of the request that is under way; 0 = none */
	uint32_t next_serial;
};

int clipboard_create(struct clipboard **ret_clipboard,
		int (*send)(const struct clip_message *message, void *data), void *data) {
	struct clipboard *clipboard = calloc(1, sizeof *clipboard);
	if (!clipboard) {
		return -ENOMEM;
	}
	clipboard->send = send;
	clipboard->data = data;
	*ret_clipboard = clipboard;
	return 0;
}

void clipboard_destroy(struct clipboard *clipboard) {
	if (clipboard) {
		free(clipboard->from_guest);
		free(clipboard);
	}
}

void clipboard_changed(struct clipboard *clipboard) {
	char *text = SDL_GetClipboardText();
	const bool ours = text && clipboard->from_guest && strcmp(text, clipboard->from_guest) == 0;
	if (!ours) {
		const bool any = text && text[0];
		const struct clip_message message = { .kind = any ? CLIP_OFFER : CLIP_RELEASE,
			.types = any ? CLIP_TEXT : 0 };
		free(clipboard->from_guest);
		clipboard->from_guest = NULL;
		clipboard->serial = 0; /* the local side is the newer owner */
		if (clipboard->send(&message, clipboard->data) < 0) {
			log_warn_limited("the session is too busy for the clipboard");
		}
	}
	SDL_free(text);
}

static void answer(struct clipboard *clipboard, const struct clip_message *request) {
	struct clip_message message = {
		.kind = CLIP_DATA, .types = request->types, .serial = request->serial
	};
	char *text = request->types == CLIP_TEXT ? SDL_GetClipboardText() : NULL;
	if (text && text[0] && request->crlf) {
		message.data = text_to_crlf((const uint8_t *)text, strlen(text), &message.len);
		message.crlf = true;
	} else if (text && text[0]) {
		message.data = strdup(text); /* SDL's memory is SDL's to free */
		message.len = message.data ? strlen(text) : 0;
	}
	SDL_free(text);
	if (clipboard->send(&message, clipboard->data) < 0) {
		free(message.data);
	}
}

static void ask(struct clipboard *clipboard) {
	clipboard->next_serial += clipboard->next_serial == UINT32_MAX ? 2 : 1;
	clipboard->serial = clipboard->next_serial;
	const struct clip_message message = {
		.kind = CLIP_REQUEST, .types = CLIP_TEXT, .serial = clipboard->serial
	};
	if (clipboard->send(&message, clipboard->data) < 0) {
		clipboard->serial = 0;
	}
}

static void take(struct clipboard *clipboard, const struct clip_message *message) {
	if (message->serial == 0 || message->serial != clipboard->serial) {
		return; /* an older request */
	}
	clipboard->serial = 0;
	const size_t len =
			message->data ? text_from_guest(message->data, message->len, message->crlf)
				      : 0;
	/* A NUL inside would cut it: such a thing is no text. */
	if (!message->data || memchr(message->data, '\0', len)) {
		return;
	}
	char *text = malloc(len + 1);
	if (!text) {
		return;
	}
	memcpy(text, message->data, len);
	text[len] = '\0';
	free(clipboard->from_guest);
	clipboard->from_guest = text;
	if (SDL_SetClipboardText(text) < 0) {
		log_warn_limited("the clipboard cannot be set (%s)", SDL_GetError());
	}
}

void clipboard_message(struct clipboard *clipboard, const struct clip_message *message) {
	switch (message->kind) {
	case CLIP_OFFER:
		if (message->types & CLIP_TEXT) {
			ask(clipboard);
		}
		break;
	case CLIP_RELEASE:
		break; /* what was copied stays: text is never taken out of the user's hands */
	case CLIP_REQUEST:
		answer(clipboard, message);
		break;
	case CLIP_DATA:
		take(clipboard, message);
		break;
	}
	free(message->data);
}
