/*
 * A private bus with a login manager on it that knows one session, "2". Runs on the test's loop;
 * the bus is a dbus-daemon of the test's own, found by DBUS_SYSTEM_BUS_ADDRESS.
 */
#pragma once

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/loop.h"
#include "tests/support/check.h"

#define MOCK_SESSION_PATH "/org/freedesktop/login1/session/_32"

struct mock_logind {
	struct loop *loop;
	pid_t daemon;
	sd_bus *bus;
	struct loop_source *source;
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

static inline void mock_process(int fd, uint32_t events, void *data) {
	struct mock_logind *mock = data;
	(void)fd;
	(void)events;
	while (sd_bus_process(mock->bus, NULL) > 0) {
	}
	sd_bus_flush(mock->bus);
}

/* False: there is no dbus-daemon here. folder: where its socket goes. */
static inline bool mock_logind_start(
		struct mock_logind *mock, struct loop *loop, const char *folder) {
	char option[128];
	char address[160];
	int ends[2];
	*mock = (struct mock_logind){ .loop = loop };
	snprintf(option, sizeof option, "--address=unix:path=%s/bus", folder);
	CHECK(pipe(ends) == 0);
	mock->daemon = fork();
	CHECK(mock->daemon >= 0);
	if (mock->daemon == 0) {
		char print[32];
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[0]);
		snprintf(print, sizeof print, "--print-address=%d", ends[1]);
		execlp("dbus-daemon", "dbus-daemon", "--session", "--nofork", "--nopidfile", option,
				print, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	ssize_t n = read(ends[0], address, sizeof address - 1);
	close(ends[0]);
	if (n <= 0) {
		waitpid(mock->daemon, NULL, 0);
		return false;
	}
	address[n] = '\0';
	address[strcspn(address, "\n")] = '\0';
	setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
	CHECK(sd_bus_open_system(&mock->bus) >= 0);
	CHECK(sd_bus_request_name(mock->bus, "org.freedesktop.login1", 0) >= 0);
	CHECK(sd_bus_add_object_vtable(mock->bus, NULL, "/org/freedesktop/login1",
			      "org.freedesktop.login1.Manager", mock_manager, mock) >= 0);
	CHECK(sd_bus_add_object_vtable(mock->bus, NULL, MOCK_SESSION_PATH,
			      "org.freedesktop.login1.Session", mock_session, mock) >= 0);
	mock->source = loop_add_fd(loop, sd_bus_get_fd(mock->bus), EPOLLIN, mock_process, mock);
	return true;
}

static inline void mock_logind_lock(struct mock_logind *mock, bool locked) {
	mock->locked = locked;
	CHECK(sd_bus_emit_properties_changed(mock->bus, MOCK_SESSION_PATH,
			      "org.freedesktop.login1.Session", "LockedHint", (char *)NULL) >= 0);
	sd_bus_flush(mock->bus);
}

static inline void mock_logind_stop(struct mock_logind *mock) {
	loop_remove(mock->source);
	sd_bus_close(mock->bus);
	sd_bus_unref(mock->bus);
	kill(mock->daemon, SIGTERM);
	waitpid(mock->daemon, NULL, 0);
	unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
}
