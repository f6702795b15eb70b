#include "client/bench/bench_device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct bench_device {
	int kernel_end;
	int reader_end;

	/* the reader's */
	struct raw_event report[BENCH_REPORT_MAX];
	unsigned count, at;
};

static int device_next(void *data, struct raw_event *ret_event) {
	struct bench_device *device = data;
	if (device->at == device->count) {
		ssize_t n = recv(device->reader_end, device->report, sizeof device->report,
				MSG_DONTWAIT);
		if (n <= 0) {
			return n < 0 ? -errno : -ENODEV;
		}
		device->count = (unsigned)((size_t)n / sizeof device->report[0]);
		device->at = 0;
	}
	*ret_event = device->report[device->at++];
	return 0;
}

static int device_grab(void *data, bool on) {
	(void)data;
	(void)on;
	return 0;
}

static unsigned device_down(void *data, unsigned from) {
	(void)data;
	(void)from;
	return 0;
}

static unsigned device_get_leds(void *data) {
	(void)data;
	return 0;
}

static void device_set_leds(void *data, unsigned leds) {
	(void)data;
	(void)leds;
}

static void device_close(void *data) {
	(void)data; /* its maker closes it */
}

static const struct device_ops ops = { device_next, device_grab, device_down, device_get_leds,
	device_set_leds, device_close };

static unsigned finder_list(void *data, struct device_info *infos, unsigned max) {
	(void)data;
	if (max == 0) {
		return 0;
	}
	infos[0] = (struct device_info){ .keyboard = true, .mouse = true };
	snprintf(infos[0].node, sizeof infos[0].node, "bench");
	snprintf(infos[0].name, sizeof infos[0].name, "bench device");
	return 1;
}

static int finder_resolve(void *data, const char *path, char ret_node[static DEVICE_NODE_BYTES]) {
	(void)data;
	(void)path;
	(void)ret_node;
	return -ENOENT;
}

static int finder_open(void *data, const struct device_info *info, struct device *ret_device) {
	struct bench_device *device = data;
	(void)info;
	*ret_device = (struct device){ &ops, device, device->reader_end };
	return 0;
}

static int finder_watch(
		void *data, struct loop *loop, void (*changed)(void *data), void *changed_data) {
	(void)data;
	(void)loop;
	(void)changed;
	(void)changed_data;
	return 0;
}

static void finder_destroy(void *data) {
	(void)data;
}

struct device_finder bench_device_finder(struct bench_device *device) {
	return (struct device_finder){ device, finder_list, finder_resolve, finder_open,
		finder_watch, finder_destroy };
}

int bench_device_send(struct bench_device *device, const struct raw_event *events, unsigned count) {
	ssize_t n = send(device->kernel_end, events, count * sizeof events[0], MSG_NOSIGNAL);
	return n < 0 ? -errno : 0;
}

int bench_device_create(struct bench_device **ret_device) {
	struct bench_device *device = calloc(1, sizeof *device);
	int ends[2];
	if (!device) {
		return -ENOMEM;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		int r = -errno;
		free(device);
		return r;
	}
	device->kernel_end = ends[0];
	device->reader_end = ends[1];
	*ret_device = device;
	return 0;
}

void bench_device_destroy(struct bench_device *device) {
	if (device) {
		close(device->kernel_end);
		close(device->reader_end);
		free(device);
	}
}
