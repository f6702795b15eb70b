#include "client/window/display_watch.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <SDL.h>

#include "base/ending.h"

#define SOON_MS 100 /* the ends of one process's connections are not told at once */

static struct {
	int fd;
	bool catches;
	struct sigaction before; /* of SIGSEGV */
} watch = { .fd = -1 };

static int connect_to_compositor(void) {
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	/* NOLINTBEGIN(concurrency-mt-unsafe): no thread that changes them */
	const char *name = getenv("WAYLAND_DISPLAY");
	const char *folder = getenv("XDG_RUNTIME_DIR");
	const char *driver = getenv("SDL_VIDEODRIVER");
	/* NOLINTEND(concurrency-mt-unsafe) */
	if (!name || !name[0] || (driver && !strstr(driver, "wayland"))) {
		return -1;
	}
	const bool whole = name[0] == '/';
	if (!whole && !folder) {
		return -1;
	}
	const int n = snprintf(address.sun_path, sizeof address.sun_path, "%s%s%s",
			whole ? "" : folder, whole ? "" : "/", name);
	if (n < 0 || (size_t)n >= sizeof address.sun_path) {
		return -1;
	}
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Only what may be called anywhere. */
static void on_crash(int number) {
	struct pollfd end = { .fd = watch.fd, .events = POLLRDHUP };
	if (poll(&end, 1, SOON_MS) > 0) {
		sleep(ENDING_GONE_NS / 1000000000ull); /* pg-ending is sooner */
		_exit(1);
	}
	(void)sigaction(number, &watch.before, NULL); /* and again: a crash as any other */
}

void display_watch_start(void (*gone)(void *data), void *data) {
	watch.fd = connect_to_compositor();
	if (watch.fd < 0) {
		return;
	}
	ending_watch(watch.fd, gone, data);
	struct sigaction action = { .sa_handler = on_crash };
	sigemptyset(&action.sa_mask);
	watch.catches = sigaction(SIGSEGV, &action, &watch.before) == 0;
}

static void catch_no_more(void) {
	if (watch.catches) {
		(void)sigaction(SIGSEGV, &watch.before, NULL);
		watch.catches = false;
	}
}

void display_watch_end_start(void) {
	catch_no_more();
	const char *driver = SDL_GetCurrentVideoDriver();
	if (!driver || strcmp(driver, "wayland") != 0) {
		display_watch_stop();
	}
}

void display_watch_stop(void) {
	catch_no_more();
	if (watch.fd >= 0) {
		ending_watch(-1, NULL, NULL);
		close(watch.fd);
		watch.fd = -1;
	}
}
