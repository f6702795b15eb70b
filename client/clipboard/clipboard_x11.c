/*
 * The clipboard of X11: owner of CLIPBOARD for what the guest has, and reader of what other
 * programs have. A connection of its own, so that megabytes never stand in front of the window's
 * events, and XCB, because Xlib ends the program when another one's window is gone.
 *
 * Content comes from foreign programs through the server: nothing is kept beyond the limit of the
 * fetch, lists are cut, and every step has a time limit.
 */
#define LOG_MODULE "clipboard"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <xcb/xfixes.h>

#include "base/bytes.h"
#include "base/deadline.h"
#include "base/log.h"
#include "base/loop.h"
#include "client/clipboard/clipboard_x11.h"

#define FETCHES      8u
#define TARGETS_MAX  1024u
#define READ_WORDS   (256u * 1024) /* 1 MiB of a property at once */
#define PIECE_MAX    (512u * 1024) /* of what we write */
#define DRAIN_NS     (10 * NS_PER_S)
#define DRAIN_EVENTS 256

struct fetch {
	uint32_t id;
	unsigned type;
	size_t max_bytes;
};

struct x11 {
	struct clipboard_backend base;
	struct clipboard_backend_events events;
	struct loop *loop;
	struct loop_source *source, *timer;
	uint64_t timeout_ns;
	xcb_connection_t *connection;
	xcb_window_t window;
	uint8_t fixes_event;
	struct x11_atoms atoms;

	/* what we own */
	unsigned wanted_types;   /* to be taken as soon as the time is known; 0 = nothing */
	unsigned own_types;      /* 0 = not the owner */
	unsigned asked_types;    /* the server was asked to make us the owner of these; 0 = not */
	bool is_taking;          /* it did, and has not told of it yet */
	xcb_timestamp_t tied_at; /* with whom else took it in that millisecond; 0 = nobody */
	xcb_timestamp_t owned_at;
	struct x11_gives gives;
	void (*saved)(void *data); /* the clipboard manager is asked to keep it */
	void *saved_data;

	/* what another program owns */
	struct clipboard_choice choice;
	struct fetch waiting[FETCHES];
	unsigned waiting_count;

	/* the conversion that is under way: one at a time, each with another property than the
	 * ones before, so that a late answer is not taken for that of a newer one */
	enum { IDLE, ASKED, READING, DRAINING } state;
	bool targets; /* it is the list of types */
	struct fetch now;
	int name;
	unsigned property;
	struct bytes bytes;
	uint64_t deadline_ns;

	/* Transfers in pieces that were given up: bits of the properties. They are taken to their
	 * end, unread, because programs like xclip answer nobody until they are through. */
	unsigned drains;
	uint64_t drain_end_ns; /* the patience with the newest, which holds up what waits */
};

static struct x11 *x11_of(struct clipboard_backend *backend) {
	return (struct x11 *)backend;
}

/* ---- reading ---- */

static void start_next(struct x11 *x11);

static void stop_reading(struct x11 *x11) {
	bytes_finish(&x11->bytes);
	x11->state = IDLE;
	x11->deadline_ns = 0;
}

/* waits: the next conversion does, for the same program. */
static void drain_rest(struct x11 *x11, bool waits) {
	x11->drains |= 1u << x11->property;
	if (waits) {
		x11->state = DRAINING;
		x11->deadline_ns = clock_now_ns() + x11->timeout_ns;
		x11->drain_end_ns = clock_now_ns() + DRAIN_NS;
	}
}

static void stop_draining(struct x11 *x11) {
	x11->state = IDLE;
	x11->deadline_ns = 0;
	start_next(x11);
}

