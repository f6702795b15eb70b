#include "tools/vm-model/host_use.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vm-model/text.h"

#define DEPTH_MAX 16

void host_use_free(struct host_use *use) {
	for (unsigned i = 0; i < use->block_count; i++) {
		free(use->block[i].lower);
	}
	for (unsigned i = 0; i < use->net_count; i++) {
		free(use->net[i].lower);
	}
	free(use->block);
	free(use->mount);
	free(use->net);
	free(use->input);
	*use = (struct host_use){ 0 };
}

struct needing {
	const struct host_use *use;
	const struct pci_list *pci;
	struct host_needs *needs;
	bool found; /* by the walk under way: the thing is known, whether or not PCI has a part in
		       it */
	bool unknown_disks;
};

static bool host_has(const struct pci_device *device) {
	return strcmp(device->driver, "vfio-pci") != 0 && strcmp(device->driver, "pci-stub") != 0;
}

static void add_name(char *list, size_t size, const char *name) {
	size_t len = strlen(list);
	if (strlen(name) + len + 2 < size && !list_has(list, name, ',')) {
		snprintf(list + len, size - len, "%s%s", len ? "," : "", name);
	}
}

/* A bit and its words for the device at that address. */
static void mark(struct needing *state, const struct pci_address *address, enum host_need need,
		const char *what) {
	for (unsigned i = 0; i < state->pci->count; i++) {
		const struct pci_device *device = &state->pci->device[i];
		if (!pci_address_equal(&device->address, address) || !host_has(device)) {
			continue;
		}
		state->needs->of[i].bits |= need;
		if (need == HOST_NEED_DISK) {
			add_name(state->needs->of[i].disk, sizeof state->needs->of[i].disk, what);
		} else if (need == HOST_NEED_INPUT) {
			add_name(state->needs->of[i].input, sizeof state->needs->of[i].input, what);
		}
	}
}

/* ---- disks ---- */

static void follow_block(struct needing *state, const struct host_block *block, const char *what,
		unsigned depth);

static void follow_named(
		struct needing *state, const char *name, const char *what, unsigned depth) {
	for (unsigned i = 0; i < state->use->block_count; i++) {
		const struct host_block *block = &state->use->block[i];
		if (strcmp(block->name, name) == 0 ||
				(block->mapped[0] && strcmp(block->mapped, name) == 0)) {
			follow_block(state, block, what, depth);
		}
	}
}

/* One disk of a file system on several stands for all of them. */
static void follow_filesystem(struct needing *state, const struct host_block *block,
		const char *what, unsigned depth) {
	for (unsigned i = 0; block->filesystem[0] && i < state->use->block_count; i++) {
		const struct host_block *other = &state->use->block[i];
		if (other != block && strcmp(other->filesystem, block->filesystem) == 0) {
			for (unsigned j = 0; j < other->pci_count; j++) {
				mark(state, &other->pci[j], HOST_NEED_DISK, what);
			}
			for (unsigned j = 0; j < other->lower_count; j++) {
				follow_named(state, other->lower[j], what, depth + 1);
			}
		}
	}
}

static void follow_block(struct needing *state, const struct host_block *block, const char *what,
		unsigned depth) {
	state->found = true;
	if (depth > DEPTH_MAX) {
		state->unknown_disks = true; /* deeper than any real one: a circle */
		return;
	}
	for (unsigned i = 0; i < block->pci_count; i++) {
		mark(state, &block->pci[i], HOST_NEED_DISK, what);
	}
	for (unsigned i = 0; i < block->lower_count; i++) {
		follow_named(state, block->lower[i], what, depth + 1);
	}
	follow_filesystem(state, block, what, depth);
}

static void follow_pool(struct needing *state, const char *source, const char *what) {
	size_t len = strcspn(source, "/");
	for (unsigned i = 0; i < state->use->block_count; i++) {
		const struct host_block *block = &state->use->block[i];
		if (strlen(block->member) == len && strncmp(block->member, source, len) == 0) {
			follow_block(state, block, what, 0);
		}
	}
}

/* bcachefs names all its disks: "/dev/sda2:/dev/sdb". */
static void follow_source(struct needing *state, const char *source, const char *what) {
	for (const char *part = source; *part;) {
		size_t len = strcspn(part, ":");
		char path[512];
		snprintf(path, sizeof path, "%.*s", (int)len, part);
		const char *slash = strrchr(path, '/');
		if (strncmp(path, "/dev/", 5) == 0) {
			follow_named(state, slash + 1, what, 0);
		}
		part += len + (part[len] == ':');
	}
}

