#include "tools/vm-model/pci.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "tools/vm-model/text.h"

/* A line for each window: start, end, flags. */
static uint64_t largest_window(const struct sysroot *root, const char *path, unsigned *ret_which) {
	char *text = sysroot_read(root, path, NULL);
	uint64_t largest = 0;
	unsigned which = 0;
	for (const char *line = text; line && *line; which++) {
		char *rest;
		const uint64_t start = strtoull(line, &rest, 16);
		const uint64_t end = strtoull(rest, NULL, 16);
		if (end > start && end - start + 1 > largest) {
			largest = end - start + 1;
			*ret_which = which;
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	free(text);
	return largest;
}

/* Linux 6.1 and on: the sizes that the window may have, bit 0 = 1 MiB. Absent: it cannot be
 * resized. */
static uint64_t most_of_window(const struct sysroot *root, const char *name, unsigned which) {
	char path[128];
	char line[32];
	snprintf(path, sizeof path, "/sys/bus/pci/devices/%.15s/resource%u_resize", name, which);
	const uint64_t sizes = sysroot_line(root, path, line, sizeof line)
					       ? strtoull(line, NULL, 16) & 0xffffffffff
					       : 0;
	return sizes ? (uint64_t)1 << (20 + 63 - __builtin_clzll(sizes)) : 0;
}

static void read_one(const struct sysroot *root, struct pci_list *list, const char *name) {
	struct pci_device *device = &list->device[list->count];
	char path[128];
	char link[32];
	uint64_t value;
	*device = (struct pci_device){ .group = -1 };
	if (!pci_address_parse(name, &device->address) ||
			!copy_text(device->name, sizeof device->name, name)) {
		return;
	}
#define ENTRY(entry) (snprintf(path, sizeof path, "/sys/bus/pci/devices/%.15s/" entry, name), path)
	device->vendor = sysroot_number(root, ENTRY("vendor"), &value) ? (uint16_t)value : 0;
	device->device = sysroot_number(root, ENTRY("device"), &value) ? (uint16_t)value : 0;
	device->class = sysroot_number(root, ENTRY("class"), &value) ? (uint32_t)value : 0;
	device->boot_vga = sysroot_number(root, ENTRY("boot_vga"), &value) && value == 1;
	if (sysroot_link_name(root, ENTRY("iommu_group"), link, sizeof link)) {
		device->group = atoi(link); // NOLINT(cert-err34-c): the kernel's own number
	}
	sysroot_link_name(root, ENTRY("driver"), device->driver, sizeof device->driver);
	device->virtual_function = sysroot_link_name(root, ENTRY("physfn"), link, sizeof link);
	if (pci_is_gpu(device)) {
		unsigned which = 0;
		device->window_bytes = largest_window(root, ENTRY("resource"), &which);
		device->window_most = most_of_window(root, device->name, which);
	}
#undef ENTRY
	list->count++;
}

void pci_read(const struct sysroot *root, struct pci_list *ret_list) {
	struct sysroot_names names = sysroot_list(root, "/sys/bus/pci/devices");
	ret_list->count = 0;
	for (size_t i = 0; i < names.count && ret_list->count < PCI_MAX; i++) {
		read_one(root, ret_list, names.name[i]);
	}
	sysroot_names_free(&names);
}

const struct pci_device *pci_find(const struct pci_list *list, const struct pci_address *address) {
	for (unsigned i = 0; i < list->count; i++) {
		if (pci_address_equal(&list->device[i].address, address)) {
			return &list->device[i];
		}
	}
	return NULL;
}

bool pci_is_bridge(const struct pci_device *device) {
	return device->class >> 16 == 0x06;
}

bool pci_is_gpu(const struct pci_device *device) {
	return device->class >> 16 == 0x03;
}

const char *pci_class_name(const struct pci_device *device) {
	static const struct {
		unsigned class;
		const char *name;
	} names[] = {
		{ 0x0300, N_("VGA controller") },
		{ 0x0302, N_("3D controller") },
		{ 0x0380, N_("display controller") },
		{ 0x0403, N_("audio device") },
		{ 0x0c03, N_("USB controller") },
		{ 0x0c80, N_("serial bus controller") },
		{ 0x0c05, N_("SMBus") },
		{ 0x0200, N_("Ethernet controller") },
		{ 0x0280, N_("network controller") },
		{ 0x0104, N_("RAID controller") },
		{ 0x0106, N_("SATA controller") },
		{ 0x0108, N_("NVMe drive") },
		{ 0x0600, N_("host bridge") },
		{ 0x0601, N_("ISA bridge") },
		{ 0x0604, N_("PCI bridge") },
		{ 0x1080, N_("encryption controller") },
		{ 0x1300, N_("signal processing") },
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (device->class >> 8 == names[i].class) {
			return _(names[i].name);
		}
	}
	return _("device");
}

enum pci_group_verdict pci_group_verdict(const struct pci_list *list, int group) {
	const struct pci_device *first = NULL;
	unsigned functions = 0;
	bool one_slot = true;
	for (unsigned i = 0; i < list->count; i++) {
		const struct pci_device *device = &list->device[i];
		if (device->group != group || pci_is_bridge(device)) {
			continue;
		}
		first = first ? first : device;
		one_slot = one_slot && pci_same_slot(&first->address, &device->address);
		functions++;
	}
	return functions == 0   ? PCI_GROUP_BRIDGES
	       : functions == 1 ? PCI_GROUP_ALONE
	       : one_slot       ? PCI_GROUP_TOGETHER
				: PCI_GROUP_MIXED;
}
