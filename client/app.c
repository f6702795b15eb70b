#define LOG_MODULE "app"
#include "client/app.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <SDL2/SDL.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "client/app_state.h"
#include "client/app_vm.h"
#include "client/clipboard.h"
#include "client/stats.h"
#include "client/view.h"
#include "client/window.h"
#include "client/window_input.h"

/* A resize is over when no further one came for so long. */
#define RESIZE_SETTLE_NS (100 * NS_PER_MS)

/* ---- from other threads ---- */

/* One SDL event for any number of wakes until the app has looked. */
static void wake(void *data) {
	struct app *app = data;
	if (!atomic_exchange(&app->woken, true)) {
		SDL_Event event = { .type = app->wake_event };
		SDL_PushEvent(&event);
	}
}

static void on_video_status(const struct video_status *status, void *data) {
	mailbox_put(&((struct app *)data)->video_status, status);
}

static void on_geometry(const struct video_geometry *geometry, void *data) {
	mailbox_put(&((struct app *)data)->geometry, geometry);
}

static void on_pointer(const struct video_pointer *pointer, void *data) {
	mailbox_put(&((struct app *)data)->pointer, pointer);
}

static void on_session_status(const struct session_status *status, void *data) {
	mailbox_put(&((struct app *)data)->session_status, status);
}

static void on_session_action(enum session_action action, unsigned code, void *data) {
	struct app *app = data;
	struct app_happening happening = {
		.kind = APP_SESSION_ACTION,
		.action = action,
		.code = (int)code,
	};
	queue_push(&app->happenings, &happening);
}

static void on_session_clipboard(const struct clip_message *message, void *data) {
	struct app *app = data;
	const struct app_happening happening = { .kind = APP_CLIPBOARD, .clip = *message };
	if (queue_push(&app->happenings, &happening) < 0) {
		free(message->data);
	}
}

/* To the session; also before and after there is one. */
static int send_clipboard(const struct clip_message *message, void *data) {
	struct app *app = data;
	return app->session ? session_clipboard(app->session, message) : -ENOTCONN;
}

