#include "input/seat.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/folder_watch.h"
#include "base/i18n.h"
#include "base/loop.h"
#include "input/logind.h"

enum seat_state { SEAT_ACTIVE, SEAT_LOCKED, SEAT_ELSEWHERE, SEAT_OTHER_TERMINAL };

struct seat {
	char root[1024];
	char session[64];  /* "": logind knows none of ours */
	char terminal[16]; /* ours, e.g. "tty2"; "" = not known */
	enum seat_state state;
	int watch;
	int active_tty; /* sysfs file that polls as urgent when it changes */
	struct loop_source *watch_source;
	struct loop_source *tty_source;
	struct logind *logind; /* NULL: nobody to ask about locks */
	void (*changed)(bool active, void *data);
	void *data;
};

__attribute__((format(printf, 3, 4))) static void rooted(
		const struct seat *seat, char path[static PATH_MAX], const char *format, ...) {
	size_t prefix = strlen(seat->root);
	memcpy(path, seat->root, prefix);
	va_list args;
	va_start(args, format);
	vsnprintf(path + prefix, PATH_MAX - prefix, format, args);
	va_end(args);
}

/* The value of NAME=value in one of logind's files; false if the file or the name is missing. */
static bool read_value(const struct seat *seat, const char *path, const char *name, char *ret,
		size_t size) {
	char full[PATH_MAX];
	rooted(seat, full, "%s", path);
	FILE *file = fopen(full, "re");
	if (!file) {
		return false;
	}
	char line[512];
	size_t len = strlen(name);
	bool found = false;
	while (!found && fgets(line, sizeof line, file)) {
		if (strncmp(line, name, len) == 0 && line[len] == '=') {
			line[strcspn(line, "\n")] = 0;
			snprintf(ret, size, "%.*s", (int)size - 1, line + len + 1);
			found = true;
		}
	}
	fclose(file);
	return found;
}

static bool is_session_name(const char *name) {
	return name[0] && strlen(name) < 64 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") ==
			       strlen(name);
}

/* Started from a terminal or a display manager we have a session of our own; started by the user's
 * service manager (most desktops) it is the user's graphical one. */
static void find_session(struct seat *seat, const char *session) {
	char name[64] = "";
	char path[128];
	const char *own = session[0] ? session : secure_getenv("XDG_SESSION_ID");
	if (own && is_session_name(own)) {
		snprintf(name, sizeof name, "%s", own);
	} else {
		snprintf(path, sizeof path, "/run/systemd/users/%u", (unsigned)getuid());
		if (!read_value(seat, path, "DISPLAY", name, sizeof name) ||
				!is_session_name(name)) {
			return;
		}
	}
	char active[8];
	snprintf(path, sizeof path, "/run/systemd/sessions/%s", name);
	if (read_value(seat, path, "ACTIVE", active, sizeof active)) {
		snprintf(seat->session, sizeof seat->session, "%s", name);
	}
}

static void read_terminal(const struct seat *seat, char *ret, size_t size) {
	ret[0] = 0;
	if (seat->active_tty >= 0) {
		ssize_t n = pread(seat->active_tty, ret, size - 1, 0);
		ret[n > 0 ? n : 0] = 0;
		ret[strcspn(ret, "\n")] = 0;
	}
}

static enum seat_state look(const struct seat *seat) {
	if (seat->session[0]) {
		char path[128];
		char value[8];
		snprintf(path, sizeof path, "/run/systemd/sessions/%s", seat->session);
		if (!read_value(seat, path, "ACTIVE", value, sizeof value) ||
				strcmp(value, "1") != 0) {
			return SEAT_ELSEWHERE; /* another user or terminal, or logged out */
		}
		return logind_locked(seat->logind) ? SEAT_LOCKED : SEAT_ACTIVE;
	}
	char terminal[16];
	read_terminal(seat, terminal, sizeof terminal);
	if (seat->terminal[0] && strcmp(seat->terminal, terminal) != 0) {
		return SEAT_OTHER_TERMINAL;
	}
	return SEAT_ACTIVE;
}

static void look_again(struct seat *seat) {
	bool was = seat_active(seat);
	seat->state = look(seat);
	if (seat_active(seat) != was) {
		seat->changed(!was, seat->data);
	}
}

