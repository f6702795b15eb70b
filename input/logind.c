#include "input/logind.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef PG_HAVE_SYSTEMD
#include <systemd/sd-bus.h>

#include "base/system_bus.h"

#define SERVICE    "org.freedesktop.login1"
#define SESSION    "org.freedesktop.login1.Session"
#define PROPERTIES "org.freedesktop.DBus.Properties"

struct logind {
	char session[64];
	void (*changed)(void *data);
	void *data;
	bool locked;
	struct system_bus *bus;
};

static void set_locked(struct logind *logind, bool locked) {
	if (logind->locked != locked) {
		logind->locked = locked;
		logind->changed(logind->data);
	}
}

static int read_locked(struct logind *logind, sd_bus_message *message) {
	int locked = 0;
	int r = sd_bus_message_enter_container(message, 'v', "b");
	if (r > 0) {
		r = sd_bus_message_read(message, "b", &locked);
	}
	if (r > 0) {
		r = sd_bus_message_exit_container(message);
		set_locked(logind, locked != 0);
	}
	return r;
}

static int on_locked(sd_bus_message *message, void *data, sd_bus_error *error) {
	(void)error;
	if (!sd_bus_message_is_method_error(message, NULL)) {
		(void)read_locked(data, message);
	}
	return 0;
}

/* sa{sv}as: what changed on which interface, and what only may have. */
static int on_properties(sd_bus_message *message, void *data, sd_bus_error *error) {
	struct logind *logind = data;
	const char *name;
	(void)error;
	if (sd_bus_message_read(message, "s", &name) <= 0 || strcmp(name, SESSION) != 0 ||
			sd_bus_message_enter_container(message, 'a', "{sv}") <= 0) {
		return 0;
	}
	while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
		int r = sd_bus_message_read(message, "s", &name);
		if (r > 0) {
			r = strcmp(name, "LockedHint") == 0 ? read_locked(logind, message)
							    : sd_bus_message_skip(message, "v");
		}
		if (r < 0 || sd_bus_message_exit_container(message) < 0) {
			return 0;
		}
	}
	return 0;
}

static int on_session(sd_bus_message *message, void *data, sd_bus_error *error) {
	struct logind *logind = data;
	const char *path;
	(void)error;
	if (sd_bus_message_is_method_error(message, NULL) ||
			sd_bus_message_read(message, "o", &path) <= 0) {
		return 0; /* it knows no such session: nothing to watch */
	}
	/* The watch first, so that no change falls between the two. */
	sd_bus *bus = sd_bus_message_get_bus(message);
	int r = sd_bus_match_signal_async(bus, NULL, SERVICE, path, PROPERTIES, "PropertiesChanged",
			on_properties, NULL, logind);
	if (r >= 0) {
		(void)sd_bus_call_method_async(bus, NULL, SERVICE, path, PROPERTIES, "Get",
				on_locked, logind, "ss", SESSION, "LockedHint");
	}
	return 0;
}

static int on_up(sd_bus *bus, void *data) {
	struct logind *logind = data;
	return sd_bus_call_method_async(bus, NULL, SERVICE, "/org/freedesktop/login1",
			SERVICE ".Manager", "GetSession", on_session, logind, "s", logind->session);
}

int logind_create(struct logind **ret_logind, struct loop *loop, const char *session,
		void (*changed)(void *data), void *data) {
	struct logind *logind = calloc(1, sizeof *logind);
	if (!logind) {
		return -ENOMEM;
	}
	*logind = (struct logind){ .changed = changed, .data = data };
	snprintf(logind->session, sizeof logind->session, "%s", session);
	const struct system_bus_events events = { .up = on_up, .data = logind };
	int r = system_bus_create(&logind->bus, loop, &events);
	if (r < 0) {
		free(logind);
		return r;
	}
	*ret_logind = logind;
	return 0;
}

void logind_destroy(struct logind *logind) {
	if (logind) {
		system_bus_destroy(logind->bus);
		free(logind);
	}
}

bool logind_locked(const struct logind *logind) {
	return logind && logind->locked;
}

#else

int logind_create(struct logind **ret_logind, struct loop *loop, const char *session,
		void (*changed)(void *data), void *data) {
	(void)ret_logind;
	(void)loop;
	(void)session;
	(void)changed;
	(void)data;
	return -EOPNOTSUPP;
}

void logind_destroy(struct logind *logind) {
	(void)logind;
}

bool logind_locked(const struct logind *logind) {
	(void)logind;
	return false;
}

#endif
