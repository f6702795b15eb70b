/* What setup changes in a VM's XML. Each function reads the domain as it is now, edits, commits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "tools/setup/setup.h"
#include "tools/vm-model/memory_config.h"

#define QEMU_NS "http://libvirt.org/schemas/domain/qemu/1.0"

bool xml_commit(struct setup *setup) {
	char error[160];
	int r = document_commit(&setup->document, error, sizeof error);
	if (r < 0) {
		plan_refuse(&setup->plan, _("the changed XML is not right: %s"), error);
		return false;
	}
	return true;
}

static bool has_devices(struct setup *setup) {
	if (setup->document.domain.node_devices < 0) {
		plan_refuse(&setup->plan, _("the VM's XML has no <devices>"));
		return false;
	}
	return true;
}

/* All shared memories of the VM are known. */
static bool sees_memories(struct setup *setup) {
	const struct domain *vm = &setup->document.domain;
	if (vm->shmems_left_out) {
		plan_refuse(&setup->plan,
				_("the VM has more than 8 shared memories: remove those that it does not need "
				  "(virsh edit)"));
	}
	return !vm->shmems_left_out;
}

static void add_device(struct setup *setup, const char *xml) {
	document_add(&setup->document, setup->document.domain.node_devices, -1, xml);
}

static void tell_memory(struct setup *setup, unsigned mib) {
	const struct setup_options *options = &setup->options;
	if (options->width) {
		plan_vm(&setup->plan,
				_("%u MiB of memory that host and guest share: enough for %ux%u%s"),
				mib, options->width, options->height, options->hdr ? " HDR" : "");
	} else {
		plan_vm(&setup->plan, _("%u MiB of memory that host and guest share"), mib);
	}
	plan_cost(&setup->plan, _("%u MiB of this machine's memory while the VM runs"), mib);
}

/* A memory in <qemu:commandline>, as Looking Glass' own manual has it, gets larger where it stands:
 * "size":67108864, 'size':67108864 or size=64M. */
static bool grow_argument(struct setup *setup, const struct domain_shmem *shmem, unsigned mib) {
	static const char *const before[] = {
		"\"size\":", "'size':", "&quot;size&quot;:", "&apos;size&apos;:", ",size="
	};
	char number[32];
	snprintf(number, sizeof number, "%llu", (unsigned long long)mib << 20);
	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
		if (document_set_in_attribute(&setup->document, shmem->arg_node, "value", before[i],
				    "0123456789.kKmMgGtTbB", number)) {
			tell_memory(setup, mib);
			return xml_commit(setup);
		}
	}
	plan_refuse(&setup->plan,
			_("the size of the shared memory in <qemu:commandline> (%s) cannot be found: "
			  "change it to %s by hand (virsh edit)"),
			shmem->path, number);
	return false;
}

/* QEMU takes powers of two only: the next one that holds what there is. */
static unsigned next_power(unsigned mib, uint64_t bytes) {
	while ((uint64_t)mib << 20 < bytes && mib < 1u << 20) {
		mib *= 2;
	}
	return mib;
}

bool xml_shmem(struct setup *setup, const char *name, unsigned mib) {
	const struct domain *vm = &setup->document.domain;
	const struct domain_shmem *shmem = domain_looking_glass(vm);
	char number[16];
	snprintf(number, sizeof number, "%u", mib);
	if (!has_devices(setup) || !sees_memories(setup)) {
		return false;
	}
	if (shmem && shmem->from_args) {
		return shmem->bytes >= (uint64_t)mib << 20 || grow_argument(setup, shmem, mib);
	}
	if (!shmem) {
		struct text xml = { 0 };
		text_add(&xml, "<shmem name='");
		text_add_xml(&xml, name);
		text_add(&xml, "'>\n  <model type='ivshmem-plain'/>\n  <size unit='M'>%s</size>\n</shmem>",
				number);
		add_device(setup, text_get(&xml));
		text_finish(&xml);
		tell_memory(setup, mib);
		return xml_commit(setup);
	}
	if (shmem->bytes & (shmem->bytes - 1)) {
		mib = next_power(mib, shmem->bytes);
		snprintf(number, sizeof number, "%u", mib);
	}
	if (shmem->bytes > (uint64_t)mib << 20) {
		plan_left(&setup->plan,
				_("the shared memory is larger than needed (%llu MiB for %u MiB): left "
				  "as it is"),
				(unsigned long long)(shmem->bytes >> 20), mib);
	} else if (shmem->bytes < (uint64_t)mib << 20) {
		tell_memory(setup, mib);
		if (shmem->size_node >= 0) {
			document_set_content(&setup->document, shmem->size_node, number);
			document_set_attribute(&setup->document, shmem->size_node, "unit", "M");
		} else {
			char xml[64];
			snprintf(xml, sizeof xml, "<size unit='M'>%u</size>", mib);
			document_add(&setup->document, shmem->node, -1, xml);
		}
	}
	return xml_commit(setup);
}

