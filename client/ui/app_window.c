/* What SDL tells the app about its window, and what the window's input asks for. */
#define LOG_MODULE "app"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <SDL.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "client/ui/app_state.h"
#include "client/ui/hud_text.h"
#include "client/window/window.h"
#include "client/window/window_input.h"

/* A resize is over when no further one came for so long. */
#define RESIZE_SETTLE_NS (100 * NS_PER_MS)

/* ---- requests of the window's input ---- */

static void hook_input(const struct guest_input_event *event, void *data) {
	struct app *app = data;
	if (app->session && guest_link_input(app->session, event) < 0) {
		log_warn_limited("input came faster than it could be sent: an event was lost");
	}
}

static void hook_release(void *data) {
	app_command(data, (struct guest_link_command){ .kind = GUEST_LINK_RELEASE_ALL });
}

static void hook_mouse_mode(bool absolute, void *data) {
	app_command(data, (struct guest_link_command){
					  .kind = GUEST_LINK_MOUSE_MODE, .on = absolute });
}

static void hook_locks(unsigned leds, unsigned locks, void *data) {
	app_command(data, (struct guest_link_command){ .kind = GUEST_LINK_SYNC_LEDS,
					  .value = (int)leds,
					  .locks = locks });
}

static bool hook_other_motion(bool on, unsigned rotation, void *data) {
	struct app *app = data;
	const struct guest_link_command command = {
		.kind = GUEST_LINK_X11_MOTION, .on = on, .value = (int)rotation
	};
	return app->x11_motion && guest_link_command(app->session, &command) == 0;
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
		.always_show_cursor = config->input.always_show_cursor,
		.hide_cursor = config->input.hide_cursor,
		.show_cursor_dot = config->input.show_cursor_dot,
		.large_cursor_dot = config->input.large_cursor_dot,
		.scale_cursor = config->input.scale_cursor,
	};
	snprintf(input.escape_key, sizeof input.escape_key, "%s", config->session.escape_key);
	return input;
}

void app_has_x11_motion(struct app *app) {
	app->x11_motion = true;
}

int app_create_input(struct app *app) {
	const struct window_input_config input = input_config(app->config);
	const struct window_input_hooks hooks = {
		.input = hook_input,
		.release = hook_release,
		.mouse_mode = hook_mouse_mode,
		.locks = hook_locks,
		.move_pointer = hook_move_pointer,
		.other_motion = hook_other_motion,
		.request = hook_request,
		.data = app,
	};
	return window_input_create(&app->input, window_sdl(app->window), &input, &hooks);
}

void app_tell_input(struct app *app) {
	struct window_input_state state = {
		.picture = app->picture,
		.desktop_width = (int)app->now.video.desktop_width,
		.desktop_height = (int)app->now.video.desktop_height,
		.connected = app->now.session.connected && !app->now.wrong_vm,
		.absolute = app->now.session.absolute,
		/* Positions are those of the SPICE surface, which the frame host's desktop is not:
		 * over its picture motion is relative, and the host puts the pointer (kvmfr.md 7).
		 */
		.absolute_possible = app->now.session.absolute_possible &&
				     app->now.video.showing == VIDEO_SOURCE_SPICE,
		.grabbed = app->now.session.grabbed,
		.enabled = app->now.input_on,
		.overlay = app->asking_password || app->panel.open,
	};
	SDL_GetWindowSize(window_sdl(app->window), &state.window_width, &state.window_height);
	window_size_px(app->window, &state.pixel_width, &state.pixel_height);
	window_input_set_state(app->input, &state);
}

