/* The panel in the window: what keys, mouse and touch do to it, and what it asks of the parts. */
#define LOG_MODULE "app"
#include <errno.h>
#include <string.h>

#include <SDL.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "client/config/config_save.h"
#include "client/config/options.h"
#include "client/ui/app_state.h"
#include "client/window/window.h"
#include "client/window/window_input.h"

static const char *vm_name(const struct app *app) {
	return app->vm.last.domain[0] ? app->vm.last.domain : app->config->domain;
}

/* Keys change settings past the configuration: the panel shows what is in force. */
static void read_settings(struct app *app) {
	struct video_settings *settings = &app->config->video.settings;
	settings->source = app->settings.source;
	settings->rotate = app->settings.rotate;
	app->config->session.sensitivity = app->sensitivity;
	app->config->session.microphone = (enum guest_link_microphone_policy)app->mic_policy;
}

static void apply_picture(struct app *app) {
	const struct video_settings now = app->settings;
	app->settings = app->config->video.settings;
	app->settings.paused = now.paused;
	app->settings.hidden = now.hidden;
	app->settings.guest_cursor = now.guest_cursor;
	if (app->video) {
		video_set(app->video, &app->settings);
	}
}

/* An option of the panel that counts at once. */
static void apply(struct app *app, const struct config_option *option) {
	const bool source = strcmp(option->name, "source") == 0; /* an option without a member */
	const size_t begin = offsetof(struct config, video.settings);
	if (source || (option->offset >= begin &&
				      option->offset < begin + sizeof(struct video_settings))) {
		apply_picture(app);
	} else if (strcmp(option->name, "mouse-sens") == 0) {
		app->sensitivity = app->config->session.sensitivity;
		app_command(app, (struct guest_link_command){ .kind = GUEST_LINK_SENSITIVITY,
						 .value = app->sensitivity });
	} else if (strcmp(option->name, "microphone") == 0) {
		app_set_microphone_policy(app, app->config->session.microphone);
	}
	app->dirty = true;
}

static void save(struct app *app) {
	char path[1400];
	const char *name = vm_name(app);
	if (!name[0]) {
		panel_tell(&app->panel,
				_("Not saved: no VM is named. Start with its name: pierglass NAME"));
		return;
	}
	const int r = config_save_profile(
			app->config, name, app->panel.changed, NULL, path, sizeof path);
	if (r < 0) {
		log_error("the settings of %s are not saved: %s", name, strerrordesc_np(-r));
		panel_tell(&app->panel, _("Not saved, the log says why"));
		return;
	}
	panel_saved(&app->panel, path);
}

void app_open_panel(struct app *app) {
	app->panel_was_captured = window_input_captured(app->input);
	app->panel_had_grab = app->now.session.grabbed;
	window_input_capture(app->input, false);
	if (app->panel_had_grab) { /* its keys would go to the guest past the window */
		app_command(app, (struct guest_link_command){
						 .kind = GUEST_LINK_GRAB, .on = false });
	}
	read_settings(app);
	panel_open(&app->panel);
	app_tell_input(app);
	app->dirty = true;
}

static void closed(struct app *app) {
	app_tell_input(app);
	if (app->panel_was_captured) {
		window_input_capture(app->input, true);
	}
	if (app->panel_had_grab) {
		app_command(app,
				(struct guest_link_command){ .kind = GUEST_LINK_GRAB, .on = true });
	}
}

static void fulfil(struct app *app, struct panel_wish wish) {
	app->dirty = true;
	switch (wish.kind) {
	case PANEL_WISH_NONE:
		break;
	case PANEL_WISH_OPTION:
		apply(app, wish.option);
		break;
	case PANEL_WISH_ACTION:
		app_do(app, wish.action);
		break;
	case PANEL_WISH_STATES:
		app->now.show_states = !app->now.show_states;
		break;
	case PANEL_WISH_CAPTURE:
		app->panel.open = false;
		app->panel_was_captured = true;
		closed(app);
		break;
	case PANEL_WISH_SAVE:
		save(app);
		break;
	case PANEL_WISH_CLOSED:
		closed(app);
		break;
	}
}

void app_fill_panel(struct app *app, struct overlay_panel *ret_panel) {
	const struct panel_state state = {
		.full_screen = window_is_full_screen(app->window),
		.muted = app->now.muted,
		.input_on = app->now.input_on,
		.grabbed = app->now.session.grabbed || (app->panel.open && app->panel_had_grab),
		.states = app->now.show_states,
		.host = app->now.video.host.version,
		.capture = app->now.video.host.capture,
		.system = app->now.video.host.os,
		.vm = vm_name(app),
	};
	panel_fill(&app->panel, app->config, &state, ret_panel);
}

/* ---- events ---- */

