/*
 * From the window to pg-io's queue. Where that is full for a moment (after Ctrl+Z the display
 * server hands over all that it kept), events wait here, in order: motion adds up, so that only
 * keys and buttons fill the room.
 */
#define LOG_MODULE "window"
#include <string.h>

#include "client/window/window_input_internal.h"

#include "base/log.h"

#define AGAIN_NS (2 * NS_PER_MS)

static bool deliver(const struct window_input *input, const struct guest_input_event *event) {
	return !input->send || input->send(event, input->session) >= 0;
}

/* Both in one event. False: they are of other kinds, or are none that can be put together. */
static bool add_up(struct guest_input_event *event, const struct guest_input_event *next) {
	if (event->kind != next->kind) {
		return false;
	}
	switch (event->kind) {
	case INPUT_MOTION:
	case INPUT_WHEEL:
		event->x += next->x;
		event->y += next->y;
		return true;
	case INPUT_POSITION:
		*event = *next;
		return true;
	case INPUT_NONE:
	case INPUT_KEY:
	case INPUT_BUTTON:
		break;
	}
	return false;
}

void window_input_send_rest(struct window_input *input, uint64_t now_ns) {
	struct window_unsent *unsent = &input->unsent;
	unsigned sent = 0;
	while (sent < unsent->count) {
		unsent->events[sent].time_ns = now_ns;
		if (!deliver(input, &unsent->events[sent])) {
			break;
		}
		sent++;
	}
	unsent->count -= sent;
	memmove(unsent->events, unsent->events + sent, unsent->count * sizeof *unsent->events);
	unsent->due_ns = unsent->count > 0 ? now_ns + AGAIN_NS : DEADLINE_NONE;
}

void window_input_send(struct window_input *input, struct guest_input_event event) {
	struct window_unsent *unsent = &input->unsent;
	event.source = INPUT_SOURCE_WINDOW;
	if (unsent->count > 0) {
		window_input_send_rest(input, event.time_ns);
	}
	if (unsent->count == 0 && deliver(input, &event)) {
		return;
	}
	unsent->due_ns = event.time_ns + AGAIN_NS;
	if (unsent->count > 0 && add_up(&unsent->events[unsent->count - 1], &event)) {
		return;
	}
	if (unsent->count < WINDOW_UNSENT_MAX) {
		unsent->events[unsent->count++] = event;
	} else {
		log_warn_limited("input came faster than it could be sent: an event was lost");
	}
}
