#include "input/finder.h"

#include <dirent.h>
#include <errno.h>
#include <libudev.h>
#include <limits.h>
#include <linux/input-event-codes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/folder_watch.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/utf8.h"
#include "input/evdev.h"
#include "input/keymap.h"

#define CAPABILITY_WORDS 24

struct finder {
	char root[1024];
	struct udev *udev; /* NULL: do without */
	struct udev_monitor *monitor;
	int watch;
	struct loop_source *monitor_source;
	struct loop_source *watch_source;
	void (*changed)(void *data);
	void *changed_data;
};

__attribute__((format(printf, 3, 4))) static void rooted(
		const struct finder *finder, char path[static PATH_MAX], const char *format, ...) {
	size_t prefix = strlen(finder->root);
	memcpy(path, finder->root, prefix);
	va_list args;
	va_start(args, format);
	vsnprintf(path + prefix, PATH_MAX - prefix, format, args);
	va_end(args);
}

/* One line of a small file under the root; "" if there is none. */
static void read_line(const struct finder *finder, const char *sysname, const char *attribute,
		char *ret_line, size_t size) {
	char path[PATH_MAX];
	ret_line[0] = 0;
	rooted(finder, path, "/sys/class/input/%s/device/%s", sysname, attribute);
	FILE *file = fopen(path, "re");
	if (!file) {
		return;
	}
	if (!fgets(ret_line, (int)size, file)) {
		ret_line[0] = 0;
	}
	fclose(file);
	ret_line[strcspn(ret_line, "\n")] = 0;
}

static void read_printable(const struct finder *finder, const char *sysname, const char *attribute,
		char *ret_text, size_t size) {
	char line[256];
	read_line(finder, sysname, attribute, line, sizeof line);
	utf8_printable(ret_text, size, line, sizeof line);
}

static uint16_t read_id(const struct finder *finder, const char *sysname, const char *attribute) {
	char line[32];
	read_line(finder, sysname, attribute, line, sizeof line);
	return (uint16_t)strtoul(line, NULL, 16);
}

/* Capability bits stand in words of the kernel's long, the highest first. */
struct capabilities {
	unsigned long words[CAPABILITY_WORDS];
	unsigned count;
};

static void read_capabilities(const struct finder *finder, const char *sysname, const char *which,
		struct capabilities *ret) {
	char attribute[64];
	char line[1024];
	*ret = (struct capabilities){ .count = 0 };
	snprintf(attribute, sizeof attribute, "capabilities/%s", which);
	read_line(finder, sysname, attribute, line, sizeof line);
	char *save = NULL;
	for (char *word = strtok_r(line, " ", &save); word && ret->count < CAPABILITY_WORDS;
			word = strtok_r(NULL, " ", &save)) {
		ret->words[ret->count++] = strtoul(word, NULL, 16);
	}
}

static bool has_bit(const struct capabilities *capabilities, unsigned bit) {
	const unsigned per_word = sizeof(unsigned long) * CHAR_BIT;
	unsigned word = bit / per_word;
	return word < capabilities->count &&
	       (capabilities->words[capabilities->count - 1 - word] >> (bit % per_word) & 1);
}

/* Keys that a guest can have. Power and lid switches have none: they are the machine's own. */
static bool has_guest_keys(const struct capabilities *keys) {
	for (unsigned code = 1; code < KEYMAP_CODES; code++) {
		if (has_bit(keys, code) && device_forwards(code) && keymap_scancode(code) &&
				code != KEY_POWER && code != KEY_SLEEP && code != KEY_WAKEUP) {
			return true;
		}
	}
	return false;
}

static void ask_udev(const struct finder *finder, const char *sysname, struct device_info *info) {
	if (!finder->udev) {
		return;
	}
	struct udev_device *device =
			udev_device_new_from_subsystem_sysname(finder->udev, "input", sysname);
	if (device && udev_device_get_property_value(device, "ID_INPUT")) {
		const char *keyboard = udev_device_get_property_value(device, "ID_INPUT_KEYBOARD");
		const char *mouse = udev_device_get_property_value(device, "ID_INPUT_MOUSE");
		info->keyboard = keyboard && strcmp(keyboard, "1") == 0;
		info->mouse = mouse && strcmp(mouse, "1") == 0;
	}
	udev_device_unref(device);
}

