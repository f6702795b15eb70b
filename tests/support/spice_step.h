/*
 * Steps a channel of ours and hands what it found to functions of the test.
 */
#pragma once

#include "host-proto/spice/channel.h"

struct spice_step_events {
	void (*linked)(void *data); /* NULL: nothing is done */
	/* As the result of spice_channel_done(). */
	int (*message)(unsigned type, const uint8_t *body, size_t len, void *data);
	void *data;
};

/* Returns 0, 1 = more is at hand, or a negative errno. */
static inline int spice_step_with(
		struct spice_channel *channel, const struct spice_step_events *events) {
	struct spice_message message;
	int r = spice_channel_step(channel, &message);
	if (r == SPICE_STEP_LINKED) {
		if (events->linked) {
			events->linked(events->data);
		}
		r = spice_channel_done(channel, 0);
	} else if (r == SPICE_STEP_MESSAGE) {
		r = spice_channel_done(channel, events->message(message.type, message.body,
								message.len, events->data));
	}
	return r;
}