/* Another piece of what nobody wants. */
static void drain_piece(struct x11 *x11, unsigned property) {
	xcb_get_property_reply_t *reply = xcb_get_property_reply(x11->connection,
			xcb_get_property(x11->connection, 0, x11->window,
					x11->atoms.properties[property], XCB_ATOM_ANY, 0, 0),
			NULL);
	const bool is_there = reply && reply->type != XCB_ATOM_NONE;
	const bool is_last = is_there && reply->bytes_after == 0;
	const bool holds_up = x11->state == DRAINING && property == x11->property;
	free(reply);
	if (!is_there) {
		return;
	}
	xcb_delete_property(x11->connection, x11->window, x11->atoms.properties[property]);
	if (is_last) {
		x11->drains &= ~(1u << property);
	}
	if (holds_up && is_last) {
		stop_draining(x11);
	} else if (holds_up) {
		x11->deadline_ns = clock_now_ns() + x11->timeout_ns;
		x11->deadline_ns = x11->deadline_ns < x11->drain_end_ns ? x11->deadline_ns
									: x11->drain_end_ns;
	}
}

/* len: with CLIPBOARD_FAILURE_SIZE. */
static void fail(struct x11 *x11, enum clipboard_failure failure, size_t len) {
	const bool targets = x11->targets;
	const uint32_t id = x11->now.id;
	const bool is_in_pieces = x11->state == READING;
	stop_reading(x11);
	if (is_in_pieces) {
		drain_rest(x11, failure != CLIPBOARD_FAILURE_TIME);
	}
	if (targets) {
		x11->events.offered(0, false, x11->events.data);
	} else {
		x11->events.fetched(id, NULL, len, failure, x11->events.data);
	}
	start_next(x11);
}

static void convert(struct x11 *x11, xcb_atom_t target, xcb_timestamp_t time) {
	x11->property = (x11->property + 1) % X11_PROPERTIES;
	const xcb_atom_t property = x11->atoms.properties[x11->property];
	x11->drains &= ~(1u << x11->property);
	xcb_delete_property(x11->connection, x11->window, property);
	xcb_convert_selection(x11->connection, x11->window, x11->atoms.fixed[X11_CLIPBOARD], target,
			property, time);
	x11->state = ASKED;
	x11->deadline_ns = clock_now_ns() + x11->timeout_ns;
}

static void start_next(struct x11 *x11) {
	if (x11->state != IDLE || x11->waiting_count == 0) {
		return;
	}
	x11->now = x11->waiting[0];
	x11->waiting_count--;
	memmove(x11->waiting, x11->waiting + 1, x11->waiting_count * sizeof x11->waiting[0]);
	x11->targets = false;
	x11->name = clipboard_choice_get(&x11->choice, x11->now.type);
	if (x11->name < 0) {
		fail(x11, CLIPBOARD_FAILURE_NONE, 0);
		return;
	}
	convert(x11, x11->atoms.names[x11->name], XCB_CURRENT_TIME);
}

static void x11_fetch(
		struct clipboard_backend *backend, uint32_t id, unsigned type, size_t max_bytes) {
	struct x11 *x11 = x11_of(backend);
	if (x11->waiting_count == FETCHES) {
		x11->events.fetched(id, NULL, 0, CLIPBOARD_FAILURE_NONE, x11->events.data);
		return;
	}
	x11->waiting[x11->waiting_count++] = (struct fetch){ id, type, max_bytes };
	start_next(x11);
}

/* Appends the whole property to the content and deletes it. 0; -EFBIG, -ENOMEM, -ENODATA (there is
 * none). ret_type: of the property; with INCR nothing is read, and ret_total is what it announces.
 */