struct looked {
	const struct seat *seat;
	bool changed;
};

static void on_change(int folder, uint32_t mask, const char *name, void *data) {
	struct looked *looked = data;
	(void)folder;
	if ((mask & IN_Q_OVERFLOW) || strcmp(name, looked->seat->session) == 0) {
		looked->changed = true;
	}
}

static void on_session(int fd, uint32_t events, void *data) {
	struct seat *seat = data;
	struct looked looked = { .seat = seat };
	(void)events;
	folder_watch_read(fd, on_change, &looked);
	if (looked.changed) {
		look_again(seat);
	}
}

static void on_terminal(int fd, uint32_t events, void *data) {
	(void)fd;
	(void)events;
	look_again(data); /* reading the file again re-arms it */
}

static void on_lock(void *data) {
	look_again(data);
}

static int watch_session(struct seat *seat, struct loop *loop) {
	char path[PATH_MAX];
	rooted(seat, path, "/run/systemd/sessions");
	seat->watch = folder_watch_open();
	/* logind writes a new file and renames it over the old one. */
	int r = seat->watch < 0 ? seat->watch
				: folder_watch_add(seat->watch, path,
						  IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE);
	if (r < 0) {
		return r;
	}
	seat->watch_source = loop_add_fd(loop, seat->watch, EPOLLIN, on_session, seat);
	if (!seat->watch_source) {
		return -ENOMEM;
	}
	/* A fixture tree has the bus that a test gives it, never the machine's. */
	if (seat->root[0] && !secure_getenv("DBUS_SYSTEM_BUS_ADDRESS")) {
		return 0;
	}
	r = logind_create(&seat->logind, loop, seat->session, on_lock, seat);
	return r == -EOPNOTSUPP ? 0 : r;
}

static void watch_terminal(struct seat *seat, struct loop *loop) {
	char path[PATH_MAX];
	rooted(seat, path, "/sys/class/tty/tty0/active");
	seat->active_tty = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	/* Without logind the terminal we were started on is taken for ours. */
	const char *number = secure_getenv("XDG_VTNR");
	if (number && strlen(number) < 4 && strspn(number, "0123456789") == strlen(number)) {
		snprintf(seat->terminal, sizeof seat->terminal, "tty%s", number);
	} else {
		read_terminal(seat, seat->terminal, sizeof seat->terminal);
	}
	if (seat->active_tty >= 0) {
		/* A plain file (in tests) cannot be watched; a sysfs one can. */
		seat->tty_source = loop_add_fd(
				loop, seat->active_tty, EPOLLPRI | EPOLLERR, on_terminal, seat);
	}
}

int seat_create(struct seat **ret_seat, struct loop *loop, const char *root, const char *session,
		void (*changed)(bool active, void *data), void *data) {
	struct seat *seat = calloc(1, sizeof *seat);
	if (!seat) {
		return -ENOMEM;
	}
	seat->watch = seat->active_tty = -1;
	seat->changed = changed;
	seat->data = data;
	snprintf(seat->root, sizeof seat->root, "%s", root);

	find_session(seat, session);
	int r = 0;
	if (seat->session[0]) {
		r = watch_session(seat, loop);
	} else {
		watch_terminal(seat, loop);
	}
	if (r < 0) {
		seat_destroy(seat);
		return r;
	}
	seat->state = look(seat);
	*ret_seat = seat;
	return 0;
}

void seat_destroy(struct seat *seat) {
	if (!seat) {
		return;
	}
	loop_remove(seat->watch_source);
	loop_remove(seat->tty_source);
	logind_destroy(seat->logind);
	if (seat->watch >= 0) {
		close(seat->watch);
	}
	if (seat->active_tty >= 0) {
		close(seat->active_tty);
	}
	free(seat);
}

bool seat_active(const struct seat *seat) {
	return !seat || seat->state == SEAT_ACTIVE;
}

const char *seat_reason(const struct seat *seat) {
	switch (seat->state) {
	case SEAT_ACTIVE:
		return "";
	case SEAT_LOCKED:
		return _("the session is locked");
	case SEAT_ELSEWHERE:
		return _("another session is active");
	case SEAT_OTHER_TERMINAL:
		return _("another terminal is active");
	}
	return "";
}
