/* What SDL tells the app about its window, and what the window's input asks for. */
#define LOG_MODULE "app"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <SDL.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "client/clipboard/clipboard.h"
#include "client/clipboard/clipboard_uris.h"
#include "client/config/options.h"
#include "client/ui/app_internal.h"
#include "client/ui/hud_text.h"
#include "client/window/window.h"
#include "client/window/window_drop.h"
#include "client/window/window_input.h"

/* ---- requests of the window's input ---- */

static void hook_release(void *data) {
	app_parts_command(&((struct app *)data)->parts,
			(struct guest_link_command){ .kind = GUEST_LINK_RELEASE_ALL });
}

static void hook_mouse_mode(bool absolute, void *data) {
	app_parts_command(&((struct app *)data)->parts,
			(struct guest_link_command){
					.kind = GUEST_LINK_MOUSE_MODE, .on = absolute });
}

static void hook_locks(unsigned leds, unsigned locks, void *data) {
	app_parts_command(&((struct app *)data)->parts,
			(struct guest_link_command){ .kind = GUEST_LINK_SYNC_LEDS,
					.value = (int)leds,
					.locks = locks });
}

static bool hook_other_motion(bool on, unsigned rotation, void *data) {
	struct app *app = data;
	const struct guest_link_command command = {
		.kind = GUEST_LINK_X11_MOTION, .on = on, .value = (int)rotation
	};
	return app->parts.x11_motion && guest_link_command(app->parts.session, &command) == 0;
}

static int hook_move_pointer(int x, int y, void *data) {
	struct app *app = data;
	return app->parts.video ? video_move_pointer(app->parts.video, x, y) : -ENOTCONN;
}

