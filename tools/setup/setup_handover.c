/* What setup takes from the host, and what it must leave: vm-model/handover.h, asked for a plan. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "tools/setup/setup.h"

static bool in_vm(const struct setup *setup, const struct pci_address *address) {
	const struct domain *vm = &setup->document.domain;
	for (unsigned i = 0; setup->has_vm && i < vm->hostdev_count; i++) {
		if (pci_address_equal(&vm->hostdev[i].source, address)) {
			return true;
		}
	}
	return false;
}

void setup_read_host(struct setup *setup) {
	pci_read(&setup->root, &setup->pci);
	host_use_read(&setup->root, &setup->use);
	host_needs_of(&setup->use, &setup->pci, &setup->needs);
	vfio_config_read(&setup->root, &setup->vfio);
}

static void tell_conflicts(struct setup *setup, bool of_vm) {
	const struct handover *handover = &setup->handover;
	struct text text = { 0 };
	struct text flags = { 0 };
	for (unsigned i = 0; i < setup->pci.count; i++) {
		const struct pci_device *device = &setup->pci.device[i];
		char why[256];
		if (!handover->conflict[i] || (!of_vm && in_vm(setup, &device->address))) {
			continue;
		}
		handover_why(handover, i, why, sizeof why);
		text_add(&text, "\n  %s %s [%04x:%04x]: %s", device->name, pci_class_name(device),
				device->vendor, device->device, why);
		text_add(&flags, " --host-loses %s", device->name);
	}
	if (text.len) {
		plan_refuse(&setup->plan,
				_("this system needs what would go to the VM:%s\nAnother slot of the mainboard "
				  "may give the GPU a group of its own (pierglass doctor --groups). To let this system lose a device all the same, name each one:%s"),
				text_get(&text), text_get(&flags));
	}
	text_finish(&text);
	text_finish(&flags);
}

bool setup_handover(struct setup *setup, bool of_vm) {
	struct handover *handover = &setup->handover;
	const struct domain *vm = &setup->document.domain;
	struct pci_address address;
	handover_begin(handover, &setup->pci, &setup->needs);
	for (unsigned i = 0; i < setup->options.loses_count; i++) {
		pci_address_parse(setup->options.loses[i], &address); /* looked at before */
		handover_give_up(handover, &address);
	}
	for (unsigned i = 0; setup->has_vm && i < vm->hostdev_count; i++) {
		handover_add(handover, &vm->hostdev[i].source);
	}
	if (setup->options.gpu && pci_address_parse(setup->options.gpu, &address) &&
			!handover_add_with_group(handover, &address)) {
		plan_refuse(&setup->plan,
				_("%s is not in this machine (pierglass doctor --groups lists what is)"),
				setup->options.gpu);
		return false;
	}
	if (!handover_judge(handover)) {
		tell_conflicts(setup, of_vm);
	}
	return !setup->plan.refused;
}
