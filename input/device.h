/*
 * The seam between the devices part and the machine: what an open input device can do, and who
 * finds devices. input/evdev.h and input/finder.h are the real ones; tests stand in with sockets
 * that carry struct raw_event.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct guest_input_event;
struct loop;

struct raw_event { /* of the kernel, CLOCK_MONOTONIC */
	uint64_t time_ns;
	uint16_t type, code;
	int32_t value;
};

struct device_ops {
	/* The next event: 0, -EAGAIN, or another errno: the device is gone. Never blocks. After the
	 * kernel dropped events it gives the differences, so that the state is right again. */
	int (*next)(void *data, struct raw_event *ret_event);
	/* -EBUSY: another program has it. -EAGAIN: a key is down on it by now, and grabbing it
	 * would leave the host with that key held: try again when it is up. */
	int (*grab)(void *data, bool on);
	/* The first key or button code >= from that was down when the device was opened; 0 = none.
	 */
	unsigned (*down)(void *data, unsigned from);
	/* enum input_led. get: as they are lit now. */
	unsigned (*get_leds)(void *data);
	void (*set_leds)(void *data, unsigned leds);
	void (*close)(void *data);
};

/* An open device. */
struct device {
	const struct device_ops *ops;
	void *data;
	int fd; /* readable when next() has something; the watchdog ungrabs it */
};

#define DEVICE_NODE_BYTES 64

struct device_info {
	char node[DEVICE_NODE_BYTES]; /* "/dev/input/event3" */
	char name[80];                /* printable */
	char phys[80];                /* where it is plugged in, e.g. "usb-0000:00:14.0-3/input0" */
	char uniq[64];
	uint16_t bus, vendor, product, version;
	bool keyboard;
	bool mouse;    /* it tells motion */
	bool media;    /* some keys that a guest can have, on a node beside a keyboard's */
	bool absolute; /* it reports positions: mice of KVM switches and of VMs, touchpads, tablets
			*/
};

/* What of the device reaches the guest when it is read by evdev, in few words for people. */
const char *device_reach(const struct device_info *info);

struct device_finder {
	void *data;
	/* All input devices there are now; returns how many were written. */
	unsigned (*list)(void *data, struct device_info *infos, unsigned max);
	/* The node that a configured path leads to now: 0 or a negative errno. */
	int (*resolve)(void *data, const char *path, char ret_node[static DEVICE_NODE_BYTES]);
	int (*open)(void *data, const struct device_info *info, struct device *ret_device);
	/* Calls changed() on the loop's thread when devices may have come or gone. */
	int (*watch)(void *data, struct loop *loop, void (*changed)(void *data),
			void *changed_data);
	void (*destroy)(void *data);
};

/* Kernel events to the guest's: relative axes become one motion per report, in order with the keys.
 * Pure.
 */
struct translator {
	unsigned source;
	int32_t dx, dy;
	/* Of this report, in 1/120 notches. Some wheels announce the fine kind and never send it:
	 * what a report has decides. */
	int32_t wheel, wheel_fine, tilt, tilt_fine;
	bool fine;
	uint64_t time_ns;
};

/* Writes at most DEVICE_TRANSLATED_MAX events and returns how many. */
#define DEVICE_TRANSLATED_MAX 2
unsigned device_translate(struct translator *translator, const struct raw_event *raw,
		struct guest_input_event *ret_events);

/* Key or button: what router_device_held() wants. Returns false for codes that are neither. */
bool device_button(unsigned code, unsigned *ret_button);
/* A key or button code whose events are translated; the others (BTN_TASK, BTN_0, BTN_TOOL_FINGER,
 * …) are no reason to wait for anything. */
bool device_forwards(unsigned code);
