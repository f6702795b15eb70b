/*
 * The actions of the keys behind the escape key, which the rows of the panel share. On pg-ui.
 */
#pragma once

#include <stdbool.h>

#include "base/deadline.h"
#include "client/config/config.h"

struct app_hud;
struct app_inbox;
struct recorder;
struct vm_apply;
struct app_parts;
struct window;

struct app_actions {
	/* borrowed; constant after app_create() */
	const struct config *config;
	struct window *window;
	struct app_inbox *inbox;
	struct app_parts *parts;
	struct app_hud *hud;
	const struct vm_apply *vm;

	char screenshot[512]; /* the newest one's path */

	struct recorder *recorder; /* NULL: nothing is recorded */
	deadline recorder_ns;      /* when to look at it */
	bool record_ends;          /* it was asked to */
	bool record_begun;         /* what --record wants was done, or tried */
};

/* What the key of that action does; nothing where the app itself does it (the panel, the end). */
void app_actions_do(struct app_actions *actions, enum key_action action);

/* A key pressed together with the escape key. Returns its action; a function key without one is
 * sent to the guest with Ctrl+Alt, and is NONE. */
enum key_action app_actions_key(const struct app_actions *actions, unsigned key, bool shift);

/* policy: enum guest_link_microphone_policy. */
void app_actions_set_microphone(const struct app_actions *actions, unsigned policy);

/* The recorder, while there is one, and --record before: after a change, and when recorder_ns has
 * passed. */
void app_actions_look_at_recording(struct app_actions *actions);
/* The program ends: no more pictures; the file is finished meanwhile. */
void app_actions_end_recording(struct app_actions *actions);

/* result: 0 or a negative errno. */
void app_actions_screenshot_done(const struct app_actions *actions, int result);
