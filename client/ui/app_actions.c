#define LOG_MODULE "app"
#include "client/ui/app_actions.h"

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
#include "base/utf8.h"
#include "client/clipboard/clipboard.h"
#include "client/platform/xdg.h"
#include "client/recorder/recorder.h"
#include "client/ui/app_hud.h"
#include "client/ui/app_inbox.h"
#include "client/ui/app_parts.h"
#include "client/ui/key_label.h"
#include "client/ui/report.h"
#include "client/vm/vm_apply.h"
#include "client/window/window.h"

/* Where nothing gets through, that is said: a key that does nothing looks broken. */
static bool reaches_guest(const struct app_actions *actions) {
	const struct app_status *now = &actions->hud->now;
	char keys[KEY_ACTION_KEYS_BYTES];
	if (!now->session.connected) {
		app_alert(actions->hud, OVERLAY_WARN, _("Keys and mouse do not reach the VM: %s"),
				now->session.spice.reason[0] ? now->session.spice.reason
							     : _("SPICE is off"));
		return false;
	}
	if (!now->input_on || now->wrong_vm) {
		app_alert(actions->hud, OVERLAY_WARN,
				_("Nothing is sent to the VM: input is off (%s)"),
				key_action_keys(actions->config, KEY_ACTION_INPUT, keys));
		return false;
	}
	return true;
}