static void kvmfr_args(struct text *xml, unsigned mib) {
	text_add(xml,
			"<qemu:arg value='-device'/>\n"
			"<qemu:arg value='{\"driver\":\"ivshmem-plain\",\"id\":\"shmem-looking-glass\",\"memdev\":"
			"\"looking-glass\"}'/>\n"
			"<qemu:arg value='-object'/>\n"
			"<qemu:arg value='{\"qom-type\":\"memory-backend-file\",\"id\":\"looking-glass\",\"mem-"
			"path\":\"/dev/kvmfr0\",\"size\":%llu,\"share\":true}'/>",
			(unsigned long long)mib << 20);
}

/* At the end of <qemu:commandline>, which is made if there is none. */
static void add_qemu_args(struct setup *setup, const struct text *args) {
	const struct domain *vm = &setup->document.domain;
	if (vm->node_qemu_args >= 0) {
		document_add(&setup->document, vm->node_qemu_args, -1, text_get(args));
	} else {
		struct text xml = { 0 };
		text_add(&xml, "<qemu:commandline>");
		for (const char *line = text_get(args); *line;) {
			size_t len = strcspn(line, "\n");
			text_add(&xml, "\n  %.*s", (int)len, line);
			line += len + (line[len] == '\n');
		}
		text_add(&xml, "\n</qemu:commandline>");
		document_set_attribute(&setup->document, 0, "xmlns:qemu", QEMU_NS);
		document_add(&setup->document, 0, -1, text_get(&xml));
		text_finish(&xml);
	}
}

bool xml_kvmfr(struct setup *setup, unsigned mib) {
	struct domain *vm = &setup->document.domain;
	const struct domain_shmem *shmem = domain_looking_glass(vm);
	if (!sees_memories(setup)) {
		return false;
	}
	if (shmem && shmem->from_args) {
		if (kvmfr_number(shmem->path) >= 0) {
			return shmem->bytes >= (uint64_t)mib << 20 ||
			       grow_argument(setup, shmem, mib);
		}
		plan_refuse(&setup->plan,
				_("<qemu:commandline> has a shared memory of %llu MiB on %s already: change its "
				  "mem-path to /dev/kvmfr0 and its size to %llu by hand (virsh edit)"),
				(unsigned long long)(shmem->bytes >> 20), shmem->path,
				(unsigned long long)mib << 20);
		return false;
	}
	if (vm->looking_glass_unused) {
		plan_refuse(&setup->plan,
				_("<qemu:commandline> has a memory looking-glass that no -device names: remove "
				  "its two lines by hand (virsh edit)"));
		return false;
	}
	if (shmem) {
		document_remove(&setup->document, shmem->node);
		if (!xml_commit(setup)) {
			return false;
		}
	}
	struct text args = { 0 };
	kvmfr_args(&args, mib);
	tell_memory(setup, mib);
	plan_vm(&setup->plan, _("the shared memory lies on /dev/kvmfr0 instead of a file"));
	add_qemu_args(setup, &args);
	text_finish(&args);
	return xml_commit(setup);
}

