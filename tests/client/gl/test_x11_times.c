/* Against a real X server of its own (Xvfb): pixels that were put, and swaps as a driver presents
 * them. */
#include "tests/support/check.h"

#include <X11/Xlib-xcb.h>
#include <X11/Xlib.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xcb/present.h>

#include "base/clock.h"
#include "client/gl/x11_times.h"

static Display *display;
static Window window;

/* The name that the server chose; false: there is none here. */
static bool start_server(pid_t *ret_pid, char *name, size_t size) {
	int ready[2];
	char number[16] = "";
	if (pipe(ready) != 0) {
		return false;
	}
	*ret_pid = fork();
	if (*ret_pid == 0) {
		char fd[16];
		close(ready[0]);
		snprintf(fd, sizeof fd, "%d", ready[1]);
		if (!freopen("/dev/null", "w", stderr)) {
			_exit(127);
		}
		execlp("Xvfb", "Xvfb", "-displayfd", fd, "-screen", "0", "320x240x24", "-nolisten",
				"tcp", (char *)NULL);
		_exit(127);
	}
	close(ready[1]);
	size_t len = 0; /* it may come in pieces */
	while (!strchr(number, '\n') && len < sizeof number - 1 &&
			read(ready[0], number + len, 1) == 1) {
		len++;
	}
	close(ready[0]);
	snprintf(name, size, ":%ld", strtol(number, NULL, 10));
	return len > 0;
}

static void next_answer(struct x11_times *times, uint64_t *ret_tag, uint64_t *ret_shown_ns) {
	for (int tries = 0; tries < 1000; tries++) {
		/* A question whose answer makes the library read what came. */
		XSync(display, False);
		if (x11_times_take(times, ret_tag, ret_shown_ns)) {
			return;
		}
		poll(NULL, 0, 5);
	}
	fail_msg("no answer");
}

static void what_is_put_is_there_with_the_next_refresh(void **state) {
	(void)state;
	uint64_t tag, shown_ns;
	struct x11_times *times = x11_times_create(display, window, false);
	CHECK(times != NULL);
	const uint64_t first_ns = clock_now_ns();
	x11_times_put(times, first_ns);
	x11_times_put(times, first_ns + 1); /* too soon after it: not asked */
	next_answer(times, &tag, &shown_ns);
	CHECK_EQ(tag, first_ns);
	CHECK(shown_ns >= first_ns);
	CHECK(!x11_times_take(times, &tag, &shown_ns));
	x11_times_destroy(times);
}

static void a_driver_counts_its_swaps(void **state) {
	(void)state;
	uint64_t tag = 0, shown_ns;
	xcb_connection_t *connection = XGetXCBConnection(display);
	const xcb_pixmap_t pixmap = xcb_generate_id(connection);
	struct x11_times *times = x11_times_create(display, window, true);
	CHECK(times != NULL);
	xcb_create_pixmap(connection, 24, pixmap, (xcb_window_t)window, 64, 64);
	x11_times_put(times, 1); /* none of its: nothing is asked */
	uint64_t tags[4] = { 0 };
	for (uint32_t serial = 1; serial <= 3; serial++) {
		tags[serial] = serial == 2 ? 0 : clock_now_ns(); /* the second is not wanted */
		xcb_present_pixmap(connection, (xcb_window_t)window, pixmap, serial, 0, 0, 0, 0, 0,
				0, 0, 0, 0, 0, 0, 0, NULL);
		x11_times_swapped(times, tags[serial]);
		if (serial != 2) {
			next_answer(times, &tag, &shown_ns);
			CHECK_EQ(tag, tags[serial]);
			CHECK(shown_ns >= tag);
		}
	}
	xcb_free_pixmap(connection, pixmap);
	x11_times_destroy(times);
}

int main(void) {
	pid_t server = -1;
	char name[24];
	const bool started = start_server(&server, name, sizeof name);
	display = started ? XOpenDisplay(name) : NULL;
	int r = 77;
	if (display) {
		window = XCreateSimpleWindow(
				display, DefaultRootWindow(display), 0, 0, 64, 64, 0, 0, 0);
		XMapWindow(display, window);
		XSync(display, False);
		const struct CMUnitTest tests[] = {
			cmocka_unit_test(what_is_put_is_there_with_the_next_refresh),
			cmocka_unit_test(a_driver_counts_its_swaps),
		};
		r = cmocka_run_group_tests(tests, NULL, NULL);
		XCloseDisplay(display);
	} else {
		puts("no Xvfb starts here");
	}
	if (server > 0) {
		kill(server, SIGTERM);
		waitpid(server, NULL, 0);
	}
	return r;
}
