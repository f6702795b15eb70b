/*
 * A mouse of a mutter session, by its RemoteDesktop interface on the session bus.
 *
 * Lines on stdin: "move HZ SECONDS X Y", "button CODE PRESSED", "key CODE PRESSED". Prints "ready
 * org.gnome.Mutter...", and "done N" after each, N being the reports.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <systemd/sd-bus.h>

#include "base/clock.h"

#define SERVICE "org.gnome.Mutter.RemoteDesktop"
#define SESSION SERVICE ".Session"

static int send(sd_bus *bus, const char *path, const char *member, const char *types, double x,
		double y) {
	sd_bus_message *message = NULL;
	int r = sd_bus_message_new_method_call(bus, &message, SERVICE, path, SESSION, member);
	if (r >= 0 && types[0] == 'd') {
		r = sd_bus_message_append(message, types, x, y);
	} else if (r >= 0) {
		r = sd_bus_message_append(message, types, (int32_t)x, (int)y);
	}
	if (r >= 0) {
		sd_bus_message_set_expect_reply(message, 0);
		r = sd_bus_send(bus, message, NULL);
	}
	sd_bus_message_unref(message);
	return r;
}

static unsigned move(sd_bus *bus, const char *path, double hz, double seconds, double x, double y) {
	const unsigned count = (unsigned)(hz * seconds);
	const uint64_t start_ns = clock_now_ns();
	for (unsigned i = 0; i < count; i++) {
		const uint64_t at_ns = start_ns + (uint64_t)(i * 1e9 / hz);
		const uint64_t now_ns = clock_now_ns();
		if (at_ns > now_ns) {
			clock_sleep_ns(at_ns - now_ns);
		}
		send(bus, path, "NotifyPointerMotionRelative", "dd", x, y);
	}
	return count;
}

int main(void) {
	sd_bus *bus = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	const char *given = NULL;
	int r = sd_bus_open_user(&bus);
	if (r >= 0) {
		r = sd_bus_call_method(bus, SERVICE, "/org/gnome/Mutter/RemoteDesktop", SERVICE,
				"CreateSession", &error, &reply, "");
	}
	if (r >= 0) {
		r = sd_bus_message_read(reply, "o", &given);
	}
	if (r < 0) {
		fprintf(stderr, "no remote desktop: %s\n",
				error.message ? error.message : strerror(-r));
		return 1;
	}
	char path[256];
	snprintf(path, sizeof path, "%s", given);
	r = sd_bus_call_method(bus, SERVICE, path, SESSION, "Start", &error, NULL, "");
	if (r < 0) {
		fprintf(stderr, "no session: %s\n", error.message);
		return 1;
	}
	printf("ready %s\n", SERVICE);
	fflush(stdout);
	char line[128];
	while (fgets(line, sizeof line, stdin)) {
		double a = 0, b = 0, c = 0, d = 0;
		unsigned count = 1;
		if (sscanf(line, "move %lf %lf %lf %lf", &a, &b, &c, &d) == 4) {
			count = move(bus, path, a, b, c, d);
		} else if (sscanf(line, "button %lf %lf", &a, &b) == 2) {
			send(bus, path, "NotifyPointerButton", "ib", a, b);
		} else if (sscanf(line, "key %lf %lf", &a, &b) == 2) {
			send(bus, path, "NotifyKeyboardKeycode", "ub", a, b);
		}
		sd_bus_flush(bus);
		printf("done %u\n", count);
		fflush(stdout);
	}
	sd_bus_message_unref(reply);
	sd_bus_unref(bus);
	return 0;
}