static int take_property(
		struct x11 *x11, size_t max_bytes, xcb_atom_t *ret_type, size_t *ret_total) {
	const xcb_atom_t property = x11->atoms.properties[x11->property];
	uint32_t words = 0;
	int r = 0;
	for (bool more = true; more && r == 0;) {
		xcb_get_property_reply_t *reply = xcb_get_property_reply(x11->connection,
				xcb_get_property(x11->connection, 0, x11->window, property,
						XCB_ATOM_ANY, words, READ_WORDS),
				NULL);
		if (!reply || reply->type == XCB_ATOM_NONE) {
			free(reply);
			return -ENODATA;
		}
		const size_t got = (size_t)xcb_get_property_value_length(reply);
		const uint8_t *value = xcb_get_property_value(reply);
		*ret_type = reply->type;
		*ret_total = x11->bytes.len + got + reply->bytes_after;
		if (reply->type == x11->atoms.fixed[X11_INCR]) {
			uint32_t announced = 0;
			memcpy(&announced, value, got < sizeof announced ? got : sizeof announced);
			*ret_total = announced;
			r = announced > max_bytes ? -EFBIG : 0;
			more = false;
		} else if (*ret_total > max_bytes) {
			r = -EFBIG;
		} else if (bytes_add(&x11->bytes, value, got, max_bytes) < 0) {
			r = -ENOMEM;
		} else if (got > 0) {
			words += (uint32_t)(got / 4);
			more = reply->bytes_after > 0 && got % 4 == 0;
		} else {
			more = false;
		}
		free(reply);
	}
	xcb_delete_property(x11->connection, x11->window, property);
	return r;
}

static void finish_targets(struct x11 *x11) {
	xcb_atom_t list[TARGETS_MAX];
	const size_t count = x11->bytes.len / sizeof list[0] < TARGETS_MAX
					     ? x11->bytes.len / sizeof list[0]
					     : TARGETS_MAX;
	if (count > 0) {
		memcpy(list, x11->bytes.data, count * sizeof list[0]);
	}
	stop_reading(x11);
	x11->choice = (struct clipboard_choice){ 0 };
	bool secret = false;
	for (size_t i = 0; i < count; i++) {
		secret = secret || list[i] == x11->atoms.fixed[X11_SECRET];
		for (int name = 0; name < (int)CLIPBOARD_NAMES; name++) {
			if (list[i] == x11->atoms.names[name]) {
				clipboard_choice_add(&x11->choice, name);
			}
		}
	}
	x11->events.offered(x11->choice.types, secret, x11->events.data);
	start_next(x11);
}

static void finish_fetch(struct x11 *x11) {
	size_t len = x11->bytes.len;
	uint8_t *bytes = bytes_take(&x11->bytes);
	if (bytes && clipboard_names[x11->name].latin1) {
		uint8_t *text = clipboard_from_latin1(bytes, len, &len);
		free(bytes);
		bytes = text;
	}
	const uint32_t id = x11->now.id;
	stop_reading(x11);
	x11->events.fetched(id, bytes, bytes ? len : 0, CLIPBOARD_FAILURE_NONE, x11->events.data);
	start_next(x11);
}

static size_t max_bytes(const struct x11 *x11) {
	return x11->targets ? TARGETS_MAX * sizeof(xcb_atom_t) : x11->now.max_bytes;
}

static enum clipboard_failure failure_of(int r) {
	return r == -EFBIG ? CLIPBOARD_FAILURE_SIZE : CLIPBOARD_FAILURE_NONE;
}

static void on_selection(struct x11 *x11, const xcb_selection_notify_event_t *event) {
	if (event->selection == x11->atoms.fixed[X11_MANAGER] && x11->saved) {
		x11->saved(x11->saved_data);
		x11->saved = NULL;
	}
	if (x11->state != ASKED || event->selection != x11->atoms.fixed[X11_CLIPBOARD]) {
		return;
	}
	if (event->property == XCB_ATOM_NONE) {
		const xcb_atom_t target = x11->targets ? x11->atoms.fixed[X11_TARGETS]
						       : x11->atoms.names[x11->name];
		if (event->target == target) {
			fail(x11, CLIPBOARD_FAILURE_NONE, 0);
		}
		return;
	}
	if (event->property != x11->atoms.properties[x11->property]) {
		return; /* the answer to something that was given up */
	}
	xcb_atom_t type = XCB_ATOM_NONE;
	size_t total = 0;
	int r = take_property(x11, max_bytes(x11), &type, &total);
	if (type == x11->atoms.fixed[X11_INCR]) {
		x11->state = READING;
		x11->deadline_ns = clock_now_ns() + x11->timeout_ns;
	}
	if (r < 0) {
		fail(x11, failure_of(r), total);
	} else if (x11->state == READING) {
		return;
	} else if (x11->targets) {
		finish_targets(x11);
	} else {
		finish_fetch(x11);
	}
}

