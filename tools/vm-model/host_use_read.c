#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vm-model/host_use.h"
#include "tools/vm-model/text.h"

#define LOWER_MAX \
	64 /* of one device: more disks under one file system are no machine of a player */

/* The last PCI function in a path of /sys/devices: those before it are bridges. */
static bool last_pci(const char *path, struct pci_address *ret_address) {
	bool found = false;
	for (const char *part = path; *part;) {
		size_t len = strcspn(part, "/");
		char name[16];
		if (len == 12) {
			snprintf(name, sizeof name, "%.12s", part);
			found = pci_address_parse(name, ret_address) || found;
		}
		part += len;
		part += strspn(part, "/");
	}
	return found;
}

/* Calls line(data, text) for each line of a file; false if it cannot be read. */
static bool each_line(const struct sysroot *root, const char *path,
		void (*line)(void *data, char *text), void *data) {
	char *text = sysroot_read(root, path, NULL);
	for (char *at = text, *next; at && *at; at = next) {
		next = at + strcspn(at, "\n");
		if (*next) {
			*next++ = '\0';
		}
		line(data, at);
	}
	bool found = text != NULL;
	free(text);
	return found;
}

/* ---- disks ---- */

/* With native multipath an NVMe name space hangs on its subsystem, whose controllers are PCI's. */
static void add_subsystem(
		const struct sysroot *root, struct host_block *block, const char *target) {
	const char *name = strstr(target, "/nvme-subsystem/");
	char path[300];
	if (!name) {
		return;
	}
	name += strlen("/nvme-subsystem/");
	snprintf(path, sizeof path, "/sys/class/nvme-subsystem/%.*s", (int)strcspn(name, "/"),
			name);
	struct sysroot_names names = sysroot_list(root, path);
	for (size_t i = 0; i < names.count && block->pci_count < 4; i++) {
		char entry[600];
		char link[512];
		snprintf(entry, sizeof entry, "%s/%s", path, names.name[i]);
		if (sysroot_link(root, entry, link, sizeof link) &&
				last_pci(link, &block->pci[block->pci_count])) {
			block->pci_count++;
		}
	}
	sysroot_names_free(&names);
}

static void udev_line(void *data, char *line) {
	struct host_block *block = data;
	char *type = strncmp(line, "E:ID_FS_TYPE=", 13) == 0 ? line + 13 : NULL;
	if (type && strcmp(type, "zfs_member") != 0) {
		block->member[0] = '\0';
	} else if (strncmp(line, "E:ID_FS_LABEL=", 14) == 0) {
		copy_text(block->member, sizeof block->member, line + 14);
	}
}

/* ZFS tells no sysfs of its disks; udev looked at them. */
static void read_member(const struct sysroot *root, struct host_block *block) {
	char path[64];
	snprintf(path, sizeof path, "/run/udev/data/b%s", block->number);
	char *text = sysroot_read(root, path, NULL);
	bool member = text && strstr(text, "E:ID_FS_TYPE=zfs_member");
	free(text);
	if (member) {
		each_line(root, path, udev_line, block);
	}
}

static void read_block(const struct sysroot *root, struct host_use *use, const char *name) {
	char path[200];
	char target[1024];
	use->block = xrealloc(use->block, (use->block_count + 1) * sizeof *use->block);
	struct host_block *block = &use->block[use->block_count++];
	*block = (struct host_block){ 0 };
	copy_text(block->name, sizeof block->name, name);
#define ENTRY(entry) (snprintf(path, sizeof path, "/sys/class/block/%.60s" entry, name), path)
	if (sysroot_link(root, ENTRY(""), target, sizeof target)) {
		if (last_pci(target, &block->pci[0])) {
			block->pci_count = 1;
		} else {
			add_subsystem(root, block, target);
		}
	}
	sysroot_line(root, ENTRY("/dev"), block->number, sizeof block->number);
	sysroot_line(root, ENTRY("/dm/name"), block->mapped, sizeof block->mapped);
	struct sysroot_names names = sysroot_list(root, ENTRY("/slaves"));
#undef ENTRY
	if (names.count) {
		block->lower = xmalloc(names.count * sizeof *block->lower);
	}
	for (size_t i = 0; i < names.count; i++) {
		copy_text(block->lower[block->lower_count++], sizeof *block->lower, names.name[i]);
	}
	sysroot_names_free(&names);
	read_member(root, block);
}

