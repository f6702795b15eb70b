/*
 * The SPICE record channel of the session: the guest asks for the microphone, the user's policy or
 * the user decides, and what pg-audio captures goes to the guest (spice.md 7). Nothing is captured
 * unless the guest records, is allowed to, and has not muted the microphone. On the loop's thread.
 */
#pragma once

#include <stdbool.h>

#include "client/session/guest_link.h"

struct audio;
struct guest_link_microphone;
struct spice_session;

struct guest_link_microphone_config {
	enum guest_link_microphone_policy policy;
	bool sync_volume; /* it follows the guest's volume */
};

/* changed: guest_link_microphone_state() did. Both must outlive it; audio was started with a
 * microphone. Returns 0 or -ENOMEM. */
int guest_link_microphone_create(struct guest_link_microphone **ret_microphone, struct loop *loop,
		struct spice_session *spice, struct audio *audio,
		const struct guest_link_microphone_config *config, void (*changed)(void *data),
		void *data);
/* Nothing is captured any more. Accepts NULL. After the SPICE session. */
void guest_link_microphone_destroy(struct guest_link_microphone *microphone);

/* The user's word, until the policy changes; with "ask" until the connection ends. */
void guest_link_microphone_allow(struct guest_link_microphone *microphone, bool allow);
void guest_link_microphone_set_policy(
		struct guest_link_microphone *microphone, enum guest_link_microphone_policy policy);

enum guest_link_microphone_state guest_link_microphone_state(
		const struct guest_link_microphone *microphone);
