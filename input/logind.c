#include "input/logind.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef PG_HAVE_SYSTEMD
#include <sys/epoll.h>
#include <systemd/sd-bus.h>

#include "base/clock.h"
#include "base/loop.h"

#define SERVICE    "org.freedesktop.login1"
#define SESSION    "org.freedesktop.login1.Session"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define RETRY_NS   (5 * NS_PER_S)

struct logind {
	struct loop *loop;
	char session[64];
	void (*changed)(void *data);
	void *data;
	bool locked;
	sd_bus *bus; /* NULL: to be tried again */
	struct loop_source *source;
	struct loop_source *timer; /* what sd-bus waits for, or the next try */
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
	int r = sd_bus_match_signal_async(logind->bus, NULL, SERVICE, path, PROPERTIES,
			"PropertiesChanged", on_properties, NULL, logind);
	if (r >= 0) {
		(void)sd_bus_call_method_async(logind->bus, NULL, SERVICE, path, PROPERTIES, "Get",
				on_locked, logind, "ss", SESSION, "LockedHint");
	}
	return 0;
}

static void close_bus(struct logind *logind) {
	loop_remove(logind->source);
	logind->source = NULL;
	sd_bus_close(logind->bus);
	logind->bus = sd_bus_unref(logind->bus);
}

static void lose(struct logind *logind) {
	close_bus(logind);
	loop_set_timer(logind->timer, clock_now_ns() + RETRY_NS);
}

static void process(struct logind *logind) {
	int r;
	while ((r = sd_bus_process(logind->bus, NULL)) > 0) {
	}
	int events = r < 0 ? r : sd_bus_get_events(logind->bus);
	uint64_t timeout_us = UINT64_MAX;
	if (events < 0 || sd_bus_get_timeout(logind->bus, &timeout_us) < 0) {
		lose(logind);
		return;
	}
	loop_set_events(logind->source, (uint32_t)events); /* poll's bits are epoll's */
	loop_set_timer(logind->timer, timeout_us == UINT64_MAX ? 0
				      : timeout_us == 0        ? clock_now_ns()
							       : timeout_us * NS_PER_US);
}

static void on_ready(int fd, uint32_t events, void *data) {
	(void)fd;
	(void)events;
	process(data);
}

static void open_bus(struct logind *logind) {
	if (sd_bus_open_system(&logind->bus) < 0) {
		logind->bus = NULL;
		loop_set_timer(logind->timer, clock_now_ns() + RETRY_NS);
		return;
	}
	logind->source = loop_add_fd(
			logind->loop, sd_bus_get_fd(logind->bus), EPOLLIN, on_ready, logind);
	if (!logind->source ||
			sd_bus_call_method_async(logind->bus, NULL, SERVICE,
					"/org/freedesktop/login1", SERVICE ".Manager", "GetSession",
					on_session, logind, "s", logind->session) < 0) {
		lose(logind);
		return;
	}
	process(logind);
}

static void on_timer(void *data) {
	struct logind *logind = data;
	if (logind->bus) {
		process(logind);
	} else {
		open_bus(logind);
	}
}

int logind_create(struct logind **ret_logind, struct loop *loop, const char *session,
		void (*changed)(void *data), void *data) {
	struct logind *logind = calloc(1, sizeof *logind);
	if (!logind) {
		return -ENOMEM;
	}
	*logind = (struct logind){ .loop = loop, .changed = changed, .data = data };
	snprintf(logind->session, sizeof logind->session, "%s", session);
	logind->timer = loop_add_timer(loop, on_timer, logind);
	if (!logind->timer) {
		free(logind);
		return -ENOMEM;
	}
	open_bus(logind);
	*ret_logind = logind;
	return 0;
}

void logind_destroy(struct logind *logind) {
	if (logind) {
		close_bus(logind);
		loop_remove(logind->timer);
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
