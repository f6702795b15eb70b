/* What the parts told, out of the inbox, on pg-ui. */
#include <string.h>

#include <SDL.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "client/platform/instance.h"
#include "client/ui/app_internal.h"
#include "client/ui/app_vm.h"
#include "client/window/window.h"
#include "client/window/window_input.h"

static void on_session_event(struct app *app, const struct app_event *event) {
	uint64_t now = clock_now_ns();
	switch (event->action) {
	case GUEST_LINK_ACTION_NONE:
		break;
	case GUEST_LINK_ACTION_ESCAPE_DOWN:
		window_input_remote_escape(app->input, true, now);
		break;
	case GUEST_LINK_ACTION_ESCAPE_UP:
		window_input_remote_escape(app->input, false, now);
		break;
	case GUEST_LINK_ACTION_ESCAPE_KEY:
		window_input_remote_key(app->input, (unsigned)event->code);
		break;
	case GUEST_LINK_ACTION_GRAB_CHANGED:
		app_alert(&app->hud, OVERLAY_INFO, "%s",
				event->code ? _("Devices given to the guest")
					    : _("Devices back on the host"));
		break;
	case GUEST_LINK_ACTION_KICKED:
		app_alert(&app->hud, OVERLAY_WARN, _("Another client took the VM's SPICE session"));
		break;
	case GUEST_LINK_ACTION_NO_VIDEO:
		app_alert(&app->hud, OVERLAY_WARN,
				_("A part of the picture stands still: it comes as a video that is "
				  "not shown here. In the VM's <graphics type='spice'>: <streaming "
				  "mode='off'/>"));
		break;
	}
}

static void on_event(struct app *app, const struct app_event *event) {
	switch (event->kind) {
	case APP_RAISE:
		SDL_RestoreWindow(window_sdl(app->window));
		SDL_RaiseWindow(window_sdl(app->window));
		instance_answer(event->code);
		break;
	case APP_SESSION_ACTION:
		on_session_event(app, event);
		break;
	case APP_CLIPBOARD:
		app_clipboard_refused(&app->hud, event, app->config->session.clipboard_max_bytes);
		break;
	case APP_TOOLKIT_TEXT:
		app_clipboard_toolkit_text(app->parts.clipboard);
		break;
	case APP_TYPE_TEXT:
		app_clipboard_type(&app->hud, &app->parts, event);
		break;
	case APP_DROPPED:
		app_dropped(app, event->text);
		break;
	case APP_SCREENSHOT_DONE:
		app_actions_screenshot_done(&app->actions, event->code);
		break;
	}
}

void app_look_at_pointer(struct app *app) {
	struct video_pointer pointer;
	if (mailbox_take(&app->inbox.pointer, &pointer)) {
		window_input_set_guest_pointer(app->input, &pointer);
	}
}

void app_look(struct app *app) {
	struct app_inbox *inbox = &app->inbox;
	struct app_status *now = &app->hud.now;
	struct app_event event;
	struct discovery_info info;
	atomic_store(&inbox->woken, false); /* before looking: what comes later wakes again */
	if (atomic_load(&inbox->quit)) {
		app->running = false;
	}

	bool changed = false;
	if (mailbox_take(&inbox->video_status, &now->video)) {
		app_size_follow(&app->size, app->config, &app->parts, &now->video, app->window);
		app_notices_video(&app->notices, &app->hud, app->config, app->window);
		changed = true;
	}
	if (mailbox_take(&inbox->guest_link_status, &now->session)) {
		app_password_ask(&app->password, now->session.needs_password);
		vm_apply_session(&app->vm, &now->session, app->parts.discovery);
		app_notices_session(&app->notices, &app->hud);
		changed = true;
	}
	if (mailbox_take(&inbox->geometry, &app->picture)) {
		changed = true;
	}
	if (mailbox_take(&inbox->audio_status, &now->audio)) {
		app->hud.dirty = true;
	}
	if (mailbox_take(&inbox->vm_found, &info)) {
		app_vm_apply(&app->vm, app->config, &app->hud, &info);
		explicit_bzero(info.spice_password, sizeof info.spice_password);
		app->hud.dirty = true;
	}
	if (changed) {
		app_vm_check(&app->hud);
		app_notices_watch_agent(&app->notices, &app->hud, app->config);
		app_tell_input(app);
		app->hud.dirty = true;
	}
	app_settle(app);
	while (queue_pop(&inbox->events, &event)) {
		on_event(app, &event);
	}
}
