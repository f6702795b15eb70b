/*
 * The running parts, and the settings that they were last given, which keys and panel change. On
 * pg-ui.
 */
#pragma once

#include <stdbool.h>

#include "client/session/guest_link.h"
#include "client/ui/app_decision.h"
#include "client/video/video.h"

struct app_status;
struct audio;
struct clipboard;
struct config;
struct discovery;

struct app_parts {
	/* Each may be NULL. */
	struct video *video;
	struct guest_link *session;
	struct audio *audio;
	struct discovery *discovery;
	struct clipboard *clipboard;
	bool x11_motion; /* the session can hear the mouse itself: GUEST_LINK_X11_MOTION */

	struct video_settings settings;
	int sensitivity;
	unsigned microphone_policy; /* enum guest_link_microphone_policy */
	bool microphone_allowed;    /* by the user's key, or by the policy */
	struct app_decision applied;
};

void app_parts_init(struct app_parts *parts, const struct config *config);

/* Sends the command; text of it is freed here if the session does not take it. */
void app_parts_command(const struct app_parts *parts, struct guest_link_command command);

/* The video part gets parts->settings. */
void app_parts_set_video(const struct app_parts *parts);
void app_parts_set_sensitivity(struct app_parts *parts, int value);
/* policy: enum guest_link_microphone_policy. */
void app_parts_set_microphone(struct app_parts *parts, unsigned policy);
void app_parts_allow_microphone(struct app_parts *parts, bool allowed);

/* Tells the session what is new for it in the decision. */
void app_parts_apply(struct app_parts *parts, const struct app_decision *decision);

/* The figures of video and audio into the status. */
void app_parts_read_stats(const struct app_parts *parts, struct app_status *status);
