#include "tests/support/uinput.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/uinput.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "input/led.h"

struct uinput_device {
	int fd;
	char node[64];
	unsigned leds;
};

static void set_bits(int fd, bool keyboard, bool mouse) {
	static const unsigned buttons[] = { BTN_LEFT, BTN_RIGHT, BTN_MIDDLE, BTN_SIDE, BTN_EXTRA };
	static const unsigned axes[] = { REL_X, REL_Y, REL_WHEEL, REL_HWHEEL, REL_WHEEL_HI_RES,
		REL_HWHEEL_HI_RES };
	static const unsigned leds[] = { LED_NUML, LED_CAPSL, LED_SCROLLL };
	ioctl(fd, UI_SET_EVBIT, EV_KEY);
	if (keyboard) {
		for (unsigned key = KEY_ESC; key <= KEY_MICMUTE; key++) {
			ioctl(fd, UI_SET_KEYBIT, key);
		}
		ioctl(fd, UI_SET_EVBIT, EV_REP);
		ioctl(fd, UI_SET_EVBIT, EV_LED);
		for (size_t i = 0; i < sizeof leds / sizeof leds[0]; i++) {
			ioctl(fd, UI_SET_LEDBIT, leds[i]);
		}
	}
	if (mouse) {
		ioctl(fd, UI_SET_EVBIT, EV_REL);
		for (size_t i = 0; i < sizeof buttons / sizeof buttons[0]; i++) {
			ioctl(fd, UI_SET_KEYBIT, buttons[i]);
		}
		for (size_t i = 0; i < sizeof axes / sizeof axes[0]; i++) {
			ioctl(fd, UI_SET_RELBIT, axes[i]);
		}
	}
}

static bool find_node(struct uinput_device *device) {
	char sysname[64] = "";
	char path[128];
	if (ioctl(device->fd, UI_GET_SYSNAME(sizeof sysname), sysname) < 0) {
		return false;
	}
	snprintf(path, sizeof path, "/sys/devices/virtual/input/%s", sysname);
	DIR *dir = opendir(path);
	bool found = false;
	for (struct dirent *entry; dir && !found && (entry = readdir(dir));) {
		if (strncmp(entry->d_name, "event", 5) == 0) {
			snprintf(device->node, sizeof device->node, "/dev/input/%.32s",
					entry->d_name);
			found = access(device->node, R_OK) == 0;
		}
	}
	if (dir) {
		closedir(dir);
	}
	return found;
}

int uinput_create(struct uinput_device **ret_device, const char *name, bool keyboard, bool mouse) {
	struct uinput_device *device = calloc(1, sizeof *device);
	if (!device) {
		return -ENOMEM;
	}
	device->fd = open("/dev/uinput", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (device->fd < 0) {
		int r = -errno;
		free(device);
		return r;
	}
	set_bits(device->fd, keyboard, mouse);
	struct uinput_setup setup = { .id = { BUS_USB, 0x1234, 0x5678, 1 } };
	snprintf(setup.name, sizeof setup.name, "%s", name);
	if (ioctl(device->fd, UI_DEV_SETUP, &setup) < 0 || ioctl(device->fd, UI_DEV_CREATE) < 0) {
		int r = -errno;
		uinput_destroy(device);
		return r;
	}
	uint64_t end_ns = clock_now_ns() + 5 * NS_PER_S;
	while (!find_node(device)) {
		if (clock_now_ns() > end_ns) {
			uinput_destroy(device);
			return -ETIMEDOUT;
		}
		clock_sleep_ns(NS_PER_MS);
	}
	*ret_device = device;
	return 0;
}

void uinput_destroy(struct uinput_device *device) {
	ioctl(device->fd, UI_DEV_DESTROY);
	close(device->fd);
	free(device);
}

const char *uinput_node(const struct uinput_device *device) {
	return device->node;
}

void uinput_emit(struct uinput_device *device, unsigned type, unsigned code, int32_t value) {
	const struct input_event event = {
		.type = (uint16_t)type, .code = (uint16_t)code, .value = value
	};
	if (write(device->fd, &event, sizeof event) != (ssize_t)sizeof event) {
		perror("write to uinput");
		abort();
	}
}

void uinput_key(struct uinput_device *device, unsigned code, bool pressed) {
	uinput_emit(device, EV_KEY, code, pressed);
	uinput_emit(device, EV_SYN, SYN_REPORT, 0);
}

static unsigned led_of(unsigned code) {
	switch (code) {
	case LED_NUML:
		return INPUT_LED_NUM;
	case LED_CAPSL:
		return INPUT_LED_CAPS;
	case LED_SCROLLL:
		return INPUT_LED_SCROLL;
	default:
		return 0;
	}
}

unsigned uinput_leds(struct uinput_device *device) {
	struct input_event event;
	while (read(device->fd, &event, sizeof event) == (ssize_t)sizeof event) {
		if (event.type == EV_LED && event.value) {
			device->leds |= led_of(event.code);
		} else if (event.type == EV_LED) {
			device->leds &= ~led_of(event.code);
		}
	}
	return device->leds;
}

struct bystander {
	int fd;
	unsigned seen[EV_CNT];
	bool down[KEY_CNT];
};

int bystander_open(struct bystander **ret_bystander, const char *node) {
	struct bystander *bystander = calloc(1, sizeof *bystander);
	if (!bystander) {
		return -ENOMEM;
	}
	bystander->fd = open(node, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (bystander->fd < 0) {
		int r = -errno;
		free(bystander);
		return r;
	}
	*ret_bystander = bystander;
	return 0;
}

void bystander_close(struct bystander *bystander) {
	close(bystander->fd);
	free(bystander);
}

static void bystander_read(struct bystander *bystander) {
	struct input_event event;
	while (read(bystander->fd, &event, sizeof event) == (ssize_t)sizeof event) {
		if (event.type < EV_CNT) {
			bystander->seen[event.type]++;
		}
		if (event.type == EV_KEY && event.code < KEY_CNT) {
			bystander->down[event.code] = event.value != 0;
		}
	}
}

unsigned bystander_seen(struct bystander *bystander, unsigned type) {
	bystander_read(bystander);
	unsigned seen = bystander->seen[type];
	bystander->seen[type] = 0;
	return seen;
}

unsigned bystander_held(struct bystander *bystander) {
	bystander_read(bystander);
	unsigned held = 0;
	for (unsigned code = 0; code < KEY_CNT; code++) {
		held += bystander->down[code];
	}
	return held;
}

int bystander_grab(struct bystander *bystander, bool on) {
	return ioctl(bystander->fd, EVIOCGRAB, on ? (void *)1 : (void *)0) < 0 ? -errno : 0;
}
