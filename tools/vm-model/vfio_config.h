/*
 * The configuration of vfio-pci at the start of the machine: the ids that it is given and where
 * they come from, and whether it loads before the devices' own drivers.
 */
#pragma once

#include <stdbool.h>

#include "tools/vm-model/sysroot.h"

#define VFIO_IDS_MAX 1024

enum vfio_ids_from {
	VFIO_IDS_NONE,
	VFIO_IDS_FILE, /* "options vfio-pci ids=" in modprobe.d: the last of all files counts */
	VFIO_IDS_WORD, /* vfio-pci.ids= of the kernel's command line, which counts before any file
			*/
};

struct vfio_config {
	enum vfio_ids_from from;
	char ids[VFIO_IDS_MAX]; /* "10de:1f15,10de:10f9" */
	char place[300];        /* FILE: its path; WORD: the word as it stands there */
	bool built_in; /* a part of the kernel: it reads no modprobe.d, and is always early */
	bool softdep;  /* a driver waits for it by modprobe.d */
	bool early;    /* it comes before the devices' drivers, by whatever */
};

void vfio_config_read(const struct sysroot *root, struct vfio_config *ret_config);

/* The list (with commas) has every id of the other one. */
bool vfio_ids_have(const char *list, const char *ids);

/* The offset behind OPTION (with its =) of the line that gives it to MODULE (written with _) in a
 * file of modprobe.d, the last one; false if it has none. */
bool modprobe_option_place(
		const char *text, const char *module, const char *option, size_t *ret_offset);

/* The offset behind "ids=" of the line that gives vfio-pci its ids in a file of modprobe.d, the
 * last one; false if it has none. Lines that go on after a backslash are one. */
bool vfio_ids_place(const char *text, size_t *ret_offset);

/* Who makes the initial RAM disk, and whether vfio-pci is put into it already. */
enum initramfs_tool {
	INITRAMFS_TOOLS, /* Debian's update-initramfs, or nobody knows */
	INITRAMFS_MKINITCPIO,
	INITRAMFS_DRACUT,
	INITRAMFS_MKINITFS, /* Alpine's */
	INITRAMFS_UNKNOWN,
};

enum initramfs_tool initramfs_tool(const struct sysroot *root);
bool initramfs_has_vfio(const struct sysroot *root, enum initramfs_tool tool);
