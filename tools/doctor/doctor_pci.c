/* Checks of passed-through devices: groups, drivers, ids, guest addresses. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "tools/doctor/doctor.h"
#include "tools/vm-model/pci_fix.h"
#include "tools/vm-model/text.h"

static bool vm_has(const struct facts *facts, const struct pci_address *address) {
	for (unsigned i = 0; facts->has_vm && i < facts->vm.hostdev_count; i++) {
		if (pci_address_equal(&facts->vm.hostdev[i].source, address)) {
			return true;
		}
	}
	return false;
}

static bool is_free(const struct pci_device *device) {
	return device->driver[0] == '\0' || strcmp(device->driver, "vfio-pci") == 0 ||
	       strcmp(device->driver, "pci-stub") == 0;
}

static void describe_group(struct text *text, const struct pci_list *list, int group) {
	for (unsigned i = 0; i < list->count; i++) {
		const struct pci_device *device = &list->device[i];
		if (device->group == group && !pci_is_bridge(device)) {
			text_add(text, "%s%s %s", text->len ? ", " : "", device->name + 5,
					pci_class_name(device));
		}
	}
}

bool doctor_can_spare(
		const struct facts *facts, const struct pci_device *gpu, char *why, size_t size) {
	struct handover handover;
	handover_begin(&handover, &facts->pci, &facts->needs);
	for (unsigned i = 0; facts->has_vm && i < facts->vm.hostdev_count; i++) {
		handover_add(&handover, &facts->vm.hostdev[i].source);
	}
	if (gpu) {
		handover_add_with_group(&handover, &gpu->address);
	}
	why[0] = '\0';
	if (handover_judge(&handover)) {
		return true;
	}
	for (unsigned i = 0; i < facts->pci.count && !why[0]; i++) {
		const struct pci_device *device = &facts->pci.device[i];
		char reason[256];
		if (handover.conflict[i]) {
			handover_why(&handover, i, reason, sizeof reason);
			if (device == gpu) {
				snprintf(why, size, "%s", reason);
			} else {
				snprintf(why, size, "%s %s: %s", device->name,
						pci_class_name(device), reason);
			}
		}
	}
	return false;
}

static void check_gpu_groups(const struct facts *facts, struct report *report) {
	for (unsigned i = 0; i < facts->pci.count; i++) {
		const struct pci_device *gpu = &facts->pci.device[i];
		char why[320];
		if (!pci_is_gpu(gpu) || gpu->group < 0 ||
				(facts->has_vm && facts->vm.hostdev_count &&
						!vm_has(facts, &gpu->address))) {
			continue;
		}
		struct text members = { 0 };
		describe_group(&members, &facts->pci, gpu->group);
		enum pci_group_verdict verdict = pci_group_verdict(&facts->pci, gpu->group);
		if (!doctor_can_spare(facts, gpu, why, sizeof why)) {
			bool in_vm = vm_has(facts, &gpu->address);
			if (in_vm) {
				report_fail(report,
						_("%s %s: this system needs what the VM takes: %s"),
						gpu->name, pci_class_name(gpu), why);
				report_remedy(report,
						_("another slot of the mainboard, or a second GPU, disk or "
						  "network card for this system"));
			} else {
				report_ok(report, _("%s %s: group %d stays with this system: %s"),
						gpu->name, pci_class_name(gpu), gpu->group, why);
			}
		} else if (verdict == PCI_GROUP_ALONE) {
			report_ok(report, _("%s %s: group %d can be passed alone"), gpu->name,
					pci_class_name(gpu), gpu->group);
		} else if (verdict != PCI_GROUP_BRIDGES) {
			report_ok(report, _("%s %s: group %d must go together: %s"), gpu->name,
					pci_class_name(gpu), gpu->group, text_get(&members));
		}
		text_finish(&members);
	}
}

static void check_second_gpu(const struct facts *facts, struct report *report) {
	unsigned gpus = 0;
	unsigned left = 0;
	for (unsigned i = 0; i < facts->pci.count; i++) {
		const struct pci_device *gpu = &facts->pci.device[i];
		if (pci_is_gpu(gpu)) {
			gpus++;
			left += !vm_has(facts, &gpu->address) &&
				strcmp(gpu->driver, "vfio-pci") != 0;
		}
	}
	if (gpus == 0) {
		report_warn(report, _("no graphics device found in /sys/bus/pci"));
		report_remedy(report,
				_("a VM with a passed-through GPU needs one beside the host's"));
	} else if (left == 0) {
		report_warn(report, _("no graphics device is left for the host"));
		report_remedy(report, _("keep one GPU for Linux: pierglass shows the guest on it"));
	} else if (gpus == 1) {
		report_warn(report, _("there is only one graphics device, the host needs it"));
		report_remedy(report,
				_("a second GPU (or the processor's own, in the firmware set-up)"));
	}
}

/* The guide's own sample has such a slip: slot 0x0a for 0x00. */
static void absent_remedy(const struct facts *facts, struct report *report,
		const struct pci_address *source) {
	struct pci_address other = *source;
	other.slot = 0;
	const struct pci_device *meant = pci_find(&facts->pci, &other);
	if (meant && !vm_has(facts, &other)) {
		report_edit(report, _("its <source> was probably meant to be %s"), meant->name);
	} else {
		report_edit(report, "%s", _("remove or correct its <source>"));
	}
}

