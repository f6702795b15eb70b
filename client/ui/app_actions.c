/* What the keys behind the escape key do. */
#define LOG_MODULE "app"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/input-event-codes.h>

#include <SDL.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "client/clipboard/clipboard.h"
#include "client/platform/xdg.h"
#include "client/ui/app_state.h"
#include "client/ui/app_vm.h"
#include "client/ui/hud_text.h"
#include "client/window/window.h"

void app_alert(struct app *app, int level, const char *format, ...) {
	va_list args;
	va_start(args, format);
	vsnprintf(app->now.alert, sizeof app->now.alert, format, args);
	va_end(args);
	log_debug("%s", app->now.alert);
	if (app->config->window.alerts) {
		app->now.alert_level = level;
		app->now.alert_until_ns = clock_now_ns() + HUD_TEXT_ALERT_NS;
		app->dirty = true;
	}
}

void app_command(struct app *app, struct guest_link_command command) {
	int r = app->session ? guest_link_command(app->session, &command) : -ENOTCONN;
	if (r < 0 && command.text) {
		explicit_bzero(command.text, strlen(command.text));
		free(command.text);
	}
}

static void send_keys(struct app *app, const unsigned *keys, unsigned count) {
	struct guest_link_command command = { .kind = GUEST_LINK_SEND_KEYS, .count = count };
	memcpy(command.keys, keys, count * sizeof *keys);
	app_command(app, command);
}

static void send_key(struct app *app, unsigned key) {
	send_keys(app, &key, 1);
}

static void put_settings(struct app *app) {
	if (app->video) {
		video_set(app->video, &app->settings);
	}
	app->dirty = true; /* app_settle() follows */
}

static void next_source(struct app *app) {
	static const char *const texts[] = {
		[VIDEO_SOURCE_AUTO] = N_("Picture from shared memory, else SPICE"),
		[VIDEO_SOURCE_LG] = N_("Picture from shared memory only"),
		[VIDEO_SOURCE_SPICE] = N_("Picture from SPICE only"),
	};
	app->settings.source = (enum video_source)((app->settings.source + 1) % 3);
	put_settings(app);
	app_alert(app, OVERLAY_INFO, "%s", _(texts[app->settings.source]));
}

static void change_sensitivity(struct app *app, int by) {
	int value = app->sensitivity + by;
	if (value < -9 || value > 9) {
		return;
	}
	app->sensitivity = value;
	app_command(app, (struct guest_link_command){
					 .kind = GUEST_LINK_SENSITIVITY, .value = value });
	app_alert(app, OVERLAY_INFO, _("Sensitivity %+d"), value);
}

/* pg-video: the file is written, or not. */
static void screenshot_done(int result, void *data) {
	struct app *app = data;
	struct app_event happening = { .kind = APP_SCREENSHOT_DONE, .code = result };
	queue_push(&app->happenings, &happening);
}

/* The newest may be on its way to the disk. */
static bool taken(const struct app *app, const char *path) {
	return access(path, F_OK) == 0 || strcmp(path, app->screenshot) == 0;
}

/* By the time, and by a number where this second has a picture already. */
static void name_screenshot(const struct app *app, const char *folder, char *path, size_t size) {
	char when[32];
	struct tm local;
	time_t now = time(NULL);
	localtime_r(&now, &local);
	strftime(when, sizeof when, "%Y-%m-%d %H-%M-%S", &local);
	snprintf(path, size, "%s/pierglass %s.png", folder, when);
	for (int n = 2; n < 100 && taken(app, path); n++) {
		snprintf(path, size, "%s/pierglass %s (%d).png", folder, when, n);
	}
}

static void take_screenshot(struct app *app) {
	char folder[400];
	char path[sizeof app->screenshot];
	if (!xdg_pictures(folder, sizeof folder)) {
		app_alert(app, OVERLAY_BAD, _("No folder for pictures: HOME is not set"));
		return;
	}
	name_screenshot(app, folder, path, sizeof path);
	int r = app->video ? video_screenshot(app->video, path, app->config->screenshot_pointer,
					     screenshot_done, app)
			   : -ENOTCONN;
	if (r == 0) {
		memcpy(app->screenshot, path, sizeof path);
	} else {
		app_alert(app, OVERLAY_BAD, _("No screenshot: %s"), strerrordesc_np(-r));
	}
}

static void type_clipboard(struct app *app) {
	if (app->clipboard) {
		clipboard_ask_text(app->clipboard); /* APP_TYPE_TEXT follows */
	} else {
		app_alert(app, OVERLAY_WARN, _("The clipboard is not shared"));
	}
}

static void toggle_input(struct app *app) {
	app->now.input_on = !app->now.input_on;
	app->dirty = true;
	app_alert(app, OVERLAY_INFO, "%s",
			app->now.input_on ? _("Guest input on") : _("Guest input off"));
}

static void toggle_mute(struct app *app) {
	app->now.muted = !app->now.muted;
	if (app->audio) {
		audio_set_mute(app->audio, app->now.muted);
	}
	app_alert(app, OVERLAY_INFO, "%s", app->now.muted ? _("Sound off") : _("Sound on"));
}

static void toggle_microphone(struct app *app) {
	enum guest_link_microphone_state state = app->now.session.microphone;
	bool has = state == GUEST_LINK_MIC_OPEN || state == GUEST_LINK_MIC_MUTED ||
		   (state == GUEST_LINK_MIC_READY && app->mic_allowed);
	app->mic_allowed = !has;
	app_command(app, (struct guest_link_command){
					 .kind = GUEST_LINK_MICROPHONE, .on = app->mic_allowed });
	app_alert(app, OVERLAY_INFO, "%s",
			has ? _("Microphone: never, until this is pressed again")
			    : _("Microphone: whenever the VM records"));
}

