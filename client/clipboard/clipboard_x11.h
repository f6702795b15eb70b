/*
 * Shared by the files of the X11 clipboard: clipboard_x11.c (owner and reader),
 * clipboard_x11_give.c (requests of other programs) and clipboard_x11_atoms.c (the server's numbers
 * for names). No other file includes this header.
 */
#pragma once

#include <stdbool.h>
#include <xcb/xcb.h>

#include "base/deadline.h"
#include "client/clipboard/clipboard_backend.h"
#include "client/clipboard/clipboard_names.h"

#define X11_GIVES      16u
#define X11_MULTIPLES  4u
#define X11_PAIRS      16u /* of one MULTIPLE; the rest is refused */
#define X11_PROPERTIES 16u

enum x11_atom {
	X11_CLIPBOARD,
	X11_TARGETS,
	X11_TIMESTAMP,
	X11_INCR,
	X11_SECRET, /* CLIPBOARD_SECRET_NAME */
	X11_TEXT,
	X11_COMPOUND_TEXT,
	X11_MULTIPLE,
	X11_ATOM_PAIR,
	X11_MANAGER, /* the selection of a clipboard manager, with SAVE_TARGETS */
	X11_SAVE_TARGETS,
	X11_TIME, /* a property of ours: touched to learn the server's time */
	X11_ATOMS,
};

struct x11_atoms {
	xcb_atom_t fixed[X11_ATOMS];           /* by enum x11_atom */
	xcb_atom_t names[CLIPBOARD_NAMES];     /* as clipboard_names */
	xcb_atom_t properties[X11_PROPERTIES]; /* of our window: what others answer into */
};

/* False: the connection is gone. */
bool x11_atoms_intern(struct x11_atoms *ret_atoms, xcb_connection_t *connection);

/* Content that another program asked for. */
struct x11_give {
	enum { X11_GIVE_FREE, X11_GIVE_WAITS, X11_GIVE_INCR } state;
	uint32_t id;
	xcb_window_t requestor;
	xcb_atom_t property, target;
	xcb_atom_t type; /* of the property: differs from the target for TEXT */
	xcb_timestamp_t time;
	int name; /* in clipboard_names */
	uint8_t *bytes;
	size_t len, sent;
	uint64_t deadline_ns; /* of X11_GIVE_INCR */
	unsigned multiple;    /* it is of that one, 1..; 0 = of none */
	unsigned pair;
};

/* Several types asked for at once. */
struct x11_multiple {
	unsigned left; /* pairs without an answer; 0 = free */
	xcb_window_t requestor;
	xcb_atom_t property;
	xcb_timestamp_t time;
	uint32_t count;
	xcb_atom_t pairs[2 * X11_PAIRS]; /* target, property; NONE = refused */
};

struct x11_gives {
	xcb_connection_t *connection;
	const struct clipboard_backend_events *events;
	const xcb_atom_t *atoms; /* by enum x11_atom */
	const xcb_atom_t *names; /* as clipboard_names */
	uint64_t timeout_ns;
	size_t piece; /* bytes in one property */
	uint32_t next_id;
	struct x11_give all[X11_GIVES];
	struct x11_multiple multiples[X11_MULTIPLES];
};

/* types: what we own; owned_at: since when. */
void x11_gives_request(struct x11_gives *gives, const xcb_selection_request_event_t *event,
		unsigned types, xcb_timestamp_t owned_at);
/* Asks the clipboard manager to keep these types; the answer comes to window. */
void x11_gives_save(struct x11_gives *gives, xcb_window_t window, xcb_atom_t property,
		unsigned types, xcb_timestamp_t time);
/* A property of another program's window is gone: it read the piece. */
void x11_gives_deleted(
		struct x11_gives *gives, const xcb_property_notify_event_t *event, uint64_t now_ns);
void x11_gives_window_gone(struct x11_gives *gives, xcb_window_t window);
void x11_gives_content(
		struct x11_gives *gives, uint32_t id, void *heap, size_t len, uint64_t now_ns);
/* When the next of them is given up. */
deadline x11_gives_deadline(const struct x11_gives *gives);
void x11_gives_tick(struct x11_gives *gives, uint64_t now_ns);
void x11_gives_finish(struct x11_gives *gives);