/* setup pci --gpu, where setup would do it; else what is in its way. */
static void add_remedy(
		const struct facts *facts, struct report *report, const struct pci_device *device) {
	struct handover handover;
	char problem[256];
	handover_begin(&handover, &facts->pci, &facts->needs);
	handover_add_with_group(&handover, &device->address);
	if (!facts->vm.is_xml) {
		report_setup(report, "pci", "--gpu %s", device->name);
		report_qemu(report, _("-device vfio-pci,host=... for each function of group %d"),
				device->group);
	} else if (!pci_fix_with(&facts->vm, &handover, problem, sizeof problem)) {
		report_remedy(report, _("first: %s"), problem);
	} else {
		report_setup(report, "pci", "--gpu %s", device->name);
	}
}

static void fix_remedy(const struct facts *facts, struct report *report) {
	struct pci_fix *fix = xmalloc(sizeof *fix);
	if (!facts->vm.is_xml) {
		report_setup(report, "pci", "--fix");
		report_qemu(report,
				_("all functions of one device on one root port: bus=...,addr=0x0.N with the "
				  "host's N, and multifunction=on for function 0"));
	} else if (pci_fix(&facts->vm, &facts->pci, fix)) {
		report_setup(report, "pci", "--fix");
	} else {
		report_remedy(report, _("first: %s"), fix->problem);
	}
	free(fix);
}

/* The GPUs that this system can spare, each as a command. */
static void gpu_remedy(const struct facts *facts, struct report *report) {
	char why[320];
	unsigned offered = 0;
	for (unsigned i = 0; i < facts->pci.count; i++) {
		const struct pci_device *gpu = &facts->pci.device[i];
		if (pci_is_gpu(gpu) && doctor_can_spare(facts, gpu, why, sizeof why)) {
			if (offered++ == 1) {
				report_remedy(report, _("(or another one)"));
			}
			add_remedy(facts, report, gpu);
		}
	}
	if (!offered) {
		report_remedy(report, _("this system has no GPU to spare; the reasons:"));
		report_self(report, false, "doctor --groups");
	}
}

static void check_hostdevs(const struct facts *facts, struct report *report) {
	if (facts->vm.hostdev_count == 0 && facts->vm.mdev_count > 0) {
		report_ok(report, _("the VM has a part of a GPU (mediated devices: %u)"),
				facts->vm.mdev_count);
	} else if (facts->vm.hostdev_count == 0) {
		report_warn(report, _("the VM has no PCI device of the host"));
		gpu_remedy(facts, report);
	}
	if (facts->pci.count == 0) {
		return;
	}
	for (unsigned i = 0; i < facts->vm.hostdev_count; i++) {
		const struct domain_hostdev *hostdev = &facts->vm.hostdev[i];
		char name[16];
		pci_address_text(&hostdev->source, name);
		if (!pci_find(&facts->pci, &hostdev->source)) {
			report_fail(report, _("%s is in the VM, but not in this machine"), name);
			absent_remedy(facts, report, &hostdev->source);
		}
		for (unsigned j = 0; j < i; j++) {
			if (pci_address_equal(&hostdev->source, &facts->vm.hostdev[j].source)) {
				report_fail(report, _("%s is in the VM twice"), name);
				report_edit(report, "%s", _("remove one of the two"));
			}
		}
	}
}