static void on_piece(struct x11 *x11) {
	xcb_atom_t type;
	size_t total = 0;
	const size_t before = x11->bytes.len;
	int r = take_property(x11, max_bytes(x11), &type, &total);
	if (r == -ENODATA) {
		return; /* it was read with the one before */
	}
	if (r < 0 || type == x11->atoms.fixed[X11_INCR]) {
		fail(x11, failure_of(r), total);
	} else if (x11->bytes.len > before) {
		x11->deadline_ns = clock_now_ns() + x11->timeout_ns;
	} else if (x11->targets) {
		finish_targets(x11);
	} else {
		finish_fetch(x11);
	}
}

/* ---- owning ---- */

static void take_time(struct x11 *x11) {
	xcb_change_property(x11->connection, XCB_PROP_MODE_REPLACE, x11->window,
			x11->atoms.fixed[X11_TIME], XCB_ATOM_INTEGER, 32, 0, NULL);
}

/* What is known of the owner from before is of no use: we are the next one. */
static void forget_targets(struct x11 *x11) {
	if (x11->targets && (x11->state == ASKED || x11->state == READING)) {
		if (x11->state == READING) {
			drain_rest(x11, false);
		}
		stop_reading(x11);
	}
}

/* Of one millisecond only: a clipboard manager that takes over what it has read may be as fast each
 * time. */
static void take_again(struct x11 *x11) {
	if (x11->wanted_types == 0) {
		x11->tied_at = x11->owned_at;
		x11->wanted_types = x11->asked_types;
		take_time(x11);
	}
}

static void x11_own(struct clipboard_backend *backend, unsigned types) {
	struct x11 *x11 = x11_of(backend);
	x11->wanted_types = types;
	x11->tied_at = 0;
	if (types != 0) {
		forget_targets(x11);
		take_time(x11); /* goes on when its PropertyNotify comes */
	} else if (x11->own_types != 0) {
		xcb_set_selection_owner(x11->connection, XCB_WINDOW_NONE,
				x11->atoms.fixed[X11_CLIPBOARD], x11->owned_at);
		x11->own_types = x11->asked_types = 0;
		x11->is_taking = false;
	}
}

/* The server refuses whoever comes with an older time than the owner's: then it is told of that
 * owner after this. */
static void on_time(struct x11 *x11, xcb_timestamp_t time) {
	if (x11->wanted_types == 0) {
		return;
	}
	xcb_set_selection_owner(
			x11->connection, x11->window, x11->atoms.fixed[X11_CLIPBOARD], time);
	xcb_get_selection_owner_reply_t *reply = xcb_get_selection_owner_reply(x11->connection,
			xcb_get_selection_owner(x11->connection, x11->atoms.fixed[X11_CLIPBOARD]),
			NULL);
	x11->is_taking = reply && reply->owner == x11->window;
	free(reply);
	x11->own_types = x11->asked_types = x11->is_taking ? x11->wanted_types : 0;
	x11->owned_at = time;
	x11->wanted_types = 0;
}

/* ---- events ---- */