static void on_moved(void *data) {
	struct app *app = data;
	if (app->video) {
		video_input_moved(app->video);
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

void app_on_raise(void *data) {
	struct app *app = data;
	queue_push(&app->happenings, &(struct app_happening){ .kind = APP_RAISE });
}

void app_quit(struct app *app) {
	atomic_store(&app->quit, true);
	wake(app);
}

struct video_events app_video_events(struct app *app) {
	return (struct video_events){
		.status = on_video_status,
		.geometry = on_geometry,
		.pointer = on_pointer,
		.data = app,
	};
}

struct session_events app_session_events(struct app *app) {
	return (struct session_events){
		.status = on_session_status,
		.action = on_session_action,
		.moved = on_moved,
		.clipboard = on_session_clipboard,
		.data = app,
	};
}

struct audio_events app_audio_events(struct app *app) {
	return (struct audio_events){ .status = on_audio_status, .data = app };
}

/* ---- requests of the window's input ---- */

static void hook_input(const struct input_event *event, void *data) {
	struct app *app = data;
	if (app->session && session_input(app->session, event) < 0) {
		log_warn_limited("input came faster than it could be sent: an event was lost");
	}
}

static void hook_release(void *data) {
	app_command(data, (struct session_command){ .kind = SESSION_RELEASE_ALL });
}

static void hook_mouse_mode(bool absolute, void *data) {
	app_command(data, (struct session_command){ .kind = SESSION_MOUSE_MODE, .on = absolute });
}

static int hook_move_pointer(int x, int y, void *data) {
	struct app *app = data;
	return app->video ? video_move_pointer(app->video, x, y) : -ENOTCONN;
}

static void on_capture(struct app *app, bool on, bool quiet) {
	app->now.captured = on;
	app->dirty = true;
	if (!quiet) {
		app_alert(app, OVERLAY_INFO, "%s",
				on ? _("Capture enabled") : _("Capture disabled"));
	}
}

static void hook_request(
		enum window_request request, int value, bool shift, bool quiet, void *data) {
	struct app *app = data;
	switch (request) {
	case WINDOW_REQUEST_CAPTURE:
		on_capture(app, value != 0, quiet);
		break;
	case WINDOW_REQUEST_HELP:
		app->now.show_help = value != 0;
		app->dirty = true;
		break;
	case WINDOW_REQUEST_KEY:
		app_key(app, (unsigned)value, shift);
		break;
	case WINDOW_REQUEST_REFUSED:
		app_alert(app, OVERLAY_WARN, "%s",
				value == 0 ? _("No input to the VM yet: nothing to capture for")
					   : _("The desktop refuses to lock the pointer"));
		break;
	}
}

static struct window_input_config input_config(const struct config *config) {
	struct window_input_config input = {
		.help_delay_ms = (unsigned)config->input.help_delay_ms,
		.capture_on_start = config->input.capture_on_start,
		.capture_on_focus = config->input.capture_on_focus,
		.capture_only = config->input.capture_only,
		.grab_keyboard = config->input.grab_keyboard,
		.grab_keyboard_on_focus = config->input.grab_keyboard_on_focus,
		.auto_capture = config->input.auto_capture,
		.release_keys_on_focus_loss = config->input.release_keys_on_focus_loss,
		.hide_cursor = config->input.hide_cursor,
		.show_cursor_dot = config->input.show_cursor_dot,
		.large_cursor_dot = config->input.large_cursor_dot,
		.scale_cursor = config->input.scale_cursor,
	};
	snprintf(input.escape_key, sizeof input.escape_key, "%s", config->session.escape_key);
	return input;
}

/* ---- life ---- */

static int init_boxes(struct app *app) {
	struct {
		struct mailbox *box;
		size_t size;
	} const boxes[] = {
		{ &app->video_status, sizeof(struct video_status) },
		{ &app->geometry, sizeof(struct video_geometry) },
		{ &app->pointer, sizeof(struct video_pointer) },
		{ &app->session_status, sizeof(struct session_status) },
		{ &app->audio_status, sizeof(struct part_status) },
		{ &app->vm_found, sizeof(struct discovery_info) },
	};
	for (size_t i = 0; i < sizeof boxes / sizeof boxes[0]; i++) {
		int r = mailbox_init(boxes[i].box, boxes[i].size, wake, app);
		if (r < 0) {
			return r;
		}
	}
	return queue_init(&app->happenings, sizeof(struct app_happening), 256, wake, app);
}

int app_create(struct app **ret_app, struct config *config, struct window *window, bool demo) {
	struct app *app = calloc(1, sizeof *app);
	if (!app) {
		return -ENOMEM;
	}
	app->config = config;
	app->window = window;
	app->settings = config->video.settings;
	app->sensitivity = config->session.sensitivity;
	app->mic_policy = config->session.microphone;
	app->mic_allowed = config->session.microphone == SESSION_MICROPHONE_ON;
	app->now.demo = demo;
	app->now.start_ns = clock_now_ns();
	app->now.input_on = config->session.input;
	app->now.show_fps = config->window.show_fps;
	app->now.show_timings = config->window.show_graphs;
	app->now.video.part.state = PART_WAITING;
	app->display_wanted = true;
	app->wake_event = SDL_RegisterEvents(1);
	int r = app->wake_event == UINT32_MAX ? -ENOMEM : init_boxes(app);
	if (r == 0) {
		r = clipboard_create(&app->clipboard, send_clipboard, app);
	}
	if (r < 0) {
		app_destroy(app);
		return r;
	}
	const struct window_input_config input = input_config(config);
	const struct window_input_hooks hooks = {
		.input = hook_input,
		.release = hook_release,
		.mouse_mode = hook_mouse_mode,
		.move_pointer = hook_move_pointer,
		.request = hook_request,
		.data = app,
	};
	r = window_input_create(&app->input, window_sdl(window), &input, &hooks);
	if (r < 0) {
		app_destroy(app);
		return r;
	}
	*ret_app = app;
	return 0;
}

void app_destroy(struct app *app) {
	if (!app) {
		return;
	}
	window_input_destroy(app->input);
	clipboard_destroy(app->clipboard);
	struct app_happening happening;
	while (app->happenings.items && queue_pop(&app->happenings, &happening)) {
		free(happening.clip.data);
	}
	queue_finish(&app->happenings);
	mailbox_finish(&app->vm_found);
	mailbox_finish(&app->audio_status);
	mailbox_finish(&app->session_status);
	mailbox_finish(&app->pointer);
	mailbox_finish(&app->geometry);
	mailbox_finish(&app->video_status);
	explicit_bzero(app->password, sizeof app->password);
	free(app);
}

void app_attach(struct app *app, struct video *video, struct session *session, struct audio *audio,
		struct discovery *discovery) {
	app->video = video;
	app->session = session;
	app->audio = audio;
	app->discovery = discovery;
	app->vm.video = video;
	app->vm.session = session;
	app->vm.audio = audio;
}

/* ---- what the parts told ---- */

static void tell_input(struct app *app) {
	struct window_input_view view = {
		.picture = app->picture,
		.desktop_width = (int)app->now.video.desktop_width,
		.desktop_height = (int)app->now.video.desktop_height,
		.connected = app->now.session.connected && !app->wrong_vm,
		.absolute = app->now.session.absolute,
		/* Positions are those of the SPICE surface, which the frame host's desktop is not:
		 * over its picture motion is relative, and the host puts the pointer (kvmfr.md 7).
		 */
		.absolute_possible = app->now.session.absolute_possible &&
				     app->now.video.showing == VIDEO_SOURCE_SPICE,
		.grabbed = app->now.session.grabbed,
		.enabled = app->now.input_on,
		.overlay = app->asking_password,
	};
	SDL_GetWindowSize(window_sdl(app->window), &view.window_width, &view.window_height);
	window_size_px(app->window, &view.pixel_width, &view.pixel_height);
	window_input_set_view(app->input, &view);
}

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

static void update_screensaver(struct app *app) {
	bool off = app->config->window.no_screensaver ||
		   (app->config->window.auto_screensaver && app->now.video.block_screensaver);
	if (off == app->screensaver_off) {
		return;
	}
	app->screensaver_off = off;
	if (off) {
		SDL_DisableScreenSaver();
	} else {
		SDL_EnableScreenSaver();
	}
}

static void on_new_video(struct app *app) {
	const struct video_status *video = &app->now.video;
	fit_window(app);
	update_screensaver(app);
	if (video->activation_requests != app->activations) {
		app->activations = video->activation_requests;
		if (app->config->window.request_activation) {
			SDL_FlashWindow(window_sdl(app->window), SDL_FLASH_UNTIL_FOCUSED);
		}
	}
	/* The SPICE picture costs the VM time: only while it is needed. */
	bool wanted = app->config->video.settings.source != VIDEO_SOURCE_LG &&
		      (video->showing != VIDEO_SOURCE_LG || video->stale ||
				      app->settings.source == VIDEO_SOURCE_SPICE);
	if (wanted != app->display_wanted) {
		app->display_wanted = wanted;
		app_command(app, (struct session_command){
						 .kind = SESSION_DISPLAY_WANTED,
						 .on = wanted,
				 });
	}
}

static void on_session_happening(struct app *app, const struct app_happening *happening) {
	uint64_t now = clock_now_ns();
	switch (happening->action) {
	case SESSION_ACTION_NONE:
		break;
	case SESSION_ACTION_ESCAPE_DOWN:
		window_input_remote_escape(app->input, true, now);
		break;
	case SESSION_ACTION_ESCAPE_UP:
		window_input_remote_escape(app->input, false, now);
		break;
	case SESSION_ACTION_ESCAPE_KEY:
		window_input_remote_key(app->input, (unsigned)happening->code);
		break;
	case SESSION_ACTION_GRAB_CHANGED:
		app_alert(app, OVERLAY_INFO, "%s",
				happening->code ? _("Devices given to the guest")
						: _("Devices back on the host"));
		break;
	case SESSION_ACTION_KICKED:
		app_alert(app, OVERLAY_WARN, _("Another client took the VM's SPICE session"));
		break;
	}
}

static void on_happening(struct app *app, const struct app_happening *happening) {
	switch (happening->kind) {
	case APP_RAISE:
		SDL_RestoreWindow(window_sdl(app->window));
		SDL_RaiseWindow(window_sdl(app->window));
		break;
	case APP_SESSION_ACTION:
		on_session_happening(app, happening);
		break;
	case APP_CLIPBOARD:
		clipboard_message(app->clipboard, &happening->clip);
		break;
	case APP_SCREENSHOT_DONE:
		if (happening->code < 0) {
			app_alert(app, OVERLAY_BAD, _("No screenshot: %s"),
					strerrordesc_np(-happening->code));
		} else {
			app_alert(app, OVERLAY_GOOD, _("Saved %s"), app->screenshot);
		}
		break;
	}
}

static void start_password(struct app *app) {
	bool ask = app->now.session.needs_password;
	if (ask == app->asking_password) {
		return;
	}
	app->asking_password = ask;
	explicit_bzero(app->password, sizeof app->password);
	app->password_len = 0;
	if (ask) {
		SDL_StartTextInput();
	} else {
		SDL_StopTextInput();
	}
}

/* Each file that arrived or failed is said once; the view shows the progress. */
static void tell_files(struct app *app) {
	const struct session_files *files = &app->now.session.files;
	if (files->failed > app->files_failed) {
		app_alert(app, OVERLAY_BAD, _("File not sent: %s"), files->error);
	} else if (files->done > app->files_done && files->active == 0) {
		app_alert(app, OVERLAY_GOOD, _("Files sent: %u"), files->done);
	}
	app->files_failed = files->failed;
	app->files_done = files->done;
}

/* The question itself stands in the overlay while it is open: view.c. */
static void tell_microphone(struct app *app) {
	enum session_microphone_state state = app->now.session.microphone;
	if (state == app->mic_told) {
		return;
	}
	if (state == SESSION_MIC_OPEN) {
		app_alert(app, OVERLAY_WARN, _("The VM records: the microphone is on"));
	} else if (app->mic_told == SESSION_MIC_OPEN) {
		app_alert(app, OVERLAY_INFO, _("The microphone is off"));
	} else if (state == SESSION_MIC_DECLINED) {
		app_alert(app, OVERLAY_INFO, _("The VM does not get the microphone"));
	}
	app->mic_told = state;
}

static void look(struct app *app) {
	struct app_happening happening;
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
	if (mailbox_take(&app->session_status, &app->now.session)) {
		start_password(app);
		discovered_session(&app->vm, &app->now.session, app->discovery);
		tell_files(app);
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
		tell_input(app);
		app->dirty = true;
	}
	if (mailbox_take(&app->pointer, &pointer)) {
		window_input_set_guest_pointer(app->input, &pointer);
	}
	while (queue_pop(&app->happenings, &happening)) {
		on_happening(app, &happening);
	}
}

/* ---- what SDL told ---- */

static void on_resize(struct app *app) {
	int width;
	int height;
	window_size_px(app->window, &width, &height);
	if (app->video) {
		video_resize(app->video, width, height);
	}
	tell_input(app);
	app->resize_ns = clock_now_ns() + RESIZE_SETTLE_NS;
}

static void set_hidden(struct app *app, bool hidden) {
	if (app->settings.hidden != hidden && app->video) {
		app->settings.hidden = hidden;
		video_set(app->video, &app->settings);
	}
}

static void on_window_event(struct app *app, const SDL_WindowEvent *event) {
	switch (event->event) {
	case SDL_WINDOWEVENT_SIZE_CHANGED:
		on_resize(app);
		break;
	case SDL_WINDOWEVENT_MINIMIZED:
	case SDL_WINDOWEVENT_HIDDEN:
		set_hidden(app, true);
		break;
	case SDL_WINDOWEVENT_SHOWN:
	case SDL_WINDOWEVENT_RESTORED:
	case SDL_WINDOWEVENT_MAXIMIZED:
	case SDL_WINDOWEVENT_EXPOSED:
		set_hidden(app, false);
		if (app->video) {
			video_wake(app->video);
		}
		break;
	case SDL_WINDOWEVENT_ENTER:
	case SDL_WINDOWEVENT_LEAVE:
		app->pointer_inside = event->event == SDL_WINDOWEVENT_ENTER;
		break;
	case SDL_WINDOWEVENT_FOCUS_LOST:
		if (app->config->window.minimize_on_focus_loss && app->now.input_on) {
			SDL_MinimizeWindow(window_sdl(app->window));
		}
		break;
	case SDL_WINDOWEVENT_CLOSE:
		if (!(app->config->window.ignore_quit && app->pointer_inside)) {
			app->running = false;
		}
		break;
	default: /* moves, takes focus: nothing to do */
		break;
	}
}

/* The picture's own aspect for the window, once the user stopped dragging. */
static void snap_to_aspect(struct app *app) {
	const struct video_status *video = &app->now.video;
	int width;
	int height;
	/* Only with --auto-resize: a tiling compositor gives a window its size once, and a window
	 * that then shrinks leaves a hole in its tile. */
	if (!app->config->window.force_aspect || !app->config->window.auto_resize ||
			!app->config->video.settings.keep_aspect || video->width == 0 ||
			window_is_full_screen(app->window) ||
			(SDL_GetWindowFlags(window_sdl(app->window)) & SDL_WINDOW_MAXIMIZED)) {
		return;
	}
	window_size_px(app->window, &width, &height);
	int wanted = (int)((int64_t)width * video->height / video->width);
	if (wanted != height && wanted > 0) {
		window_set_size_px(app->window, width, wanted);
	}
}

static void on_resize_settled(struct app *app) {
	int width;
	int height;
	app->resize_ns = 0;
	snap_to_aspect(app);
	if (app->config->window.set_guest_size && app->now.video.showing == VIDEO_SOURCE_SPICE) {
		window_size_px(app->window, &width, &height);
		app_command(app, (struct session_command){
						 .kind = SESSION_MONITOR_SIZE,
						 .value = width << 16 | height,
				 });
	}
}

static void password_event(struct app *app, const SDL_Event *event) {
	if (event->type == SDL_TEXTINPUT) {
		size_t room = sizeof app->password - app->password_len;
		int len = snprintf(app->password + app->password_len, room, "%s", event->text.text);
		if (len > 0 && (size_t)len < room) {
			app->password_len += (size_t)len;
		} else {
			app->password[app->password_len] = '\0'; /* never half of it */
		}
	} else if (event->type == SDL_KEYDOWN && event->key.keysym.sym == SDLK_BACKSPACE) {
		app->password_len -= app->password_len > 0;
		app->password[app->password_len] = '\0';
	} else if (event->type == SDL_KEYDOWN &&
			(event->key.keysym.sym == SDLK_RETURN ||
					event->key.keysym.sym == SDLK_KP_ENTER)) {
		app_command(app, (struct session_command){
						 .kind = SESSION_PASSWORD,
						 .text = strdup(app->password),
				 });
		explicit_bzero(app->password, sizeof app->password);
		app->password_len = 0;
	}
	app->now.password_typed = app->password_len;
	app->dirty = true;
}

static void send_file(struct app *app, const char *path) {
	size_t len = strlen(path);
	char *list = calloc(1, len + 2); /* one path, then an empty one */
	if (list) {
		memcpy(list, path, len + 1);
		app_command(app, (struct session_command){
						 .kind = SESSION_SEND_FILES, .text = list });
	}
}

static void on_event(struct app *app, SDL_Event *event) {
	if (app->asking_password && (event->type == SDL_TEXTINPUT || event->type == SDL_KEYDOWN)) {
		password_event(app, event);
		return;
	}
	if (event->type == SDL_KEYDOWN && event->key.keysym.scancode == SDL_SCANCODE_ESCAPE &&
			app->now.session.files.active > 0 && !app->now.captured) {
		app_command(app, (struct session_command){ .kind = SESSION_CANCEL_FILES });
		return;
	}
	if (window_input_event(app->input, event, clock_now_ns())) {
		return;
	}
	switch (event->type) {
	case SDL_WINDOWEVENT:
		on_window_event(app, &event->window);
		if (event->window.event == SDL_WINDOWEVENT_FOCUS_GAINED && !app->clipboard_seen) {
			app->clipboard_seen = true; /* what was copied before we started */
			clipboard_changed(app->clipboard);
		}
		break;
	case SDL_CLIPBOARDUPDATE:
		clipboard_changed(app->clipboard);
		break;
	case SDL_DROPFILE:
		send_file(app, event->drop.file);
		SDL_free(event->drop.file);
		break;
	default: /* SDL_QUIT too: it follows the CLOSE of the last window, which decided already */
		break;
	}
}

/* ---- the loop ---- */

static void read_figures(struct app *app) {
	if (app->video) {
		video_get_stats(app->video, &app->now.video_stats);
	}
	if (app->audio) {
		audio_get_stats(app->audio, &app->now.audio_stats);
	}
}

static void show(struct app *app) {
	struct overlay overlay;
	if (app->now.show_fps || app->now.show_timings) {
		read_figures(app);
	}
	view_overlay(&app->now, app->config, &overlay);
	if (app->video && (!app->overlay_sent || !overlay_equal(&overlay, &app->shown))) {
		video_set_overlay(app->video, &overlay);
		app->shown = overlay;
		app->overlay_sent = true;
	}
	app->dirty = false;
}

static void print_stats(struct app *app) {
	read_figures(app);
	stats_write(stdout, &app->now);
	app->stats_ns += (uint64_t)(app->config->stats_period * (double)NS_PER_S);
	if (app->stats_ns < app->now.now_ns) {
		app->stats_ns = app->now.now_ns; /* the machine slept: not a burst of lines */
	}
}

static uint64_t earliest(uint64_t a, uint64_t b) {
	return a == 0 ? b : b == 0 || a < b ? a : b;
}

/* What is due now; returns when the next thing is. */
static uint64_t run_timers(struct app *app) {
	uint64_t now = clock_now_ns();
	app->now.now_ns = now;
	uint64_t deadline = window_input_deadline_ns(app->input);
	if (deadline != 0 && deadline <= now) {
		window_input_tick(app->input, now);
	}
	if (app->resize_ns != 0 && app->resize_ns <= now) {
		on_resize_settled(app);
	}
	if (app->stats_ns != 0 && app->stats_ns <= now) {
		print_stats(app);
	}
	if (app->end_ns != 0 && app->end_ns <= now) {
		app->running = false;
	}
	uint64_t view = view_next_change_ns(&app->now);
	if (app->dirty || app->view_ns == 0 || app->view_ns <= now) {
		show(app);
		app->view_ns = view ? view : UINT64_MAX;
	} else {
		app->view_ns = earliest(app->view_ns, view);
	}
	uint64_t next = app->view_ns == UINT64_MAX ? 0 : app->view_ns;
	next = earliest(next, window_input_deadline_ns(app->input));
	next = earliest(next, app->resize_ns);
	next = earliest(next, app->stats_ns);
	return earliest(next, app->end_ns);
}

static int timeout_ms(uint64_t deadline_ns) {
	uint64_t now = clock_now_ns();
	if (deadline_ns == 0) {
		return -1;
	}
	if (deadline_ns <= now) {
		return 0;
	}
	uint64_t ms = (deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS;
	return ms > 60000 ? 60000 : (int)ms;
}

int app_run(struct app *app) {
	const struct config *config = app->config;
	uint64_t now = clock_now_ns();
	app->running = true;
	app->dirty = true;
	app->end_ns = config->seconds > 0 ? now + (uint64_t)(config->seconds * (double)NS_PER_S)
					  : 0;
	app->stats_ns = config->stats ? now + (uint64_t)(config->stats_period * (double)NS_PER_S)
				      : 0;
	tell_input(app);
	while (app->running) {
		SDL_Event event;
		int wait_ms = timeout_ms(run_timers(app));
		int got = wait_ms < 0 ? SDL_WaitEvent(&event)
				      : SDL_WaitEventTimeout(&event, wait_ms);
		while (got) {
			if (event.type != app->wake_event) {
				on_event(app, &event);
			}
			got = SDL_PollEvent(&event);
		}
		look(app);
	}
	return 0;
}