bool xml_input_own(struct setup *setup) {
	const struct domain *vm = &setup->document.domain;
	for (unsigned i = 0; i < vm->evdev_count; i++) {
		if (vm->evdev[i].node >= 0 || vm->evdev[i].arg_node > 0) {
			plan_vm(&setup->plan,
					_("QEMU no longer takes %s: pierglass reads it, and it may be "
					  "unplugged"),
					vm->evdev[i].path);
		}
		if (vm->evdev[i].node >= 0) {
			document_remove(&setup->document, vm->evdev[i].node);
		} else if (vm->evdev[i].arg_node > 0) {
			document_remove(&setup->document, vm->evdev[i].option_node);
			document_remove(&setup->document, vm->evdev[i].arg_node);
		} else {
			plan_note(&setup->plan,
					_("%s is in <qemu:commandline>: remove it there by hand (virsh "
					  "edit)"),
					vm->evdev[i].path);
		}
	}
	for (unsigned i = 0; i < vm->input_count; i++) {
		if (strcmp(vm->input[i].type, "tablet") == 0 && vm->input[i].node >= 0) {
			document_remove(&setup->document, vm->input[i].node);
			plan_vm(&setup->plan, _("the tablet goes: with it games lose the pointer"));
			plan_cost(&setup->plan,
					_("in virt-viewer the pointer has to be caught, without the tablet"));
		}
	}
	return xml_commit(setup);
}

static bool has_evdev(const struct domain *vm, const char *path) {
	for (unsigned i = 0; i < vm->evdev_count; i++) {
		if (strcmp(vm->evdev[i].path, path) == 0) {
			return true;
		}
	}
	return false;
}

bool xml_input_qemu(struct setup *setup) {
	const struct domain *vm = &setup->document.domain;
	const struct setup_options *options = &setup->options;
	const char *toggle = options->toggle ? options->toggle : "ctrl-ctrl";
	struct text xml = { 0 };
	if (!has_devices(setup)) {
		return false;
	}
	if (options->mouse && !has_evdev(vm, options->mouse)) {
		text_add(&xml, "<input type='evdev'>\n  <source dev='");
		text_add_xml(&xml, options->mouse);
		text_add(&xml, "'/>\n</input>");
		add_device(setup, text_get(&xml));
		text_finish(&xml);
		plan_vm(&setup->plan, _("QEMU takes the mouse %s when the VM starts"),
				options->mouse);
	}
	if (options->keyboard && !has_evdev(vm, options->keyboard)) {
		text_add(&xml, "<input type='evdev'>\n  <source dev='");
		text_add_xml(&xml, options->keyboard);
		text_add(&xml, "' grab='all' grabToggle='%s' repeat='on'/>\n</input>", toggle);
		add_device(setup, text_get(&xml));
		text_finish(&xml);
		plan_vm(&setup->plan,
				_("QEMU takes the keyboard %s when the VM starts; %s gives it back"),
				options->keyboard, toggle);
	}
	for (unsigned i = 0; i < vm->input_count; i++) {
		if (strcmp(vm->input[i].type, "tablet") == 0 && vm->input[i].node >= 0) {
			document_remove(&setup->document, vm->input[i].node);
			plan_vm(&setup->plan, _("the tablet goes: with it games lose the pointer"));
			plan_cost(&setup->plan,
					_("in virt-viewer the pointer has to be caught, without the tablet"));
		}
	}
	return xml_commit(setup);
}

/* For the buffer that QEMU's HDA codec has by default, what it plays comes 20 ms later. */
static bool make_card_quick(struct setup *setup) {
	const struct domain *vm = &setup->document.domain;
	struct text args = { 0 };
	if (!vm->hda_codec[0] || vm->hda_is_quick || !domain_sound_by_spice(vm)) {
		plan_left(&setup->plan,
				_("QEMU buffers no more of the sound card's sound than it must"));
		return true;
	}
	text_add(&args, "<qemu:arg value='-global'/>\n<qemu:arg value='hda-%s.use-timer=off'/>",
			vm->hda_codec);
	add_qemu_args(setup, &args);
	text_finish(&args);
	plan_vm(&setup->plan,
			_("QEMU buffers the sound card's sound for about 10 ms instead of 30"));
	plan_cost(&setup->plan,
			_("the card's position moves in steps of 10 ms: if Windows crackles, undo this"));
	return xml_commit(setup);
}