/* As udev's input_id does: a keyboard has the first 31 keys; a mouse moves and has a button. Rules
 * and the hardware database may know better. But what udev calls a mouse may tell positions. */
static void classify(const struct finder *finder, const char *sysname, struct device_info *info) {
	struct capabilities keys;
	struct capabilities axes;
	read_capabilities(finder, sysname, "abs", &axes);
	const bool positions = has_bit(&axes, ABS_X) && has_bit(&axes, ABS_Y);
	read_capabilities(finder, sysname, "key", &keys);
	read_capabilities(finder, sysname, "rel", &axes);
	const bool motion = has_bit(&axes, REL_X) && has_bit(&axes, REL_Y);
	info->keyboard = true;
	for (unsigned key = KEY_ESC; key < KEY_S; key++) {
		info->keyboard = info->keyboard && has_bit(&keys, key);
	}
	info->mouse = has_bit(&keys, BTN_LEFT) && motion;
	info->media = has_guest_keys(&keys);
	ask_udev(finder, sysname, info);
	info->mouse = info->mouse && motion;
	info->absolute = positions && !motion;
}

/* "usb-0000:00:14.0-3" of "usb-0000:00:14.0-3/input1": the device that a node is a part of. */
static bool same_hardware(const struct device_info *a, const struct device_info *b) {
	const char *slash = strrchr(a->phys, '/');
	const size_t len = slash ? (size_t)(slash - a->phys) : strlen(a->phys);
	return len > 0 && strncmp(a->phys, b->phys, len) == 0 &&
	       (b->phys[len] == '\0' || b->phys[len] == '/') && a->vendor == b->vendor &&
	       strcmp(a->uniq, b->uniq) == 0;
}

/* Media keys often have a node of their own, which goes with the keyboard's; other nodes with a few
 * keys (buttons of the case, of headsets, of monitors) stay the host's. */
static void judge_media(struct device_info *infos, unsigned count) {
	for (unsigned i = 0; i < count; i++) {
		bool beside = false;
		for (unsigned j = 0; j < count; j++) {
			beside = beside ||
				 (infos[j].keyboard && same_hardware(&infos[i], &infos[j]));
		}
		infos[i].media = infos[i].media && beside && !infos[i].keyboard &&
				 !infos[i].mouse && !infos[i].absolute;
	}
}

static int only_events(const struct dirent *entry) {
	return strncmp(entry->d_name, "event", 5) == 0;
}

static unsigned finder_list(void *data, struct device_info *infos, unsigned max) {
	struct finder *finder = data;
	char path[PATH_MAX];
	rooted(finder, path, "/sys/class/input");
	struct dirent **entries;
	int count = scandir(path, &entries, only_events, versionsort);
	unsigned found = 0;
	for (int i = 0; i < count; i++) {
		const char *sysname = entries[i]->d_name;
		if (found < max && strlen(sysname) < 16) {
			struct device_info *info = &infos[found++];
			*info = (struct device_info){ 0 };
			snprintf(info->node, sizeof info->node, "/dev/input/%.16s", sysname);
			read_printable(finder, sysname, "name", info->name, sizeof info->name);
			read_printable(finder, sysname, "phys", info->phys, sizeof info->phys);
			read_printable(finder, sysname, "uniq", info->uniq, sizeof info->uniq);
			info->bus = read_id(finder, sysname, "id/bustype");
			info->vendor = read_id(finder, sysname, "id/vendor");
			info->product = read_id(finder, sysname, "id/product");
			info->version = read_id(finder, sysname, "id/version");
			classify(finder, sysname, info);
		}
		free(entries[i]);
	}
	if (count >= 0) {
		free(entries);
	}
	judge_media(infos, found);
	return found;
}

static int finder_resolve(void *data, const char *path, char ret_node[static DEVICE_NODE_BYTES]) {
	struct finder *finder = data;
	char in_root[PATH_MAX];
	char real[PATH_MAX];
	rooted(finder, in_root, "%s", path);
	if (!realpath(in_root, real)) {
		return -errno;
	}
	size_t prefix = strlen(finder->root);
	if (strncmp(real, finder->root, prefix) != 0 ||
			strlen(real + prefix) >= DEVICE_NODE_BYTES) {
		return -ENODEV;
	}
	snprintf(ret_node, DEVICE_NODE_BYTES, "%s", real + prefix);
	return 0;
}

