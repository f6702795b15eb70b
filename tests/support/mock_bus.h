/*
 * A private system bus: a dbus-daemon of the test's own, found by DBUS_SYSTEM_BUS_ADDRESS, and a
 * connection to it on the test's loop, for services that the test plays.
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

struct mock_bus {
	pid_t daemon;
	sd_bus *bus;
	struct loop_source *source;
};

static inline void mock_bus_process(int fd, uint32_t events, void *data) {
	struct mock_bus *mock = data;
	(void)fd;
	(void)events;
	while (sd_bus_process(mock->bus, NULL) > 0) {
	}
	sd_bus_flush(mock->bus);
}

/* A bus as a system's: of several users. */
static inline void mock_bus_configure(const char *path, const char *folder) {
	FILE *file = fopen(path, "we");
	CHECK(file != NULL);
	fprintf(file,
			"<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" "
			"\"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
			"<busconfig><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth>"
			"<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/>"
			"<allow send_destination=\"*\"/><allow receive_sender=\"*\"/></policy>"
			"</busconfig>\n",
			folder);
	CHECK(fclose(file) == 0);
}

static inline pid_t mock_bus_daemon(const char *config, int address_fd) {
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		char option[160];
		char print[32];
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* It asks for more descriptors than a container may give, and goes on without. */
		if (!freopen("/dev/null", "w", stderr)) {
			_exit(127);
		}
		snprintf(option, sizeof option, "--config-file=%s", config);
		snprintf(print, sizeof print, "--print-address=%d", address_fd);
		execlp("dbus-daemon", "dbus-daemon", "--nofork", "--nopidfile", option, print,
				(char *)NULL);
		_exit(127);
	}
	return pid;
}

/* False: there is no dbus-daemon here. folder: where its socket goes. */
static inline bool mock_bus_start(struct mock_bus *mock, struct loop *loop, const char *folder) {
	char config[128];
	char address[160];
	int ends[2];
	*mock = (struct mock_bus){ 0 };
	snprintf(config, sizeof config, "%s/bus.conf", folder);
	mock_bus_configure(config, folder);
	CHECK(pipe(ends) == 0);
	mock->daemon = mock_bus_daemon(config, ends[1]);
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
	mock->source = loop_add_fd(loop, sd_bus_get_fd(mock->bus), EPOLLIN, mock_bus_process, mock);
	return true;
}

static inline void mock_bus_stop(struct mock_bus *mock) {
	loop_remove(mock->source);
	sd_bus_close(mock->bus);
	sd_bus_unref(mock->bus);
	kill(mock->daemon, SIGTERM);
	waitpid(mock->daemon, NULL, 0);
	unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
}
