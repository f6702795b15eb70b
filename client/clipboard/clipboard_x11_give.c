#define LOG_MODULE "clipboard"
#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "base/log.h"
#include "client/clipboard/clipboard_x11.h"

static const uint32_t no_events[] = { 0 };

static void give_free(struct x11_gives *gives, struct x11_give *give) {
	if (give->state == X11_GIVE_INCR) {
		/* Another transfer may go to the same window. */
		bool shared = false;
		for (unsigned i = 0; i < X11_GIVES; i++) {
			shared = shared ||
				 (&gives->all[i] != give && gives->all[i].state == X11_GIVE_INCR &&
						 gives->all[i].requestor == give->requestor);
		}
		if (!shared) {
			xcb_change_window_attributes(gives->connection, give->requestor,
					XCB_CW_EVENT_MASK, no_events);
		}
	}
	free(give->bytes);
	*give = (struct x11_give){ .state = X11_GIVE_FREE };
}

/* property: NONE = refused. */
static void notify(struct x11_gives *gives, xcb_window_t requestor, xcb_atom_t target,
		xcb_atom_t property, xcb_timestamp_t time) {
	const xcb_selection_notify_event_t event = { .response_type = XCB_SELECTION_NOTIFY,
		.time = time,
		.requestor = requestor,
		.selection = gives->atoms[X11_CLIPBOARD],
		.target = target,
		.property = property };
	char bytes[32] = { 0 }; /* what the server takes */
	memcpy(bytes, &event, sizeof event);
	xcb_send_event(gives->connection, 0, requestor, XCB_EVENT_MASK_NO_EVENT, bytes);
}

static void set_property(struct x11_gives *gives, const struct x11_give *give, const void *bytes,
		size_t len) {
	xcb_change_property(gives->connection, XCB_PROP_MODE_REPLACE, give->requestor,
			give->property, give->type, 8, (uint32_t)len, bytes);
}

static void give_targets(struct x11_gives *gives, const xcb_selection_request_event_t *event,
		xcb_atom_t property, unsigned types) {
	xcb_atom_t list[CLIPBOARD_NAMES + 4] = { gives->atoms[X11_TARGETS],
		gives->atoms[X11_TIMESTAMP] };
	uint32_t count = 2;
	for (unsigned i = 0; i < CLIPBOARD_NAMES; i++) {
		if (clipboard_names[i].offer && (clipboard_names[i].type & types)) {
			list[count++] = gives->names[i];
		}
	}
	if (types & CLIPBOARD_TEXT) {
		list[count++] = gives->atoms[X11_TEXT];
		list[count++] = gives->atoms[X11_COMPOUND_TEXT];
	}
	xcb_change_property(gives->connection, XCB_PROP_MODE_REPLACE, event->requestor, property,
			XCB_ATOM_ATOM, 32, count, list);
}

/* Index in clipboard_names; -1 = nothing that we own now. TEXT is whatever text the owner likes;
 * COMPOUND_TEXT of older programs is UTF-8 between two escapes. */
static int find_name(const struct x11_gives *gives, xcb_atom_t target, unsigned types) {
	if (target == gives->atoms[X11_TEXT] || target == gives->atoms[X11_COMPOUND_TEXT]) {
		return types & CLIPBOARD_TEXT ? clipboard_name_find("UTF8_STRING") : -1;
	}
	for (int i = 0; i < (int)CLIPBOARD_NAMES; i++) {
		if (gives->names[i] == target && (clipboard_names[i].type & types)) {
			return i;
		}
	}
	return -1;
}

static struct x11_give *find_free(struct x11_gives *gives) {
	for (unsigned i = 0; i < X11_GIVES; i++) {
		if (gives->all[i].state == X11_GIVE_FREE) {
			return &gives->all[i];
		}
	}
	return NULL;
}

void x11_gives_request(struct x11_gives *gives, const xcb_selection_request_event_t *event,
		unsigned types, xcb_timestamp_t owned_at) {
	/* Programs of before ICCCM name no property. */
	const xcb_atom_t property =
			event->property != XCB_ATOM_NONE ? event->property : event->target;
	const int name = find_name(gives, event->target, types);
	struct x11_give *give = name >= 0 ? find_free(gives) : NULL;
	if (types != 0 && event->target == gives->atoms[X11_TARGETS]) {
		give_targets(gives, event, property, types);
		notify(gives, event->requestor, event->target, property, event->time);
	} else if (types != 0 && event->target == gives->atoms[X11_TIMESTAMP]) {
		xcb_change_property(gives->connection, XCB_PROP_MODE_REPLACE, event->requestor,
				property, XCB_ATOM_INTEGER, 32, 1, &owned_at);
		notify(gives, event->requestor, event->target, property, event->time);
	} else if (!give) {
		notify(gives, event->requestor, event->target, XCB_ATOM_NONE, event->time);
	} else {
		gives->next_id += gives->next_id == UINT32_MAX ? 2 : 1;
		*give = (struct x11_give){ .state = X11_GIVE_WAITS,
			.id = gives->next_id,
			.requestor = event->requestor,
			.property = property,
			.target = event->target,
			.type = event->target == gives->atoms[X11_TEXT] ? gives->names[name]
									: event->target,
			.time = event->time,
			.name = name };
		gives->events->wanted(give->id, clipboard_names[name].type, gives->events->data);
	}
}