static void send_keys(const struct app_actions *actions, const unsigned *keys, unsigned count) {
	if (!reaches_guest(actions)) {
		return;
	}
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
	int value = actions->parts->sensitivity + by;
	value = value < -9 ? -9 : value > 9 ? 9 : value;
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

/* The VM's name as a part of a file's: a host may have called it anything. */
static void name_vm(const struct app_actions *actions, char *name, size_t size) {
	const char *vm = actions->vm->last.domain[0] ? actions->vm->last.domain
						     : actions->config->domain;
	vm = vm[0] ? vm : actions->hud->now.demo ? "demo" : "pierglass";
	snprintf(name, size, "%.*s", utf8_fit(vm, 60), vm);
	for (char *c = name; *c; c++) {
		if (*c == '/' || (unsigned char)*c < ' ' || (c == name && *c == '.')) {
			*c = '_';
		}
	}
}

/* By VM and time, and by a number where this second has a file already. */
static void name_file(const struct app_actions *actions, const char *folder, const char *ending,
		char *path, size_t size) {
	char when[32], vm[64];
	struct tm local;
	time_t now = time(NULL);
	localtime_r(&now, &local);
	strftime(when, sizeof when, "%Y-%m-%d %H-%M-%S", &local);
	name_vm(actions, vm, sizeof vm);
	snprintf(path, size, "%s/%s %s.%s", folder, vm, when, ending);
	for (int n = 2; n < 100 && taken(actions, path); n++) {
		snprintf(path, size, "%s/%s %s (%d).%s", folder, vm, when, n, ending);
	}
}

static void take_screenshot(struct app_actions *actions) {
	char folder[400];
	char path[sizeof actions->screenshot];
	if (actions->hud->now.video.showing == VIDEO_SOURCE_AUTO) {
		app_alert(actions->hud, OVERLAY_WARN, _("No screenshot: there is no picture yet"));
		return;
	}
	if (!xdg_pictures(folder, sizeof folder)) {
		app_alert(actions->hud, OVERLAY_BAD, _("No folder for pictures: HOME is not set"));
		return;
	}
	name_file(actions, folder, "png", path, sizeof path);
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

/* ---- recording ---- */

/* The parts put nothing into it any more. */
static void detach(const struct app_actions *actions) {
	if (actions->parts->video) {
		video_record(actions->parts->video, NULL);
	}
	if (actions->parts->audio) {
		audio_record(actions->parts->audio, NULL);
	}
}

static void begin_recording(struct app_actions *actions, const char *file) {
	const struct video_status *video = &actions->hud->now.video;
	struct app_status *now = &actions->hud->now;
	int r = recorder_create(&actions->recorder, file,
			(unsigned)actions->config->record_limit_mib, video->width, video->height);
	if (r < 0) {
		log_error("no recording: %s: %s", file, strerrordesc_np(-r));
		app_alert(actions->hud, OVERLAY_BAD, _("No recording: %s: %s"), file,
				strerrordesc_np(-r));
		return;
	}
	struct recording_memory *memory = recorder_memory(actions->recorder);
	if (actions->parts->audio) {
		audio_record(actions->parts->audio, memory);
	}
	video_record(actions->parts->video, memory);
	actions->record_ends = false;
	actions->recorder_ns = clock_now_ns() + RECORDER_LOOK_NS;
	now->recorded = true;
	snprintf(now->recorded_file, sizeof now->recorded_file, "%s", file);
	actions->hud->dirty = true;
}

/* Why not, for people; NULL: it can begin. */
static const char *no_recording(const struct app_actions *actions) {
	const struct video_status *video = &actions->hud->now.video;
	if (!actions->parts->video || video->showing == VIDEO_SOURCE_AUTO || video->width == 0) {
		return _("No recording: there is no picture yet");
	}
	return recorder_has_encoder() ? NULL : _("No recording: install ffmpeg, which writes it");
}

static void toggle_recording(struct app_actions *actions) {
	char folder[400];
	char path[sizeof actions->screenshot];
	if (actions->recorder) {
		app_actions_end_recording(actions);
		return;
	}
	const char *why = no_recording(actions);
	if (why) {
		app_alert(actions->hud, OVERLAY_WARN, "%s", why);
	} else if (!xdg_videos(folder, sizeof folder)) {
		app_alert(actions->hud, OVERLAY_BAD,
				_("No folder for recordings: HOME is not set"));
	} else {
		name_file(actions, folder, "mkv", path, sizeof path);
		begin_recording(actions, path);
	}
}

/* --record, with the first picture. */
static void begin_wanted(struct app_actions *actions) {
	if (actions->record_begun || !actions->config->record_path[0] ||
			actions->hud->now.video.showing == VIDEO_SOURCE_AUTO) {
		return;
	}
	actions->record_begun = true;
	const char *why = no_recording(actions);
	if (why) {
		log_error("%s", why);
		app_alert(actions->hud, OVERLAY_BAD, "%s", why);
	} else {
		begin_recording(actions, actions->config->record_path);
	}
}

void app_actions_look_at_recording(struct app_actions *actions) {
	struct recording_state state;
	char text[sizeof actions->hud->now.alert];
	if (!actions->recorder) {
		begin_wanted(actions);
	}
	if (!actions->recorder) {
		actions->recorder_ns = DEADLINE_NONE;
		return;
	}
	actions->recorder_ns = clock_now_ns() + RECORDER_LOOK_NS;
	if (!recorder_look(actions->recorder, &state)) {
		return;
	}
	detach(actions);
	const bool there =
			recorder_text(&state, recorder_file(actions->recorder), text, sizeof text);
	log_info("%s", text);
	app_alert(actions->hud,
			state.end == RECORDING_ASKED ? OVERLAY_GOOD
			: there                      ? OVERLAY_WARN
						     : OVERLAY_BAD,
			"%s", text);
	recorder_destroy(actions->recorder, 0);
	actions->recorder = NULL;
	actions->recorder_ns = DEADLINE_NONE;
	actions->hud->now.recorded = false;
	actions->hud->dirty = true;
}

void app_actions_end_recording(struct app_actions *actions) {
	if (actions->recorder && !actions->record_ends) {
		actions->record_ends = true;
		detach(actions);
		recorder_finish(actions->recorder);
	}
}

static void type_clipboard(const struct app_actions *actions) {
	if (!reaches_guest(actions)) {
		return;
	}
	if (actions->parts->clipboard) {
		clipboard_ask_text(actions->parts->clipboard); /* APP_TYPE_TEXT follows */
	} else {
		app_alert(actions->hud, OVERLAY_WARN, _("The clipboard is not shared"));
	}
}

static void answer_clipboard(const struct app_actions *actions) {
	if (actions->hud->now.session.clipboard_question == CLIPBOARD_QUESTION_NONE) {
		app_alert(actions->hud, OVERLAY_INFO,
				_("No question about the clipboard is open: see --clipboard-to-vm"));
		return;
	}
	app_parts_command(actions->parts,
			(struct guest_link_command){ .kind = GUEST_LINK_CLIPBOARD });
}

static void toggle_input(const struct app_actions *actions) {
	actions->hud->now.input_on = !actions->hud->now.input_on;
	actions->hud->dirty = true;
	app_alert(actions->hud, OVERLAY_INFO, "%s",
			actions->hud->now.input_on ? _("Guest input on") : _("Guest input off"));
}

static void toggle_mute(const struct app_actions *actions) {
	if (!actions->parts->audio || !actions->config->sound) {
		app_alert(actions->hud, OVERLAY_WARN,
				_("There is no sound to mute: --audio is off"));
		return;
	}
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

/* Who takes a size: the Looking Glass host of today's builds, or the agent of SPICE. */
static void ask_guest_size(const struct app_actions *actions) {
	const struct app_status *now = &actions->hud->now;
	int width;
	int height;
	if (!(now->video.host.session && now->video.host.accepts_window_size) &&
			!(now->session.connected && now->session.agent)) {
		app_alert(actions->hud, OVERLAY_WARN,
				_("Nothing in the guest takes a size: this needs a "
				  "Looking Glass host with a display driver, or a SPICE agent"));
		return;
	}
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

static void toggle_stats(const struct app_actions *actions, bool *shown) {
	*shown = !*shown;
	actions->hud->dirty = true;
}

static void resubscribe(const struct app_actions *actions) {
	if (actions->parts->video) {
		video_set_shm_path(actions->parts->video, actions->config->video.shm_path);
	}
	app_alert(actions->hud, OVERLAY_INFO, _("Subscribing to the picture anew"));
}

static void turn(const struct app_actions *actions) {
	struct video_settings *settings = &actions->parts->settings;
	settings->rotate = (settings->rotate + 1) % 4;
	put_settings(actions);
	app_alert(actions->hud, OVERLAY_INFO, _("Picture turned by %u degrees"),
			settings->rotate * 90);
}

static void copy_report(const struct app_actions *actions) {
	app_parts_read_stats(actions->parts, &actions->hud->now);
	char *text = report_text(&actions->hud->now, actions->config, window_kind(actions->window));
	if (text && SDL_SetClipboardText(text) == 0) {
		app_alert(actions->hud, OVERLAY_GOOD,
				_("A bug report is on the clipboard: read it, then paste it"));
	} else {
		app_alert(actions->hud, OVERLAY_BAD,
				_("No bug report: it could not be put on the clipboard"));
	}
	free(text);
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
		turn(actions);
		return true;
	case KEY_ACTION_RECOVER:
		resubscribe(actions);
		return true;
	case KEY_ACTION_SOURCE:
		next_source(actions);
		return true;
	case KEY_ACTION_SCREENSHOT:
		take_screenshot(actions);
		return true;
	case KEY_ACTION_RECORD:
		toggle_recording(actions);
		return true;
	case KEY_ACTION_GUEST_SIZE:
		ask_guest_size(actions);
		return true;
	case KEY_ACTION_FPS:
		toggle_stats(actions, &actions->hud->now.show_fps);
		return true;
	case KEY_ACTION_GRAPHS:
		toggle_stats(actions, &actions->hud->now.show_graphs);
		return true;
	case KEY_ACTION_BENCH:
		toggle_stats(actions, &actions->hud->now.show_stats);
		return true;
	case KEY_ACTION_REPORT:
		copy_report(actions);
		return true;
	default: /* not about the picture: key_action() */
		return false;
	}
}

static void give_devices(const struct app_actions *actions) {
	const struct guest_link_status *session = &actions->hud->now.session;
	if (session->devices == 0) {
		app_alert(actions->hud, OVERLAY_WARN, _("No keyboard or mouse to give: %s"),
				session->evdev.reason[0] ? session->evdev.reason
							 : _("name them with --evdev"));
		return;
	}
	app_parts_command(actions->parts, (struct guest_link_command){ .kind = GUEST_LINK_GRAB,
							  .on = !session->grabbed });
}

static void guest_action(const struct app_actions *actions, enum key_action action) {
	static const unsigned ctrl_alt_del[] = { KEY_LEFTCTRL, KEY_LEFTALT, KEY_DELETE };
	switch (action) {
	case KEY_ACTION_INPUT:
		toggle_input(actions);
		break;
	case KEY_ACTION_GRAB:
		give_devices(actions);
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
		answer_clipboard(actions);
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
	default: /* NONE, COUNT, and the app's own */
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
