#define LOG_MODULE "input"
#include "input/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/loop.h"
#include "input/device.h"
#include "input/event.h"
#include "input/finder.h"
#include "input/router.h"
#include "input/seat.h"
#include "input/watchdog.h"

#define LIST_MAX      128u
#define SETTLE_NS     (50 * NS_PER_MS) /* one plug makes many changes */
#define RETRY_OPEN_NS (5 * NS_PER_S)   /* a device we may not open, or not see now */

enum wanted_kind { WANTED_PATH, WANTED_NODE, WANTED_KEYBOARDS, WANTED_MICE, WANTED_ALL };

struct wanted {
	enum wanted_kind kind;
	char path[256];
	bool known; /* NODE: what stood there first; it is followed when its number changes */
	struct device_info identity;
	bool open; /* NODE: one device is enough */
};

struct open_device {
	struct devices *owner;
	struct device device; /* ops NULL: free */
	struct device_info info;
	struct translator translator;
	struct loop_source *source;
	struct wanted *wanted;
	bool grabbed;
	bool forwarded; /* the router was told that it is grabbed */
	uint64_t grabbed_ns;
	int grab_error;
	unsigned host_leds; /* as they were before we took it */
};

struct devices {
	struct loop *loop;
	struct router *router;
	struct devices_events events;
	struct device_finder finder;
	struct seat *seat;
	struct watchdog *watchdog;
	uint64_t tick_ns; /* while grabbed: feed the watchdog, try what could not be grabbed */
	struct loop_source *scan_timer;
	struct loop_source *tick_timer;
	unsigned wanted_count;
	struct wanted wanted[DEVICES_WANTED_MAX];
	struct open_device opened[DEVICES_MAX];
	struct device_info list[LIST_MAX];
	struct devices_status status;
	int open_error; /* of the last scan; open_name says of which device */
	char open_name[96];
	char unfit[128]; /* devices that were named and cannot be forwarded; "" = none */
	unsigned unfit_count;
};

static unsigned source_of(const struct open_device *opened) {
	return (unsigned)(opened - opened->owner->opened) + 1;
}

/* What the user is told. */

static void explain_open(struct devices *devices, char *ret, size_t size) {
	if (devices->open_error == -EACCES || devices->open_error == -EPERM) {
		snprintf(ret, size,
				_("no permission to read %.40s: join the group \"input\", or let "
				  "\"pierglass setup input\" write a udev rule"),
				devices->open_name);
	} else {
		snprintf(ret, size, _("cannot open %.40s: %.60s"), devices->open_name,
				strerrordesc_np(-devices->open_error));
	}
}

static void explain_grab(const struct open_device *opened, char *ret, size_t size) {
	if (opened->grab_error == -EBUSY) {
		snprintf(ret, size,
				_("another program has taken %.40s (QEMU does, by <input type='evdev'> or "
				  "input-linux: remove that from the VM)"),
				opened->info.name);
	} else {
		snprintf(ret, size, _("cannot grab %.40s: %.60s"), opened->info.name,
				strerrordesc_np(-opened->grab_error));
	}
}

static void count_devices(struct devices *devices, struct devices_status *status,
		const struct open_device **ret_refused) {
	for (unsigned i = 0; i < DEVICES_MAX; i++) {
		const struct open_device *opened = &devices->opened[i];
		if (!opened->device.ops) {
			continue;
		}
		status->open++;
		status->grabbed += opened->grabbed;
		if (opened->grab_error && opened->grab_error != -EAGAIN) {
			status->refused++;
			*ret_refused = opened;
		}
	}
}