/* Of the others (tmpfs, network, FUSE) those count whose disk is found. */
static bool must_have_disk(const struct host_mount *mount) {
	static const char *const types[] = { "zfs", "btrfs", "bcachefs", "fuseblk", "swap" };
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (strcmp(mount->type, types[i]) == 0) {
			return true;
		}
	}
	return mount->number[0] && strncmp(mount->number, "0:", 2) != 0;
}

static void judge_mount(struct needing *state, const struct host_mount *mount) {
	state->found = false;
	for (unsigned i = 0; i < state->use->block_count; i++) {
		if (mount->number[0] && strcmp(state->use->block[i].number, mount->number) == 0) {
			follow_block(state, &state->use->block[i], mount->point, 0);
		}
	}
	if (strcmp(mount->type, "zfs") == 0) {
		follow_pool(state, mount->source, mount->point);
	} else {
		follow_source(state, mount->source, mount->point);
	}
	if (!state->found && must_have_disk(mount)) {
		state->unknown_disks = true;
	}
}

/* ---- network ---- */

static void follow_net(struct needing *state, const char *name, unsigned depth) {
	for (unsigned i = 0; i < state->use->net_count && depth < DEPTH_MAX; i++) {
		const struct host_net *net = &state->use->net[i];
		if (strcmp(net->name, name) != 0) {
			continue;
		}
		if (net->has_pci) {
			mark(state, &net->pci, HOST_NEED_NETWORK, "");
			state->found = true;
		}
		for (unsigned j = 0; j < net->lower_count; j++) {
			follow_net(state, net->lower[j], depth + 1);
		}
	}
}

/* The paths: what default routes go through; else what is up; else every network card. */
static void judge_network(struct needing *state) {
	state->found = false;
	for (unsigned i = 0; i < state->use->net_count; i++) {
		if (state->use->net[i].routes) {
			follow_net(state, state->use->net[i].name, 0);
		}
	}
	bool routed = state->found;
	for (unsigned i = 0; !routed && i < state->use->net_count; i++) {
		if (state->use->net[i].up) {
			follow_net(state, state->use->net[i].name, 0);
		}
	}
	for (unsigned i = 0; !state->found && i < state->pci->count; i++) {
		const struct pci_device *device = &state->pci->device[i];
		if (device->class >> 16 == 0x02 && device->driver[0] && host_has(device)) {
			state->needs->of[i].bits |= HOST_NEED_NETWORK;
		}
	}
}

/* ---- all ---- */

/* The USB-C socket of a graphics card. */
static bool beside_a_gpu(const struct pci_list *pci, const struct pci_device *device) {
	struct pci_address first = device->address;
	first.function = 0;
	const struct pci_device *gpu = pci_find(pci, &first);
	return gpu && pci_is_gpu(gpu) && gpu->vendor == device->vendor;
}

void host_needs_of(const struct host_use *use, const struct pci_list *pci,
		struct host_needs *ret_needs) {
	struct needing state = { .use = use, .pci = pci, .needs = ret_needs };
	memset(ret_needs, 0, sizeof *ret_needs);
	state.unknown_disks = !use->mounts_known;
	for (unsigned i = 0; i < use->mount_count; i++) {
		judge_mount(&state, &use->mount[i]);
	}
	judge_network(&state);
	for (unsigned i = 0; i < use->input_count; i++) {
		mark(&state, &use->input[i].pci, HOST_NEED_INPUT, use->input[i].name);
	}
	for (unsigned i = 0; i < pci->count; i++) {
		const struct pci_device *device = &pci->device[i];
		unsigned *bits = &ret_needs->of[i].bits;
		if (!host_has(device)) {
			continue;
		}
		if (state.unknown_disks && device->class >> 16 == 0x01 && device->driver[0]) {
			*bits |= HOST_NEED_DISK_UNKNOWN;
		}
		if (!use->inputs_known && device->class >> 8 == 0x0c03 && device->driver[0] &&
				!beside_a_gpu(pci, device)) {
			*bits |= HOST_NEED_INPUT_UNKNOWN;
		}
		if (pci_is_gpu(device) && !device->virtual_function) {
			*bits |= device->driver[0] || device->boot_vga ? HOST_NEED_GPU : 0;
			*bits |= device->boot_vga ? HOST_NEED_BOOT_GPU : 0;
		}
	}
}