static void join_filesystem(struct host_use *use, const char *disk, const char *filesystem) {
	for (unsigned i = 0; i < use->block_count; i++) {
		if (strcmp(use->block[i].name, disk) == 0) {
			copy_text(use->block[i].filesystem, sizeof use->block[i].filesystem,
					filesystem);
		}
	}
}

/* /sys/fs/btrfs/UUID/devices/NAME and /sys/fs/bcachefs/UUID/dev-N/block -> NAME */
static void read_filesystems(const struct sysroot *root, struct host_use *use) {
	struct sysroot_names all = sysroot_list(root, "/sys/fs/btrfs");
	char path[512];
	for (size_t i = 0; i < all.count; i++) {
		snprintf(path, sizeof path, "/sys/fs/btrfs/%.100s/devices", all.name[i]);
		struct sysroot_names disks = sysroot_list(root, path);
		for (size_t j = 0; j < disks.count; j++) {
			join_filesystem(use, disks.name[j], all.name[i]);
		}
		sysroot_names_free(&disks);
	}
	sysroot_names_free(&all);
	all = sysroot_list(root, "/sys/fs/bcachefs");
	for (size_t i = 0; i < all.count; i++) {
		snprintf(path, sizeof path, "/sys/fs/bcachefs/%.100s", all.name[i]);
		struct sysroot_names disks = sysroot_list(root, path);
		for (size_t j = 0; j < disks.count; j++) {
			char name[64];
			snprintf(path, sizeof path, "/sys/fs/bcachefs/%.100s/%.60s/block",
					all.name[i], disks.name[j]);
			if (sysroot_link_name(root, path, name, sizeof name)) {
				join_filesystem(use, name, all.name[i]);
			}
		}
		sysroot_names_free(&disks);
	}
	sysroot_names_free(&all);
}

/* ---- mounts ---- */

struct reading {
	const struct sysroot *root;
	struct host_use *use;
};

static struct host_mount *add_mount(struct host_use *use) {
	use->mount = xrealloc(use->mount, (use->mount_count + 1) * sizeof *use->mount);
	struct host_mount *mount = &use->mount[use->mount_count++];
	*mount = (struct host_mount){ 0 };
	return mount;
}

/* The byte that up to three octal digits stand for; their number in ret_len, 0 = there is none. */
static unsigned octal(const char *text, size_t *ret_len) {
	unsigned byte = 0;
	size_t len = 0;
	while (len < 3 && text[len] >= '0' && text[len] <= '7') {
		byte = byte * 8 + (unsigned)(text[len++] - '0');
	}
	*ret_len = byte < 256 ? len : 0;
	return byte;
}

/* "\040" is a blank. */
static void unescape(char *text) {
	char *to = text;
	for (char *from = text; *from; to++) {
		size_t len = 0;
		const unsigned byte = from[0] == '\\' ? octal(from + 1, &len) : 0;
		*to = *from;
		if (len > 0) {
			*to = (char)(unsigned char)byte;
		}
		from += 1 + len;
	}
	*to = '\0';
}

/* /dev/disk/by-uuid/X, /dev/vg/root and the like lead to the disk's own name. */
static void own_name(const struct sysroot *root, char *source, size_t size) {
	char name[128];
	if (strncmp(source, "/dev/", 5) == 0 && !strchr(source, ':') &&
			sysroot_link_name(root, source, name, sizeof name)) {
		snprintf(source, size, "/dev/%s", name);
	}
}

