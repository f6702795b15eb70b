/*
 * Notices: sentences that are shown once when a part reports a change, such as the end of a batch
 * of files, the microphone, the clipboard that the VM read, a guest without an agent, a window that
 * the guest wants seen. On pg-ui.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/session/guest_link.h"

struct app_hud;
struct config;
struct window;

struct app_notices {
	enum guest_link_microphone_state microphone;
	unsigned clipboard_reads;
	unsigned file_batches;
	unsigned activations;
	bool agent_said;
	uint64_t agent_ns; /* when a guest without an agent is spoken of; 0 = there is no need */
};

/* hud->now has a new status of the session, or of the video part. */
void app_notices_session(struct app_notices *notices, struct app_hud *hud);
void app_notices_video(struct app_notices *notices, const struct app_hud *hud,
		const struct config *config, struct window *window);

/* The window has no title bar, for want of a package. */
void app_notices_no_frame(struct app_hud *hud, const struct config *config);

/* Either of them changed: is the guest up, and has no agent? */
void app_notices_watch_agent(struct app_notices *notices, const struct app_hud *hud,
		const struct config *config);
/* notices->agent_ns is over. */
void app_notices_no_agent(struct app_notices *notices, struct app_hud *hud);