static void update_status(struct devices *devices) {
	struct devices_status status = { .part.state = PART_RUNNING };
	const struct open_device *refused = NULL;
	char *reason = status.part.reason;
	size_t size = sizeof status.part.reason;
	count_devices(devices, &status, &refused);
	status.refused += devices->open_error != 0;
	status.refused += devices->unfit_count;
	if (refused) {
		status.part.state = PART_FAILED;
		explain_grab(refused, reason, size);
	} else if (devices->open_error) {
		status.part.state = PART_FAILED;
		explain_open(devices, reason, size);
	} else if (devices->unfit[0]) {
		status.part.state = PART_FAILED;
		snprintf(reason, size,
				devices->unfit_count == 1
						? _("%.90s reports positions, not motion: it stays "
						    "with the host and reaches the guest through "
						    "the window")
						: _("%.90s report positions, not motion: they stay "
						    "with the host and reach the guest through "
						    "the window"),
				devices->unfit);
	} else if (status.open == 0) {
		status.part.state = PART_WAITING;
		snprintf(reason, size, _("waiting for an input device (%.100s)"),
				devices->wanted[0].path);
	} else if (!seat_active(devices->seat) && router_grab_wanted(devices->router)) {
		snprintf(reason, size, _("released: %s"), seat_reason(devices->seat));
	} else if (router_grabbed(devices->router)) {
		snprintf(reason, size, _("%u of %u devices are the guest's"), status.grabbed,
				status.open);
	} else {
		snprintf(reason, size, _("%u devices, not grabbed"), status.open);
	}
	if (part_status_equal(&status.part, &devices->status.part) &&
			status.open == devices->status.open &&
			status.grabbed == devices->status.grabbed &&
			status.refused == devices->status.refused) {
		return;
	}
	if (status.part.state == PART_FAILED &&
			!part_status_equal(&status.part, &devices->status.part)) {
		log_warn("%s", reason);
	}
	devices->status = status;
	if (devices->events.status) {
		devices->events.status(&status, devices->events.data);
	}
}

/* Grabbing. */

static void start_tick(struct devices *devices) {
	loop_set_timer(devices->tick_timer, clock_now_ns() + devices->tick_ns);
}

static void grab_device(struct open_device *opened) {
	struct devices *devices = opened->owner;
	if (opened->grabbed || !router_device_idle(devices->router, source_of(opened))) {
		return;
	}
	int before = opened->grab_error;
	opened->grab_error = opened->device.ops->grab(opened->device.data, true);
	if (opened->grab_error == 0) {
		opened->grabbed = true;
		opened->forwarded = false;
		opened->grabbed_ns = clock_now_ns();
		watchdog_add(devices->watchdog, opened->device.fd);
		opened->host_leds = opened->device.ops->get_leds(opened->device.data);
		opened->device.ops->set_leds(opened->device.data, router_leds(devices->router));
	} else if (opened->grab_error != before) {
		log_debug("%s (%s): grab: %s", opened->info.node, opened->info.name,
				strerrordesc_np(-opened->grab_error));
	}
}

static void ungrab_device(struct open_device *opened) {
	struct devices *devices = opened->owner;
	opened->grab_error = 0;
	if (!opened->grabbed) {
		return;
	}
	opened->grabbed = opened->forwarded = false;
	opened->device.ops->set_leds(opened->device.data, opened->host_leds);
	watchdog_remove(devices->watchdog, opened->device.fd);
	opened->device.ops->grab(opened->device.data, false);
	router_device_grabbed(devices->router, source_of(opened), false);
}

/* The router's word: take them all, or let them go. */
static void on_grab(void *data, bool on) {
	struct devices *devices = data;
	for (unsigned i = 0; i < DEVICES_MAX; i++) {
		struct open_device *opened = &devices->opened[i];
		if (opened->device.ops && on) {
			grab_device(opened);
		} else if (opened->device.ops) {
			ungrab_device(opened);
		}
	}
	if (on) {
		start_tick(devices);
	}
	update_status(devices);
}

static void on_leds(void *data, unsigned leds) {
	struct devices *devices = data;
	for (unsigned i = 0; i < DEVICES_MAX; i++) {
		struct open_device *opened = &devices->opened[i];
		if (opened->device.ops && opened->grabbed) {
			opened->device.ops->set_leds(opened->device.data, leds);
		}
	}
}

/* The thread that runs this had not turned for too long, and its devices were taken from it: what
 * it reads now was the host's too. */
static void after_watchdog(struct devices *devices) {
	log_warn("the program stood still: the devices went back to the desktop, and can be grabbed again");
	router_request_grab(devices->router, false);
}

