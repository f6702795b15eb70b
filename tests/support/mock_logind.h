/*
 * A login manager that knows one session, "2", on a private bus (mock_bus.h). Runs on the test's
 * loop.
 */
#pragma once

#include "tests/support/mock_bus.h"

#define MOCK_SESSION_PATH "/org/freedesktop/login1/session/_32"

struct mock_logind {
	struct mock_bus bus;
	int locked;
	unsigned asked; /* for the session */
};

static int mock_get_session(sd_bus_message *message, void *data, sd_bus_error *error) {
	struct mock_logind *mock = data;
	const char *name;
	mock->asked++;
	int r = sd_bus_message_read(message, "s", &name);
	if (r < 0) {
		return r;
	}
	if (strcmp(name, "2") != 0) {
		return sd_bus_error_setf(error, "org.freedesktop.login1.NoSuchSession", "none");
	}
	return sd_bus_reply_method_return(message, "o", MOCK_SESSION_PATH);
}

static const sd_bus_vtable mock_manager[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("GetSession", "s", "o", mock_get_session, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static const sd_bus_vtable mock_session[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("LockedHint", "b", NULL, offsetof(struct mock_logind, locked),
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};

/* False: there is no dbus-daemon here. folder: where its socket goes. */
static inline bool mock_logind_start(
		struct mock_logind *mock, struct loop *loop, const char *folder) {
	*mock = (struct mock_logind){ 0 };
	if (!mock_bus_start(&mock->bus, loop, folder)) {
		return false;
	}
	sd_bus *bus = mock->bus.bus;
	CHECK(sd_bus_request_name(bus, "org.freedesktop.login1", 0) >= 0);
	CHECK(sd_bus_add_object_vtable(bus, NULL, "/org/freedesktop/login1",
			      "org.freedesktop.login1.Manager", mock_manager, mock) >= 0);
	CHECK(sd_bus_add_object_vtable(bus, NULL, MOCK_SESSION_PATH,
			      "org.freedesktop.login1.Session", mock_session, mock) >= 0);
	return true;
}

static inline void mock_logind_lock(struct mock_logind *mock, bool locked) {
	mock->locked = locked;
	CHECK(sd_bus_emit_properties_changed(mock->bus.bus, MOCK_SESSION_PATH,
			      "org.freedesktop.login1.Session", "LockedHint", (char *)NULL) >= 0);
	sd_bus_flush(mock->bus.bus);
}

static inline void mock_logind_stop(struct mock_logind *mock) {
	mock_bus_stop(&mock->bus);
}
