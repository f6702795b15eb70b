/* What the parts tell the app: from their threads into mailboxes and a queue, and out of them on
 * pg-ui. */
#define LOG_MODULE "app"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <SDL.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "client/platform/instance.h"
#include "client/ui/app_state.h"
#include "client/ui/app_vm.h"
#include "client/window/window.h"
#include "client/window/window_input.h"

#define FAILURES_MORE_NS (6 * NS_PER_S) /* names take longer to read */

/* ---- from other threads ---- */

/* Motion after so long is news: the screen must stay on from now on. */
#define DEVICE_PAUSE_NS (30 * NS_PER_S)

static void on_video_status(const struct video_status *status, void *data) {
	mailbox_put(&((struct app *)data)->video_status, status);
}

static void on_geometry(const struct video_geometry *geometry, void *data) {
	mailbox_put(&((struct app *)data)->geometry, geometry);
}

static void on_pointer(const struct video_pointer *pointer, void *data) {
	mailbox_put(&((struct app *)data)->pointer, pointer);
}

static void on_session_status(const struct guest_link_status *status, void *data) {
	mailbox_put(&((struct app *)data)->guest_link_status, status);
}

static void on_session_action(enum guest_link_action action, unsigned code, void *data) {
	struct app *app = data;
	struct app_event happening = {
		.kind = APP_SESSION_ACTION,
		.action = action,
		.code = (int)code,
	};
	queue_push(&app->happenings, &happening);
}

static void on_moved(void *data) {
	struct app *app = data;
	const uint64_t now_ns = clock_now_ns();
	const uint64_t before_ns = atomic_exchange(&app->device_input_ns, now_ns);
	if (app->video) {
		video_input_moved(app->video);
	}
	if (now_ns - before_ns > DEVICE_PAUSE_NS) {
		app_wake(app); /* it is played again */
	}
}

static void on_audio_status(const struct part_status *status, void *data) {
	mailbox_put(&((struct app *)data)->audio_status, status);
}

void app_on_discovery(const struct discovery_info *info, void *data) {
	mailbox_put(&((struct app *)data)->vm_found, info);
}

void app_on_signal(int number, void *data) {
	log_info("signal %d: leaving", number);
	app_quit(data);
}

void app_on_raise(struct app *app, int reply_fd) {
	const struct app_event happening = { .kind = APP_RAISE, .code = reply_fd };
	if (queue_push(&app->happenings, &happening) < 0) {
		instance_answer(reply_fd);
	}
}

void app_quit(struct app *app) {
	atomic_store(&app->quit, true);
	app_wake(app);
}

struct video_events app_video_events(struct app *app) {
	return (struct video_events){
		.status = on_video_status,
		.geometry = on_geometry,
		.pointer = on_pointer,
		.data = app,
	};
}

struct guest_link_events app_session_events(struct app *app) {
	return (struct guest_link_events){
		.status = on_session_status,
		.action = on_session_action,
		.moved = on_moved,
		.clipboard = app_on_session_clipboard,
		.data = app,
	};
}

struct audio_events app_audio_events(struct app *app) {
	return (struct audio_events){ .status = on_audio_status, .data = app };
}

/* ---- what they told, on pg-ui ---- */

static void fit_window(struct app *app) {
	const struct video_status *video = &app->now.video;
	if (!app->config->window.auto_resize || video->width == 0 ||
			(video->width == app->guest_width && video->height == app->guest_height)) {
		return;
	}
	app->guest_width = video->width;
	app->guest_height = video->height;
	if (!window_is_full_screen(app->window)) {
		window_set_size_px(app->window, (int)video->width, (int)video->height);
	}
}

static void on_new_video(struct app *app) {
	const struct video_status *video = &app->now.video;
	fit_window(app);
	if (app->resize_ns == 0) {
		app_shrink_window(app); /* else once the user stopped dragging */
	}
	if (video->activation_requests != app->activations) {
		app->activations = video->activation_requests;
		if (app->config->window.request_activation) {
			SDL_FlashWindow(window_sdl(app->window), SDL_FLASH_UNTIL_FOCUSED);
		}
	}
}

static void on_session_happening(struct app *app, const struct app_event *happening) {
	uint64_t now = clock_now_ns();
	switch (happening->action) {
	case GUEST_LINK_ACTION_NONE:
		break;
	case GUEST_LINK_ACTION_ESCAPE_DOWN:
		window_input_remote_escape(app->input, true, now);
		break;
	case GUEST_LINK_ACTION_ESCAPE_UP:
		window_input_remote_escape(app->input, false, now);
		break;
	case GUEST_LINK_ACTION_ESCAPE_KEY:
		window_input_remote_key(app->input, (unsigned)happening->code);
		break;
	case GUEST_LINK_ACTION_GRAB_CHANGED:
		app_alert(app, OVERLAY_INFO, "%s",
				happening->code ? _("Devices given to the guest")
						: _("Devices back on the host"));
		break;
	case GUEST_LINK_ACTION_KICKED:
		app_alert(app, OVERLAY_WARN, _("Another client took the VM's SPICE session"));
		break;
	}
}