static void add_spice_server(struct setup *setup) {
	plan_vm(&setup->plan,
			_("a SPICE server for this machine only: input, clipboard, picture before "
			  "Looking Glass runs"));
	add_device(setup, "<graphics type='spice' autoport='yes' listen='127.0.0.1'>\n"
			  "  <listen type='address' address='127.0.0.1'/>\n</graphics>");
	plan_note(&setup->plan,
			_("with SPICE libvirt adds a PS/2 keyboard and mouse, and a virtio-serial "
			  "controller for the agent's channel"));
	if (setup->document.domain.video_count == 0) {
		/* Or libvirt adds cirrus, in front of the passed-through GPU. */
		add_device(setup, "<video>\n  <model type='none'/>\n</video>");
		plan_note(&setup->plan,
				_("the VM stays without a virtual display: libvirt would add one "
				  "together with SPICE, as the first one"));
	}
}

/* The id of an <audio> that goes through SPICE: the one of the card, or one that plays nothing, or
 * a new one beside those that QEMU plays. */
static unsigned spice_audio(struct setup *setup) {
	const struct domain *vm = &setup->document.domain;
	unsigned unused = 1;
	for (unsigned i = 0; i < vm->audio_count; i++) {
		const struct domain_audio *audio = &vm->audio[i];
		const unsigned id = (unsigned)strtoul(audio->id, NULL, 10);
		if (audio->node == vm->audio_node || strcmp(audio->type, "none") == 0 ||
				strcmp(audio->type, "spice") == 0) {
			document_set_attribute(&setup->document, audio->node, "type", "spice");
			return id;
		}
		unused = id >= unused ? id + 1 : unused;
	}
	char xml[64];
	snprintf(xml, sizeof xml, "<audio id='%u' type='spice'/>", unused);
	add_device(setup, xml);
	return unused;
}

/* A card that nobody hears, or a new one. */
static bool connect_card(struct setup *setup) {
	const struct domain *vm = &setup->document.domain;
	if (!has_devices(setup)) {
		return false;
	}
	if (!domain_spice(vm)) {
		add_spice_server(setup);
	}
	const unsigned id = spice_audio(setup);
	if (vm->sound_count > 0) {
		plan_vm(&setup->plan,
				_("the sound card's sound (and the microphone) goes through SPICE, which "
				  "pierglass plays: until now it went nowhere"));
	} else {
		char xml[96];
		snprintf(xml, sizeof xml, "<sound model='ich9'>\n  <audio id='%u'/>\n</sound>", id);
		add_device(setup, xml);
		plan_vm(&setup->plan,
				_("a sound card whose sound goes through SPICE, which pierglass plays"));
	}
	return xml_commit(setup);
}

bool xml_audio(struct setup *setup) {
	const struct domain *vm = &setup->document.domain;
	if (domain_sound_by_qemu(vm)) {
		plan_left(&setup->plan, _("the sound card stays: QEMU plays it itself, by %s"),
				vm->audio_type);
		return true;
	}
	if (vm->sound_count == 0 && !setup->options.card) {
		return true;
	}
	if (vm->sound_count == 0 || domain_sound_nowhere(vm)) {
		if (!connect_card(setup)) {
			return false;
		}
	} else {
		plan_left(&setup->plan,
				_("the emulated sound card stays: its sound (and the microphone) goes through "
				  "SPICE, which pierglass plays"));
	}
	return !setup->options.low_latency || make_card_quick(setup);
}

