#define LOG_MODULE "clipboard"
#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "base/log.h"
#include "client/clipboard/clipboard_x11.h"

#define X11_TYPES_MAX (CLIPBOARD_NAMES + 2)

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

/* The last answer of a MULTIPLE: what was refused has no property any more. */
static void settle_pair(
		struct x11_gives *gives, struct x11_multiple *multiple, unsigned pair, bool given) {
	if (!given && pair < multiple->count) {
		multiple->pairs[2 * pair] = multiple->pairs[2 * pair + 1] = XCB_ATOM_NONE;
	}
	if (--multiple->left == 0) {
		xcb_change_property(gives->connection, XCB_PROP_MODE_REPLACE, multiple->requestor,
				multiple->property, gives->atoms[X11_ATOM_PAIR], 32,
				2 * multiple->count, multiple->pairs);
		notify(gives, multiple->requestor, gives->atoms[X11_MULTIPLE], multiple->property,
				multiple->time);
	}
}

/* The answer to what was asked for, alone or with others. */
static void settle(struct x11_gives *gives, const struct x11_give *asked, bool given) {
	if (asked->multiple > 0) {
		settle_pair(gives, &gives->multiples[asked->multiple - 1], asked->pair, given);
	} else {
		notify(gives, asked->requestor, asked->target,
				given ? asked->property : XCB_ATOM_NONE, asked->time);
	}
}

static void set_property(struct x11_gives *gives, const struct x11_give *give, const void *bytes,
		size_t len) {
	xcb_change_property(gives->connection, XCB_PROP_MODE_REPLACE, give->requestor,
			give->property, give->type, 8, (uint32_t)len, bytes);
}

/* Returns how many. */
static uint32_t list_types(
		const struct x11_gives *gives, unsigned types, xcb_atom_t list[X11_TYPES_MAX]) {
	uint32_t count = 0;
	for (unsigned i = 0; i < CLIPBOARD_NAMES; i++) {
		if (clipboard_names[i].offer && (clipboard_names[i].type & types)) {
			list[count++] = gives->names[i];
		}
	}
	if (types & CLIPBOARD_TEXT) {
		list[count++] = gives->atoms[X11_TEXT];
		list[count++] = gives->atoms[X11_COMPOUND_TEXT];
	}
	return count;
}

static void give_targets(struct x11_gives *gives, const struct x11_give *asked, unsigned types) {
	xcb_atom_t list[3 + X11_TYPES_MAX] = { gives->atoms[X11_TARGETS],
		gives->atoms[X11_TIMESTAMP], gives->atoms[X11_MULTIPLE] };
	const uint32_t count = 3 + list_types(gives, types, list + 3);
	xcb_change_property(gives->connection, XCB_PROP_MODE_REPLACE, asked->requestor,
			asked->property, XCB_ATOM_ATOM, 32, count, list);
}

void x11_gives_save(struct x11_gives *gives, xcb_window_t window, xcb_atom_t property,
		unsigned types, xcb_timestamp_t time) {
	xcb_atom_t list[X11_TYPES_MAX];
	const uint32_t count = list_types(gives, types, list);
	xcb_change_property(gives->connection, XCB_PROP_MODE_REPLACE, window, property,
			XCB_ATOM_ATOM, 32, count, list);
	xcb_convert_selection(gives->connection, window, gives->atoms[X11_MANAGER],
			gives->atoms[X11_SAVE_TARGETS], property, time);
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

/* One type. asked has who asked for what. */
static void request(struct x11_gives *gives, struct x11_give asked, unsigned types,
		xcb_timestamp_t owned_at) {
	const int name = find_name(gives, asked.target, types);
	struct x11_give *give = name >= 0 ? find_free(gives) : NULL;
	if (types != 0 && asked.target == gives->atoms[X11_TARGETS]) {
		give_targets(gives, &asked, types);
		settle(gives, &asked, true);
	} else if (types != 0 && asked.target == gives->atoms[X11_TIMESTAMP]) {
		xcb_change_property(gives->connection, XCB_PROP_MODE_REPLACE, asked.requestor,
				asked.property, XCB_ATOM_INTEGER, 32, 1, &owned_at);
		settle(gives, &asked, true);
	} else if (!give) {
		settle(gives, &asked, false);
	} else {
		gives->next_id += gives->next_id == UINT32_MAX ? 2 : 1;
		*give = asked;
		give->state = X11_GIVE_WAITS;
		give->id = gives->next_id;
		give->type = asked.target == gives->atoms[X11_TEXT] ? gives->names[name]
								    : asked.target;
		give->name = name;
		gives->events->wanted(give->id, clipboard_names[name].type, gives->events->data);
	}
}

/* What a MULTIPLE asks for stands in its property. NULL: nothing that can be answered. */
static struct x11_multiple *read_multiple(
		struct x11_gives *gives, const struct x11_give *asked, unsigned *ret_number) {
	for (unsigned i = 0; i < X11_MULTIPLES; i++) {
		struct x11_multiple *multiple = &gives->multiples[i];
		if (multiple->left > 0) {
			continue;
		}
		xcb_get_property_reply_t *reply = xcb_get_property_reply(gives->connection,
				xcb_get_property(gives->connection, 0, asked->requestor,
						asked->property, XCB_GET_PROPERTY_TYPE_ANY, 0,
						2 * X11_PAIRS),
				NULL);
		const bool fits = reply && reply->format == 32 && reply->value_len >= 2;
		if (fits) {
			multiple->count = reply->value_len / 2;
			memcpy(multiple->pairs, xcb_get_property_value(reply),
					(size_t)multiple->count * 2 * sizeof(xcb_atom_t));
			multiple->requestor = asked->requestor;
			multiple->property = asked->property;
			multiple->time = asked->time;
			multiple->left = multiple->count + 1;
			*ret_number = i + 1;
		}
		free(reply);
		return fits ? multiple : NULL;
	}
	return NULL;
}

static void request_multiple(struct x11_gives *gives, const struct x11_give *asked, unsigned types,
		xcb_timestamp_t owned_at) {
	unsigned number;
	struct x11_multiple *multiple = read_multiple(gives, asked, &number);
	if (!multiple) {
		settle(gives, asked, false);
		return;
	}
	for (unsigned i = 0; i < multiple->count; i++) {
		struct x11_give one = *asked;
		one.target = multiple->pairs[2 * i];
		one.property = multiple->pairs[2 * i + 1];
		one.multiple = number;
		one.pair = i;
		/* Never one within another. */
		request(gives, one, one.property != XCB_ATOM_NONE ? types : 0, owned_at);
	}
	settle_pair(gives, multiple, multiple->count, true);
}

void x11_gives_request(struct x11_gives *gives, const xcb_selection_request_event_t *event,
		unsigned types, xcb_timestamp_t owned_at) {
	/* Programs of before ICCCM name no property. */
	const struct x11_give asked = { .requestor = event->requestor,
		.property = event->property != XCB_ATOM_NONE ? event->property : event->target,
		.target = event->target,
		.time = event->time };
	if (types != 0 && event->target == gives->atoms[X11_MULTIPLE] &&
			event->property != XCB_ATOM_NONE) {
		request_multiple(gives, &asked, types, owned_at);
	} else {
		request(gives, asked, types, owned_at);
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
		settle(gives, give, true);
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
	settle(gives, give, true);
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
		settle(gives, give, false);
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
