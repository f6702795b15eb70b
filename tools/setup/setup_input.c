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
#include "tools/setup/setup.h"

#define PROBE_S   10
#define NODES_MAX 64

/* A capability mask of sysfs: hexadecimal words of `long`, the highest first. */
static bool has_bit(const char *mask, unsigned bit) {
	unsigned words = 0;
	for (const char *c = mask; *c; c++) {
		words += *c == ' ';
	}
	unsigned wanted = bit / 64;
	if (wanted > words) {
		return false;
	}
	for (unsigned skip = words - wanted; skip > 0; skip--) {
		mask = strchr(mask, ' ') + 1;
	}
	return strtoull(mask, NULL, 16) >> (bit % 64) & 1;
}

static const char *kind_of(const struct sysroot *root, const char *node) {
	char path[160];
	char keys[512] = "0";
	char rel[128] = "0";
	char abs[128] = "0";
	snprintf(path, sizeof path, "/sys/class/input/%.32s/device/capabilities/key", node);
	sysroot_line(root, path, keys, sizeof keys);
	snprintf(path, sizeof path, "/sys/class/input/%.32s/device/capabilities/rel", node);
	sysroot_line(root, path, rel, sizeof rel);
	snprintf(path, sizeof path, "/sys/class/input/%.32s/device/capabilities/abs", node);
	sysroot_line(root, path, abs, sizeof abs);
	if (has_bit(rel, REL_X) && has_bit(keys, BTN_LEFT)) {
		return "mouse";
	}
	if (has_bit(keys, KEY_A) && has_bit(keys, KEY_ENTER)) {
		return "keyboard";
	}
	return has_bit(abs, ABS_X) ? "pad or tablet" : "other";
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

int input_list(const struct sysroot *root) {
	struct sysroot_user me;
	struct sysroot_names names = sysroot_list(root, "/dev/input");
	unsigned shown = 0;
	sysroot_me(root, &me);
	for (size_t i = 0; i < names.count; i++) {
		char path[512];
		char name[128] = "?";
		const char *node = names.name[i];
		if (strncmp(node, "event", 5) != 0) {
			continue;
		}
		snprintf(path, sizeof path, "/sys/class/input/%.32s/device/name", node);
		sysroot_line(root, path, name, sizeof name);
		stable_name(root, node, path, sizeof path);
		char dev[64];
		snprintf(dev, sizeof dev, "/dev/input/%.32s", node);
		printf("%-9s %-13s %-10s %s\n          %s\n", node, kind_of(root, node),
				sysroot_may(root, &me, dev, R_OK) ? "readable" : "no access", name,
				path);
		shown++;
	}
	sysroot_names_free(&names);
	if (shown == 0) {
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
	bool told[NODES_MAX] = { false };
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
				if ((event.type == EV_KEY || event.type == EV_REL) && !told[i]) {
					char path[512];
					stable_name(root, names[i], path, sizeof path);
					printf("%s: %s\n", kind_of(root, names[i]), path);
					fflush(stdout);
					told[i] = true;
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