bool xml_extras(struct setup *setup) {
	const struct domain *vm = &setup->document.domain;
	if (!has_devices(setup)) {
		return false;
	}
	if (vm->balloon_count == 0 || !vm->balloon_none) {
		plan_vm(&setup->plan,
				_("no memory balloon: it costs speed and frees nothing here"));
	}
	if (vm->balloon_count > 0 && !vm->balloon_none) {
		document_replace(&setup->document, vm->balloon[0].node,
				"<memballoon model='none'/>");
	} else if (vm->balloon_count == 0) {
		add_device(setup, "<memballoon model='none'/>");
	}
	if (vm->agent_channels == 0) {
		plan_vm(&setup->plan, _("the channel of the SPICE agent: clipboard and files"));
		add_device(setup,
				"<channel type='spicevmc'>\n"
				"  <target type='virtio' name='com.redhat.spice.0'/>\n</channel>");
	}
	if (!domain_spice(vm)) {
		add_spice_server(setup);
	}
	if (vm->video_count > 0 && strcmp(vm->video[0].model, "qxl") == 0 &&
			vm->video[0].model_node >= 0) {
		plan_vm(&setup->plan, _("virtual display virtio instead of qxl"));
		document_replace(&setup->document, vm->video[0].model_node,
				"<model type='virtio'/>");
	}
	return xml_commit(setup);
}

static bool share_memory(struct setup *setup) {
	const struct domain *vm = &setup->document.domain;
	bool shared = strcmp(vm->memory_access, "shared") == 0 || vm->numa_shared > 0;
	if (shared) {
		return true;
	}
	plan_vm(&setup->plan, _("the VM's memory is shared, which virtiofs needs"));
	if (vm->node_memory_backing < 0) {
		int behind = vm->node_current_memory >= 0 ? vm->node_current_memory : vm->node_vcpu;
		document_add(&setup->document, 0, behind,
				"<memoryBacking>\n  <source type='memfd'/>\n  <access "
				"mode='shared'/>\n</memoryBacking>");
		return xml_commit(setup);
	}
	if (vm->node_memory_source < 0 && !vm->hugepages) {
		document_add(&setup->document, vm->node_memory_backing, -1,
				"<source type='memfd'/>");
	} else if (vm->node_memory_source >= 0 && strcmp(vm->memory_source, "anonymous") == 0) {
		document_set_attribute(&setup->document, vm->node_memory_source, "type", "memfd");
	}
	if (vm->node_memory_access >= 0) {
		document_set_attribute(&setup->document, vm->node_memory_access, "mode", "shared");
	} else {
		document_add(&setup->document, vm->node_memory_backing, -1,
				"<access mode='shared'/>");
	}
	return xml_commit(setup);
}

bool xml_virtiofs(struct setup *setup) {
	const struct setup_options *options = &setup->options;
	if (!has_devices(setup) || !share_memory(setup)) {
		return false;
	}
	const struct domain *vm = &setup->document.domain;
	for (unsigned i = 0; i < vm->filesystem_count; i++) {
		if (strcmp(vm->filesystem[i].source, options->source) == 0) {
			return true;
		}
		if (strcmp(vm->filesystem[i].target, options->target) == 0) {
			plan_refuse(&setup->plan, _("the VM has a share called %s already (of %s)"),
					options->target, vm->filesystem[i].source);
			return false;
		}
	}
	struct text xml = { 0 };
	text_add(&xml, "<filesystem type='mount' accessmode='passthrough'>\n  <driver "
		       "type='virtiofs'/>\n  <source dir='");
	text_add_xml(&xml, options->source);
	text_add(&xml, "'/>\n  <target dir='");
	text_add_xml(&xml, options->target);
	text_add(&xml, "'/>\n</filesystem>");
	plan_vm(&setup->plan, _("the folder %s as the share %s"), options->source, options->target);
	add_device(setup, text_get(&xml));
	text_finish(&xml);
	return xml_commit(setup);
}

static bool in_vm(const struct domain *vm, const struct pci_address *address) {
	for (unsigned i = 0; i < vm->hostdev_count; i++) {
		if (pci_address_equal(&vm->hostdev[i].source, address)) {
			return true;
		}
	}
	return false;
}

