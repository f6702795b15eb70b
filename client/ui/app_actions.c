#include "client/ui/app_actions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/input-event-codes.h>

#include "base/i18n.h"
#include "client/clipboard/clipboard.h"
#include "client/platform/xdg.h"
#include "client/ui/app_clipboard.h"
#include "client/ui/app_hud.h"
#include "client/ui/app_inbox.h"
#include "client/ui/app_parts.h"
#include "client/window/window.h"

static void send_keys(const struct app_actions *actions, const unsigned *keys, unsigned count) {
	struct guest_link_command command = { .kind = GUEST_LINK_SEND_KEYS, .count = count };
	memcpy(command.keys, keys, count * sizeof *keys);
	app_parts_command(actions->parts, command);
}

static void send_key(const struct app_actions *actions, unsigned key) {
	send_keys(actions, &key, 1);
}

static void put_settings(const struct app_actions *actions) {
	app_parts_set_video(actions->parts);
	actions->hud->dirty = true; /* app_settle() follows */
}

static void next_source(const struct app_actions *actions) {
	static const char *const texts[] = {
		[VIDEO_SOURCE_AUTO] = N_("Picture from shared memory, else SPICE"),
		[VIDEO_SOURCE_LG] = N_("Picture from shared memory only"),
		[VIDEO_SOURCE_SPICE] = N_("Picture from SPICE only"),
	};
	struct video_settings *settings = &actions->parts->settings;
	settings->source = (enum video_source)((settings->source + 1) % 3);
	put_settings(actions);
	app_alert(actions->hud, OVERLAY_INFO, "%s", _(texts[settings->source]));
}

static void change_sensitivity(const struct app_actions *actions, int by) {
	const int value = actions->parts->sensitivity + by;
	if (value < -9 || value > 9) {
		return;
	}
	app_parts_set_sensitivity(actions->parts, value);
	app_alert(actions->hud, OVERLAY_INFO, _("Sensitivity %+d"), value);
}

/* pg-video: the file is written, or not. */
static void screenshot_done(int result, void *data) {
	const struct app_event event = { .kind = APP_SCREENSHOT_DONE, .code = result };
	(void)app_inbox_push(data, &event);
}

/* The newest may be on its way to the disk. */
static bool taken(const struct app_actions *actions, const char *path) {
	return access(path, F_OK) == 0 || strcmp(path, actions->screenshot) == 0;
}

/* By the time, and by a number where this second has a picture already. */
static void name_screenshot(
		const struct app_actions *actions, const char *folder, char *path, size_t size) {
	char when[32];
	struct tm local;
	time_t now = time(NULL);
	localtime_r(&now, &local);
	strftime(when, sizeof when, "%Y-%m-%d %H-%M-%S", &local);
	snprintf(path, size, "%s/pierglass %s.png", folder, when);
	for (int n = 2; n < 100 && taken(actions, path); n++) {
		snprintf(path, size, "%s/pierglass %s (%d).png", folder, when, n);
	}
}

static void take_screenshot(struct app_actions *actions) {
	char folder[400];
	char path[sizeof actions->screenshot];
	if (!xdg_pictures(folder, sizeof folder)) {
		app_alert(actions->hud, OVERLAY_BAD, _("No folder for pictures: HOME is not set"));
		return;
	}
	name_screenshot(actions, folder, path, sizeof path);
	struct video *video = actions->parts->video;
	const bool pointer = actions->config->screenshot_pointer;
	int r = video ? video_screenshot(video, path, pointer, screenshot_done, actions->inbox)
		      : -ENOTCONN;
	if (r == 0) {
		memcpy(actions->screenshot, path, sizeof path);
	} else {
		app_alert(actions->hud, OVERLAY_BAD, _("No screenshot: %s"), strerrordesc_np(-r));
	}
}

void app_actions_screenshot_done(const struct app_actions *actions, int result) {
	if (result < 0) {
		app_alert(actions->hud, OVERLAY_BAD, _("No screenshot: %s: %s"),
				actions->screenshot, strerrordesc_np(-result));
	} else {
		app_alert(actions->hud, OVERLAY_GOOD, _("Saved %s"), actions->screenshot);
	}
}

