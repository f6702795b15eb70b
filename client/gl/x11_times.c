#include "client/gl/x11_times.h"

#include <X11/Xlib-xcb.h>
#include <stdlib.h>
#include <xcb/present.h>
#include <xcb/xcb.h>

#include "base/clock.h"

#define OPEN_MAX   16 /* swaps without an answer yet */
#define EVERY_NS   (50 * NS_PER_MS)
#define TOO_OLD_NS NS_PER_S

struct asked {
	uint32_t serial;
	uint64_t tag, at_ns;
};

struct x11_times {
	xcb_connection_t *connection;
	xcb_window_t window;
	uint32_t event_id;
	xcb_special_event_t *events;
	bool swaps;
	uint32_t serial; /* of the last one; drivers count from 1, too */
	uint64_t asked_ns;
	struct asked open[OPEN_MAX]; /* by serial */
};

static bool is_there(xcb_connection_t *connection) {
	const xcb_query_extension_reply_t *extension =
			xcb_get_extension_data(connection, &xcb_present_id);
	if (!extension || !extension->present) {
		return false;
	}
	/* The X server wants to be asked before it is used. */
	xcb_present_query_version_reply_t *version = xcb_present_query_version_reply(
			connection, xcb_present_query_version(connection, 1, 0), NULL);
	const bool there = version != NULL;
	free(version);
	return there;
}

struct x11_times *x11_times_create(void *display, unsigned long window, bool swaps) {
	xcb_connection_t *connection = XGetXCBConnection(display);
	struct x11_times *times = is_there(connection) ? calloc(1, sizeof *times) : NULL;
	if (!times) {
		return NULL;
	}
	times->connection = connection;
	times->window = (xcb_window_t)window;
	times->swaps = swaps;
	times->event_id = xcb_generate_id(connection);
	times->events = xcb_register_for_special_xge(
			connection, &xcb_present_id, times->event_id, NULL);
	xcb_generic_error_t *error = xcb_request_check(connection,
			xcb_present_select_input_checked(connection, times->event_id, times->window,
					XCB_PRESENT_EVENT_MASK_COMPLETE_NOTIFY));
	if (error || !times->events) {
		free(error);
		x11_times_destroy(times);
		return NULL;
	}
	return times;
}

void x11_times_destroy(struct x11_times *times) {
	if (!times) {
		return;
	}
	xcb_discard_reply(times->connection,
			xcb_present_select_input_checked(times->connection, times->event_id,
					times->window, XCB_PRESENT_EVENT_MASK_NO_EVENT)
					.sequence); /* an error, too: the window may be gone */
	if (times->events) {
		xcb_unregister_for_special_event(times->connection, times->events);
	}
	free(times);
}

static void note(struct x11_times *times, uint64_t tag) {
	times->open[times->serial % OPEN_MAX] = (struct asked){
		.serial = times->serial,
		.tag = tag,
		.at_ns = clock_now_ns(),
	};
}

void x11_times_put(struct x11_times *times, uint64_t tag) {
	const uint64_t now_ns = clock_now_ns();
	if (times->swaps || tag == 0 || now_ns < times->asked_ns + EVERY_NS) {
		return;
	}
	times->asked_ns = now_ns;
	times->serial++;
	note(times, tag);
	/* Every refresh is a multiple of one: the next. */
	xcb_discard_reply(times->connection, xcb_present_notify_msc_checked(times->connection,
							     times->window, times->serial, 0, 1, 0)
							     .sequence);
}

void x11_times_swapped(struct x11_times *times, uint64_t tag) {
	if (times->swaps) {
		times->serial++;
		note(times, tag);
	}
}

/* Also a clock that is another one than ours ends here. */
static bool is_answer(
		const struct x11_times *times, const xcb_present_complete_notify_event_t *event) {
	const struct asked *asked = &times->open[event->serial % OPEN_MAX];
	const uint64_t shown_ns = event->ust * NS_PER_US;
	const uint8_t kind = times->swaps ? XCB_PRESENT_COMPLETE_KIND_PIXMAP
					  : XCB_PRESENT_COMPLETE_KIND_NOTIFY_MSC;
	return event->event_type == XCB_PRESENT_COMPLETE_NOTIFY && event->kind == kind &&
	       event->mode != XCB_PRESENT_COMPLETE_MODE_SKIP && asked->tag != 0 &&
	       asked->serial == event->serial && shown_ns >= asked->tag &&
	       shown_ns < asked->at_ns + TOO_OLD_NS;
}

bool x11_times_take(struct x11_times *times, uint64_t *ret_tag, uint64_t *ret_shown_ns) {
	bool taken = false;
	for (;;) {
		void *got = xcb_poll_for_special_event(times->connection, times->events);
		const xcb_present_complete_notify_event_t *event = got;
		if (!event) {
			return taken;
		}
		if (is_answer(times, event)) {
			taken = true;
			*ret_tag = times->open[event->serial % OPEN_MAX].tag;
			*ret_shown_ns = event->ust * NS_PER_US;
		}
		free(got);
	}
}