bool xml_add_gpu(struct setup *setup) {
	if (!has_devices(setup)) {
		return false;
	}
	for (unsigned i = 0; i < setup->pci.count; i++) {
		const struct pci_device *device = &setup->pci.device[i];
		if (!setup->handover.take[i] || in_vm(&setup->document.domain, &device->address)) {
			continue;
		}
		if (device->group < 0) {
			plan_note(&setup->plan,
					_("%s has no IOMMU group yet: the VM cannot start with it before "
					  "the IOMMU is on"),
					device->name);
		}
		struct pci_address gpu = { 0 };
		pci_address_parse(setup->options.gpu, &gpu);
		if (!pci_same_slot(&gpu, &device->address) && device->driver[0] &&
				strcmp(device->driver, "vfio-pci") != 0) {
			plan_cost(&setup->plan,
					_("%s %s goes to the VM too, it is in the GPU's group: this system "
					  "loses it while the VM runs"),
					device->name, pci_class_name(device));
		}
		struct text xml = { 0 };
		plan_vm(&setup->plan, _("the VM gets %s %s"), device->name, pci_class_name(device));
		text_add(&xml,
				"<hostdev mode='subsystem' type='pci' managed='yes'>\n  <source>\n"
				"    <address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>\n"
				"  </source>\n</hostdev>",
				device->address.domain, device->address.bus, device->address.slot,
				device->address.function);
		add_device(setup, text_get(&xml));
		text_finish(&xml);
	}
	return xml_commit(setup);
}

static void set_number(struct setup *setup, int node, const char *name, int digits, unsigned old,
		unsigned new) {
	char text[16];
	if (old != new) {
		snprintf(text, sizeof text, "0x%0*x", digits, new);
		document_set_attribute(&setup->document, node, name, text);
	}
}

static void set_address(struct setup *setup, const struct domain_hostdev *hostdev,
		const struct pci_address *address, bool multifunction) {
	struct document *document = &setup->document;
	char text[160];
	if (!hostdev->has_address) {
		snprintf(text, sizeof text,
				"<address type='pci' domain='0x%04x' bus='0x%02x' slot='0x%02x' "
				"function='0x%x'%s/>",
				address->domain, address->bus, address->slot, address->function,
				multifunction ? " multifunction='on'" : "");
		if (hostdev->address_node >= 0) {
			document_replace(document, hostdev->address_node, text);
		} else {
			document_add(document, hostdev->node, -1, text);
		}
		return;
	}
	const struct pci_address *old = &hostdev->address;
	set_number(setup, hostdev->address_node, "domain", 4, old->domain, address->domain);
	set_number(setup, hostdev->address_node, "bus", 2, old->bus, address->bus);
	set_number(setup, hostdev->address_node, "slot", 2, old->slot, address->slot);
	set_number(setup, hostdev->address_node, "function", 1, old->function, address->function);
	if (multifunction && !hostdev->multifunction) {
		document_set_attribute(document, hostdev->address_node, "multifunction", "on");
	}
}

static void tell_place(struct setup *setup, const struct domain_hostdev *hostdev,
		const struct pci_address *address) {
	char host[16];
	char guest[16];
	pci_address_text(&hostdev->source, host);
	pci_address_text(address, guest);
	plan_vm(&setup->plan, _("%s is %s in the guest, as its device is built"), host, guest);
}

bool xml_pci_fix(struct setup *setup) {
	struct pci_fix *fix = xmalloc(sizeof *fix);
	const struct domain *vm = &setup->document.domain;
	bool ok = pci_fix(vm, &setup->pci, fix);
	if (!ok) {
		plan_refuse(&setup->plan, "%s", fix->problem);
		free(fix);
		return false;
	}
	bool any = false;
	for (unsigned i = 0; i < vm->hostdev_count; i++) {
		if (fix->hostdev[i].change) {
			any = true;
			tell_place(setup, &vm->hostdev[i], &fix->hostdev[i].address);
			set_address(setup, &vm->hostdev[i], &fix->hostdev[i].address,
					fix->hostdev[i].multifunction);
		}
	}
	/* Where all are in their place libvirt adds the ports that its file does not name. */
	for (unsigned i = 0; any && i < fix->new_bus_count; i++) {
		plan_vm(&setup->plan, _("a PCI Express port of its own for it (bus %u)"),
				fix->new_bus[i]);
		char xml[96];
		snprintf(xml, sizeof xml,
				"<controller type='pci' index='%u' model='pcie-root-port'/>",
				fix->new_bus[i]);
		add_device(setup, xml);
	}
	free(fix);
	return xml_commit(setup);
}
