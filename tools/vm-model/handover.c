#include "tools/vm-model/handover.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"

static const struct pci_device *device_at(const struct handover *handover, unsigned index) {
	return &handover->pci->device[index];
}

static bool find_index(const struct handover *handover, const struct pci_address *address,
		unsigned *ret_index) {
	const struct pci_device *device = pci_find(handover->pci, address);
	if (device) {
		*ret_index = (unsigned)(device - handover->pci->device);
	}
	return device != NULL;
}

void handover_begin(struct handover *handover, const struct pci_list *pci,
		const struct host_needs *needs) {
	memset(handover, 0, sizeof *handover);
	handover->pci = pci;
	handover->needs = needs;
}

bool handover_give_up(struct handover *handover, const struct pci_address *address) {
	if (handover->given_up_count == HANDOVER_GIVEN_UP) {
		return false;
	}
	handover->given_up[handover->given_up_count++] = *address;
	return true;
}

void handover_add(struct handover *handover, const struct pci_address *address) {
	unsigned index;
	if (find_index(handover, address, &index)) {
		handover->take[index] = true;
	}
}

/* A graphics card's own sound, USB-C and so on have its vendor; what else shares the slot of a
 * processor's GPU (its USB, its security processor) has not, and is the host's. */
static bool companion(const struct pci_device *gpu, const struct pci_device *other) {
	return !gpu->virtual_function && !other->virtual_function && pci_is_gpu(gpu) &&
	       pci_same_slot(&gpu->address, &other->address) && gpu->vendor == other->vendor;
}

bool handover_add_with_group(struct handover *handover, const struct pci_address *address) {
	unsigned index;
	if (!find_index(handover, address, &index)) {
		return false;
	}
	const struct pci_device *gpu = device_at(handover, index);
	handover->take[index] = true;
	for (unsigned i = 0; i < handover->pci->count; i++) {
		const struct pci_device *other = device_at(handover, i);
		bool together = gpu->group >= 0 && other->group == gpu->group;
		if (pci_is_bridge(other)) {
			continue;
		}
		if (together || (companion(gpu, other) &&
						(gpu->group < 0 || !handover->needs->of[i].bits))) {
			handover->take[i] = true;
		}
	}
	return true;
}

static bool is_given_up(const struct handover *handover, unsigned index) {
	for (unsigned i = 0; i < handover->given_up_count; i++) {
		if (pci_address_equal(
				    &handover->given_up[i], &device_at(handover, index)->address)) {
			return true;
		}
	}
	return false;
}

/* Is one with this need left that is not taken? */
static bool one_is_left(const struct handover *handover, enum host_need need) {
	for (unsigned i = 0; i < handover->pci->count; i++) {
		if ((handover->needs->of[i].bits & need) && !handover->take[i]) {
			return true;
		}
	}
	return false;
}

static unsigned unmet(const struct handover *handover, unsigned index) {
	unsigned bits = handover->needs->of[index].bits;
	if ((bits & HOST_NEED_NETWORK) && one_is_left(handover, HOST_NEED_NETWORK)) {
		bits &= ~(unsigned)HOST_NEED_NETWORK;
	}
	if ((bits & HOST_NEED_GPU) && one_is_left(handover, HOST_NEED_GPU)) {
		bits &= ~(unsigned)HOST_NEED_GPU;
	}
	return bits;
}

bool handover_judge(struct handover *handover) {
	handover->conflict_count = 0;
	for (unsigned i = 0; i < handover->pci->count; i++) {
		handover->conflict[i] = handover->take[i] && unmet(handover, i) &&
					!is_given_up(handover, i);
		handover->conflict_count += handover->conflict[i];
	}
	return handover->conflict_count == 0;
}

void handover_why(const struct handover *handover, unsigned index, char *buf, size_t size) {
	unsigned bits = unmet(handover, index);
	const char *disk = handover->needs->of[index].disk;
	const char *input = handover->needs->of[index].input;
	if (bits & HOST_NEED_DISK) {
		snprintf(buf, size, _("this system's file systems are on it: %s"), disk);
	} else if (bits & HOST_NEED_DISK_UNKNOWN) {
		snprintf(buf, size, "%s",
				_("this system may be on it: which disks it uses cannot be found out"));
	} else if (bits & HOST_NEED_INPUT) {
		snprintf(buf, size, _("on it are: %s"), input);
	} else if (bits & HOST_NEED_INPUT_UNKNOWN) {
		snprintf(buf, size, "%s",
				_("keyboard and mouse may be plugged into it: that cannot be found out here"));
	} else if (bits & HOST_NEED_GPU) {
		snprintf(buf, size, "%s", _("it is the only GPU that this system has left"));
	} else if (bits & HOST_NEED_BOOT_GPU) {
		snprintf(buf, size, "%s",
				_("the firmware starts on this GPU, and so does this system's screen"));
	} else if (bits & HOST_NEED_NETWORK) {
		snprintf(buf, size, "%s", _("it is this system's last way to the network"));
	} else {
		buf[0] = '\0';
	}
}

bool handover_id_is_ours(const struct handover *handover, unsigned index, unsigned *ret_other) {
	const struct pci_device *device = device_at(handover, index);
	for (unsigned i = 0; i < handover->pci->count; i++) {
		const struct pci_device *other = device_at(handover, i);
		if (!handover->take[i] && other->vendor == device->vendor &&
				other->device == device->device) {
			*ret_other = i;
			return false;
		}
	}
	return true;
}