static bool step_of(const SDL_KeyboardEvent *key, enum panel_step *ret_step) {
	switch (key->keysym.scancode) {
	case SDL_SCANCODE_UP:
		*ret_step = PANEL_UP;
		return true;
	case SDL_SCANCODE_DOWN:
		*ret_step = PANEL_DOWN;
		return true;
	case SDL_SCANCODE_LEFT:
		*ret_step = PANEL_LESS;
		return true;
	case SDL_SCANCODE_RIGHT:
		*ret_step = PANEL_MORE;
		return true;
	case SDL_SCANCODE_RETURN:
	case SDL_SCANCODE_KP_ENTER:
	case SDL_SCANCODE_SPACE:
		*ret_step = PANEL_DO;
		return true;
	case SDL_SCANCODE_TAB:
		*ret_step = key->keysym.mod & KMOD_SHIFT ? PANEL_PAGE_BEFORE : PANEL_PAGE_AFTER;
		return true;
	case SDL_SCANCODE_PAGEUP:
		*ret_step = PANEL_PAGE_BEFORE;
		return true;
	case SDL_SCANCODE_PAGEDOWN:
		*ret_step = PANEL_PAGE_AFTER;
		return true;
	case SDL_SCANCODE_ESCAPE:
		*ret_step = PANEL_LEAVE;
		return true;
	default:
		return false;
	}
}

static void key_down(struct app *app, const SDL_KeyboardEvent *key) {
	enum panel_step step;
	if (app->panel.rebinds != KEY_ACTION_NONE) {
		if (!key->repeat) {
			fulfil(app, panel_bind(&app->panel, app->config,
						    window_input_key(key->keysym.scancode),
						    (key->keysym.mod & KMOD_SHIFT) != 0));
		}
	} else if (step_of(key, &step)) {
		fulfil(app, panel_step(&app->panel, app->config, step));
	}
}

static void press(struct app *app, int x, int y) {
	struct overlay_panel shown;
	unsigned index;
	int width;
	int height;
	window_size_px(app->window, &width, &height);
	app_fill_panel(app, &shown);
	switch (overlay_panel_at(&shown, app->shown.font_px, width, height, x, y, &index)) {
	case OVERLAY_PANEL_OUTSIDE:
	case OVERLAY_PANEL_CLOSE:
		fulfil(app, panel_step(&app->panel, app->config, PANEL_LEAVE));
		break;
	case OVERLAY_PANEL_INSIDE:
		break;
	case OVERLAY_PANEL_PAGE:
		panel_show_page(&app->panel, (enum panel_page)index);
		app->dirty = true;
		break;
	case OVERLAY_PANEL_ROW:
		fulfil(app, panel_press(&app->panel, app->config, index, PANEL_DO));
		break;
	case OVERLAY_PANEL_LESS:
		fulfil(app, panel_press(&app->panel, app->config, index, PANEL_LESS));
		break;
	case OVERLAY_PANEL_MORE:
		fulfil(app, panel_press(&app->panel, app->config, index, PANEL_MORE));
		break;
	}
}

static void mouse_down(struct app *app, const SDL_MouseButtonEvent *button) {
	int width;
	int height;
	int window_width;
	int window_height;
	if (button->button != SDL_BUTTON_LEFT || button->which == SDL_TOUCH_MOUSEID) {
		return;
	}
	window_size_px(app->window, &width, &height);
	SDL_GetWindowSize(window_sdl(app->window), &window_width, &window_height);
	if (window_width > 0 && window_height > 0) {
		press(app, button->x * width / window_width, button->y * height / window_height);
	}
}

bool app_panel_event(struct app *app, const union SDL_Event *event) {
	int width;
	int height;
	switch (event->type) {
	case SDL_KEYDOWN:
		if (!window_input_event(app->input, event, clock_now_ns())) {
			key_down(app, &event->key);
		}
		return true;
	case SDL_MOUSEBUTTONDOWN:
		mouse_down(app, &event->button);
		return true;
	case SDL_MOUSEWHEEL:
		if (event->wheel.y != 0) {
			fulfil(app, panel_step(&app->panel, app->config,
						    event->wheel.y > 0 ? PANEL_UP : PANEL_DOWN));
		}
		return true;
	case SDL_FINGERDOWN:
		window_size_px(app->window, &width, &height);
		press(app, (int)(event->tfinger.x * (float)width),
				(int)(event->tfinger.y * (float)height));
		return true;
	case SDL_TEXTINPUT:
	case SDL_MOUSEBUTTONUP:
	case SDL_MOUSEMOTION:
	case SDL_FINGERUP:
	case SDL_FINGERMOTION:
		return true;
	default: /* the window's own, and keys that go up: as ever */
		return false;
	}
}