static int finder_open(void *data, const struct device_info *info, struct device *ret_device) {
	struct finder *finder = data;
	char path[PATH_MAX];
	rooted(finder, path, "%s", info->node);
	return evdev_open(path, ret_device);
}

static void on_monitor(int fd, uint32_t events, void *data) {
	struct finder *finder = data;
	(void)fd;
	(void)events;
	bool any = false;
	for (struct udev_device *device;
			(device = udev_monitor_receive_device(finder->monitor)) != NULL;) {
		udev_device_unref(device);
		any = true;
	}
	if (any) {
		finder->changed(finder->changed_data);
	}
}

static void watch_folders(const struct finder *finder) {
	static const char *const folders[] = { "/dev", "/dev/input", "/dev/input/by-id",
		"/dev/input/by-path" };
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		char path[PATH_MAX];
		rooted(finder, path, "%s", folders[i]);
		/* ATTRIB: the rules gave us access after the node was made. /dev only for the
		 * birth of /dev/input. Adding a watch again is harmless. */
		uint32_t mask = IN_CREATE | IN_MOVED_TO | IN_ONLYDIR;
		(void)folder_watch_add(
				finder->watch, path, i == 0 ? mask : mask | IN_DELETE | IN_ATTRIB);
	}
}

static void on_change(int folder, uint32_t mask, const char *name, void *data) {
	bool *any = data;
	(void)folder;
	/* /dev itself is busy with other things. */
	*any = *any || (mask & IN_Q_OVERFLOW) || (name[0] && (mask & IN_ISDIR)) ||
	       strstr(name, "event");
}

static void on_folder(int fd, uint32_t events, void *data) {
	struct finder *finder = data;
	bool any = false;
	(void)events;
	folder_watch_read(fd, on_change, &any);
	if (any) {
		watch_folders(finder);
		finder->changed(finder->changed_data);
	}
}

static int finder_watch(
		void *data, struct loop *loop, void (*changed)(void *data), void *changed_data) {
	struct finder *finder = data;
	finder->changed = changed;
	finder->changed_data = changed_data;
	finder->watch = folder_watch_open();
	if (finder->watch < 0) {
		return finder->watch;
	}
	watch_folders(finder);
	finder->watch_source = loop_add_fd(loop, finder->watch, EPOLLIN, on_folder, finder);
	if (!finder->watch_source) {
		return -ENOMEM;
	}
	if (!finder->udev) {
		return 0;
	}
	finder->monitor = udev_monitor_new_from_netlink(finder->udev, "udev");
	if (finder->monitor &&
			udev_monitor_filter_add_match_subsystem_devtype(
					finder->monitor, "input", NULL) >= 0 &&
			udev_monitor_enable_receiving(finder->monitor) >= 0) {
		finder->monitor_source = loop_add_fd(loop, udev_monitor_get_fd(finder->monitor),
				EPOLLIN, on_monitor, finder);
	}
	return 0;
}

static void finder_destroy(void *data) {
	struct finder *finder = data;
	loop_remove(finder->monitor_source);
	loop_remove(finder->watch_source);
	if (finder->watch >= 0) {
		close(finder->watch);
	}
	udev_monitor_unref(finder->monitor);
	udev_unref(finder->udev);
	free(finder);
}

int finder_create(struct device_finder *ret_finder, const char *root) {
	struct finder *finder = calloc(1, sizeof *finder);
	if (!finder) {
		return -ENOMEM;
	}
	finder->watch = -1;
	if (root[0]) {
		char real[PATH_MAX];
		if (!realpath(root, real) || strlen(real) >= sizeof finder->root) {
			free(finder);
			return -ENOENT;
		}
		memcpy(finder->root, real, strlen(real) + 1);
	} else {
		finder->udev = udev_new();
	}
	*ret_finder = (struct device_finder){ finder, finder_list, finder_resolve, finder_open,
		finder_watch, finder_destroy };
	return 0;
}