static void cancel_all(struct x11 *x11) {
	struct fetch waiting[FETCHES];
	const unsigned count = x11->waiting_count;
	memcpy(waiting, x11->waiting, sizeof waiting);
	x11->waiting_count = 0;
	if (x11->state == DRAINING) {
		x11->state = IDLE; /* another program answers now */
	} else if (x11->state != IDLE) {
		const bool targets = x11->targets;
		const uint32_t id = x11->now.id;
		if (x11->state == READING) {
			drain_rest(x11, false);
		}
		stop_reading(x11);
		if (!targets) {
			x11->events.fetched(id, NULL, 0, CLIPBOARD_FAILURE_NONE, x11->events.data);
		}
	}
	for (unsigned i = 0; i < count; i++) {
		x11->events.fetched(
				waiting[i].id, NULL, 0, CLIPBOARD_FAILURE_NONE, x11->events.data);
	}
}

static void ask_targets(struct x11 *x11, xcb_timestamp_t time) {
	x11->targets = true;
	convert(x11, x11->atoms.fixed[X11_TARGETS], time);
}

static void on_owner(struct x11 *x11, const xcb_xfixes_selection_notify_event_t *event) {
	if (event->selection != x11->atoms.fixed[X11_CLIPBOARD]) {
		return;
	}
	cancel_all(x11);
	x11->choice = (struct clipboard_choice){ 0 };
	if (event->owner == x11->window) {
		x11->own_types = x11->asked_types;
		x11->is_taking = false;
		return;
	}
	if (x11->asked_types != 0 && event->selection_timestamp == x11->owned_at &&
			(x11->tied_at == 0 || x11->tied_at == x11->owned_at)) {
		/* Of two in one millisecond the server takes the second, which came with the time
		 * of before: once more, with a newer one. */
		take_again(x11);
		return;
	}
	if (x11->is_taking) {
		return; /* who had it before us */
	}
	x11->own_types = x11->asked_types = 0;
	if (x11->wanted_types != 0) {
		return; /* who has it until the time is known */
	}
	if (event->owner == XCB_WINDOW_NONE) {
		x11->events.offered(0, false, x11->events.data);
	} else {
		ask_targets(x11, event->selection_timestamp);
	}
}

static void on_new_value(struct x11 *x11, xcb_atom_t atom) {
	for (unsigned i = 0; i < X11_PROPERTIES; i++) {
		if (atom != x11->atoms.properties[i]) {
			continue;
		}
		if (x11->state == READING && i == x11->property) {
			on_piece(x11);
		} else if (x11->drains & 1u << i) {
			drain_piece(x11, i);
		}
	}
}

static void on_property(struct x11 *x11, const xcb_property_notify_event_t *event) {
	if (event->window != x11->window) {
		if (event->state == XCB_PROPERTY_DELETE) {
			x11_gives_deleted(&x11->gives, event, clock_now_ns());
		}
	} else if (event->atom == x11->atoms.fixed[X11_TIME]) {
		on_time(x11, event->time);
	} else if (event->state == XCB_PROPERTY_NEW_VALUE) {
		on_new_value(x11, event->atom);
	}
}

/* The server's structs begin alike; a pointer to the right one is what XCB means by an event. */
static void on_event(struct x11 *x11, const xcb_generic_event_t *event) {
	const uint8_t type = event->response_type & 0x7f;
	const void *any = event;
	if (type == x11->fixes_event + XCB_XFIXES_SELECTION_NOTIFY) {
		on_owner(x11, any);
		return;
	}
	switch (type) {
	case XCB_SELECTION_REQUEST: {
		const xcb_selection_request_event_t *request = any;
		if (request->selection == x11->atoms.fixed[X11_CLIPBOARD]) {
			x11_gives_request(&x11->gives, request, x11->own_types, x11->owned_at);
		}
		break;
	}
	case XCB_SELECTION_NOTIFY:
		on_selection(x11, any);
		break;
	case XCB_SELECTION_CLEAR:
		break; /* XFIXES tells who has it now */
	case XCB_PROPERTY_NOTIFY:
		on_property(x11, any);
		break;
	case XCB_DESTROY_NOTIFY:
		x11_gives_window_gone(
				&x11->gives, ((const xcb_destroy_notify_event_t *)any)->window);
		break;
	default: /* errors about windows that are gone, too: their transfers run into the limit */
		break;
	}
}

