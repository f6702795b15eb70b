#include "input/evdev.h"

#include <errno.h>
#include <fcntl.h>
#include <libevdev/libevdev.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "input/led.h"

struct evdev {
	struct libevdev *dev;
	int fd;
	bool syncing; /* the kernel dropped events: their differences are being read */
};

static uint64_t event_time_ns(const struct input_event *event) {
	return (uint64_t)event->input_event_sec * 1000000000ull +
	       (uint64_t)event->input_event_usec * 1000ull;
}

static int evdev_next(void *data, struct raw_event *ret_event) {
	struct evdev *evdev = data;
	for (;;) {
		struct input_event event;
		int r = libevdev_next_event(evdev->dev,
				evdev->syncing ? LIBEVDEV_READ_FLAG_SYNC
					       : LIBEVDEV_READ_FLAG_NORMAL,
				&event);
		if (r == -EAGAIN && evdev->syncing) {
			evdev->syncing = false;
			continue;
		}
		if (r == -EINTR) {
			continue;
		}
		if (r < 0) {
			return r;
		}
		/* SYNC comes first with SYN_DROPPED itself, then with the differences. */
		evdev->syncing = r == LIBEVDEV_READ_STATUS_SYNC;
		*ret_event = (struct raw_event){ event_time_ns(&event), event.type, event.code,
			event.value };
		return 0;
	}
}

/* By a descriptor of its own: asking by ours would take key events out of its queue. */
static bool any_key_down(const struct evdev *evdev) {
	char path[64];
	unsigned char keys[KEY_CNT / 8] = { 0 };
	snprintf(path, sizeof path, "/proc/self/fd/%d", evdev->fd);
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	bool down = false;
	if (fd >= 0 && ioctl(fd, EVIOCGKEY(sizeof keys), keys) >= 0) {
		for (unsigned code = 0; code < KEY_CNT; code++) {
			down = down ||
			       ((keys[code / 8] >> (code % 8) & 1) && device_forwards(code));
		}
	}
	if (fd >= 0) {
		close(fd);
	}
	return down;
}

/* Not by libevdev_grab(): it believes that it knows the state, which the watchdog may have changed.
 */
static int evdev_grab(void *data, bool on) {
	struct evdev *evdev = data;
	if (ioctl(evdev->fd, EVIOCGRAB, on ? (void *)1 : (void *)0) < 0) {
		return -errno;
	}
	if (on && any_key_down(evdev)) {
		/* Pressed since we last read: the host has seen it and must see its release. */
		ioctl(evdev->fd, EVIOCGRAB, (void *)0);
		return -EAGAIN;
	}
	return 0;
}

static unsigned evdev_down(void *data, unsigned from) {
	struct evdev *evdev = data;
	for (unsigned code = from; code < KEY_CNT; code++) {
		if (libevdev_get_event_value(evdev->dev, EV_KEY, code)) {
			return code;
		}
	}
	return 0;
}

static const struct {
	unsigned led;
	unsigned code;
} leds_of[] = {
	{ INPUT_LED_SCROLL, LED_SCROLLL },
	{ INPUT_LED_NUM, LED_NUML },
	{ INPUT_LED_CAPS, LED_CAPSL },
};

static unsigned evdev_get_leds(void *data) {
	struct evdev *evdev = data;
	unsigned leds = 0;
	for (size_t i = 0; i < sizeof leds_of / sizeof leds_of[0]; i++) {
		if (libevdev_get_event_value(evdev->dev, EV_LED, leds_of[i].code)) {
			leds |= leds_of[i].led;
		}
	}
	return leds;
}

static void evdev_set_leds(void *data, unsigned leds) {
	struct evdev *evdev = data;
	struct input_event events[sizeof leds_of / sizeof leds_of[0] + 1] = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < sizeof leds_of / sizeof leds_of[0]; i++) {
		if (libevdev_has_event_code(evdev->dev, EV_LED, leds_of[i].code)) {
			events[n].type = EV_LED;
			events[n].code = (uint16_t)leds_of[i].code;
			events[n++].value = (leds & leds_of[i].led) != 0;
		}
	}
	if (n) {
		events[n++].type = EV_SYN;
		/* Lights are a courtesy: a device opened read-only, or just unplugged, keeps its
		 * own. */
		ssize_t written = write(evdev->fd, events, n * sizeof events[0]);
		(void)written;
	}
}

static void evdev_close(void *data) {
	struct evdev *evdev = data;
	libevdev_free(evdev->dev);
	close(evdev->fd);
	free(evdev);
}

static const struct device_ops evdev_ops = {
	.next = evdev_next,
	.grab = evdev_grab,
	.down = evdev_down,
	.get_leds = evdev_get_leds,
	.set_leds = evdev_set_leds,
	.close = evdev_close,
};

int evdev_open(const char *node, struct device *ret_device) {
	int fd = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		fd = open(node, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	}
	if (fd < 0) {
		return -errno;
	}
	struct evdev *evdev = calloc(1, sizeof *evdev);
	if (!evdev) {
		close(fd);
		return -ENOMEM;
	}
	evdev->fd = fd;
	int r = libevdev_new_from_fd(fd, &evdev->dev);
	if (r < 0) {
		close(fd);
		free(evdev);
		return r;
	}
	r = libevdev_set_clock_id(evdev->dev, CLOCK_MONOTONIC);
	if (r < 0) {
		evdev_close(evdev);
		return r;
	}
	*ret_device = (struct device){
		.ops = &evdev_ops,
		.data = evdev,
		.fd = fd,
	};
	return 0;
}