/* Text as COMPOUND_TEXT: the escapes of its extension for UTF-8. Frees heap. */
static uint8_t *to_compound(uint8_t *heap, size_t *len) {
	static const char begin_utf8[] = "\x1b%G";
	static const char end_utf8[] = "\x1b%@";
	const size_t escape = sizeof begin_utf8 - 1;
	uint8_t *text = malloc(*len + 2 * escape);
	if (text) {
		memcpy(text, begin_utf8, escape);
		memcpy(text + escape, heap, *len);
		memcpy(text + escape + *len, end_utf8, escape);
		*len += 2 * escape;
	}
	free(heap);
	return text;
}

/* The first piece, or all of it. */
static void begin(struct x11_gives *gives, struct x11_give *give, uint64_t now_ns) {
	if (give->len <= gives->piece) {
		set_property(gives, give, give->bytes, give->len);
		notify(gives, give->requestor, give->target, give->property, give->time);
		give_free(gives, give);
		return;
	}
	const uint32_t events[] = { XCB_EVENT_MASK_PROPERTY_CHANGE |
				    XCB_EVENT_MASK_STRUCTURE_NOTIFY };
	const uint32_t at_least = give->len > UINT32_MAX ? UINT32_MAX : (uint32_t)give->len;
	xcb_change_window_attributes(gives->connection, give->requestor, XCB_CW_EVENT_MASK, events);
	xcb_change_property(gives->connection, XCB_PROP_MODE_REPLACE, give->requestor,
			give->property, gives->atoms[X11_INCR], 32, 1, &at_least);
	give->state = X11_GIVE_INCR;
	give->deadline_ns = now_ns + gives->timeout_ns;
	notify(gives, give->requestor, give->target, give->property, give->time);
}

void x11_gives_content(
		struct x11_gives *gives, uint32_t id, void *heap, size_t len, uint64_t now_ns) {
	struct x11_give *give = NULL;
	for (unsigned i = 0; i < X11_GIVES; i++) {
		if (gives->all[i].state == X11_GIVE_WAITS && gives->all[i].id == id) {
			give = &gives->all[i];
		}
	}
	if (!give) {
		free(heap); /* the program that asked is gone */
		return;
	}
	if (heap && give->target == gives->atoms[X11_COMPOUND_TEXT]) {
		heap = to_compound(heap, &len);
	}
	if (!heap) {
		notify(gives, give->requestor, give->target, XCB_ATOM_NONE, give->time);
		give_free(gives, give);
		return;
	}
	give->bytes = heap;
	give->len = clipboard_names[give->name].latin1 ? clipboard_to_latin1(heap, len) : len;
	begin(gives, give, now_ns);
}

void x11_gives_deleted(struct x11_gives *gives, const xcb_property_notify_event_t *event,
		uint64_t now_ns) {
	for (unsigned i = 0; i < X11_GIVES; i++) {
		struct x11_give *give = &gives->all[i];
		if (give->state != X11_GIVE_INCR || give->requestor != event->window ||
				give->property != event->atom) {
			continue;
		}
		const size_t left = give->len - give->sent;
		const size_t piece = left < gives->piece ? left : gives->piece;
		set_property(gives, give, give->bytes + give->sent, piece);
		give->sent += piece;
		give->deadline_ns = now_ns + gives->timeout_ns;
		if (piece == 0) { /* which was the end of it */
			give_free(gives, give);
		}
		return;
	}
}

void x11_gives_window_gone(struct x11_gives *gives, xcb_window_t window) {
	for (unsigned i = 0; i < X11_GIVES; i++) {
		if (gives->all[i].state == X11_GIVE_INCR && gives->all[i].requestor == window) {
			give_free(gives, &gives->all[i]);
		}
	}
}

deadline x11_gives_deadline(const struct x11_gives *gives) {
	deadline first = DEADLINE_NONE;
	for (unsigned i = 0; i < X11_GIVES; i++) {
		const struct x11_give *give = &gives->all[i];
		if (give->state == X11_GIVE_INCR) {
			first = deadline_first(first, give->deadline_ns);
		}
	}
	return first;
}

void x11_gives_tick(struct x11_gives *gives, uint64_t now_ns) {
	for (unsigned i = 0; i < X11_GIVES; i++) {
		struct x11_give *give = &gives->all[i];
		if (give->state == X11_GIVE_INCR && give->deadline_ns <= now_ns) {
			log_info("a program stopped reading the clipboard after %zu of %zu bytes",
					give->sent, give->len);
			give_free(gives, give);
		}
	}
}

void x11_gives_finish(struct x11_gives *gives) {
	for (unsigned i = 0; i < X11_GIVES; i++) {
		free(gives->all[i].bytes);
	}
}
