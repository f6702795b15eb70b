/*
 * Drops files on a window of an X server, as a file manager does (XDND 5).
 * usage: xdrop WINDOW LIST   LIST: a file of URIs, one a line, as text/uri-list has them
 *
 * Prints "finished" when the window has taken them, "refused" when it does not want them; leaves
 * with 1 where it does not answer within 8 seconds.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcb/xcb.h>

#include "base/clock.h"

#define PATIENCE_NS (8 * NS_PER_S)
#define LIST_MAX    (16u << 20)

enum atom { SELECTION, AWARE, ENTER, POSITION, STATUS, DROP, FINISHED, LEAVE, COPY, URIS, ATOMS };

static const char *const names[ATOMS] = { "XdndSelection", "XdndAware", "XdndEnter", "XdndPosition",
	"XdndStatus", "XdndDrop", "XdndFinished", "XdndLeave", "XdndActionCopy", "text/uri-list" };

struct drag {
	xcb_connection_t *connection;
	xcb_window_t window, target;
	xcb_atom_t atoms[ATOMS];
	char *list;
	size_t len;
	const char *end; /* the last word; NULL: not yet */
};

static xcb_atom_t atom_of(xcb_connection_t *connection, const char *name) {
	xcb_intern_atom_reply_t *reply = xcb_intern_atom_reply(connection,
			xcb_intern_atom(connection, 0, (uint16_t)strlen(name), name), NULL);
	const xcb_atom_t atom = reply ? reply->atom : XCB_ATOM_NONE;
	free(reply);
	return atom;
}

static void say(struct drag *drag, enum atom what, uint32_t b, uint32_t c, uint32_t d, uint32_t e) {
	xcb_client_message_event_t event = { .response_type = XCB_CLIENT_MESSAGE,
		.format = 32,
		.window = drag->target,
		.type = drag->atoms[what],
		.data.data32 = { drag->window, b, c, d, e } };
	xcb_send_event(drag->connection, 0, drag->target, XCB_EVENT_MASK_NO_EVENT,
			(const char *)&event);
	xcb_flush(drag->connection);
}

static void give(struct drag *drag, const xcb_selection_request_event_t *asked) {
	xcb_change_property(drag->connection, XCB_PROP_MODE_REPLACE, asked->requestor,
			asked->property, asked->target, 8, (uint32_t)drag->len, drag->list);
	const xcb_selection_notify_event_t event = { .response_type = XCB_SELECTION_NOTIFY,
		.time = asked->time,
		.requestor = asked->requestor,
		.selection = asked->selection,
		.target = asked->target,
		.property = asked->property };
	char bytes[32] = { 0 };
	memcpy(bytes, &event, sizeof event);
	xcb_send_event(drag->connection, 0, asked->requestor, XCB_EVENT_MASK_NO_EVENT, bytes);
	xcb_flush(drag->connection);
}

static void on_message(struct drag *drag, const xcb_client_message_event_t *event) {
	if (event->type == drag->atoms[STATUS] && (event->data.data32[1] & 1)) {
		say(drag, DROP, 0, XCB_CURRENT_TIME, 0, 0);
	} else if (event->type == drag->atoms[STATUS]) {
		say(drag, LEAVE, 0, 0, 0, 0);
		drag->end = "refused";
	} else if (event->type == drag->atoms[FINISHED]) {
		drag->end = "finished";
	}
}

static void on_event(struct drag *drag, const xcb_generic_event_t *event) {
	switch (event->response_type & 0x7f) {
	case XCB_SELECTION_REQUEST:
		give(drag, (const xcb_selection_request_event_t *)event);
		break;
	case XCB_CLIENT_MESSAGE:
		on_message(drag, (const xcb_client_message_event_t *)event);
		break;
	default:
		break;
	}
}

static bool load(struct drag *drag, const char *path) {
	FILE *file = fopen(path, "rb");
	drag->list = malloc(LIST_MAX);
	if (file && drag->list) {
		drag->len = fread(drag->list, 1, LIST_MAX, file);
	}
	if (file) {
		fclose(file);
	}
	return drag->len > 0;
}

static void begin(struct drag *drag) {
	const xcb_screen_t *screen = xcb_setup_roots_iterator(xcb_get_setup(drag->connection)).data;
	for (unsigned i = 0; i < ATOMS; i++) {
		drag->atoms[i] = atom_of(drag->connection, names[i]);
	}
	const uint32_t version = 5;
	drag->window = xcb_generate_id(drag->connection);
	xcb_create_window(drag->connection, XCB_COPY_FROM_PARENT, drag->window, screen->root, 0, 0,
			1, 1, 0, XCB_WINDOW_CLASS_INPUT_ONLY, XCB_COPY_FROM_PARENT, 0, NULL);
	xcb_change_property(drag->connection, XCB_PROP_MODE_REPLACE, drag->window,
			drag->atoms[AWARE], XCB_ATOM_ATOM, 32, 1, &version);
	xcb_set_selection_owner(
			drag->connection, drag->window, drag->atoms[SELECTION], XCB_CURRENT_TIME);
	say(drag, ENTER, version << 24, drag->atoms[URIS], 0, 0);
	say(drag, POSITION, 0, 20u << 16 | 20u, XCB_CURRENT_TIME, drag->atoms[COPY]);
}

int main(int argc, char **argv) {
	struct drag drag = { .connection = xcb_connect(NULL, NULL) };
	if (argc != 3 || xcb_connection_has_error(drag.connection) || !load(&drag, argv[2])) {
		fprintf(stderr, "usage: xdrop WINDOW LIST\n");
		return 2;
	}
	drag.target = (xcb_window_t)strtoul(argv[1], NULL, 0);
	begin(&drag);
	const uint64_t until = clock_now_ns() + PATIENCE_NS;
	struct pollfd fd = { .fd = xcb_get_file_descriptor(drag.connection), .events = POLLIN };
	while (!drag.end && clock_now_ns() < until) {
		xcb_generic_event_t *event = xcb_poll_for_event(drag.connection);
		if (event) {
			on_event(&drag, event);
			free(event);
		} else if (xcb_connection_has_error(drag.connection)) {
			break;
		} else {
			(void)poll(&fd, 1, 100);
		}
	}
	printf("%s\n", drag.end ? drag.end : "no answer");
	xcb_disconnect(drag.connection);
	free(drag.list);
	return drag.end ? 0 : 1;
}
