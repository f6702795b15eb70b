#define LOG_MODULE "app"
#include "client/ui/app_clipboard.h"

#include <stdlib.h>
#include <string.h>

#include <SDL.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "client/clipboard/clipboard.h"
#include "client/config/config.h"
#include "client/session/guest_link.h"
#include "client/ui/app_hud.h"
#include "client/ui/app_inbox.h"
#include "client/ui/app_parts.h"
#include "client/window/window.h"

/* ---- on pg-io ---- */

void app_clipboard_from_guest(const struct clipboard_message *message, void *data) {
	struct app_clipboard *clipboard = data;
	if (!clipboard->part || clipboard_put(clipboard->part, message) < 0) {
		free(message->data);
	}
}

/* ---- on pg-clip ---- */

static int on_send(const struct clipboard_message *message, void *data) {
	return guest_link_clipboard_message(((struct app_clipboard *)data)->session, message);
}

static void push(void *data, const struct app_event *event) {
	(void)app_inbox_push(((struct app_clipboard *)data)->inbox, event);
}

static void on_refused(bool to_vm, enum clipboard_failure failure, size_t len, void *data) {
	push(data, &(struct app_event){ .kind = APP_CLIPBOARD,
				   .refused = { .to_vm = to_vm, .failure = failure, .len = len } });
}

static void on_text(char *text, void *data) {
	push(data, &(struct app_event){ .kind = APP_TYPE_TEXT, .text = text });
}

static void on_ask_toolkit(void *data) {
	push(data, &(struct app_event){ .kind = APP_TOOLKIT_TEXT });
}

static void on_dropped(char *paths, void *data) {
	push(data, &(struct app_event){ .kind = APP_DROPPED, .text = paths });
}

/* ---- on pg-ui ---- */

/* Sizes are said in MiB, and never as the limit itself when they are above it. */
static unsigned mebibytes(size_t bytes) {
	return (unsigned)((bytes + (1u << 20) - 1) >> 20);
}

void app_clipboard_refused(struct app_hud *hud, const struct app_event *event, size_t max_bytes) {
	const size_t len = event->refused.len;
	const bool to_vm = event->refused.to_vm;
	switch (event->refused.failure) {
	case CLIPBOARD_FAILURE_NONE:
		break;
	case CLIPBOARD_FAILURE_SIZE:
		if (to_vm) {
			log_warn("clipboard: %zu bytes or more were not sent to the VM "
				 "(--clipboard-max is %zu)",
					len, max_bytes);
		} else {
			log_warn("clipboard: %zu bytes or more were not taken from the VM "
				 "(--clipboard-max is %zu)",
					len, max_bytes);
		}
		app_alert(hud, OVERLAY_WARN,
				to_vm ? _("Too large to paste in the VM: %u MiB or more")
				      : _("Too large to paste from the VM: %u MiB or more"),
				mebibytes(len));
		break;
	case CLIPBOARD_FAILURE_TIME:
		app_alert(hud, OVERLAY_WARN, "%s",
				to_vm ? _("The program that has the clipboard does not answer")
				      : _("The VM does not send its clipboard"));
		break;
	}
}

void app_clipboard_toolkit_text(struct app_clipboard *clipboard) {
	char *text = SDL_GetClipboardText();
	if (clipboard->part) {
		/* SDL's memory is SDL's to free. */
		clipboard_toolkit_text(clipboard->part, text && text[0] ? strdup(text) : NULL);
	}
	SDL_free(text);
}

void app_clipboard_type(
		struct app_hud *hud, const struct app_parts *parts, const struct app_event *event) {
	if (!event->text || !event->text[0]) {
		free(event->text);
		app_alert(hud, OVERLAY_WARN, _("The clipboard has no text"));
		return;
	}
	app_parts_command(parts, (struct guest_link_command){ .kind = GUEST_LINK_TYPE_TEXT,
						 .text = event->text });
}

int app_clipboard_start(struct app_clipboard *clipboard, const struct config *config,
		struct window *window, struct guest_link *session, struct app_inbox *inbox) {
	const struct clipboard_config part = { .max_bytes = config->session.clipboard_max_bytes };
	const struct clipboard_events events = { .send = on_send,
		.refused = on_refused,
		.text = on_text,
		.dropped = on_dropped,
		.ask_toolkit = on_ask_toolkit,
		.data = clipboard };
	/* Also when nothing is shared: text can be typed as keys. */
	if (!session) {
		return 0;
	}
	clipboard->session = session;
	clipboard->inbox = inbox;
	int r = clipboard_start(&clipboard->part, &part, window_get_surface(window), &events);
	if (r < 0) {
		log_error("the clipboard does not start: %s", strerrordesc_np(-r));
	}
	return r;
}

void app_clipboard_save(struct app_clipboard *clipboard) {
	if (clipboard->part) {
		clipboard_save(clipboard->part, 500 * NS_PER_MS);
	}
}

void app_clipboard_stop(struct app_clipboard *clipboard) {
	clipboard_stop(clipboard->part);
	clipboard->part = NULL;
}