static void type_clipboard(const struct app_actions *actions) {
	if (actions->clipboard->part) {
		clipboard_ask_text(actions->clipboard->part); /* APP_TYPE_TEXT follows */
	} else {
		app_alert(actions->hud, OVERLAY_WARN, _("The clipboard is not shared"));
	}
}

static void toggle_input(const struct app_actions *actions) {
	actions->hud->now.input_on = !actions->hud->now.input_on;
	actions->hud->dirty = true;
	app_alert(actions->hud, OVERLAY_INFO, "%s",
			actions->hud->now.input_on ? _("Guest input on") : _("Guest input off"));
}

static void toggle_mute(const struct app_actions *actions) {
	actions->hud->now.muted = !actions->hud->now.muted;
	if (actions->parts->audio) {
		audio_set_mute(actions->parts->audio, actions->hud->now.muted);
	}
	app_alert(actions->hud, OVERLAY_INFO, "%s",
			actions->hud->now.muted ? _("Sound off") : _("Sound on"));
}

static void toggle_microphone(const struct app_actions *actions) {
	enum guest_link_microphone_state state = actions->hud->now.session.microphone;
	const bool has = state == GUEST_LINK_MIC_OPEN || state == GUEST_LINK_MIC_MUTED ||
			 (state == GUEST_LINK_MIC_READY && actions->parts->microphone_allowed);
	app_parts_allow_microphone(actions->parts, !has);
	app_alert(actions->hud, OVERLAY_INFO, "%s",
			has ? _("Microphone: never, until this is pressed again")
			    : _("Microphone: whenever the VM records"));
}

void app_actions_set_microphone(const struct app_actions *actions, unsigned policy) {
	app_parts_set_microphone(actions->parts, policy);
	app_alert(actions->hud, OVERLAY_INFO, "%s",
			policy == GUEST_LINK_MICROPHONE_OFF ? _("Microphone: off")
			: policy == GUEST_LINK_MICROPHONE_ASK
					? _("Microphone: ask when the VM records")
					: _("Microphone: on when the VM records"));
}

static void reconnect(const struct app_actions *actions) {
	app_parts_command(actions->parts,
			(struct guest_link_command){ .kind = GUEST_LINK_RECONNECT });
	if (actions->parts->audio) {
		audio_retry(actions->parts->audio);
	}
	app_alert(actions->hud, OVERLAY_INFO, _("Looking again for everything that is missing"));
}

static void ask_guest_size(const struct app_actions *actions) {
	int width;
	int height;
	window_size_px(actions->window, &width, &height);
	if (actions->parts->video) {
		video_set_guest_size(actions->parts->video, width, height);
	}
	app_parts_command(actions->parts, (struct guest_link_command){
							  .kind = GUEST_LINK_MONITOR_SIZE,
							  .value = width << 16 | height,
					  });
	app_alert(actions->hud, OVERLAY_INFO, _("Asked the guest for %dx%d"), width, height);
}

static void show_figures(const struct app_actions *actions, enum key_action action) {
	bool *shown = action == KEY_ACTION_FPS ? &actions->hud->now.show_fps
					       : &actions->hud->now.show_stats;
	*shown = !*shown;
	actions->hud->dirty = true;
}

static bool picture_action(struct app_actions *actions, enum key_action action) {
	switch (action) {
	case KEY_ACTION_FULL_SCREEN:
		window_set_full_screen(actions->window, !window_is_full_screen(actions->window));
		return true;
	case KEY_ACTION_VIDEO:
		actions->parts->settings.paused = !actions->parts->settings.paused;
		put_settings(actions);
		app_alert(actions->hud, OVERLAY_INFO, "%s",
				actions->parts->settings.paused ? _("Video stream off")
								: _("Video stream on"));
		return true;
	case KEY_ACTION_ROTATE:
		actions->parts->settings.rotate = (actions->parts->settings.rotate + 1) % 4;
		put_settings(actions);
		return true;
	case KEY_ACTION_SOURCE:
		next_source(actions);
		return true;
	case KEY_ACTION_SCREENSHOT:
		take_screenshot(actions);
		return true;
	case KEY_ACTION_GUEST_SIZE:
		ask_guest_size(actions);
		return true;
	case KEY_ACTION_FPS:
	case KEY_ACTION_GRAPHS:
	case KEY_ACTION_BENCH:
		show_figures(actions, action);
		return true;
	default: /* not about the picture: key_action() */
		return false;
	}
}

