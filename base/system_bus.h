/*
 * The D-Bus system bus on a loop, for the modules that call a service on it (logind, rtkit).
 * Nothing blocks; a bus that goes away is looked for again. On the loop's thread.
 */
#pragma once

struct loop;
struct sd_bus;
struct system_bus;

/* up: there is a connection, a new one each time; calls on it are sent, and their replies come,
 * when it has returned. Negative: to be tried again later. */
struct system_bus_events {
	int (*up)(struct sd_bus *bus, void *data);
	void *data;
};

/* Connects at once: up may run before this returns. -EOPNOTSUPP in a build without libsystemd. */
int system_bus_create(struct system_bus **ret_bus, struct loop *loop,
		const struct system_bus_events *events);
void system_bus_destroy(struct system_bus *bus); /* accepts NULL */

/* NULL while there is no connection. */
struct sd_bus *system_bus_get(const struct system_bus *bus);
/* Sends what was called outside of up() and of replies. */
void system_bus_flush(struct system_bus *bus);