static void on_happening(struct app *app, const struct app_event *happening) {
	switch (happening->kind) {
	case APP_RAISE:
		SDL_RestoreWindow(window_sdl(app->window));
		SDL_RaiseWindow(window_sdl(app->window));
		instance_answer(happening->code);
		break;
	case APP_SESSION_ACTION:
		on_session_happening(app, happening);
		break;
	case APP_CLIPBOARD:
		app_on_refused(app, happening);
		break;
	case APP_TOOLKIT_TEXT:
		app_on_toolkit_text(app);
		break;
	case APP_TYPE_TEXT:
		app_on_type_text(app, happening);
		break;
	case APP_DROPPED:
		app_send_files(app, happening->text);
		break;
	case APP_SCREENSHOT_DONE:
		if (happening->code < 0) {
			app_alert(app, OVERLAY_BAD, _("No screenshot: %s: %s"), app->screenshot,
					strerrordesc_np(-happening->code));
		} else {
			app_alert(app, OVERLAY_GOOD, _("Saved %s"), app->screenshot);
		}
		break;
	}
}

/* One line at the end of each batch; the overlay shows the progress until then. */
static void tell_files(struct app *app) {
	const struct file_sender_status *files = &app->now.session.files;
	const unsigned all = files->done + files->failed;
	if (files->batches == app->files_batches) {
		return;
	}
	app->files_batches = files->batches;
	if (files->failed > 0) {
		app_alert(app, OVERLAY_BAD, _("Files sent: %u of %u. Not sent: %s"), files->done,
				all, files->failures);
		app->now.alert_until_ns += FAILURES_MORE_NS;
	} else if (files->renamed > 0) {
		app_alert(app, OVERLAY_GOOD,
				_("Files sent: %u of %u (%u have another name in the guest)"),
				files->done, all, files->renamed);
	} else {
		app_alert(app, OVERLAY_GOOD, _("Files sent: %u of %u"), files->done, all);
	}
}

/* Only where the user allowed it: --clipboard-to-vm=always. */
static void tell_clipboard_read(struct app *app) {
	const unsigned read = app->now.session.clipboard_read_unfocused;
	if (read != app->clipboard_read_told) {
		app->clipboard_read_told = read;
		app_alert(app, OVERLAY_INFO, _("The VM read the clipboard"));
	}
}

/* The question itself stands in the overlay while it is open: hud_text.c. */
static void tell_microphone(struct app *app) {
	enum guest_link_microphone_state state = app->now.session.microphone;
	if (state == app->mic_told) {
		return;
	}
	if (state == GUEST_LINK_MIC_OPEN) {
		app_alert(app, OVERLAY_WARN, _("The VM records: the microphone is on"));
	} else if (app->mic_told == GUEST_LINK_MIC_OPEN) {
		app_alert(app, OVERLAY_INFO, _("The microphone is off"));
	} else if (state == GUEST_LINK_MIC_DECLINED) {
		app_alert(app, OVERLAY_INFO, _("The VM does not get the microphone"));
	}
	app->mic_told = state;
}

void app_look(struct app *app) {
	struct app_event happening;
	struct discovery_info info;
	struct video_pointer pointer;
	atomic_store(&app->woken, false); /* before looking: what comes later wakes again */
	if (atomic_load(&app->quit)) {
		app->running = false;
	}

	bool changed = false;
	if (mailbox_take(&app->video_status, &app->now.video)) {
		on_new_video(app);
		changed = true;
	}
	if (mailbox_take(&app->guest_link_status, &app->now.session)) {
		app_ask_password(app);
		vm_apply_session(&app->vm, &app->now.session, app->discovery);
		tell_files(app);
		tell_clipboard_read(app);
		tell_microphone(app);
		changed = true;
	}
	if (mailbox_take(&app->geometry, &app->picture)) {
		changed = true;
	}
	if (mailbox_take(&app->audio_status, &app->now.audio)) {
		app->dirty = true;
	}
	if (mailbox_take(&app->vm_found, &info)) {
		app_take_discovery(app, &info);
		explicit_bzero(info.spice_password, sizeof info.spice_password);
		app->dirty = true;
	}
	if (changed) {
		app_check_vm(app);
		app_watch_agent(app);
		app_tell_input(app);
		app->dirty = true;
	}
	if (mailbox_take(&app->pointer, &pointer)) {
		window_input_set_guest_pointer(app->input, &pointer);
	}
	app_settle(app);
	while (queue_pop(&app->happenings, &happening)) {
		on_happening(app, &happening);
	}
}
