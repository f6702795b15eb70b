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

void app_clipboard_toolkit_text(struct clipboard *clipboard) {
	char *text = SDL_GetClipboardText();
	if (clipboard) {
		/* SDL's memory is SDL's to free. */
		clipboard_toolkit_text(clipboard, text && text[0] ? strdup(text) : NULL);
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
