#include "client/ui/app_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audio/audio.h"
#include "client/config/config.h"
#include "client/ui/app_status.h"

void app_parts_init(struct app_parts *parts, const struct config *config) {
	parts->settings = config->video.settings;
	parts->sensitivity = config->session.sensitivity;
	parts->microphone_policy = config->session.microphone;
	parts->microphone_allowed = config->session.microphone == GUEST_LINK_MICROPHONE_ON;
	parts->applied.display = config->session.display;
	parts->applied.input = config->session.input;
}

void app_parts_command(const struct app_parts *parts, struct guest_link_command command) {
	int r = parts->session ? guest_link_command(parts->session, &command) : -ENOTCONN;
	if (r < 0 && command.text) {
		explicit_bzero(command.text, strlen(command.text));
		free(command.text);
	}
}

void app_parts_set_video(const struct app_parts *parts) {
	if (parts->video) {
		video_set(parts->video, &parts->settings);
	}
}

void app_parts_set_sensitivity(struct app_parts *parts, int value) {
	parts->sensitivity = value;
	app_parts_command(parts, (struct guest_link_command){
						 .kind = GUEST_LINK_SENSITIVITY, .value = value });
}

void app_parts_set_microphone(struct app_parts *parts, unsigned policy) {
	parts->microphone_policy = policy;
	parts->microphone_allowed = policy == GUEST_LINK_MICROPHONE_ON;
	app_parts_command(parts, (struct guest_link_command){ .kind = GUEST_LINK_MICROPHONE_POLICY,
						 .value = (int)policy });
}

void app_parts_allow_microphone(struct app_parts *parts, bool allowed) {
	parts->microphone_allowed = allowed;
	app_parts_command(parts, (struct guest_link_command){
						 .kind = GUEST_LINK_MICROPHONE, .on = allowed });
}

void app_parts_apply(struct app_parts *parts, const struct app_decision *decision) {
	if (decision->display != parts->applied.display) {
		app_parts_command(parts,
				(struct guest_link_command){ .kind = GUEST_LINK_DISPLAY_WANTED,
						.on = decision->display });
	}
	if (decision->input != parts->applied.input) {
		app_parts_command(parts, (struct guest_link_command){ .kind = GUEST_LINK_INPUT,
							 .on = decision->input });
	}
	parts->applied = *decision;
}

void app_parts_read_stats(const struct app_parts *parts, struct app_status *status) {
	if (parts->video) {
		video_get_stats(parts->video, &status->video_stats);
	}
	if (parts->audio) {
		audio_get_stats(parts->audio, &status->audio_stats);
	}
}