void app_set_microphone_policy(struct app *app, unsigned policy) {
	app->mic_policy = policy;
	app->mic_allowed = app->mic_policy == GUEST_LINK_MICROPHONE_ON;
	app_command(app, (struct guest_link_command){
					 .kind = GUEST_LINK_MICROPHONE_POLICY,
					 .value = (int)app->mic_policy,
			 });
	app_alert(app, OVERLAY_INFO, "%s",
			app->mic_policy == GUEST_LINK_MICROPHONE_OFF ? _("Microphone: off")
			: app->mic_policy == GUEST_LINK_MICROPHONE_ASK
					? _("Microphone: ask when the VM records")
					: _("Microphone: on when the VM records"));
}

static void reconnect(struct app *app) {
	app_command(app, (struct guest_link_command){ .kind = GUEST_LINK_RECONNECT });
	if (app->audio) {
		audio_retry(app->audio);
	}
	app_alert(app, OVERLAY_INFO, _("Looking again for everything that is missing"));
}

static void ask_guest_size(struct app *app) {
	int width;
	int height;
	window_size_px(app->window, &width, &height);
	if (app->video) {
		video_set_guest_size(app->video, width, height);
	}
	app_command(app, (struct guest_link_command){
					 .kind = GUEST_LINK_MONITOR_SIZE,
					 .value = width << 16 | height,
			 });
	app_alert(app, OVERLAY_INFO, _("Asked the guest for %dx%d"), width, height);
}

static void show_figures(struct app *app, enum key_action action) {
	bool *shown = action == KEY_ACTION_FPS ? &app->now.show_fps : &app->now.show_stats;
	*shown = !*shown;
	app->dirty = true;
}

static bool picture_action(struct app *app, enum key_action action) {
	switch (action) {
	case KEY_ACTION_FULL_SCREEN:
		window_set_full_screen(app->window, !window_is_full_screen(app->window));
		return true;
	case KEY_ACTION_VIDEO:
		app->settings.paused = !app->settings.paused;
		put_settings(app);
		app_alert(app, OVERLAY_INFO, "%s",
				app->settings.paused ? _("Video stream off")
						     : _("Video stream on"));
		return true;
	case KEY_ACTION_ROTATE:
		app->settings.rotate = (app->settings.rotate + 1) % 4;
		put_settings(app);
		return true;
	case KEY_ACTION_SOURCE:
		next_source(app);
		return true;
	case KEY_ACTION_SCREENSHOT:
		take_screenshot(app);
		return true;
	case KEY_ACTION_GUEST_SIZE:
		ask_guest_size(app);
		return true;
	case KEY_ACTION_FPS:
	case KEY_ACTION_GRAPHS:
	case KEY_ACTION_BENCH:
		show_figures(app, action);
		return true;
	case KEY_ACTION_MENU:
		app_open_panel(app);
		return true;
	default: /* not about the picture: key_action() */
		return false;
	}
}

static void guest_action(struct app *app, enum key_action action) {
	static const unsigned ctrl_alt_del[] = { KEY_LEFTCTRL, KEY_LEFTALT, KEY_DELETE };
	switch (action) {
	case KEY_ACTION_INPUT:
		toggle_input(app);
		break;
	case KEY_ACTION_GRAB:
		app_command(app, (struct guest_link_command){
						 .kind = GUEST_LINK_GRAB,
						 .on = !app->now.session.grabbed,
				 });
		break;
	case KEY_ACTION_SENSITIVITY_UP:
		change_sensitivity(app, 1);
		break;
	case KEY_ACTION_SENSITIVITY_DOWN:
		change_sensitivity(app, -1);
		break;
	case KEY_ACTION_GUEST_VOLUME_UP:
		send_key(app, KEY_VOLUMEUP);
		break;
	case KEY_ACTION_GUEST_VOLUME_DOWN:
		send_key(app, KEY_VOLUMEDOWN);
		break;
	case KEY_ACTION_GUEST_MUTE:
		send_key(app, KEY_MUTE);
		break;
	case KEY_ACTION_LEFT_META:
		send_key(app, KEY_LEFTMETA);
		break;
	case KEY_ACTION_RIGHT_META:
		send_key(app, KEY_RIGHTMETA);
		break;
	case KEY_ACTION_CTRL_ALT_DEL:
		send_keys(app, ctrl_alt_del, 3);
		break;
	case KEY_ACTION_TYPE_CLIPBOARD:
		type_clipboard(app);
		break;
	case KEY_ACTION_MICROPHONE:
		toggle_microphone(app);
		break;
	case KEY_ACTION_MICROPHONE_POLICY:
		app_set_microphone_policy(
				app, (app->mic_policy + 1) % (GUEST_LINK_MICROPHONE_ON + 1));
		break;
	case KEY_ACTION_MUTE:
		toggle_mute(app);
		break;
	case KEY_ACTION_RECONNECT:
		reconnect(app);
		break;
	case KEY_ACTION_QUIT:
		app->running = false;
		break;
	default: /* NONE, COUNT, and what later hosts will take (RECOVER) */
		break;
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

void app_do(struct app *app, enum key_action action) {
	if (!picture_action(app, action)) {
		guest_action(app, action);
	}
}

void app_key(struct app *app, unsigned key, bool shift) {
	enum key_action action = find_action(app->config, key, shift);
	bool function_key = (key >= KEY_F1 && key <= KEY_F10) || key == KEY_F11 || key == KEY_F12;
	if (action == KEY_ACTION_NONE && function_key) {
		const unsigned keys[] = { KEY_LEFTCTRL, KEY_LEFTALT, key };
		send_keys(app, keys, 3);
		return;
	}
	app_do(app, action);
}