static void on_tick(void *data) {
	struct devices *devices = data;
	if (watchdog_fired(devices->watchdog)) {
		after_watchdog(devices);
	}
	if (!router_grabbed(devices->router)) {
		return;
	}
	watchdog_feed(devices->watchdog);
	for (unsigned i = 0; i < DEVICES_MAX; i++) {
		if (devices->opened[i].device.ops) {
			grab_device(&devices->opened[i]);
		}
	}
	update_status(devices);
	start_tick(devices);
}

/* Reading. */

static void close_device(struct open_device *opened) {
	struct devices *devices = opened->owner;
	watchdog_remove(devices->watchdog, opened->device.fd);
	loop_remove(opened->source);
	router_device_gone(devices->router, source_of(opened));
	opened->device.ops->close(opened->device.data);
	opened->wanted->open = false;
	*opened = (struct open_device){ .owner = devices };
}

static void scan_soon(void *data) {
	struct devices *devices = data;
	loop_set_timer(devices->scan_timer, clock_now_ns() + SETTLE_NS);
}

static void route(struct open_device *opened, const struct raw_event *raw) {
	struct devices *devices = opened->owner;
	if (opened->grabbed && !opened->forwarded && raw->time_ns >= opened->grabbed_ns) {
		/* What was queued before the grab has gone to the host as well. */
		opened->forwarded = true;
		router_device_grabbed(devices->router, source_of(opened), true);
	}
	struct guest_input_event events[DEVICE_TRANSLATED_MAX];
	unsigned count = device_translate(&opened->translator, raw, events);
	for (unsigned i = 0; i < count; i++) {
		router_event(devices->router, &events[i]);
	}
}

static void on_readable(int fd, uint32_t epoll_events, void *data) {
	struct open_device *opened = data;
	struct devices *devices = opened->owner;
	(void)fd;
	(void)epoll_events;
	if (watchdog_fired(devices->watchdog)) {
		after_watchdog(devices);
	}
	struct raw_event raw;
	int r;
	bool first = true;
	while ((r = opened->device.ops->next(opened->device.data, &raw)) == 0) {
		route(opened, &raw);
		if (first && raw.type == EV_SYN && raw.code == SYN_REPORT) {
			/* The first report goes out before the read that mostly finds no second
			 * one. Those that have piled up behind it are merged. */
			router_flush(devices->router);
			first = false;
		}
	}
	if (r != -EAGAIN) {
		log_info("%s is gone", opened->info.name);
		close_device(opened);
		scan_soon(devices);
		update_status(devices);
		return;
	}
	router_flush(devices->router);
	if (!opened->grabbed && router_grabbed(devices->router) &&
			(opened->grab_error == 0 || opened->grab_error == -EAGAIN)) {
		grab_device(opened);
		update_status(devices);
	}
}

static void start_device(
		struct devices *devices, const struct device_info *info, struct wanted *wanted) {
	struct open_device *opened = NULL;
	for (unsigned i = 0; i < DEVICES_MAX && !opened; i++) {
		if (!devices->opened[i].device.ops) {
			opened = &devices->opened[i];
		}
	}
	if (!opened) {
		return;
	}
	struct device device;
	int r = devices->finder.open(devices->finder.data, info, &device);
	if (r < 0) {
		if (r != -ENODEV && r != -ENOENT) {
			devices->open_error = r;
			snprintf(devices->open_name, sizeof devices->open_name, "%s", info->node);
		}
		return;
	}
	*opened = (struct open_device){
		.owner = devices, .device = device, .info = *info, .wanted = wanted
	};
	wanted->open = true;
	opened->translator = (struct translator){ .source = source_of(opened) };
	opened->source = loop_add_fd(devices->loop, device.fd, EPOLLIN, on_readable, opened);
	if (!opened->source) {
		close_device(opened);
		return;
	}
	for (unsigned code = device.ops->down(device.data, 1); code;
			code = device.ops->down(device.data, code + 1)) {
		unsigned button;
		if (!device_forwards(code)) {
			continue; /* its release would never be heard of */
		}
		bool is_button = device_button(code, &button);
		router_device_held(devices->router, source_of(opened),
				is_button ? INPUT_BUTTON : INPUT_KEY, is_button ? button : code);
	}
	log_info("%s (%s)", info->name, info->node);
	if (router_grabbed(devices->router)) {
		grab_device(opened);
		start_tick(devices);
	}
}