static bool kept_already(const struct facts *facts, const struct pci_device *device) {
	char id[16];
	snprintf(id, sizeof id, "%04x:%04x", device->vendor, device->device);
	return list_has(facts->vfio.ids, id, ',') && facts->vfio.early;
}

/* One that the VM does not take and that has the same id: vfio-pci cannot tell them apart by it. */
static const struct pci_device *twin_of(
		const struct facts *facts, const struct pci_device *device) {
	for (unsigned i = 0; i < facts->pci.count; i++) {
		const struct pci_device *other = &facts->pci.device[i];
		if (other != device && other->vendor == device->vendor &&
				other->device == device->device &&
				!vm_has(facts, &other->address)) {
			return other;
		}
	}
	return NULL;
}

/* Keeping the VM's devices for it from the start of the machine, if the host can spare them. */
static void keep_remedy(
		const struct facts *facts, struct report *report, const struct pci_device *device) {
	char why[320];
	const struct pci_device *twin = twin_of(facts, device);
	if (!doctor_can_spare(facts, device, why, sizeof why)) {
		report_remedy(report,
				_("this system needs it, so it cannot be kept for the VM: %s"),
				why);
	} else if (twin) {
		report_remedy(report,
				_("%s has the same id, so it can only be kept by its address (driverctl is a "
				  "package of that name; a monitor at that GPU goes dark at once):"),
				twin->name);
		report_command(report, "sudo driverctl set-override %s vfio-pci", device->name);
	} else if (kept_already(facts, device)) {
		report_remedy(report,
				_("it is kept for VMs from the next start of the machine on:"));
		report_command(report, "sudo reboot");
	} else {
		report_setup(report, "vfio", "%s", "");
		report_remedy(report, _("then start the machine again"));
	}
}

static void check_driver(const struct facts *facts, struct report *report,
		const struct domain_hostdev *hostdev, const struct pci_device *device) {
	bool running = facts->vm.state == DOMAIN_RUNNING || facts->vm.state == DOMAIN_PAUSED;
	if (strcmp(device->driver, "vfio-pci") == 0) {
		report_ok(report, _("%s %s: driver vfio-pci"), device->name,
				pci_class_name(device));
	} else if (running) {
		report_fail(report, _("%s %s: driver %s although the VM runs"), device->name,
				pci_class_name(device),
				device->driver[0] ? device->driver : _("none"));
		keep_remedy(facts, report, device);
	} else if (!hostdev->managed) {
		report_fail(report,
				_("%s %s: driver %s, and libvirt will not take it (managed='no')"),
				device->name, pci_class_name(device),
				device->driver[0] ? device->driver : _("none"));
		report_command(report,
				"virsh -c qemu:///system nodedev-detach pci_%04x_%02x_%02x_%x",
				device->address.domain, device->address.bus, device->address.slot,
				device->address.function);
	} else if (facts->hook[0] && pci_is_gpu(device) && !is_free(device)) {
		report_ok(report,
				_("%s %s: driver %s; the hook %s takes it when the VM starts, so it is not kept "
				  "for it before"),
				device->name, pci_class_name(device), device->driver, facts->hook);
	} else if (pci_is_gpu(device) && !is_free(device)) {
		report_warn(report,
				_("%s %s: driver %s; taking a GPU from its driver when the VM starts "
				  "often hangs"),
				device->name, pci_class_name(device), device->driver);
		keep_remedy(facts, report, device);
	} else {
		report_ok(report, _("%s %s: driver %s; libvirt takes it when the VM starts"),
				device->name, pci_class_name(device),
				device->driver[0] ? device->driver : _("none"));
	}
}

static void check_drivers(const struct facts *facts, struct report *report) {
	for (unsigned i = 0; i < facts->vm.hostdev_count; i++) {
		const struct domain_hostdev *hostdev = &facts->vm.hostdev[i];
		const struct pci_device *device = pci_find(&facts->pci, &hostdev->source);
		if (device) {
			check_driver(facts, report, hostdev, device);
		}
	}
}

