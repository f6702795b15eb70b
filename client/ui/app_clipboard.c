/* The app's side of the clipboard part: content goes past it, between pg-clip and pg-io; it tells
 * the user what was not pasted, and types text as keys. */
#define LOG_MODULE "app"
#include <stdlib.h>
#include <string.h>

#include <SDL.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "client/clipboard/clipboard.h"
#include "client/ui/app_state.h"
#include "client/ui/hud_text.h"
#include "client/window/window.h"

/* ---- on pg-io ---- */

void app_on_session_clipboard(const struct clip_message *message, void *data) {
	struct app *app = data;
	if (!app->clipboard || clipboard_message(app->clipboard, message) < 0) {
		free(message->data);
	}
}

/* ---- on pg-clip ---- */

static int on_send(const struct clip_message *message, void *data) {
	return guest_link_clipboard_message(((struct app *)data)->clip_session, message);
}

static void on_refused(bool to_vm, enum clip_failure failure, size_t len, void *data) {
	struct app *app = data;
	const struct app_event happening = { .kind = APP_CLIPBOARD,
		.refused = { .to_vm = to_vm, .failure = failure, .len = len } };
	(void)queue_push(&app->happenings, &happening);
}

/* text is handed on. */
static void push_text(struct app *app, enum app_event_kind kind, char *text) {
	const struct app_event happening = { .kind = kind, .text = text };
	if (queue_push(&app->happenings, &happening) < 0) {
		free(text);
	}
}

static void on_text(char *text, void *data) {
	push_text(data, APP_TYPE_TEXT, text);
}

static void on_ask_toolkit(void *data) {
	struct app *app = data;
	(void)queue_push(&app->happenings, &(struct app_event){ .kind = APP_TOOLKIT_TEXT });
}

static void on_dropped(char *paths, void *data) {
	push_text(data, APP_DROPPED, paths);
}

/* ---- on pg-ui ---- */

/* The frame host runs in the user's session, as the agent does: when it has sent pictures for so
 * long, no agent will come by itself. */
#define AGENT_PATIENCE_NS (20 * NS_PER_S)

void app_watch_agent(struct app *app) {
	const struct guest_link_status *session = &app->now.session;
	const struct guest_link_config *config = &app->config->session;
	const bool shared = config->clipboard_to_vm || config->clipboard_to_local;
	const bool missing = shared && !app->agent_told && !app->now.demo && session->connected &&
			     !session->agent && app->now.video.showing == VIDEO_SOURCE_LG;
	if (!missing) {
		app->agent_ns = 0;
	} else if (app->agent_ns == 0) {
		app->agent_ns = clock_now_ns() + AGENT_PATIENCE_NS;
	}
}

void app_tell_no_agent(struct app *app) {
	app->agent_ns = 0;
	app->agent_told = true;
	log_info("no SPICE agent runs in the guest: no clipboard, no files to drop (install the SPICE "
		 "guest tools, or --clipboard=no)");
	app_alert(app, OVERLAY_INFO, "%s", _(HUD_TEXT_NO_AGENT));
}

/* Sizes are said in MiB, and never as the limit itself when they are above it. */
static unsigned mebibytes(size_t bytes) {
	return (unsigned)((bytes + (1u << 20) - 1) >> 20);
}

void app_on_refused(struct app *app, const struct app_event *happening) {
	const size_t len = happening->refused.len;
	const size_t max = app->config->session.clipboard_max_bytes;
	const bool to_vm = happening->refused.to_vm;
	switch (happening->refused.failure) {
	case CLIP_FAILURE_NONE:
		break;
	case CLIP_FAILURE_SIZE:
		if (to_vm) {
			log_warn("clipboard: %zu bytes or more were not sent to the VM "
				 "(--clipboard-max is %zu)",
					len, max);
		} else {
			log_warn("clipboard: %zu bytes or more were not taken from the VM "
				 "(--clipboard-max is %zu)",
					len, max);
		}
		app_alert(app, OVERLAY_WARN,
				to_vm ? _("Too large to paste in the VM: %u MiB or more")
				      : _("Too large to paste from the VM: %u MiB or more"),
				mebibytes(len));
		break;
	case CLIP_FAILURE_TIME:
		app_alert(app, OVERLAY_WARN, "%s",
				to_vm ? _("The program that has the clipboard does not answer")
				      : _("The VM does not send its clipboard"));
		break;
	}
}

void app_on_toolkit_text(struct app *app) {
	char *text = SDL_GetClipboardText();
	if (app->clipboard) {
		/* SDL's memory is SDL's to free. */
		clipboard_toolkit_text(app->clipboard, text && text[0] ? strdup(text) : NULL);
	}
	SDL_free(text);
}

void app_on_type_text(struct app *app, const struct app_event *happening) {
	if (!happening->text || !happening->text[0]) {
		free(happening->text);
		app_alert(app, OVERLAY_WARN, _("The clipboard has no text"));
		return;
	}
	app_command(app, (struct guest_link_command){
					 .kind = GUEST_LINK_TYPE_TEXT, .text = happening->text });
}

int app_start_clipboard(struct app *app, struct guest_link *session) {
	const struct clipboard_config config = {
		.max_bytes = app->config->session.clipboard_max_bytes
	};
	const struct clipboard_events events = { .send = on_send,
		.refused = on_refused,
		.text = on_text,
		.dropped = on_dropped,
		.ask_toolkit = on_ask_toolkit,
		.data = app };
	/* Also when nothing is shared: text can be typed as keys. */
	if (!session) {
		return 0;
	}
	app->clip_session = session;
	int r = clipboard_start(&app->clipboard, &config, window_get_surface(app->window), &events);
	if (r < 0) {
		log_error("the clipboard does not start: %s", strerrordesc_np(-r));
	}
	return r;
}

void app_stop_clipboard(struct app *app) {
	clipboard_stop(app->clipboard);
	app->clipboard = NULL;
}