/* Finding. */

static bool same_place(const char *a, const char *b) {
	const char *a_input = strrchr(a, '/');
	const char *b_input = strrchr(b, '/');
	return strcmp(a_input ? a_input : "", b_input ? b_input : "") == 0;
}

/* The same device, perhaps in another socket: of a keyboard with two interfaces not the other one.
 */
static bool same_device(const struct device_info *a, const struct device_info *b) {
	return a->bus == b->bus && a->vendor == b->vendor && a->product == b->product &&
	       strcmp(a->name, b->name) == 0 && strcmp(a->uniq, b->uniq) == 0 &&
	       same_place(a->phys, b->phys);
}

static bool is_open(const struct devices *devices, const struct device_info *info) {
	for (unsigned i = 0; i < DEVICES_MAX; i++) {
		const struct open_device *opened = &devices->opened[i];
		if (opened->device.ops && strcmp(opened->info.node, info->node) == 0) {
			return true;
		}
	}
	return false;
}

static bool wants(struct devices *devices, const struct wanted *wanted,
		const struct device_info *info) {
	char node[DEVICE_NODE_BYTES];
	switch (wanted->kind) {
	case WANTED_KEYBOARDS:
		return info->keyboard || info->media;
	case WANTED_MICE:
		return info->mouse;
	case WANTED_ALL:
		return info->keyboard || info->mouse || info->media;
	case WANTED_PATH:
		return devices->finder.resolve(devices->finder.data, wanted->path, node) == 0 &&
		       strcmp(node, info->node) == 0;
	case WANTED_NODE:
		return wanted->known ? same_device(&wanted->identity, info)
				     : strcmp(wanted->path, info->node) == 0;
	}
	return false;
}

/* Of two alike, the one in the old socket comes first. */
static bool in_old_place(const struct wanted *wanted, const struct device_info *info) {
	return wanted->kind != WANTED_NODE || !wanted->known ||
	       strcmp(wanted->identity.phys, info->phys) == 0;
}

/* Named by the user, but nothing of it would reach the guest: it stays the host's. */
static bool is_unfit(const struct device_info *info) {
	return info->absolute && !info->keyboard && !info->mouse && !info->media;
}

static void add_unfit(struct devices *devices, const struct device_info *info) {
	const size_t len = strlen(devices->unfit);
	snprintf(devices->unfit + len, sizeof devices->unfit - len, "%s%s", len > 0 ? ", " : "",
			info->name);
	devices->unfit_count++;
}

static void open_wanted(
		struct devices *devices, struct wanted *wanted, unsigned count, bool old_place) {
	for (unsigned i = 0; i < count; i++) {
		const struct device_info *info = &devices->list[i];
		if ((wanted->kind == WANTED_NODE && wanted->open) ||
				in_old_place(wanted, info) != old_place ||
				!wants(devices, wanted, info) || is_open(devices, info)) {
			continue;
		}
		if (is_unfit(info)) {
			add_unfit(devices, info);
			continue;
		}
		if (wanted->kind == WANTED_NODE && !wanted->known) {
			wanted->known = true;
			wanted->identity = *info;
		}
		start_device(devices, info, wanted);
	}
}

/* What cannot be read for want of a descriptor is taken for no device. */
static bool lacks_descriptors(void) {
	const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		close(fd);
	}
	return fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM);
}

static void scan(void *data) {
	struct devices *devices = data;
	bool again = lacks_descriptors();
	devices->open_error = 0;
	devices->unfit[0] = '\0';
	devices->unfit_count = 0;
	unsigned count = devices->finder.list(devices->finder.data, devices->list, LIST_MAX);
	for (unsigned i = 0; i < devices->wanted_count; i++) {
		open_wanted(devices, &devices->wanted[i], count, true);
		open_wanted(devices, &devices->wanted[i], count, false);
	}
	again |= devices->open_error != 0 || lacks_descriptors();
	if (again) {
		loop_set_timer(devices->scan_timer, clock_now_ns() + RETRY_OPEN_NS);
	}
	update_status(devices);
}