static void on_timer(void *data) {
	struct x11 *x11 = data;
	const uint64_t now = clock_now_ns();
	if (x11->state == DRAINING && x11->deadline_ns <= now) {
		x11->drains &= ~(1u << x11->property);
		stop_draining(x11);
	} else if (x11->state != IDLE && x11->deadline_ns <= now) {
		log_info("the program that has the clipboard does not answer");
		fail(x11, CLIPBOARD_FAILURE_TIME, 0);
	}
	x11_gives_tick(&x11->gives, now);
}

static void on_readable(int fd, uint32_t events, void *data) {
	/* x11_turn() looks. */
	(void)fd;
	(void)events;
	(void)data;
}

/* So many at a time: a program that takes the clipboard again and again makes events faster than
 * they are handled. Returns whether there may be more. */
static bool drain(struct x11 *x11) {
	for (int i = 0; i < DRAIN_EVENTS; i++) {
		xcb_generic_event_t *event = xcb_poll_for_event(x11->connection);
		if (!event) {
			return false;
		}
		on_event(x11, event);
		free(event);
	}
	return true;
}

/* Waiting for a reply reads events too: they stand in XCB's queue, not in the socket. So it is
 * drained after everything that may ask, and before every wait. */
static int x11_turn(struct clipboard_backend *backend) {
	struct x11 *x11 = x11_of(backend);
	const bool more = drain(x11);
	const deadline reading = x11->state != IDLE ? x11->deadline_ns : DEADLINE_NONE;
	loop_set_timer(x11->timer, deadline_first(reading, x11_gives_deadline(&x11->gives)));
	xcb_flush(x11->connection);
	int r = loop_run_once(x11->loop, more ? 0 : -1);
	xcb_flush(x11->connection);
	if (xcb_connection_has_error(x11->connection)) {
		return -ENOTCONN;
	}
	return r < 0 ? r : 0;
}

static void x11_give(struct clipboard_backend *backend, uint32_t id, void *heap, size_t len) {
	x11_gives_content(&x11_of(backend)->gives, id, heap, len, clock_now_ns());
}

static void x11_save(struct clipboard_backend *backend, void (*saved)(void *data), void *data) {
	struct x11 *x11 = x11_of(backend);
	xcb_get_selection_owner_reply_t *manager = NULL;
	if (x11->own_types != 0) {
		manager = xcb_get_selection_owner_reply(x11->connection,
				xcb_get_selection_owner(
						x11->connection, x11->atoms.fixed[X11_MANAGER]),
				NULL);
	}
	const bool ask = manager && manager->owner != XCB_WINDOW_NONE;
	free(manager);
	if (!ask) {
		saved(data);
		return;
	}
	x11->saved = saved;
	x11->saved_data = data;
	x11_gives_save(&x11->gives, x11->window, x11->atoms.fixed[X11_SAVE_TARGETS], x11->own_types,
			x11->owned_at);
}

/* ---- life ---- */

static void x11_destroy(struct clipboard_backend *backend) {
	if (!backend) {
		return;
	}
	struct x11 *x11 = x11_of(backend);
	x11_gives_finish(&x11->gives);
	stop_reading(x11);
	loop_remove(x11->source);
	loop_remove(x11->timer);
	xcb_disconnect(x11->connection); /* takes window and ownership along */
	free(x11);
}