/* 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue */
static void mount_line(void *data, char *line) {
	struct reading *reading = data;
	const char *rest = strstr(line, " - ");
	struct host_mount mount = { 0 };
	if (!rest ||
			sscanf(line, "%*d %*d %15s %*s %255s", mount.number, mount.point) !=
					2 ||                                             // NOLINT
			sscanf(rest + 3, "%31s %511s", mount.type, mount.source) != 2) { // NOLINT
		return;
	}
	unescape(mount.point);
	unescape(mount.source);
	own_name(reading->root, mount.source, sizeof mount.source);
	*add_mount(reading->use) = mount;
}

/* Filename Type Size Used Priority */
static void swap_line(void *data, char *line) {
	struct reading *reading = data;
	char type[16];
	struct host_mount mount = { .point = "swap", .type = "swap" };
	if (sscanf(line, "%511s %15s", mount.source, type) == 2 && // NOLINT
			strcmp(type, "partition") == 0) {
		unescape(mount.source);
		own_name(reading->root, mount.source, sizeof mount.source);
		if (!strstr(mount.source, "zram")) {
			*add_mount(reading->use) = mount;
		}
	}
}

/* ---- network ---- */

static struct host_net *find_net(struct host_use *use, const char *name) {
	for (unsigned i = 0; i < use->net_count; i++) {
		if (strcmp(use->net[i].name, name) == 0) {
			return &use->net[i];
		}
	}
	return NULL;
}

static void read_lowers(const struct sysroot *root, struct host_net *net, const char *folder,
		const char *prefix) {
	char path[200];
	snprintf(path, sizeof path, "/sys/class/net/%.32s%s", net->name, folder);
	struct sysroot_names names = sysroot_list(root, path);
	size_t len = strlen(prefix);
	for (size_t i = 0; i < names.count && net->lower_count < LOWER_MAX; i++) {
		if (strncmp(names.name[i], prefix, len) == 0) {
			net->lower = xrealloc(
					net->lower, (net->lower_count + 1) * sizeof *net->lower);
			copy_text(net->lower[net->lower_count++], sizeof *net->lower,
					names.name[i] + len);
		}
	}
	sysroot_names_free(&names);
}

static void read_net(const struct sysroot *root, struct host_use *use, const char *name) {
	char path[128];
	char target[1024];
	char state[32];
	use->net = xrealloc(use->net, (use->net_count + 1) * sizeof *use->net);
	struct host_net *net = &use->net[use->net_count++];
	*net = (struct host_net){ 0 };
	copy_text(net->name, sizeof net->name, name);
	snprintf(path, sizeof path, "/sys/class/net/%.32s", name);
	net->has_pci = sysroot_link(root, path, target, sizeof target) &&
		       last_pci(target, &net->pci);
	snprintf(path, sizeof path, "/sys/class/net/%.32s/operstate", name);
	net->up = sysroot_line(root, path, state, sizeof state) && strcmp(state, "up") == 0;
	read_lowers(root, net, "", "lower_");
	read_lowers(root, net, "/brif", "");
}

/* Iface Destination Gateway Flags …: destination 0 is the default route. */
static void route_line(void *data, char *line) {
	char name[32];
	char destination[16];
	if (sscanf(line, "%31s %15s", name, destination) == 2 && // NOLINT
			strcmp(destination, "00000000") == 0) {
		struct host_net *net = find_net(data, name);
		if (net) {
			net->routes = true;
		}
	}
}

/* destination prefix … interface */
static void route6_line(void *data, char *line) {
	static const char any[] = "00000000000000000000000000000000 00 ";
	const char *name = strrchr(line, ' ');
	struct host_net *net = name ? find_net(data, name + 1) : NULL;
	if (net && strncmp(line, any, sizeof any - 1) == 0 && strcmp(net->name, "lo") != 0) {
		net->routes = true;
	}
}

/* ---- keyboards and mice ---- */

struct input_block {
	const struct sysroot *root;
	struct host_use *use;
	struct host_input input;
	bool has_pci, keys, bluetooth;
};

