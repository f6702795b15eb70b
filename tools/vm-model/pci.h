/* The PCI functions of the host and their IOMMU groups, from /sys. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tools/vm-model/domain.h"
#include "tools/vm-model/sysroot.h"

#define PCI_MAX 512

struct pci_device {
	struct pci_address address;
	char name[16]; /* 0000:01:00.0 */
	uint16_t vendor, device;
	uint32_t class; /* 0xCCSSPP */
	int group;      /* IOMMU; -1 = none */
	char driver[32];
	bool boot_vga;
	bool virtual_function; /* of SR-IOV: it goes without its physical function */
	uint64_t window_bytes; /* the largest of its memory windows (BAR); 0 = cannot tell */
	uint64_t window_most;  /* how large that may be made; 0 = cannot tell, or not at all */
};

struct pci_list {
	unsigned count;
	struct pci_device device[PCI_MAX];
};

void pci_read(const struct sysroot *root, struct pci_list *ret_list);
const struct pci_device *pci_find(const struct pci_list *list, const struct pci_address *address);
bool pci_is_bridge(const struct pci_device *device);
bool pci_is_gpu(const struct pci_device *device);
/* "VGA controller", "audio device", …; "device" if the class is not known. */
const char *pci_class_name(const struct pci_device *device);

enum pci_group_verdict {
	PCI_GROUP_ALONE,    /* one function: it can be passed alone */
	PCI_GROUP_TOGETHER, /* the functions of one slot: all or none */
	PCI_GROUP_MIXED,    /* devices of several slots: all or none of them */
	PCI_GROUP_BRIDGES,  /* nothing to pass */
};

/* Bridges do not count. */
enum pci_group_verdict pci_group_verdict(const struct pci_list *list, int group);