void app_show_guest_pointer(struct app *app) {
	const bool drawn = window_input_guest_pointer(app->input);
	if (drawn != app->settings.guest_cursor && app->video) {
		app->settings.guest_cursor = drawn;
		video_set(app->video, &app->settings);
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
	app_tell_input(app);
	app->resize_ns = clock_now_ns() + RESIZE_SETTLE_NS;
}

static void set_hidden(struct app *app, bool hidden) {
	if (app->settings.hidden != hidden && app->video) {
		app->settings.hidden = hidden;
		video_set(app->video, &app->settings);
	}
}

/* The sentence of the sign under the pointer is shown. Window units; -1, -1 = the pointer left. */
static void point_at_sign(struct app *app, int x, int y) {
	int width, height, index = -1;
	if (app->shown.sign_count > 0 && x >= 0 && !app->now.captured) {
		const double scale = window_scale(app->window);
		window_size_px(app->window, &width, &height);
		index = overlay_sign_at(
				&app->shown, width, height, (int)(x * scale), (int)(y * scale));
	}
	const int sign = index < 0 ? -1 : hud_text_sign_at(&app->now, (unsigned)index);
	if (sign != app->now.sign_pointed_at) {
		app->now.sign_pointed_at = sign;
		app->dirty = true;
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
		point_at_sign(app, -1, -1);
		break;
	case SDL_WINDOWEVENT_FOCUS_GAINED:
		app->dirty = true; /* app_settle() follows */
		app_command(app, (struct guest_link_command){
						 .kind = GUEST_LINK_FOCUS, .on = true });
		break;
	case SDL_WINDOWEVENT_FOCUS_LOST:
		app_command(app, (struct guest_link_command){ .kind = GUEST_LINK_FOCUS });
		app->dirty = true;
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

/* With pixels that may not grow, a window larger than the picture would only have borders. */
void app_shrink_window(struct app *app) {
	const struct video_status *video = &app->now.video;
	int width;
	int height;
	if (!app->config->window.shrink_on_upscale || !app->settings.no_upscale ||
			video->width == 0 || window_is_full_screen(app->window) ||
			(SDL_GetWindowFlags(window_sdl(app->window)) & SDL_WINDOW_MAXIMIZED)) {
		return;
	}
	const bool turned = app->settings.rotate % 2 != 0;
	const int most_x = (int)(turned ? video->height : video->width);
	const int most_y = (int)(turned ? video->width : video->height);
	window_size_px(app->window, &width, &height);
	if (width > most_x || height > most_y) {
		window_set_size_px(app->window, width > most_x ? most_x : width,
				height > most_y ? most_y : height);
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

void app_resize_settled(struct app *app) {
	int width;
	int height;
	app->resize_ns = 0;
	snap_to_aspect(app);
	app_shrink_window(app);
	window_size_px(app->window, &width, &height);
	if (app->config->window.set_guest_size && app->video) {
		video_set_guest_size(app->video, width, height);
	}
	if (app->config->window.set_guest_size && app->now.video.showing == VIDEO_SOURCE_SPICE) {
		app_command(app, (struct guest_link_command){
						 .kind = GUEST_LINK_MONITOR_SIZE,
						 .value = width << 16 | height,
				 });
	}
}

void app_send_files(struct app *app, char *paths) {
	app_command(app, (struct guest_link_command){
					 .kind = GUEST_LINK_SEND_FILES, .text = paths });
}

/* A drop comes file by file; it is sent as a whole. */
static void drop_file(struct app *app, const char *path) {
	size_t len = strlen(path) + 1;
	char *longer = realloc(app->drop_paths, app->drop_len + len + 1);
	if (longer) {
		app->drop_paths = longer;
		memcpy(longer + app->drop_len, path, len);
		app->drop_len += len;
		longer[app->drop_len] = '\0'; /* an empty path ends the list */
	}
}

static void drop_complete(struct app *app) {
	if (app->drop_paths) {
		app_send_files(app, app->drop_paths);
	} else {
		app_alert(app, OVERLAY_BAD,
				_("Nothing was sent: these are no files of this machine"));
	}
	app->drop_paths = NULL;
	app->drop_len = 0;
}

static void on_drop(struct app *app, SDL_DropEvent *event) {
	if (event->type == SDL_DROPFILE) {
		drop_file(app, event->file);
	} else if (event->type == SDL_DROPCOMPLETE) {
		drop_complete(app);
	}
	SDL_free(event->file); /* also of a text, which goes nowhere; NULL for the others */
}

void app_handle_event(struct app *app, union SDL_Event *event) {
	if (app->asking_password && (event->type == SDL_TEXTINPUT || event->type == SDL_KEYDOWN)) {
		/* The escape key and what is pressed with it keep their meaning. */
		const bool taken = event->type == SDL_KEYDOWN
						   ? window_input_event(app->input, event,
								     clock_now_ns())
						   : window_input_escape_is_down(app->input);
		if (!taken) {
			app_password_event(app, event);
		}
		return;
	}
	if (app->panel.open && app_panel_event(app, event)) {
		return;
	}
	if (event->type == SDL_KEYDOWN && event->key.keysym.scancode == SDL_SCANCODE_ESCAPE &&
			app->now.session.files.active > 0 && !app->now.captured) {
		app_command(app, (struct guest_link_command){ .kind = GUEST_LINK_CANCEL_FILES });
		return;
	}
	if (event->type == SDL_MOUSEMOTION) {
		point_at_sign(app, event->motion.x, event->motion.y);
	}
	if (window_input_event(app->input, event, clock_now_ns())) {
		return;
	}
	switch (event->type) {
	case SDL_WINDOWEVENT:
		on_window_event(app, &event->window);
		break;
	case SDL_DROPFILE:
	case SDL_DROPTEXT:
	case SDL_DROPBEGIN:
	case SDL_DROPCOMPLETE:
		on_drop(app, &event->drop);
		break;
	default: /* SDL_QUIT too: it follows the CLOSE of the last window, which decided already */
		break;
	}
}