static void check_boot_vga(const struct facts *facts, struct report *report) {
	for (unsigned i = 0; i < facts->vm.hostdev_count; i++) {
		const struct pci_device *device =
				pci_find(&facts->pci, &facts->vm.hostdev[i].source);
		if (device && device->boot_vga) {
			report_warn(report, _("%s is the GPU the firmware started on (boot_vga)"),
					device->name);
			report_remedy(report,
					_("choose the other GPU as primary in the firmware set-up; "
					  "else its ROM may have to be given to the VM"));
		}
	}
}

static void outside_the_vm(const struct facts *facts, struct report *report,
		const struct pci_device *device, const struct pci_device *other) {
	if (is_free(other)) {
		report_warn(report, _("%s %s of group %d is not in the VM"), other->name,
				pci_class_name(other), other->group);
	} else {
		report_fail(report,
				_("%s %s of group %d stays with driver %s: VFIO refuses the whole group"),
				other->name, pci_class_name(other), other->group, other->driver);
	}
	add_remedy(facts, report, device);
}

/* VFIO opens a group only when nothing in it belongs to another driver. */
static void check_group_complete(const struct facts *facts, struct report *report) {
	for (unsigned i = 0; i < facts->vm.hostdev_count; i++) {
		const struct pci_device *device =
				pci_find(&facts->pci, &facts->vm.hostdev[i].source);
		bool seen = false;
		char why[320];
		for (unsigned j = 0; device && j < i; j++) {
			const struct pci_device *other =
					pci_find(&facts->pci, &facts->vm.hostdev[j].source);
			seen = seen || (other && other->group == device->group);
		}
		if (!device || device->group < 0 || seen) {
			continue;
		}
		if (!doctor_can_spare(facts, device, why, sizeof why)) {
			if (!pci_is_gpu(device)) { /* of a GPU it was said */
				report_fail(report,
						_("%s %s: this system needs what the VM takes: %s"),
						device->name, pci_class_name(device), why);
				report_remedy(report, _("another slot of the mainboard"));
			}
			continue;
		}
		for (unsigned j = 0; j < facts->pci.count; j++) {
			const struct pci_device *other = &facts->pci.device[j];
			if (other->group == device->group && !pci_is_bridge(other) &&
					!vm_has(facts, &other->address)) {
				outside_the_vm(facts, report, device, other);
			}
		}
	}
}

/* Without function 0 of its slot each function is a device of its own in the guest. */
static bool vm_has_zero(const struct domain *vm, const struct pci_address *address) {
	for (unsigned i = 0; i < vm->hostdev_count; i++) {
		if (pci_same_slot(&vm->hostdev[i].source, address) &&
				vm->hostdev[i].source.function == 0) {
			return true;
		}
	}
	return false;
}

static void check_guest_addresses(const struct facts *facts, struct report *report) {
	bool wrong = false;
	bool several = false;
	const struct domain *vm = &facts->vm;
	for (unsigned i = 0; i < vm->hostdev_count; i++) {
		for (unsigned j = i + 1; j < vm->hostdev_count; j++) {
			const struct domain_hostdev *a = &vm->hostdev[i];
			const struct domain_hostdev *b = &vm->hostdev[j];
			if (!pci_same_slot(&a->source, &b->source) ||
					!vm_has_zero(vm, &a->source)) {
				continue;
			}
			several = true;
			wrong = wrong || !a->has_address || !b->has_address ||
				!pci_same_slot(&a->address, &b->address) ||
				a->address.function != a->source.function ||
				b->address.function != b->source.function ||
				(a->source.function == 0 && !a->multifunction) ||
				(b->source.function == 0 && !b->multifunction);
		}
	}
	if (wrong) {
		report_warn(report,
				_("functions of one device are spread over several slots of the guest: "
				  "its drivers may not find each other"));
		fix_remedy(facts, report);
	} else if (several) {
		report_ok(report, _("the functions of each device share one slot of the guest"));
	}
}

/* A device with one of the ids that another driver has, or none: whatever should make vfio-pci come
 * first did not. */
static bool one_is_late(const struct facts *facts) {
	for (unsigned i = 0; i < facts->pci.count; i++) {
		const struct pci_device *device = &facts->pci.device[i];
		char id[16];
		snprintf(id, sizeof id, "%04x:%04x", device->vendor, device->device);
		if (list_has(facts->vfio.ids, id, ',') && strcmp(device->driver, "vfio-pci") != 0) {
			return true;
		}
	}
	return false;
}

