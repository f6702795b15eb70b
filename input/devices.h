/*
 * The evdev devices: finds the wanted ones, opens them when they appear, reads them into the
 * router, grabs them when the router says so, releases them on every path, and opens them again
 * after an unplug. On the loop's thread (pg-io); a watchdog thread ungrabs the devices when pg-io
 * hangs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/part.h"

struct device_finder;
struct devices;
struct loop;
struct router;

#define DEVICES_MAX        32u
#define DEVICES_WANTED_MAX 16u

struct devices_config {
	unsigned count;
	/* A path (best one of /dev/input/by-id or by-path), or "keyboards", "mice", "all". A plain
	 * /dev/input/eventN is followed by what it is (vendor, product, place) when its number
	 * changes. */
	char wanted[DEVICES_WANTED_MAX][256];
	uint64_t watchdog_ns; /* 0 = 2 s */
	const char *root;     /* "" or NULL; a fixture tree in tests. Used only during the call */
	/* NULL: the machine's (input/finder.h). Tests bring their own; it is copied, and destroyed
	 * with the devices or when they cannot be created. */
	const struct device_finder *finder;
	void (*watchdog_release)(int fd); /* NULL: EVIOCGRAB 0 */
};

struct devices_status {
	struct part_status part; /* OFF when none is wanted */
	unsigned open;           /* devices that are read */
	unsigned grabbed;        /* of these, ours alone */
	unsigned refused;        /* could not be opened or grabbed: part.reason names one and why */
};

struct devices_events {
	/* Whenever it changed. Must not block. May be NULL. */
	void (*status)(const struct devices_status *status, void *data);
	void *data;
};

/* Makes itself the router's grabber and watches the seat (session active and not locked) for it.
 * The router outlives the devices. Before the loop runs, or on its thread. No device at hand is no
 * error. Returns 0 or a negative errno. */
int devices_create(struct devices **ret_devices, struct loop *loop, struct router *router,
		const struct devices_config *config, const struct devices_events *events);

/* Lets everything go. Accepts NULL. On the loop's thread, or after it ended. */
void devices_destroy(struct devices *devices);
