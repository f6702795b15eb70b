#include "base/system_bus.h"

#include <errno.h>
#include <stdlib.h>

#ifdef PG_HAVE_SYSTEMD
#include <sys/epoll.h>
#include <systemd/sd-bus.h>

#include "base/clock.h"
#include "base/loop.h"

#define RETRY_NS (5 * NS_PER_S)

struct system_bus {
	struct loop *loop;
	struct system_bus_events events;
	sd_bus *bus; /* NULL: to be tried again */
	struct loop_source *source;
	struct loop_source *timer; /* what sd-bus waits for, or the next try */
};

static void close_bus(struct system_bus *bus) {
	loop_remove(bus->source);
	bus->source = NULL;
	sd_bus_close(bus->bus);
	bus->bus = sd_bus_unref(bus->bus);
}

static void lose(struct system_bus *bus) {
	close_bus(bus);
	loop_set_timer(bus->timer, clock_now_ns() + RETRY_NS);
}

static void process(struct system_bus *bus) {
	int r;
	while ((r = sd_bus_process(bus->bus, NULL)) > 0) {
	}
	int events = r < 0 ? r : sd_bus_get_events(bus->bus);
	uint64_t timeout_us = UINT64_MAX;
	if (events < 0 || sd_bus_get_timeout(bus->bus, &timeout_us) < 0) {
		lose(bus);
		return;
	}
	loop_set_events(bus->source, (uint32_t)events); /* poll's bits are epoll's */
	loop_set_timer(bus->timer, timeout_us == UINT64_MAX ? 0
				   : timeout_us == 0        ? clock_now_ns()
							    : timeout_us * NS_PER_US);
}

static void on_ready(int fd, uint32_t events, void *data) {
	(void)fd;
	(void)events;
	process(data);
}

static void open_bus(struct system_bus *bus) {
	if (sd_bus_open_system(&bus->bus) < 0) {
		bus->bus = NULL;
		loop_set_timer(bus->timer, clock_now_ns() + RETRY_NS);
		return;
	}
	bus->source = loop_add_fd(bus->loop, sd_bus_get_fd(bus->bus), EPOLLIN, on_ready, bus);
	if (!bus->source || bus->events.up(bus->bus, bus->events.data) < 0) {
		lose(bus);
		return;
	}
	process(bus);
}

static void on_timer(void *data) {
	struct system_bus *bus = data;
	if (bus->bus) {
		process(bus);
	} else {
		open_bus(bus);
	}
}

int system_bus_create(struct system_bus **ret_bus, struct loop *loop,
		const struct system_bus_events *events) {
	struct system_bus *bus = calloc(1, sizeof *bus);
	if (!bus) {
		return -ENOMEM;
	}
	*bus = (struct system_bus){ .loop = loop, .events = *events };
	bus->timer = loop_add_timer(loop, on_timer, bus);
	if (!bus->timer) {
		free(bus);
		return -ENOMEM;
	}
	open_bus(bus);
	*ret_bus = bus;
	return 0;
}

void system_bus_destroy(struct system_bus *bus) {
	if (bus) {
		close_bus(bus);
		loop_remove(bus->timer);
		free(bus);
	}
}

struct sd_bus *system_bus_get(const struct system_bus *bus) {
	return bus->bus;
}

void system_bus_flush(struct system_bus *bus) {
	if (bus->bus) {
		process(bus);
	}
}

#else

int system_bus_create(struct system_bus **ret_bus, struct loop *loop,
		const struct system_bus_events *events) {
	(void)ret_bus;
	(void)loop;
	(void)events;
	return -EOPNOTSUPP;
}

void system_bus_destroy(struct system_bus *bus) {
	(void)bus;
}

struct sd_bus *system_bus_get(const struct system_bus *bus) {
	(void)bus;
	return NULL;
}

void system_bus_flush(struct system_bus *bus) {
	(void)bus;
}

#endif
