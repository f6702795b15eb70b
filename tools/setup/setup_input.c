/* setup input --list and --probe: which node is which device. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "input/finder.h"
#include "tools/setup/setup.h"

#define PROBE_S   10
#define NODES_MAX 64

static const char *kind_of(const struct device_info *info) {
	if (info->keyboard || info->mouse) {
		return info->keyboard ? "keyboard" : "mouse";
	}
	return info->absolute ? "pad or tablet" : info->media ? "media keys" : "other";
}

/* The stable name under /dev/input/by-id or by-path that points at the node. */
static void stable_name(const struct sysroot *root, const char *node, char *buf, size_t size) {
	static const char *const dirs[] = { "/dev/input/by-id", "/dev/input/by-path" };
	for (size_t d = 0; d < 2; d++) {
		struct sysroot_names names = sysroot_list(root, dirs[d]);
		for (size_t i = 0; i < names.count; i++) {
			char path[512];
			char target[64];
			snprintf(path, sizeof path, "%s/%.300s", dirs[d], names.name[i]);
			if (sysroot_link_name(root, path, target, sizeof target) &&
					strcmp(target, node) == 0) {
				copy_text(buf, size, path);
				sysroot_names_free(&names);
				return;
			}
		}
		sysroot_names_free(&names);
	}
	snprintf(buf, size, "/dev/input/%.32s", node);
}

static unsigned list_devices(const struct sysroot *root, struct device_info infos[NODES_MAX]) {
	struct device_finder finder;
	int r = finder_create(&finder, root->prefix);
	if (r < 0) {
		fprintf(stderr, _("pierglass setup: the input devices cannot be listed (%s)\n"),
				strerrordesc_np(-r));
		return 0;
	}
	unsigned count = finder.list(finder.data, infos, NODES_MAX);
	finder.destroy(finder.data);
	return count;
}

static const char *node_kind(const struct sysroot *root, const char *node) {
	static struct device_info infos[NODES_MAX];
	unsigned count = list_devices(root, infos);
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(strrchr(infos[i].node, '/') + 1, node) == 0) {
			return kind_of(&infos[i]);
		}
	}
	return "other";
}

/* Three lines: what it is, and what of it reaches the VM when pierglass reads it. */
static void print_device(const struct sysroot *root, const struct sysroot_user *me,
		const struct device_info *info) {
	char path[512];
	const char *node = strrchr(info->node, '/') + 1;
	stable_name(root, node, path, sizeof path);
	printf("%-9s %-13s %-10s %s\n          %s\n          %s%s\n", node, kind_of(info),
			sysroot_may(root, me, info->node, R_OK) ? "readable" : "no access",
			info->name, path, _("to the VM: "), device_reach(info));
}

int input_list(const struct sysroot *root) {
	static struct device_info infos[NODES_MAX];
	struct sysroot_user me;
	sysroot_me(root, &me);
	unsigned count = list_devices(root, infos);
	for (unsigned i = 0; i < count; i++) {
		print_device(root, &me, &infos[i]);
	}
	if (count == 0) {
		puts(_("no input devices in /dev/input"));
	}
	return EXIT_SUCCESS;
}

static unsigned open_all(const struct sysroot *root, struct pollfd *fds, char names[][32]) {
	struct sysroot_names list = sysroot_list(root, "/dev/input");
	unsigned count = 0;
	for (size_t i = 0; i < list.count && count < NODES_MAX; i++) {
		char path[SYSROOT_PATH_MAX];
		char node[64];
		snprintf(node, sizeof node, "/dev/input/%.32s", list.name[i]);
		if (strncmp(list.name[i], "event", 5) != 0 || !sysroot_path(root, node, path)) {
			continue;
		}
		int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd >= 0) {
			fds[count] = (struct pollfd){ .fd = fd, .events = POLLIN };
			copy_text(names[count++], 32, list.name[i]);
		}
	}
	sysroot_names_free(&list);
	return count;
}

int input_probe(const struct sysroot *root) {
	struct pollfd fds[NODES_MAX];
	char names[NODES_MAX][32];
	bool reported[NODES_MAX] = { false };
	unsigned count = open_all(root, fds, names);
	if (count == 0) {
		fputs(_("pierglass setup: no input device may be read; try: sudo pierglass setup input "
			"--probe\n"),
				stderr);
		return EXIT_FAILURE;
	}
	printf(_("Press a key and move the mouse; %d seconds.\n"), PROBE_S);
	fflush(stdout);
	uint64_t until_ns = clock_now_ns() + PROBE_S * NS_PER_S;
	uint64_t now_ns;
	while ((now_ns = clock_now_ns()) < until_ns) {
		poll(fds, count, (int)((until_ns - now_ns) / NS_PER_MS) + 1);
		for (unsigned i = 0; i < count; i++) {
			struct input_event event;
			while (fds[i].revents && read(fds[i].fd, &event, sizeof event) ==
								 (ssize_t)sizeof event) {
				if ((event.type == EV_KEY || event.type == EV_REL) &&
						!reported[i]) {
					char path[512];
					stable_name(root, names[i], path, sizeof path);
					printf("%s: %s\n", node_kind(root, names[i]), path);
					fflush(stdout);
					reported[i] = true;
				}
			}
			if (fds[i].revents & (POLLERR | POLLHUP)) {
				fds[i].events = 0;
			}
		}
	}
	for (unsigned i = 0; i < count; i++) {
		close(fds[i].fd);
	}
	return EXIT_SUCCESS;
}

bool input_udev_match(const struct sysroot *root, const char *path, struct text *text) {
	char node[64];
	char vendor[16];
	char product[16];
	char file[160];
	const char *slash = strrchr(path, '/');
	if (!sysroot_link_name(root, path, node, sizeof node) &&
			!copy_text(node, sizeof node, slash ? slash + 1 : path)) {
		return false;
	}
	snprintf(file, sizeof file, "/sys/class/input/%.32s/device/id/vendor", node);
	bool known = sysroot_line(root, file, vendor, sizeof vendor);
	snprintf(file, sizeof file, "/sys/class/input/%.32s/device/id/product", node);
	known = known && sysroot_line(root, file, product, sizeof product) &&
		strspn(vendor, "0123456789abcdef") == strlen(vendor) &&
		strspn(product, "0123456789abcdef") == strlen(product);
	if (known) {
		text_add(text, "ATTRS{id/vendor}==\"%s\", ATTRS{id/product}==\"%s\"", vendor,
				product);
	}
	return known;
}
