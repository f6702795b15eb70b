/*
 * The SPICE record channel of the session: the guest asks for the microphone, the user's policy or
 * the user decides, and what pg-audio captures goes to the guest (spice.md 7). Nothing is captured
 * unless the guest records, may, and has not muted it. On the loop's thread.
 */
#pragma once

#include <stdbool.h>

#include "client/session/guest_link.h"

struct audio;
struct session_microphone;
struct spice_session;

struct session_microphone_config {
	enum session_microphone_policy policy;
	bool sync_volume; /* it follows the guest's volume */
};

/* changed: session_microphone_state() did. Both must outlive it; audio was started with a
 * microphone. Returns 0 or -ENOMEM. */
int session_microphone_create(struct session_microphone **ret_microphone, struct loop *loop,
		struct spice_session *spice, struct audio *audio,
		const struct session_microphone_config *config, void (*changed)(void *data),
		void *data);
/* Nothing is captured any more. Accepts NULL. After the SPICE session. */
void session_microphone_destroy(struct session_microphone *microphone);

/* The user's word, until the policy changes; with "ask" until the connection ends. */
void session_microphone_allow(struct session_microphone *microphone, bool allow);
void session_microphone_set_policy(
		struct session_microphone *microphone, enum session_microphone_policy policy);

enum session_microphone_state session_microphone_state(const struct session_microphone *microphone);
