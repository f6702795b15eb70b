/*
 * A clipboard manager as desktops have one: keeps what a program hands over at its end
 * (SAVE_TARGETS), by asking for all of its types at once (MULTIPLE), one among them that nobody
 * has, and serves the text from then on. Prints "ready", then "kept TYPES refused REFUSED text
 * TEXT".
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcb/xcb.h>

#define TYPES_MAX 15u

enum atom { CLIPBOARD, MANAGER, SAVE_TARGETS, MULTIPLE, ATOM_PAIR, UTF8, PAIRS, NOBODY, FIRST };

static const char *const names[FIRST] = { "CLIPBOARD", "CLIPBOARD_MANAGER", "SAVE_TARGETS",
	"MULTIPLE", "ATOM_PAIR", "UTF8_STRING", "KEEPER_PAIRS", "KEEPER_NOBODY" };

struct keeper {
	xcb_connection_t *connection;
	xcb_window_t window;
	xcb_atom_t atoms[FIRST];
	xcb_selection_request_event_t asked; /* by the program that ends */
	char text[256];
	int text_len;
};

static xcb_atom_t atom_of(xcb_connection_t *connection, const char *name) {
	xcb_intern_atom_reply_t *reply = xcb_intern_atom_reply(connection,
			xcb_intern_atom(connection, 0, (uint16_t)strlen(name), name), NULL);
	const xcb_atom_t atom = reply ? reply->atom : XCB_ATOM_NONE;
	free(reply);
	return atom;
}

static void answer(struct keeper *keeper, const xcb_selection_request_event_t *to, bool given) {
	const xcb_selection_notify_event_t event = { .response_type = XCB_SELECTION_NOTIFY,
		.time = to->time,
		.requestor = to->requestor,
		.selection = to->selection,
		.target = to->target,
		.property = given ? to->property : XCB_ATOM_NONE };
	char bytes[32] = { 0 };
	memcpy(bytes, &event, sizeof event);
	xcb_send_event(keeper->connection, 0, to->requestor, XCB_EVENT_MASK_NO_EVENT, bytes);
}

static xcb_get_property_reply_t *property(
		struct keeper *keeper, xcb_window_t window, xcb_atom_t name, uint32_t words) {
	return xcb_get_property_reply(keeper->connection,
			xcb_get_property(keeper->connection, 0, window, name,
					XCB_GET_PROPERTY_TYPE_ANY, 0, words),
			NULL);
}

/* All types of the list, each into a property that is called as it is, and one of nobody. */
static void ask_for_all(struct keeper *keeper) {
	xcb_atom_t pairs[2 * (TYPES_MAX + 1)];
	xcb_get_property_reply_t *list = property(
			keeper, keeper->asked.requestor, keeper->asked.property, TYPES_MAX);
	const uint32_t count = list ? list->value_len : 0;
	for (uint32_t i = 0; i < count; i++) {
		pairs[2 * i] = pairs[2 * i + 1] =
				((const xcb_atom_t *)xcb_get_property_value(list))[i];
	}
	pairs[2 * count] = pairs[2 * count + 1] = keeper->atoms[NOBODY];
	free(list);
	xcb_change_property(keeper->connection, XCB_PROP_MODE_REPLACE, keeper->window,
			keeper->atoms[PAIRS], keeper->atoms[ATOM_PAIR], 32, 2 * (count + 1), pairs);
	xcb_convert_selection(keeper->connection, keeper->window, keeper->atoms[CLIPBOARD],
			keeper->atoms[MULTIPLE], keeper->atoms[PAIRS], keeper->asked.time);
}

static void take_all(struct keeper *keeper, bool given) {
	unsigned kept = 0, refused = 0;
	xcb_get_property_reply_t *pairs =
			given ? property(keeper, keeper->window, keeper->atoms[PAIRS], 64) : NULL;
	const xcb_atom_t *pair = pairs ? xcb_get_property_value(pairs) : NULL;
	for (uint32_t i = 0; pairs && i + 1 < pairs->value_len; i += 2) {
		xcb_get_property_reply_t *content =
				pair[i + 1] ? property(keeper, keeper->window, pair[i + 1], 1 << 20)
					    : NULL;
		kept += content && xcb_get_property_value_length(content) > 0;
		refused += pair[i + 1] == XCB_ATOM_NONE;
		if (content && pair[i] == keeper->atoms[UTF8]) {
			keeper->text_len = xcb_get_property_value_length(content);
			keeper->text_len = keeper->text_len < 255 ? keeper->text_len : 255;
			memcpy(keeper->text, xcb_get_property_value(content),
					(size_t)keeper->text_len);
		}
		free(content);
	}
	free(pairs);
	xcb_set_selection_owner(keeper->connection, keeper->window, keeper->atoms[CLIPBOARD],
			XCB_CURRENT_TIME);
	answer(keeper, &keeper->asked, true);
	printf("kept %u refused %u text %s\n", kept, refused, keeper->text);
	fflush(stdout);
}

static void on_request(struct keeper *keeper, const xcb_selection_request_event_t *request) {
	if (request->selection == keeper->atoms[MANAGER] &&
			request->target == keeper->atoms[SAVE_TARGETS]) {
		keeper->asked = *request;
		ask_for_all(keeper);
	} else if (request->selection == keeper->atoms[CLIPBOARD]) {
		xcb_change_property(keeper->connection, XCB_PROP_MODE_REPLACE, request->requestor,
				request->property, request->target, 8, (uint32_t)keeper->text_len,
				keeper->text);
		answer(keeper, request, true);
	} else {
		answer(keeper, request, false);
	}
}

int main(void) {
	struct keeper keeper = { .connection = xcb_connect(NULL, NULL) };
	if (xcb_connection_has_error(keeper.connection)) {
		return 1;
	}
	const xcb_screen_t *screen =
			xcb_setup_roots_iterator(xcb_get_setup(keeper.connection)).data;
	keeper.window = xcb_generate_id(keeper.connection);
	xcb_create_window(keeper.connection, 0, keeper.window, screen->root, 0, 0, 1, 1, 0,
			XCB_WINDOW_CLASS_INPUT_ONLY, screen->root_visual, 0, NULL);
	for (unsigned i = 0; i < FIRST; i++) {
		keeper.atoms[i] = atom_of(keeper.connection, names[i]);
	}
	xcb_set_selection_owner(
			keeper.connection, keeper.window, keeper.atoms[MANAGER], XCB_CURRENT_TIME);
	free(xcb_get_input_focus_reply(
			keeper.connection, xcb_get_input_focus(keeper.connection), NULL));
	printf("ready\n");
	fflush(stdout);
	xcb_generic_event_t *event;
	while ((event = xcb_wait_for_event(keeper.connection))) {
		const void *any = event;
		const xcb_selection_notify_event_t *notify = any;
		switch (event->response_type & 0x7f) {
		case XCB_SELECTION_REQUEST:
			on_request(&keeper, any);
			break;
		case XCB_SELECTION_NOTIFY:
			if (notify->target == keeper.atoms[MULTIPLE]) {
				take_all(&keeper, notify->property != XCB_ATOM_NONE);
			}
			break;
		default:
			break;
		}
		xcb_flush(keeper.connection);
		free(event);
	}
	xcb_disconnect(keeper.connection);
	return 0;
}