static void guest_action(const struct app_actions *actions, enum key_action action) {
	static const unsigned ctrl_alt_del[] = { KEY_LEFTCTRL, KEY_LEFTALT, KEY_DELETE };
	switch (action) {
	case KEY_ACTION_INPUT:
		toggle_input(actions);
		break;
	case KEY_ACTION_GRAB:
		app_parts_command(actions->parts,
				(struct guest_link_command){
						.kind = GUEST_LINK_GRAB,
						.on = !actions->hud->now.session.grabbed,
				});
		break;
	case KEY_ACTION_SENSITIVITY_UP:
		change_sensitivity(actions, 1);
		break;
	case KEY_ACTION_SENSITIVITY_DOWN:
		change_sensitivity(actions, -1);
		break;
	case KEY_ACTION_GUEST_VOLUME_UP:
		send_key(actions, KEY_VOLUMEUP);
		break;
	case KEY_ACTION_GUEST_VOLUME_DOWN:
		send_key(actions, KEY_VOLUMEDOWN);
		break;
	case KEY_ACTION_GUEST_MUTE:
		send_key(actions, KEY_MUTE);
		break;
	case KEY_ACTION_LEFT_META:
		send_key(actions, KEY_LEFTMETA);
		break;
	case KEY_ACTION_RIGHT_META:
		send_key(actions, KEY_RIGHTMETA);
		break;
	case KEY_ACTION_CTRL_ALT_DEL:
		send_keys(actions, ctrl_alt_del, 3);
		break;
	case KEY_ACTION_TYPE_CLIPBOARD:
		type_clipboard(actions);
		break;
	case KEY_ACTION_MICROPHONE:
		toggle_microphone(actions);
		break;
	case KEY_ACTION_CLIPBOARD:
		app_parts_command(actions->parts,
				(struct guest_link_command){ .kind = GUEST_LINK_CLIPBOARD });
		break;
	case KEY_ACTION_MICROPHONE_POLICY:
		app_actions_set_microphone(actions, (actions->parts->microphone_policy + 1) %
								    (GUEST_LINK_MICROPHONE_ON + 1));
		break;
	case KEY_ACTION_MUTE:
		toggle_mute(actions);
		break;
	case KEY_ACTION_RECONNECT:
		reconnect(actions);
		break;
	default: /* NONE, COUNT, the app's own, and what later hosts will take (RECOVER) */
		break;
	}
}

void app_actions_do(struct app_actions *actions, enum key_action action) {
	if (!picture_action(actions, action)) {
		guest_action(actions, action);
	}
}

static enum key_action find_action(const struct config *config, unsigned key, bool shift) {
	unsigned binding = key | (shift ? KEY_BINDING_SHIFT : 0);
	for (int action = 1; action < KEY_ACTION_COUNT; action++) {
		if (config->input.bindings[action] == binding) {
			return (enum key_action)action;
		}
	}
	return KEY_ACTION_NONE;
}

enum key_action app_actions_key(const struct app_actions *actions, unsigned key, bool shift) {
	enum key_action action = find_action(actions->config, key, shift);
	bool function_key = (key >= KEY_F1 && key <= KEY_F10) || key == KEY_F11 || key == KEY_F12;
	if (action == KEY_ACTION_NONE && function_key) {
		const unsigned keys[] = { KEY_LEFTCTRL, KEY_LEFTALT, key };
		send_keys(actions, keys, 3);
	}
	return action;
}