static enum wanted_kind kind_of(const char *text) {
	if (strcmp(text, "keyboards") == 0) {
		return WANTED_KEYBOARDS;
	}
	if (strcmp(text, "mice") == 0) {
		return WANTED_MICE;
	}
	if (strcmp(text, "all") == 0) {
		return WANTED_ALL;
	}
	return strncmp(text, "/dev/input/event", 16) == 0 ? WANTED_NODE : WANTED_PATH;
}

static void on_seat(bool active, void *data) {
	struct devices *devices = data;
	log_info("%s", active ? "the session is ours again" : seat_reason(devices->seat));
	router_set_seat(devices->router, active);
	update_status(devices);
}

/* What is needed as soon as any device is wanted. */
static int start(struct devices *devices, const struct devices_config *config) {
	const char *root = config->root ? config->root : "";
	int r = config->finder ? 0 : finder_create(&devices->finder, root);
	if (r < 0) {
		return r;
	}
	devices->scan_timer = loop_add_timer(devices->loop, scan, devices);
	devices->tick_timer = loop_add_timer(devices->loop, on_tick, devices);
	if (!devices->scan_timer || !devices->tick_timer) {
		return -ENOMEM;
	}
	uint64_t limit_ns = config->watchdog_ns ? config->watchdog_ns : WATCHDOG_LIMIT_NS;
	devices->tick_ns = limit_ns / 4;
	r = watchdog_create(&devices->watchdog, limit_ns, config->watchdog_release);
	if (r < 0) {
		return r;
	}
	/* Devices that are not the machine's do not follow its seat, but a test's own tree does. */
	if (!config->finder || root[0]) {
		r = seat_create(&devices->seat, devices->loop, root, "", on_seat, devices);
		if (r < 0) {
			return r;
		}
		router_set_seat(devices->router, seat_active(devices->seat));
	}
	r = devices->finder.watch(devices->finder.data, devices->loop, scan_soon, devices);
	if (r < 0) {
		return r;
	}
	const struct router_grabber grabber = { on_grab, on_leds, devices };
	router_set_grabber(devices->router, &grabber);
	scan(devices);
	return 0;
}

int devices_create(struct devices **ret_devices, struct loop *loop, struct router *router,
		const struct devices_config *config, const struct devices_events *events) {
	if (config->count > DEVICES_WANTED_MAX) {
		return -E2BIG;
	}
	struct devices *devices = calloc(1, sizeof *devices);
	if (!devices) {
		return -ENOMEM;
	}
	devices->loop = loop;
	devices->router = router;
	if (events) {
		devices->events = *events;
	}
	if (config->finder) {
		devices->finder = *config->finder;
	}
	for (unsigned i = 0; i < DEVICES_MAX; i++) {
		devices->opened[i].owner = devices;
	}
	devices->wanted_count = config->count;
	for (unsigned i = 0; i < config->count; i++) {
		struct wanted *wanted = &devices->wanted[i];
		wanted->kind = kind_of(config->wanted[i]);
		snprintf(wanted->path, sizeof wanted->path, "%s", config->wanted[i]);
	}
	int r = config->count ? start(devices, config) : 0;
	if (r < 0) {
		devices_destroy(devices);
		return r;
	}
	*ret_devices = devices;
	return 0;
}

void devices_destroy(struct devices *devices) {
	if (!devices) {
		return;
	}
	router_request_grab(devices->router, false);
	for (unsigned i = 0; i < DEVICES_MAX; i++) {
		if (devices->opened[i].device.ops) {
			close_device(&devices->opened[i]);
		}
	}
	router_set_grabber(devices->router, NULL);
	seat_destroy(devices->seat);
	watchdog_destroy(devices->watchdog);
	loop_remove(devices->scan_timer);
	loop_remove(devices->tick_timer);
	if (devices->finder.destroy) {
		devices->finder.destroy(devices->finder.data);
	}
	free(devices);
}
