#include "input/seat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/loop.h"
#include "tests/support/check.h"
#include "tests/support/login_files.h"
#include "tests/support/loop_wait.h"
#ifdef PG_HAVE_SYSTEMD
#include "tests/support/mock_logind.h"
#endif

struct fixture {
	char root[40];
	struct loop *loop;
	struct seat *seat;
	int changes;
	bool active;
};

static void on_change(bool active, void *data) {
	struct fixture *f = data;
	f->changes++;
	f->active = active;
}

static void setup(struct fixture *f) {
	memset(f, 0, sizeof *f);
	snprintf(f->root, sizeof f->root, "/tmp/pierglass-seat-XXXXXX");
	CHECK(mkdtemp(f->root));
	CHECK_EQ(loop_create(&f->loop), 0);
	unsetenv("XDG_SESSION_ID");
	unsetenv("XDG_VTNR");
	unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
}

static void teardown(struct fixture *f) {
	seat_destroy(f->seat);
	loop_destroy(f->loop);
	login_remove(f->root);
}

static void wait_changes(struct fixture *f, int changes) {
	WAIT_ON(f->loop, f->changes >= changes, 5);
	while (loop_run_once(f->loop, 0) > 0) {
	}
	CHECK_EQ(f->changes, changes);
}

static void a_session_of_logind(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	login_make_folder(f.root, "/run/systemd/sessions");
	login_write(f.root, "/run/systemd/sessions/2", LOGIN_SESSION("1"));
	login_write(f.root, "/run/systemd/sessions/c1", LOGIN_SESSION("0"));
	CHECK_EQ(seat_create(&f.seat, f.loop, f.root, "2", on_change, &f), 0);
	CHECK(seat_active(f.seat));
	CHECK_EQ(strcmp(seat_reason(f.seat), ""), 0);

	/* Another user comes to the front; the other session's file does not matter. */
	login_write(f.root, "/run/systemd/sessions/2", LOGIN_SESSION("0"));
	login_write(f.root, "/run/systemd/sessions/c1", LOGIN_SESSION("1"));
	wait_changes(&f, 1);
	CHECK(!f.active && strstr(seat_reason(f.seat), "another session"));
	login_write(f.root, "/run/systemd/sessions/2", LOGIN_SESSION("1"));
	wait_changes(&f, 2);

	/* Logged out. */
	char path[256];
	snprintf(path, sizeof path, "%s/run/systemd/sessions/2", f.root);
	CHECK_EQ(unlink(path), 0);
	wait_changes(&f, 3);
	CHECK(!f.active);
	teardown(&f);
}

static void the_session_is_found_by_the_user(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	char path[64];
	login_make_folder(f.root, "/run/systemd/sessions");
	login_make_folder(f.root, "/run/systemd/users");
	snprintf(path, sizeof path, "/run/systemd/users/%u", (unsigned)getuid());
	login_write(f.root, path, "NAME=p\nSTATE=active\nDISPLAY=c7\nSESSIONS=c7\n");
	login_write(f.root, "/run/systemd/sessions/c7", LOGIN_SESSION("0"));
	CHECK_EQ(seat_create(&f.seat, f.loop, f.root, "", on_change, &f), 0);
	CHECK(!seat_active(f.seat));
	login_write(f.root, "/run/systemd/sessions/c7", LOGIN_SESSION("1"));
	wait_changes(&f, 1);
	CHECK(seat_active(f.seat));
	seat_destroy(f.seat);

	/* Names that lead elsewhere are not followed. */
	login_write(f.root, path, "DISPLAY=../users/0\n");
	login_write(f.root, "/run/systemd/users/0", LOGIN_SESSION("0"));
	CHECK_EQ(seat_create(&f.seat, f.loop, f.root, "", on_change, &f), 0);
	CHECK(seat_active(f.seat));
	teardown(&f);
}

static void without_logind_the_terminal_counts(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	login_make_folder(f.root, "/sys/class/tty/tty0");
	login_write(f.root, "/sys/class/tty/tty0/active", "tty3\n");
	CHECK_EQ(seat_create(&f.seat, f.loop, f.root, "", on_change, &f), 0);
	CHECK(seat_active(f.seat));
	seat_destroy(f.seat);
	setenv("XDG_VTNR", "2", 1);
	CHECK_EQ(seat_create(&f.seat, f.loop, f.root, "", on_change, &f), 0);
	CHECK(!seat_active(f.seat) && strstr(seat_reason(f.seat), "terminal"));
	seat_destroy(f.seat);
	setenv("XDG_VTNR", "3", 1);
	CHECK_EQ(seat_create(&f.seat, f.loop, f.root, "", on_change, &f), 0);
	CHECK(seat_active(f.seat));
	teardown(&f);
}

static void neither_is_always_ours(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	CHECK_EQ(seat_create(&f.seat, f.loop, f.root, "", on_change, &f), 0);
	CHECK(seat_active(f.seat));
	seat_destroy(f.seat);
	/* A session that logind does not know is none. */
	CHECK_EQ(seat_create(&f.seat, f.loop, f.root, "77", on_change, &f), 0);
	CHECK(seat_active(f.seat));
	teardown(&f);
}

static void a_locked_screen(void **state) {
	(void)state;
#ifndef PG_HAVE_SYSTEMD
	skip();
#else
	struct fixture f;
	struct mock_logind mock;
	setup(&f);
	login_make_folder(f.root, "/run/systemd/sessions");
	login_write(f.root, "/run/systemd/sessions/2", LOGIN_SESSION("1"));
	if (!mock_logind_start(&mock, f.loop, f.root)) {
		teardown(&f);
		skip();
	}
	CHECK_EQ(seat_create(&f.seat, f.loop, f.root, "2", on_change, &f), 0);
	WAIT_ON(f.loop, mock.asked > 0, 5);
	CHECK(seat_active(f.seat));
	mock_logind_lock(&mock, true);
	wait_changes(&f, 1);
	CHECK(!f.active && !seat_active(f.seat) && strstr(seat_reason(f.seat), "locked"));
	/* Another user's turn, and back to the locked screen: one reason is enough. */
	login_write(f.root, "/run/systemd/sessions/2", LOGIN_SESSION("0"));
	WAIT_ON(f.loop, strstr(seat_reason(f.seat), "another session"), 5);
	login_write(f.root, "/run/systemd/sessions/2", LOGIN_SESSION("1"));
	WAIT_ON(f.loop, strstr(seat_reason(f.seat), "locked"), 5);
	mock_logind_lock(&mock, false);
	wait_changes(&f, 2);
	CHECK(f.active && seat_active(f.seat));

	/* Locked already when we start; a bus that goes away changes nothing. */
	seat_destroy(f.seat);
	mock_logind_lock(&mock, true);
	CHECK_EQ(seat_create(&f.seat, f.loop, f.root, "2", on_change, &f), 0);
	wait_changes(&f, 3);
	CHECK(!seat_active(f.seat));
	mock_logind_stop(&mock);
	while (loop_run_once(f.loop, 20) > 0) {
	}
	CHECK(!seat_active(f.seat));
	CHECK_EQ(f.changes, 3);
	teardown(&f);
#endif
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_of_logind),
		cmocka_unit_test(the_session_is_found_by_the_user),
		cmocka_unit_test(without_logind_the_terminal_counts),
		cmocka_unit_test(neither_is_always_ours),
		cmocka_unit_test(a_locked_screen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
