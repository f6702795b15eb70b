/*
 * The needs of this machine itself, as PCI functions: the disks under its mounted file systems and
 * swap (followed through partitions, device mapper, MD, crypt, btrfs, bcachefs and ZFS), its
 * network paths, its keyboards and mice.
 *
 * host_use_read() fills the model from /sys, /proc and udev's records, which everybody may read;
 * host_needs_of() judges the model and is pure. What cannot be told counts as needed.
 */
#pragma once

#include <stdbool.h>

#include "tools/vm-model/pci.h"
#include "tools/vm-model/sysroot.h"

struct host_block { /* a disk, a partition, a mapped device */
	char name[64];
	char number[16];     /* 259:2 */
	char mapped[128];    /* device mapper's name of it */
	char member[128];    /* of this pool (zfs_member's label) */
	char filesystem[64]; /* of several disks: uuid of the btrfs or bcachefs it belongs to */
	unsigned pci_count;
	struct pci_address pci[4]; /* its controllers: several with multipath */
	unsigned lower_count;
	char (*lower)[64]; /* what it lies on */
};

struct host_mount {
	char point[256]; /* "swap" for swap space */
	char number[16];
	char type[32];
	char source[512];
};

struct host_net {
	char name[32];
	bool up, routes; /* a default route goes through it */
	bool has_pci;
	struct pci_address pci;
	unsigned lower_count;
	char (*lower)[32];
};

struct host_input {
	char name[96];
	bool keyboard, mouse;
	unsigned vendor, product; /* of USB and Bluetooth; 0 = not told */
	struct pci_address pci;   /* those without a PCI controller are not in the list */
};

struct host_use {
	bool mounts_known, inputs_known;
	unsigned block_count, mount_count, net_count, input_count;
	struct host_block *block;
	struct host_mount *mount;
	struct host_net *net;
	struct host_input *input;
};

void host_use_read(const struct sysroot *root, struct host_use *ret_use);
void host_use_free(struct host_use *use);

enum host_need {
	HOST_NEED_DISK = 1,
	HOST_NEED_DISK_UNKNOWN = 2, /* nobody knows what is on it */
	HOST_NEED_NETWORK = 4,      /* a path, needed if all of them are taken */
	HOST_NEED_INPUT = 8,
	HOST_NEED_GPU = 16, /* one that can show the host's picture: needed if all are taken */
	HOST_NEED_BOOT_GPU = 32,
	HOST_NEED_INPUT_UNKNOWN = 64, /* nobody knows what hangs on it */
};

struct host_needs { /* one for each device of the pci_list, in its order */
	struct {
		unsigned bits; /* enum host_need */
		char disk[96]; /* "/,/home,swap" */
		char input[96];
	} of[PCI_MAX];
};

void host_needs_of(const struct host_use *use, const struct pci_list *pci,
		struct host_needs *ret_needs);