static void add_input(struct host_use *use, const struct host_input *input) {
	use->input = xrealloc(use->input, (use->input_count + 1) * sizeof *use->input);
	use->input[use->input_count++] = *input;
}

/* BlueZ makes these itself, beside every bus: they hang on each adapter that there is. */
static void add_bluetooth(const struct input_block *block) {
	struct sysroot_names names = sysroot_list(block->root, "/sys/class/bluetooth");
	for (size_t i = 0; i < names.count; i++) {
		struct host_input input = block->input;
		char path[128];
		char target[1024];
		snprintf(path, sizeof path, "/sys/class/bluetooth/%.40s", names.name[i]);
		if (sysroot_link(block->root, path, target, sizeof target) &&
				last_pci(target, &input.pci)) {
			add_input(block->use, &input);
		}
	}
	sysroot_names_free(&names);
}

/* /proc/bus/input/devices: a block a device, N: its name, S: its place, H: who takes it. */
static void input_line(void *data, char *line) {
	struct input_block *block = data;
	if (!line[0]) {
		/* Buttons of the case and of headsets are no keyboards: those repeat and have
		 * letters. */
		block->input.keyboard = block->input.keyboard && block->keys;
		if (!block->input.keyboard && !block->input.mouse) {
			/* nothing that somebody types or points with */
		} else if (block->has_pci) {
			add_input(block->use, &block->input);
		} else if (block->bluetooth) {
			add_bluetooth(block);
		}
		*block = (struct input_block){ .root = block->root, .use = block->use };
	} else if (strncmp(line, "I: ", 3) == 0) {
		block->bluetooth = strncmp(line, "I: Bus=0005", 11) == 0;
		const char *vendor = strstr(line, "Vendor=");
		const char *product = strstr(line, "Product=");
		block->input.vendor = vendor ? (unsigned)strtoul(vendor + 7, NULL, 16) : 0;
		block->input.product = product ? (unsigned)strtoul(product + 8, NULL, 16) : 0;
	} else if (strncmp(line, "N: Name=\"", 9) == 0) {
		snprintf(block->input.name, sizeof block->input.name, "%.*s",
				(int)strcspn(line + 9, "\""), line + 9);
	} else if (strncmp(line, "S: Sysfs=", 9) == 0) {
		block->has_pci = last_pci(line + 9, &block->input.pci);
	} else if (strncmp(line, "H: Handlers=", 12) == 0) {
		block->input.keyboard = list_has(line + 12, "kbd", ' ');
		block->input.mouse = strstr(line + 12, "mouse") != NULL;
	} else if (strncmp(line, "B: EV=", 6) == 0) {
		block->keys = strtoull(line + 6, NULL, 16) >> 20 & 1; /* EV_REP */
	}
}

/* ---- all ---- */

void host_use_read(const struct sysroot *root, struct host_use *ret_use) {
	*ret_use = (struct host_use){ 0 };
	struct sysroot_names names = sysroot_list(root, "/sys/class/block");
	for (size_t i = 0; i < names.count; i++) {
		read_block(root, ret_use, names.name[i]);
	}
	sysroot_names_free(&names);
	read_filesystems(root, ret_use);
	names = sysroot_list(root, "/sys/class/net");
	for (size_t i = 0; i < names.count; i++) {
		read_net(root, ret_use, names.name[i]);
	}
	sysroot_names_free(&names);
	struct reading reading = { .root = root, .use = ret_use };
	ret_use->mounts_known = each_line(root, "/proc/self/mountinfo", mount_line, &reading);
	each_line(root, "/proc/swaps", swap_line, &reading);
	each_line(root, "/proc/net/route", route_line, ret_use);
	each_line(root, "/proc/net/ipv6_route", route6_line, ret_use);
	struct input_block block = { .root = root, .use = ret_use };
	ret_use->inputs_known = each_line(root, "/proc/bus/input/devices", input_line, &block);
	char end[] = "";
	input_line(&block, end);
}
