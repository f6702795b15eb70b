/*
 * The actions of the keys behind the escape key, which the rows of the panel share. On pg-ui.
 */
#pragma once

#include <stdbool.h>

#include "client/config/config.h"

struct app_hud;
struct app_inbox;
struct app_parts;
struct window;

struct app_actions {
	/* borrowed; constant after app_create() */
	const struct config *config;
	struct window *window;
	struct app_inbox *inbox;
	struct app_parts *parts;
	struct app_hud *hud;

	char screenshot[512]; /* the newest one's path */
};

/* What the key of that action does; nothing where the app itself does it (the panel, the end). */
void app_actions_do(struct app_actions *actions, enum key_action action);

/* A key pressed together with the escape key. Returns its action; a function key without one is
 * sent to the guest with Ctrl+Alt, and is NONE. */
enum key_action app_actions_key(const struct app_actions *actions, unsigned key, bool shift);

/* policy: enum guest_link_microphone_policy. */
void app_actions_set_microphone(const struct app_actions *actions, unsigned policy);

/* result: 0 or a negative errno. */
void app_actions_screenshot_done(const struct app_actions *actions, int result);