static bool watch_owner(struct x11 *x11) {
	const xcb_query_extension_reply_t *fixes =
			xcb_get_extension_data(x11->connection, &xcb_xfixes_id);
	if (!fixes || !fixes->present) {
		return false;
	}
	/* The server wants to be asked before anything else is. */
	free(xcb_xfixes_query_version_reply(
			x11->connection, xcb_xfixes_query_version(x11->connection, 1, 0), NULL));
	x11->fixes_event = fixes->first_event;
	xcb_xfixes_select_selection_input(x11->connection, x11->window,
			x11->atoms.fixed[X11_CLIPBOARD],
			XCB_XFIXES_SELECTION_EVENT_MASK_SET_SELECTION_OWNER |
					XCB_XFIXES_SELECTION_EVENT_MASK_SELECTION_WINDOW_DESTROY |
					XCB_XFIXES_SELECTION_EVENT_MASK_SELECTION_CLIENT_CLOSE);
	return true;
}

/* What was copied before we came. */
static void look_first(struct x11 *x11) {
	xcb_get_selection_owner_reply_t *reply = xcb_get_selection_owner_reply(x11->connection,
			xcb_get_selection_owner(x11->connection, x11->atoms.fixed[X11_CLIPBOARD]),
			NULL);
	if (reply && reply->owner != XCB_WINDOW_NONE) {
		ask_targets(x11, XCB_CURRENT_TIME);
	}
	free(reply);
}

static int make_window(struct x11 *x11, int screen_number) {
	xcb_screen_iterator_t screens = xcb_setup_roots_iterator(xcb_get_setup(x11->connection));
	for (; screens.rem > 1 && screen_number > 0; screen_number--) {
		xcb_screen_next(&screens);
	}
	if (screens.rem == 0) {
		return -ENOTCONN;
	}
	const uint32_t events[] = { XCB_EVENT_MASK_PROPERTY_CHANGE };
	x11->window = xcb_generate_id(x11->connection);
	xcb_create_window(x11->connection, XCB_COPY_FROM_PARENT, x11->window, screens.data->root, 0,
			0, 1, 1, 0, XCB_WINDOW_CLASS_INPUT_ONLY, XCB_COPY_FROM_PARENT,
			XCB_CW_EVENT_MASK, events);
	return x11_atoms_intern(&x11->atoms, x11->connection) ? 0 : -ENOTCONN;
}

static const struct clipboard_backend_table table = {
	.name = "x11",
	.destroy = x11_destroy,
	.turn = x11_turn,
	.own = x11_own,
	.fetch = x11_fetch,
	.save = x11_save,
	.give = x11_give,
};

int clipboard_x11_create(struct clipboard_backend **ret_backend, struct loop *loop,
		const char *display, uint64_t timeout_ns,
		const struct clipboard_backend_events *events) {
	struct x11 *x11 = calloc(1, sizeof *x11);
	if (!x11) {
		return -ENOMEM;
	}
	int screen_number = 0;
	x11->base.table = &table;
	x11->events = *events;
	x11->loop = loop;
	x11->timeout_ns = timeout_ns;
	x11->connection = xcb_connect(display, &screen_number);
	int r = xcb_connection_has_error(x11->connection) ? -ENOTCONN
							  : make_window(x11, screen_number);
	if (r == 0 && !watch_owner(x11)) {
		r = -ENOTSUP;
	}
	if (r == 0) {
		x11->source = loop_add_fd(loop, xcb_get_file_descriptor(x11->connection), EPOLLIN,
				on_readable, x11);
		x11->timer = loop_add_timer(loop, on_timer, x11);
		r = x11->source && x11->timer ? 0 : -ENOMEM;
	}
	if (r < 0) {
		x11_destroy(&x11->base);
		return r;
	}
	/* A request carries some bytes beside the data. */
	const size_t largest = (size_t)xcb_get_maximum_request_length(x11->connection) * 4 - 64;
	x11->gives = (struct x11_gives){ .connection = x11->connection,
		.events = &x11->events,
		.atoms = x11->atoms.fixed,
		.names = x11->atoms.names,
		.timeout_ns = timeout_ns,
		.piece = largest < PIECE_MAX ? largest : PIECE_MAX };
	look_first(x11);
	*ret_backend = &x11->base;
	return 0;
}
