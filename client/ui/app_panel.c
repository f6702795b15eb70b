#define LOG_MODULE "app"
#include "client/ui/app_panel.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <SDL.h>

#include "audio/audio.h"
#include "base/i18n.h"
#include "base/log.h"
#include "client/config/config_save.h"
#include "client/config/options.h"
#include "client/platform/whole_file.h"
#include "client/ui/app_actions.h"
#include "client/ui/app_hud.h"
#include "client/ui/app_parts.h"
#include "client/vm/vm_apply.h"
#include "client/window/window.h"
#include "client/window/window_input.h"

static const char *vm_name(const struct app_panel *panel) {
	return panel->vm->last.domain[0] ? panel->vm->last.domain : panel->config->domain;
}

/* Keys change settings past the configuration: the panel shows what is in force. */
static void read_settings(const struct app_panel *panel) {
	const struct app_parts *parts = panel->parts;
	struct video_settings *settings = &panel->config->video.settings;
	settings->source = parts->settings.source;
	settings->rotate = parts->settings.rotate;
	panel->config->session.sensitivity = parts->sensitivity;
	panel->config->session.microphone =
			(enum guest_link_microphone_policy)parts->microphone_policy;
}

static void apply_picture(const struct app_panel *panel) {
	struct video_settings *settings = &panel->parts->settings;
	const struct video_settings now = *settings;
	*settings = panel->config->video.settings;
	settings->paused = now.paused;
	settings->hidden = now.hidden;
	settings->guest_cursor = now.guest_cursor;
	app_parts_set_video(panel->parts);
}

static void apply_sound(const struct app_panel *panel, const char *name) {
	struct audio *audio = panel->parts->audio;
	if (audio && strcmp(name, "audio-volume") == 0) {
		audio_set_volume(audio, panel->config->audio.volume_percent);
	} else if (audio && strcmp(name, "audio-latency") == 0) {
		audio_set_latency(audio, panel->config->audio.latency_ms);
	}
}

static void apply_clipboard(const struct app_panel *panel, const char *name) {
	if (strcmp(name, "clipboard-to-vm") != 0 && strcmp(name, "clipboard-to-local") != 0) {
		return;
	}
	struct guest_link_config *session = &panel->config->session;
	config_share_clipboard(panel->config);
	app_parts_command(panel->parts,
			(struct guest_link_command){ .kind = GUEST_LINK_CLIPBOARD_POLICY,
					.value = (int)session->clipboard_to_vm,
					.count = session->clipboard_to_local });
}

void app_panel_apply(struct app_panel *panel, const struct config_option *option) {
	const bool source = strcmp(option->name, "source") == 0; /* an option without a member */
	const size_t begin = offsetof(struct config, video.settings);
	if (source || (option->offset >= begin &&
				      option->offset < begin + sizeof(struct video_settings))) {
		apply_picture(panel);
	} else if (strcmp(option->name, "mouse-sens") == 0) {
		app_parts_set_sensitivity(panel->parts, panel->config->session.sensitivity);
	} else if (strcmp(option->name, "microphone") == 0) {
		app_actions_set_microphone(panel->actions, panel->config->session.microphone);
	}
	apply_sound(panel, option->name);
	apply_clipboard(panel, option->name);
	if (strcmp(option->name, "monitor") == 0) {
		const int last = window_monitor_count() - 1;
		const int wanted = atoi(panel->config->window.monitor) - 1; // NOLINT(cert-err34-c)
		window_to_monitor(panel->window, wanted < last ? wanted : last);
	}
	panel->hud->dirty = true;
}

static void say_not_saved(const char *name, const char *path, int error) {
	char target[PATH_MAX];
	const bool elsewhere = error != EINVAL && whole_file_target(path, target) &&
			       strcmp(path, target) != 0;
	if (elsewhere && error == EACCES) {
		log_error("the settings of %s are not saved: %s is a link to %s, where the sandbox may "
			  "keep files from being written: --no-sandbox, or edit that file",
				name, path, target);
	} else {
		log_error("the settings of %s are not saved: %s", name, strerrordesc_np(error));
	}
}