static void on_capture(struct app *app, bool on, bool quiet) {
	app->hud.now.captured = on;
	if (on) {
		app->hud.now.show_tab = false;
	}
	app->hud.dirty = true;
	if (!quiet) {
		app_alert(&app->hud, OVERLAY_INFO, "%s",
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
		app->hud.now.show_help = value != 0;
		app->hud.now.help_since_ns = clock_now_ns();
		app->hud.dirty = true;
		break;
	case WINDOW_REQUEST_KEY:
		app_do(app, app_actions_key(&app->actions, (unsigned)value, shift));
		break;
	case WINDOW_REQUEST_REFUSED:
		app_alert(&app->hud, OVERLAY_WARN, "%s",
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
	app->parts.x11_motion = true;
}

int app_create_input(struct app *app) {
	const struct window_input_config input = input_config(app->config);
	const struct window_input_hooks hooks = {
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
		.desktop_width = (int)app->hud.now.video.desktop_width,
		.desktop_height = (int)app->hud.now.video.desktop_height,
		.connected = app->hud.now.session.connected && !app->hud.now.wrong_vm,
		.taken = app->hud.now.session.kicked,
		.absolute = app->hud.now.session.absolute,
		/* Positions are those of the SPICE surface, which the frame host's desktop is not:
		 * over its picture motion is relative, and the host puts the pointer (kvmfr.md 7).
		 */
		.absolute_possible = app->hud.now.session.absolute_possible &&
				     app->hud.now.video.showing == VIDEO_SOURCE_SPICE,
		.grabbed = app->hud.now.session.grabbed,
		.enabled = app->hud.now.input_on,
		.overlay = app->password.asked || app->panel.panel.open,
		.tab = app->hud.now.show_tab,
	};
	SDL_GetWindowSize(window_sdl(app->window), &state.window_width, &state.window_height);
	window_size_px(app->window, &state.pixel_width, &state.pixel_height);
	window_input_set_state(app->input, &state);
}

void app_show_guest_pointer(struct app *app) {
	const bool drawn = window_input_guest_pointer(app->input);
	if (drawn != app->parts.settings.guest_cursor && app->parts.video) {
		app->parts.settings.guest_cursor = drawn;
		app_parts_set_video(&app->parts);
	}
}

/* ---- what SDL told ---- */

static void set_hidden(struct app_parts *parts, bool hidden) {
	if (parts->settings.hidden != hidden && parts->video) {
		parts->settings.hidden = hidden;
		app_parts_set_video(parts);
	}
}

/* X11 tells when the window is covered, but not when a manager of windows takes it off the screen:
 * a window without the keyboard is asked for now and then, and an unseen one until it is back. */
#define SEEN_LOOK_NS NS_PER_S

deadline app_look_whether_seen(struct app *app) {
	const bool x11 = strcmp(window_kind(app->window), "x11") == 0;
	const bool minimized = (SDL_GetWindowFlags(window_sdl(app->window)) &
					       (SDL_WINDOW_MINIMIZED | SDL_WINDOW_HIDDEN)) != 0;
	if (!x11 || minimized) {
		return DEADLINE_NONE;
	}
	const bool seen = window_is_viewable(app->window);
	set_hidden(&app->parts, !seen);
	return seen && window_has_focus(app->window) ? DEADLINE_NONE
						     : clock_now_ns() + SEEN_LOOK_NS;
}

/* The sentence of the sign under the pointer is shown. Window units; -1, -1 = the pointer left. */
static void point_at_sign(struct app *app, int x, int y) {
	int width, height, index = -1;
	if (app->hud.shown.sign_count > 0 && x >= 0 && !app->hud.now.captured) {
		const double scale = window_scale(app->window);
		window_size_px(app->window, &width, &height);
		index = overlay_sign_at(
				&app->hud.shown, width, height, (int)(x * scale), (int)(y * scale));
	}
	const int sign = index < 0 ? -1 : hud_text_sign_at(&app->hud.now, (unsigned)index);
	if (sign != app->hud.now.sign_pointed_at) {
		app->hud.now.sign_pointed_at = sign;
		app->hud.dirty = true;
	}
}

/* ---- the tab ---- */

/* Whoever has only a mouse or a finger comes to the panel by the top edge, as in other programs
 * that show another machine: a tab appears there, which is pressed. */
#define TAB_EDGE      8                 /* window units from the top, in the middle half */
#define TAB_DWELL_NS  (300 * NS_PER_MS) /* at the edge: what only passes by calls nothing */
#define TAB_LINGER_NS NS_PER_S          /* it stays after the pointer has left it */
#define TAB_TOUCH_NS  (4 * NS_PER_S)    /* … and after a finger, which does not point */

static void show_tab(struct app *app, bool on) {
	app->tab_ns = DEADLINE_NONE;
	app->hud.now.show_tab = on;
	app->hud.dirty = true;
	app_tell_input(app);
}

void app_turn_tab(struct app *app) {
	show_tab(app, !app->hud.now.show_tab && !app->hud.now.captured && !app->panel.panel.open);
}

/* Window units. */
static bool on_tab(struct app *app, double x, double y) {
	const double scale = window_scale(app->window);
	int width, height;
	window_size_px(app->window, &width, &height);
	return app->hud.now.show_tab &&
	       overlay_tab_at(&app->hud.shown, width, height, (int)(x * scale), (int)(y * scale));
}

static bool at_edge(const struct app *app, double x, double y) {
	int width, height;
	SDL_GetWindowSize(window_sdl(app->window), &width, &height);
	return y >= 0 && y < TAB_EDGE && x >= width / 4.0 && x < width * 0.75;
}

/* drags: with a button held, which is something of the guest's. -1, -1 = the pointer left. */
static void point_at_tab(struct app *app, int x, int y, bool drags) {
	const bool shown = app->hud.now.show_tab;
	const bool near = !app->hud.now.captured && (at_edge(app, x, y) || on_tab(app, x, y));
	if (near == shown || (near && drags)) {
		app->tab_ns = DEADLINE_NONE;
	} else if (app->tab_ns == DEADLINE_NONE) {
		app->tab_ns = clock_now_ns() + (near ? TAB_DWELL_NS : TAB_LINGER_NS);
	}
}

static void open_panel(struct app *app);

/* True: the event opened the panel and is nobody else's. */
static bool press_tab(struct app *app, const union SDL_Event *event) {
	double x = event->button.x;
	double y = event->button.y;
	if (event->type == SDL_FINGERDOWN) {
		int width, height;
		SDL_GetWindowSize(window_sdl(app->window), &width, &height);
		x = (double)event->tfinger.x * width;
		y = (double)event->tfinger.y * height;
	} else if (event->type != SDL_MOUSEBUTTONDOWN || event->button.button != SDL_BUTTON_LEFT ||
			event->button.which == SDL_TOUCH_MOUSEID) {
		return false;
	}
	if (on_tab(app, x, y)) {
		open_panel(app);
		return true;
	}
	if (event->type == SDL_FINGERDOWN && !app->hud.now.captured && at_edge(app, x, y)) {
		show_tab(app, true);
		app->tab_ns = clock_now_ns() + TAB_TOUCH_NS;
	}
	return false;
}

static void on_window_event(struct app *app, const SDL_WindowEvent *event) {
	switch (event->event) {
	case SDL_WINDOWEVENT_SIZE_CHANGED:
		app_size_resized(&app->size, &app->parts, app->window);
		app_tell_input(app);
		break;
	case SDL_WINDOWEVENT_MINIMIZED:
	case SDL_WINDOWEVENT_HIDDEN:
		set_hidden(&app->parts, true);
		break;
	case SDL_WINDOWEVENT_SHOWN:
	case SDL_WINDOWEVENT_RESTORED:
	case SDL_WINDOWEVENT_MAXIMIZED:
	case SDL_WINDOWEVENT_EXPOSED:
		set_hidden(&app->parts, false);
		if (app->parts.video) {
			video_wake(app->parts.video);
		}
		break;
	case SDL_WINDOWEVENT_ENTER:
	case SDL_WINDOWEVENT_LEAVE:
		app->pointer_inside = event->event == SDL_WINDOWEVENT_ENTER;
		point_at_sign(app, -1, -1);
		point_at_tab(app, -1, -1, false);
		break;
	case SDL_WINDOWEVENT_FOCUS_GAINED:
		app->hud.dirty = true; /* app_settle() follows */
		app_parts_command(
				&app->parts, (struct guest_link_command){ .kind = GUEST_LINK_FOCUS,
							     .on = true });
		break;
	case SDL_WINDOWEVENT_FOCUS_LOST:
		app->seen_ns = DEADLINE_NOW;
		app_parts_command(&app->parts,
				(struct guest_link_command){ .kind = GUEST_LINK_FOCUS });
		app->hud.dirty = true;
		if (app->config->window.minimize_on_focus_loss && app->hud.now.input_on) {
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

static void send_files(struct app *app, char *paths) {
	app_parts_command(&app->parts, (struct guest_link_command){ .kind = GUEST_LINK_SEND_FILES,
						       .text = paths });
}

#define DROP_MAX ((size_t)16 << 20)

/* A drop comes file by file; it is sent as a whole. */
static void drop_file(struct bytes *paths, const char *path) {
	const size_t len = strlen(path) + 1;
	if (bytes_reserve(paths, len + 1, DROP_MAX) < 0) {
		log_warn("%s is not sent: the names of the dropped files are longer than %u MiB",
				path, (unsigned)(DROP_MAX >> 20));
		return;
	}
	(void)bytes_add(paths, path, len, DROP_MAX);
	paths->data[paths->len] = 0; /* an empty path ends the list */
}

/* On Wayland, where the clipboard has the list as well. */
void app_dropped(struct app *app, char *paths) {
	if (paths) {
		send_files(app, paths);
	} else {
		app_alert(&app->hud, OVERLAY_BAD,
				_("Nothing was sent: the list of files could not be read"));
	}
}

/* X11's own list has what SDL passes over; the clipboard's (app_dropped()), too. */
static void drop_complete(struct app *app) {
	struct window_drop *drop = window_get_drop(app->window);
	if (app->parts.clipboard && clipboard_has_drags(app->parts.clipboard)) {
		window_drop_forget(drop);
		bytes_reset(&app->drop, 0);
		return;
	}
	char *paths = drop->list ? clipboard_uris_to_paths(drop->list, drop->len) : NULL;
	if (!paths && app->drop.len > 0) {
		paths = (char *)bytes_take(&app->drop);
	}
	if (paths) {
		send_files(app, paths);
	} else if (drop->too_long) {
		app_alert(&app->hud, OVERLAY_BAD,
				_("Nothing was sent: too many files at once; drop their folder"));
	} else {
		app_alert(&app->hud, OVERLAY_BAD,
				_("Nothing was sent: these are no files of this machine"));
	}
	window_drop_forget(drop);
	bytes_reset(&app->drop, 0);
}

static void on_drop(struct app *app, SDL_DropEvent *event) {
	if (event->type == SDL_DROPFILE) {
		drop_file(&app->drop, event->file);
	} else if (event->type == SDL_DROPCOMPLETE) {
		drop_complete(app);
	}
	/* A text goes nowhere. In the other events SDL 2 over SDL 3 has no NULL there, but nonsense
	 * (sdl2-compat 2.32.74). */
	if (event->type == SDL_DROPFILE || event->type == SDL_DROPTEXT) {
		SDL_free(event->file);
	}
}

/* ---- the panel ---- */

static void open_panel(struct app *app) {
	show_tab(app, false);
	const bool captured = window_input_captured(app->input);
	window_input_capture(app->input, false);
	app_panel_open(&app->panel, captured);
	app_tell_input(app);
}

static void panel_closed(struct app *app) {
	app_tell_input(app);
	if (app->panel.was_captured) {
		window_input_capture(app->input, true);
	}
	if (app->panel.had_grab) {
		app_parts_command(&app->parts,
				(struct guest_link_command){ .kind = GUEST_LINK_GRAB, .on = true });
	}
}

/* The program goes on as that of another VM, in a window of its own: run_play() returns. */
static void go_to_vm(struct app *app, const struct first_screen_vm *vm) {
	snprintf(app->config->next_vm, sizeof app->config->next_vm, "%s", vm->name);
	snprintf(app->config->next_uri, sizeof app->config->next_uri, "%s", vm->uri);
	app->config->next_starts = !vm->running;
	app->running = false;
}

/* In the window, and on devices that are grabbed. */
static void use_escape_key(struct app *app) {
	const char *name = app->config->session.escape_key;
	if (window_input_set_escape_key(app->input, name) == 0) {
		app_parts_command(&app->parts,
				(struct guest_link_command){ .kind = GUEST_LINK_ESCAPE_KEY,
						.text = strdup(name) });
	}
}

static void fulfil(struct app *app, struct panel_request request) {
	switch (request.kind) {
	case PANEL_REQUEST_NONE:
		break;
	case PANEL_REQUEST_OPTION:
		app_panel_apply(&app->panel, request.option);
		if (strcmp(request.option->name, "escape-key") == 0) {
			use_escape_key(app);
		}
		break;
	case PANEL_REQUEST_ACTION:
		app_do(app, request.action);
		break;
	case PANEL_REQUEST_STATES:
		app->hud.now.show_states = !app->hud.now.show_states;
		app->hud.dirty = true;
		break;
	case PANEL_REQUEST_CAPTURE:
		app->panel.panel.open = false;
		app->panel.was_captured = true;
		panel_closed(app);
		break;
	case PANEL_REQUEST_VM:
		go_to_vm(app, &app->first.vms[request.row]);
		break;
	case PANEL_REQUEST_SAVE:
		app_panel_save(&app->panel);
		break;
	case PANEL_REQUEST_CLOSED:
		panel_closed(app);
		break;
	}
}

/* While it is open; true: the event was for the panel and for nobody else. */
static bool panel_event(struct app *app, const union SDL_Event *event) {
	struct panel_request request;
	/* The escape key and what is pressed with it keep their meaning. */
	if (event->type == SDL_KEYDOWN && window_input_event(app->input, event, clock_now_ns())) {
		return true;
	}
	if (!app_panel_event(&app->panel, event, &request)) {
		return false;
	}
	fulfil(app, request);
	return true;
}

/* Nothing is shown and nobody listens to keys: Enter, a click or a touch leads to the VMs, or where
 * there are none to the page with the escape key. */
static bool choose_on_first_screen(struct app *app, const union SDL_Event *event) {
	const bool chooses =
			(event->type == SDL_KEYDOWN &&
					(event->key.keysym.sym == SDLK_RETURN ||
							event->key.keysym.sym == SDLK_KP_ENTER)) ||
			event->type == SDL_MOUSEBUTTONDOWN || event->type == SDL_FINGERDOWN;
	if (!chooses || app->no_picture_ns == 0 || app->hud.now.demo ||
			app->hud.now.session.connected || app->panel.panel.open) {
		return false;
	}
	open_panel(app);
	panel_show_page(&app->panel.panel, app->first.vm_count > 0 ? PANEL_VMS : PANEL_INPUT);
	app->hud.dirty = true;
	return true;
}

void app_do(struct app *app, enum key_action action) {
	if (action == KEY_ACTION_MENU) {
		open_panel(app);
	} else if (action == KEY_ACTION_QUIT) {
		app->running = false;
	} else {
		app_actions_do(&app->actions, action);
	}
}

/* ---- all of them ---- */

void app_handle_event(struct app *app, union SDL_Event *event) {
	if (app->password.asked && (event->type == SDL_TEXTINPUT || event->type == SDL_KEYDOWN)) {
		/* The escape key and what is pressed with it keep their meaning. */
		const bool taken = event->type == SDL_KEYDOWN
						   ? window_input_event(app->input, event,
								     clock_now_ns())
						   : window_input_escape_is_down(app->input);
		if (!taken) {
			app->hud.now.password_typed =
					app_password_event(&app->password, &app->parts, event);
			app->hud.dirty = true;
		}
		return;
	}
	if (app->panel.panel.open && panel_event(app, event)) {
		return;
	}
	if (event->type == SDL_KEYDOWN && event->key.keysym.scancode == SDL_SCANCODE_ESCAPE &&
			app->hud.now.session.files.active > 0 && !app->hud.now.captured) {
		app_parts_command(&app->parts,
				(struct guest_link_command){ .kind = GUEST_LINK_CANCEL_FILES });
		return;
	}
	if (press_tab(app, event) || choose_on_first_screen(app, event)) {
		return;
	}
	if (event->type == SDL_MOUSEMOTION && event->motion.which != SDL_TOUCH_MOUSEID) {
		point_at_sign(app, event->motion.x, event->motion.y);
		point_at_tab(app, event->motion.x, event->motion.y, event->motion.state != 0);
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
	case SDL_SYSWMEVENT:
		app->seen_ns = DEADLINE_NOW;
		break;
	default: /* SDL_QUIT too: it follows the CLOSE of the last window, which decided already */
		break;
	}
}
