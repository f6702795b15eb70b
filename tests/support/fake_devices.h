/*
 * Input devices that stand in for the kernel's: each is a socket that carries struct raw_event, and
 * a small model of what the kernel does with it: who sees an event (the host's desktop unless the
 * device is grabbed), which keys are down, what a grab is refused for. The desktop is modelled too:
 * a key that it saw pressed and never sees released is the bug that grabbing too early makes.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "input/chord.h"
#include "input/device.h"
#include "tests/support/check.h"

#define FAKES_MAX 8

struct fake {
	struct device_info info;
	bool plugged;
	bool foreign;   /* another program has grabbed it */
	bool forbidden; /* may not be opened */
	int kernel_end; /* -1: not open */
	int our_end;
	bool grabbed;
	struct key_set down;
	struct key_set down_at_open;
	struct key_set host_down; /* what the host's desktop believes */
	unsigned leds;
	unsigned opened, grabs;
};

struct fakes {
	struct fake fake[FAKES_MAX];
	unsigned count;
	char link[64]; /* a by-id path … */
	int linked;    /* … and the fake it leads to; -1 = nowhere */
	void (*changed)(void *data);
	void *changed_data;
};

static inline int fake_next(void *data, struct raw_event *ret_event) {
	struct fake *fake = data;
	ssize_t n = recv(fake->our_end, ret_event, sizeof *ret_event, MSG_DONTWAIT);
	if (n == (ssize_t)sizeof *ret_event) {
		return 0;
	}
	return n < 0 && errno == EAGAIN ? -EAGAIN : -ENODEV;
}

static inline int fake_grab(void *data, bool on) {
	struct fake *fake = data;
	if (on && fake->foreign) {
		return -EBUSY;
	}
	for (unsigned code = key_set_next(&fake->down, 1); on && code;
			code = key_set_next(&fake->down, code + 1)) {
		if (device_forwards(code)) {
			return -EAGAIN;
		}
	}
	fake->grabs += on;
	fake->grabbed = on;
	return 0;
}

static inline unsigned fake_down(void *data, unsigned from) {
	return key_set_next(&((struct fake *)data)->down_at_open, from);
}

static inline unsigned fake_get_leds(void *data) {
	return ((struct fake *)data)->leds;
}

static inline void fake_set_leds(void *data, unsigned leds) {
	((struct fake *)data)->leds = leds;
}

static inline void fake_close(void *data) {
	struct fake *fake = data;
	close(fake->our_end);
	if (fake->kernel_end >= 0) {
		close(fake->kernel_end);
	}
	fake->our_end = fake->kernel_end = -1;
	fake->grabbed = false;
}

static inline unsigned fakes_list(void *data, struct device_info *infos, unsigned max) {
	struct fakes *fakes = data;
	unsigned n = 0;
	for (unsigned i = 0; i < fakes->count && n < max; i++) {
		if (fakes->fake[i].plugged) {
			infos[n++] = fakes->fake[i].info;
		}
	}
	return n;
}

static inline int fakes_resolve(
		void *data, const char *path, char ret_node[static DEVICE_NODE_BYTES]) {
	struct fakes *fakes = data;
	if (strcmp(path, fakes->link) != 0 || fakes->linked < 0) {
		return -ENOENT;
	}
	memcpy(ret_node, fakes->fake[fakes->linked].info.node, DEVICE_NODE_BYTES);
	return 0;
}

static inline int fakes_open(
		void *data, const struct device_info *info, struct device *ret_device) {
	static const struct device_ops ops = { fake_next, fake_grab, fake_down, fake_get_leds,
		fake_set_leds, fake_close };
	struct fakes *fakes = data;
	for (unsigned i = 0; i < fakes->count; i++) {
		struct fake *fake = &fakes->fake[i];
		if (!fake->plugged || strcmp(fake->info.node, info->node) != 0) {
			continue;
		}
		int ends[2];
		CHECK(fake->our_end < 0); /* nobody opens a device twice */
		if (fake->forbidden) {
			return -EACCES;
		}
		CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
		fake->our_end = ends[0];
		fake->kernel_end = ends[1];
		fake->down_at_open = fake->down;
		fake->opened++;
		*ret_device = (struct device){ &ops, fake, ends[0] };
		return 0;
	}
	return -ENODEV;
}

static inline int fakes_watch(
		void *data, struct loop *loop, void (*changed)(void *data), void *changed_data) {
	struct fakes *fakes = data;
	(void)loop;
	fakes->changed = changed;
	fakes->changed_data = changed_data;
	return 0;
}

static inline void fakes_destroy(void *data) {
	((struct fakes *)data)->changed = NULL;
}

static inline struct device_finder fakes_finder(struct fakes *fakes) {
	return (struct device_finder){ fakes, fakes_list, fakes_resolve, fakes_open, fakes_watch,
		fakes_destroy };
}

static inline struct fake *fakes_add(
		struct fakes *fakes, unsigned number, const char *name, bool keyboard, bool mouse) {
	struct fake *fake = &fakes->fake[fakes->count++];
	*fake = (struct fake){ .plugged = true, .kernel_end = -1, .our_end = -1 };
	snprintf(fake->info.node, sizeof fake->info.node, "/dev/input/event%u", number);
	snprintf(fake->info.name, sizeof fake->info.name, "%s", name);
	snprintf(fake->info.phys, sizeof fake->info.phys, "usb-%u/input0", number);
	fake->info.keyboard = keyboard;
	fake->info.mouse = mouse;
	return fake;
}

/* Something happens on the device. Keys that are down already, or up, are the caller's matter. */
static inline void fake_emit(struct fake *fake, unsigned type, unsigned code, int32_t value) {
	if (!fake->plugged) {
		return;
	}
	if (type == EV_KEY && value != 2) {
		if (value) {
			key_set_add(&fake->down, code);
		} else {
			key_set_remove(&fake->down, code);
		}
		if (!fake->grabbed && value) {
			key_set_add(&fake->host_down, code);
		} else if (!fake->grabbed) {
			key_set_remove(&fake->host_down, code);
		}
	}
	if (fake->kernel_end >= 0) {
		const struct raw_event event = { clock_now_ns(), (uint16_t)type, (uint16_t)code,
			value };
		CHECK(send(fake->kernel_end, &event, sizeof event, MSG_DONTWAIT) > 0);
	}
}

static inline void fake_key(struct fake *fake, unsigned code, bool pressed) {
	fake_emit(fake, EV_KEY, code, pressed);
	fake_emit(fake, EV_SYN, SYN_REPORT, 0);
}

static inline void fakes_tell(struct fakes *fakes) {
	if (fakes->changed) {
		fakes->changed(fakes->changed_data);
	}
}

/* The kernel releases what is down for everyone who watches. */
static inline void fake_unplug(struct fakes *fakes, struct fake *fake) {
	fake->plugged = false;
	fake->down = (struct key_set){ 0 };
	fake->host_down = (struct key_set){ 0 };
	if (fake->kernel_end >= 0) {
		close(fake->kernel_end);
		fake->kernel_end = -1;
	}
	fakes_tell(fakes);
}

static inline void fake_plug(struct fakes *fakes, struct fake *fake) {
	fake->plugged = true;
	fakes_tell(fakes);
}