/* An id that is kept for VMs but also belongs to a device the host needs. */
static void check_ids(const struct facts *facts, struct report *report) {
	for (unsigned i = 0; i < facts->pci.count; i++) {
		const struct pci_device *device = &facts->pci.device[i];
		char id[16];
		snprintf(id, sizeof id, "%04x:%04x", device->vendor, device->device);
		if (!list_has(facts->vfio.ids, id, ',')) {
			continue;
		}
		for (unsigned j = i + 1; j < facts->pci.count; j++) {
			const struct pci_device *other = &facts->pci.device[j];
			if (other->vendor == device->vendor && other->device == device->device &&
					!pci_same_slot(&other->address, &device->address)) {
				report_warn(report,
						_("id %s is kept for VMs, but two devices have it: %s and "
						  "%s"),
						id, device->name, other->name);
				report_remedy(report,
						_("take %s out of the ids, and keep the one that the VM gets by its "
						  "address: driverctl set-override"),
						id);
			}
		}
	}
	if (facts->vfio.ids[0] && !facts->vfio.early &&
			(facts->vfio.from == VFIO_IDS_FILE || one_is_late(facts))) {
		char why[320];
		report_warn(report,
				_("vfio-pci has ids, but nothing makes it load before the GPU's driver "
				  "(no softdep)"));
		if (doctor_can_spare(facts, NULL, why, sizeof why)) {
			report_setup(report, "vfio", "%s", "");
		} else {
			report_remedy(report, _("take the ids out: this system needs %s"), why);
		}
	}
}

const struct check checks_pci[] = {
	{ N_("Devices"), "gpu-group", false, check_gpu_groups },
	{ N_("Devices"), "second-gpu", false, check_second_gpu },
	{ N_("Devices"), "hostdev", true, check_hostdevs },
	{ N_("Devices"), "driver", true, check_drivers },
	{ N_("Devices"), "boot-vga", true, check_boot_vga },
	{ N_("Devices"), "group-complete", true, check_group_complete },
	{ N_("Devices"), "guest-address", true, check_guest_addresses },
	{ N_("Devices"), "ids", false, check_ids },
	{ NULL, NULL, false, NULL },
};

static void print_group(const struct facts *facts, int group, FILE *out) {
	const struct pci_list *list = &facts->pci;
	const struct pci_device *first = NULL;
	char why[320] = "";
	bool spared = true;
	for (unsigned i = 0; i < list->count && !first; i++) {
		if (list->device[i].group == group && !pci_is_bridge(&list->device[i])) {
			first = &list->device[i];
			spared = doctor_can_spare(facts, first, why, sizeof why);
		}
	}
	fprintf(out, _("group %d: "), group);
	enum pci_group_verdict verdict = pci_group_verdict(list, group);
	if (!spared) {
		fprintf(out, _("this system needs it (%s)\n"), why);
	} else if (verdict == PCI_GROUP_ALONE) {
		fputs(_("can be passed alone\n"), out);
	} else if (verdict == PCI_GROUP_BRIDGES) {
		fputs(_("bridges only\n"), out);
	} else {
		fputs(_("must go together\n"), out);
	}
	for (unsigned i = 0; i < list->count; i++) {
		const struct pci_device *device = &list->device[i];
		if (device->group == group) {
			fprintf(out, _("  %s %s [%04x:%04x] driver %s%s%s\n"), device->name,
					pci_class_name(device), device->vendor, device->device,
					device->driver[0] ? device->driver : _("none"),
					device->boot_vga ? _(", boot VGA") : "",
					vm_has(facts, &device->address) ? _(", in the VM") : "");
		}
	}
}

void doctor_groups(const struct facts *facts, FILE *out) {
	int last = -1;
	for (;;) { /* by number: the list is by address */
		int group = -1;
		for (unsigned i = 0; i < facts->pci.count; i++) {
			int g = facts->pci.device[i].group;
			if (g > last && (group < 0 || g < group)) {
				group = g;
			}
		}
		if (group < 0) {
			break;
		}
		print_group(facts, group, out);
		last = group;
	}
	if (last < 0) {
		fputs(_("no IOMMU groups: see pierglass doctor\n"), out);
	}
}