void app_panel_save(struct app_panel *panel) {
	char path[1400] = "";
	const char *name = vm_name(panel);
	const int r = config_save(
			panel->config, name, panel->panel.changed, NULL, path, sizeof path);
	if (r < 0) {
		say_not_saved(name[0] ? name : "pierglass.ini", path, -r);
		panel_tell(&panel->panel, _("Not saved, the log says why"));
		return;
	}
	panel_saved(&panel->panel, path);
}

void app_panel_open(struct app_panel *panel, bool captured) {
	panel->was_captured = captured;
	panel->had_grab = panel->hud->now.session.grabbed;
	if (panel->had_grab) { /* its keys would go to the guest past the window */
		app_parts_command(
				panel->parts, (struct guest_link_command){ .kind = GUEST_LINK_GRAB,
							      .on = false });
	}
	read_settings(panel);
	panel_open(&panel->panel);
	panel->hud->dirty = true;
}

static const char *way(bool host, bool spice) {
	return host ? _("by the host program") : spice ? _("by SPICE") : _("not now");
}

static const char *sound_way(const struct app_status *now) {
	const struct audio_stats *audio = &now->audio_stats;
	return !audio->playing   ? _("not now")
	       : audio->is_spice ? _("by SPICE")
				 : _("by the network");
}

static const char *frames_text(const struct app_status *now) {
	static const struct {
		const char *state, *text;
	} texts[] = {
		{ "no-times", N_("no: it reports no times") },
		{ "asked", N_("asked for") },
		{ "ours", N_("yes") },
		{ "unanswered", N_("no: another one's") },
	};
	const char *state = now->video_stats.schedule;
	if (!now->video.host.offers_schedule) {
		return _("not offered");
	}
	for (size_t i = 0; state && i < sizeof texts / sizeof *texts; i++) {
		if (strcmp(state, texts[i].state) == 0) {
			return _(texts[i].text);
		}
	}
	return _("no");
}

static const char *hdr_text(const struct app_status *now, char *text, size_t size) {
	if (!now->video.hdr) {
		return _("no");
	}
	if (!now->video.hdr_metadata) {
		return _("yes, without metadata");
	}
	snprintf(text, size, _("%u nits, MaxCLL %u"), now->video.hdr_max_nits,
			now->video.hdr_max_cll_nits);
	return text;
}

/* Without a host of that kind, its rows are empty: "unknown". */
static void fill_ways(const struct app_status *now, char *hdr, size_t size,
		struct panel_state *ret_state) {
	const struct video_host *host = &now->video.host;
	ret_state->keys_way = way(now->session.host_input, now->session.connected);
	ret_state->clipboard_way = way(now->session.host_clipboard, now->session.agent);
	ret_state->files_way = way(false, now->session.agent);
	ret_state->sound_way = sound_way(now);
	if (!host->session) {
		return;
	}
	ret_state->files_why = host->unused_files;
	ret_state->sound_why = host->unused_sound;
	ret_state->software_why = host->unused_software;
	ret_state->frames = frames_text(now);
	ret_state->sizes = host->accepts_window_size ? _("yes") : _("not offered");
	ret_state->hdr = hdr_text(now, hdr, size);
	ret_state->software = host->unused_software ? _("not known") : _("no");
	ret_state->recovery = host->keeps_recovery ? _("yes") : _("no");
}

