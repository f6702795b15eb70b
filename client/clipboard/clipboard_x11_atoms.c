#include <stdlib.h>
#include <string.h>

#include "client/clipboard/clipboard_x11.h"

#define COUNT (X11_ATOMS + CLIPBOARD_NAMES + X11_PROPERTIES)

/* They stand in one row. */
static const char *name_of(unsigned i, char own[16]) {
	static const char *const fixed[X11_ATOMS] = { "CLIPBOARD", "TARGETS", "TIMESTAMP", "INCR",
		CLIPBOARD_SECRET_NAME, "TEXT", "COMPOUND_TEXT", "MULTIPLE", "ATOM_PAIR",
		"CLIPBOARD_MANAGER", "SAVE_TARGETS", "PIERGLASS_TIME" };
	if (i < X11_ATOMS) {
		return fixed[i];
	}
	if (i < X11_ATOMS + CLIPBOARD_NAMES) {
		return clipboard_names[i - X11_ATOMS].name;
	}
	memcpy(own, "PIERGLASS_0", sizeof "PIERGLASS_0");
	own[sizeof "PIERGLASS_0" - 2] = (char)('A' + (int)(i - X11_ATOMS - CLIPBOARD_NAMES));
	return own;
}

bool x11_atoms_intern(struct x11_atoms *ret_atoms, xcb_connection_t *connection) {
	xcb_intern_atom_cookie_t cookies[COUNT];
	xcb_atom_t all[COUNT];
	bool good = true;
	char own[16];
	for (unsigned i = 0; i < COUNT; i++) {
		const char *name = name_of(i, own);
		cookies[i] = xcb_intern_atom(connection, 0, (uint16_t)strlen(name), name);
	}
	for (unsigned i = 0; i < COUNT; i++) {
		xcb_intern_atom_reply_t *reply =
				xcb_intern_atom_reply(connection, cookies[i], NULL);
		all[i] = reply ? reply->atom : XCB_ATOM_NONE;
		good = good && reply;
		free(reply);
	}
	memcpy(ret_atoms->fixed, all, sizeof ret_atoms->fixed);
	memcpy(ret_atoms->names, all + X11_ATOMS, sizeof ret_atoms->names);
	memcpy(ret_atoms->properties, all + X11_ATOMS + CLIPBOARD_NAMES,
			sizeof ret_atoms->properties);
	return good;
}