void app_panel_fill(const struct app_panel *panel, struct overlay_panel *ret_panel) {
	const struct app_status *now = &panel->hud->now;
	char hdr[64];
	struct panel_state state = {
		.full_screen = window_is_full_screen(panel->window),
		.muted = now->muted,
		.recorded = now->recorded,
		.input_on = now->input_on,
		.grabbed = now->session.grabbed || (panel->panel.open && panel->had_grab),
		.states = now->show_states,
		.host = now->video.host.version,
		.capture = now->video.host.capture,
		.system = now->video.host.os,
		.vm = vm_name(panel),
		.machines = panel->machines,
	};
	fill_ways(now, hdr, sizeof hdr, &state);
	panel_fill(&panel->panel, panel->config, &state, ret_panel);
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

static struct panel_request key_down(struct app_panel *panel, const SDL_KeyboardEvent *key) {
	enum panel_step step;
	if (panel->panel.rebinds != KEY_ACTION_NONE) {
		if (!key->repeat) {
			return panel_bind(&panel->panel, panel->config,
					window_input_key(key->keysym.scancode),
					(key->keysym.mod & KMOD_SHIFT) != 0);
		}
	} else if (step_of(key, &step)) {
		return panel_step(&panel->panel, panel->config, step);
	}
	return (struct panel_request){ .kind = PANEL_REQUEST_NONE };
}

static struct panel_request press(struct app_panel *panel, int x, int y) {
	struct overlay_panel shown;
	unsigned index;
	int width;
	int height;
	struct panel *state = &panel->panel;
	window_size_px(panel->window, &width, &height);
	app_panel_fill(panel, &shown);
	switch (overlay_panel_at(&shown, panel->hud->shown.font_px, width, height, x, y, &index)) {
	case OVERLAY_PANEL_OUTSIDE:
	case OVERLAY_PANEL_CLOSE:
		return panel_step(state, panel->config, PANEL_LEAVE);
	case OVERLAY_PANEL_INSIDE:
		break;
	case OVERLAY_PANEL_PAGE:
		panel_show_page(state, (enum panel_page)index);
		panel->hud->dirty = true;
		break;
	case OVERLAY_PANEL_ROW:
		return panel_press(state, panel->config, index, PANEL_DO);
	case OVERLAY_PANEL_LESS:
		return panel_press(state, panel->config, index, PANEL_LESS);
	case OVERLAY_PANEL_MORE:
		return panel_press(state, panel->config, index, PANEL_MORE);
	}
	return (struct panel_request){ .kind = PANEL_REQUEST_NONE };
}

static struct panel_request mouse_down(
		struct app_panel *panel, const SDL_MouseButtonEvent *button) {
	int width;
	int height;
	int window_width;
	int window_height;
	window_size_px(panel->window, &width, &height);
	SDL_GetWindowSize(window_sdl(panel->window), &window_width, &window_height);
	if (button->button != SDL_BUTTON_LEFT || button->which == SDL_TOUCH_MOUSEID ||
			window_width <= 0 || window_height <= 0) {
		return (struct panel_request){ .kind = PANEL_REQUEST_NONE };
	}
	return press(panel, button->x * width / window_width, button->y * height / window_height);
}

bool app_panel_event(struct app_panel *panel, const union SDL_Event *event,
		struct panel_request *ret_request) {
	int width;
	int height;
	*ret_request = (struct panel_request){ .kind = PANEL_REQUEST_NONE };
	switch (event->type) {
	case SDL_KEYDOWN:
		panel->hud->dirty = true;
		*ret_request = key_down(panel, &event->key);
		return true;
	case SDL_MOUSEBUTTONDOWN:
		panel->hud->dirty = true;
		*ret_request = mouse_down(panel, &event->button);
		return true;
	case SDL_MOUSEWHEEL:
		if (event->wheel.y != 0) {
			panel->hud->dirty = true;
			*ret_request = panel_step(&panel->panel, panel->config,
					event->wheel.y > 0 ? PANEL_UP : PANEL_DOWN);
		}
		return true;
	case SDL_FINGERDOWN:
		panel->hud->dirty = true;
		window_size_px(panel->window, &width, &height);
		*ret_request = press(panel, (int)(event->tfinger.x * (float)width),
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
