/* QEMU's own options: of a running process, or of <qemu:commandline>. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vm-model/domain.h"
#include "tools/vm-model/props.h"
#include "tools/vm-model/text.h"

static void copy_prop(const struct props *props, const char *key, char *buf, size_t size) {
	const char *value = props_get(props, key);
	if (value) {
		copy_text(buf, size, value);
	}
}

/* -object memory-backend-file,…: a candidate; domain_add_device() says whether ivshmem uses it. */
static void add_memory(struct domain *domain, const struct props *props) {
	const char *path = props_get(props, "mem-path");
	const char *id = props_get(props, "id");
	if (!path || !id) {
		return;
	}
	if (domain->shmem_count == 8) {
		domain->shmems_left_out = true;
		return;
	}
	/* The VM's own memory can be a file too; only shared ones on shm or kvmfr matter, and a
	 * device that names it. */
	struct domain_shmem *shmem = &domain->shmem[domain->shmem_count];
	*shmem = (struct domain_shmem){ .from_args = true, .node = -1, .size_node = -1 };
	if (!copy_text(shmem->path, sizeof shmem->path, path)) {
		return;
	}
	copy_text(shmem->name, sizeof shmem->name, id);
	const char *size = props_get(props, "size");
	if (!size || !props_size(size, 1, &shmem->bytes)) {
		shmem->bytes = 0;
	}
	domain->shmem_count++;
}

static void add_ivshmem(struct domain *domain, const struct props *props, const char *driver) {
	const char *memory = props_get(props, "memdev");
	for (unsigned i = 0; memory && i < domain->shmem_count; i++) {
		struct domain_shmem *shmem = &domain->shmem[i];
		if (shmem->from_args && strcmp(shmem->name, memory) == 0) {
			copy_text(shmem->model, sizeof shmem->model, driver);
		}
	}
}

static void add_evdev(struct domain *domain, const struct props *props) {
	const char *path = props_get(props, "evdev");
	if (!path || domain->evdev_count == 16) {
		return;
	}
	struct domain_evdev *evdev = &domain->evdev[domain->evdev_count];
	*evdev = (struct domain_evdev){ .node = -1 };
	if (!copy_text(evdev->path, sizeof evdev->path, path)) {
		return;
	}
	copy_prop(props, "grab-toggle", evdev->grab_toggle, sizeof evdev->grab_toggle);
	evdev->grab_all = props_is_on(props, "grab_all");
	evdev->repeat = props_is_on(props, "repeat");
	domain->evdev_count++;
}

static void add_object(struct domain *domain, const char *value) {
	struct props props;
	if (props_parse(value, "qom-type", &props) < 0) {
		return;
	}
	const char *type = props_get(&props, "qom-type");
	if (type && strcmp(type, "memory-backend-file") == 0) {
		add_memory(domain, &props);
	} else if (type && strcmp(type, "input-linux") == 0) {
		add_evdev(domain, &props);
	}
}

/* addr=SLOT[.FUNCTION] on a bus that is known by its name: buses are numbered here by the first
 * device that names them, so that two devices of one bus have the same number. */
static bool guest_place(
		struct domain *domain, const struct props *props, struct pci_address *ret_address) {
	const char *addr = props_get(props, "addr");
	const char *bus = props_get(props, "bus");
	char *end;
	unsigned long slot = addr ? strtoul(addr, &end, 16) : 32;
	unsigned long function = addr && *end == '.' ? strtoul(end + 1, &end, 16) : 0;
	if (!addr || *end || slot > 31 || function > 7) {
		return false;
	}
	*ret_address = (struct pci_address){ .slot = (unsigned)slot,
		.function = (unsigned)function };
	for (unsigned i = 0; bus && i < domain->hostdev_count; i++) {
		if (strcmp(domain->hostdev[i].bus, bus) == 0) {
			ret_address->bus = domain->hostdev[i].address.bus;
			return true;
		}
	}
	ret_address->bus = bus ? domain->hostdev_count + 1 : 0;
	return true;
}

static unsigned prop_number(const struct props *props, const char *key, unsigned other) {
	const char *text = props_get(props, key);
	unsigned long value = text ? strtoul(text, NULL, 0) : 0;
	return value > 0 && value < 4096 ? (unsigned)value : other;
}

static void add_usb(struct domain *domain, const struct props *props) {
	const char *vendor = props_get(props, "vendorid");
	const char *product = props_get(props, "productid");
	struct domain_usb usb = { .node = -1 };
	if (vendor && product) {
		usb.vendor = (unsigned)strtoul(vendor, NULL, 0) & 0xffff;
		usb.product = (unsigned)strtoul(product, NULL, 0) & 0xffff;
	} else {
		usb.bus = prop_number(props, "hostbus", 0);
		usb.device = prop_number(props, "hostaddr", 0);
		copy_prop(props, "hostport", usb.port, sizeof usb.port);
	}
	if ((usb.vendor || usb.bus) && domain->usb_count < 16) {
		domain->usb[domain->usb_count++] = usb;
	}
}

static void add_hostdev(struct domain *domain, const struct props *props) {
	const char *host = props_get(props, "host");
	struct domain_hostdev hostdev = { .node = -1, .address_node = -1 };
	if (host && domain->hostdev_count < DOMAIN_LIST &&
			pci_address_parse(host, &hostdev.source)) {
		hostdev.multifunction = props_is_on(props, "multifunction");
		copy_prop(props, "bus", hostdev.bus, sizeof hostdev.bus);
		hostdev.has_address = guest_place(domain, props, &hostdev.address);
		domain->hostdev[domain->hostdev_count++] = hostdev;
	}
}

/* Of the card to the network that came before it, as QEMU's order has it. */
static void add_mac(struct domain *domain, const char *mac) {
	for (unsigned i = 0; i < domain->interface_count; i++) {
		if (!domain->interface[i].mac[0]) {
			copy_text(domain->interface[i].mac, sizeof domain->interface[i].mac, mac);
			return;
		}
	}
}

/* The card; an HDA controller has it as a device of its own. */
static bool is_sound(const char *driver) {
	static const char cards[] = "hda-duplex,hda-output,hda-micro,AC97,ES1370,sb16,usb-audio,"
				    "virtio-sound-pci";
	return list_has(cards, driver, ',');
}

static void set_global(struct domain *domain, const char *value) {
	domain->hda_is_quick |=
			strncmp(value, "hda-", 4) == 0 &&
			(strstr(value, ".use-timer=off") || strstr(value, ".use-timer=false"));
}

static void set_audio(struct domain *domain, const char *value) {
	struct props props;
	if (!domain->audiodev_type[0] && props_parse(value, "driver", &props) == 0) {
		copy_prop(&props, "driver", domain->audiodev_type, sizeof domain->audiodev_type);
	}
}

static void add_tablet(struct domain *domain, const char *bus) {
	if (domain->input_count < 16) {
		struct domain_input *input = &domain->input[domain->input_count++];
		*input = (struct domain_input){ .type = "tablet", .node = -1 };
		copy_text(input->bus, sizeof input->bus, bus);
	}
}

static void add_usbdevice(struct domain *domain, const char *value) {
	if (strcmp(value, "tablet") == 0) {
		add_tablet(domain, "usb");
	}
}

static void add_device(struct domain *domain, const char *value) {
	struct props props;
	if (props_parse(value, "driver", &props) < 0) {
		return;
	}
	const char *driver = props_get(&props, "driver");
	if (!driver) {
		return;
	}
	if (strcmp(driver, "ivshmem-plain") == 0) {
		add_ivshmem(domain, &props, driver);
	} else if (strcmp(driver, "vfio-pci") == 0) {
		add_hostdev(domain, &props);
	} else if (props_get(&props, "netdev") && props_get(&props, "mac")) {
		add_mac(domain, props_get(&props, "mac"));
	} else if (is_sound(driver) && domain->sound_count < 8) {
		struct domain_named *sound = &domain->sound[domain->sound_count++];
		*sound = (struct domain_named){ .node = -1, .model_node = -1 };
		copy_text(sound->model, sizeof sound->model, driver);
		if (strncmp(driver, "hda-", 4) == 0) {
			const char *timer = props_get(&props, "use-timer");
			copy_text(domain->hda_codec, sizeof domain->hda_codec, driver + 4);
			domain->hda_is_quick |= timer && strcmp(timer, "off") == 0;
		}
	} else if (strcmp(driver, "usb-host") == 0) {
		add_usb(domain, &props);
	} else if (strstr(driver, "tablet")) {
		add_tablet(domain, strncmp(driver, "usb", 3) == 0 ? "usb" : "virtio");
	} else if (strcmp(driver, "virtserialport") == 0) {
		const char *name = props_get(&props, "name");
		domain->agent_channels += name && strcmp(name, "com.redhat.spice.0") == 0;
	}
}

static int port_of(const struct props *props, const char *key) {
	const char *text = props_get(props, key);
	uint64_t value;
	return text && props_size(text, 1, &value) && value < 65536 ? (int)value : 0;
}

static void add_spice(struct domain *domain, const char *value) {
	struct props props;
	if (domain->graphics_count == 8 || props_parse(value, "", &props) < 0) {
		return;
	}
	struct domain_graphics *graphics = &domain->graphics[domain->graphics_count++];
	*graphics = (struct domain_graphics){ .type = "spice", .node = -1 };
	graphics->port = port_of(&props, "port");
	graphics->tls_port = port_of(&props, "tls-port");
	copy_prop(&props, "addr", graphics->host, sizeof graphics->host);
	if (props_is_on(&props, "unix")) {
		copy_text(graphics->socket, sizeof graphics->socket, graphics->host);
		graphics->host[0] = '\0';
		graphics->port = 0;
	}
	graphics->password = !props_is_on(&props, "disable-ticketing");
	copy_prop(&props, "password", graphics->password_text, sizeof graphics->password_text);
	copy_prop(&props, "streaming-video", graphics->streaming, sizeof graphics->streaming);
}

static void add_netdev(struct domain *domain, const char *value) {
	struct props props;
	if (domain->interface_count == 16 || props_parse(value, "type", &props) < 0) {
		return;
	}
	const char *type = props_get(&props, "type");
	if (type && (strcmp(type, "none") == 0 || strcmp(type, "nic") == 0)) {
		return; /* -nic none; -net nic is the card to the -net beside it */
	}
	struct domain_interface *interface = &domain->interface[domain->interface_count++];
	*interface = (struct domain_interface){ .node = -1 };
	copy_prop(&props, "type", interface->type, sizeof interface->type);
	copy_prop(&props, "br", interface->bridge, sizeof interface->bridge);
	copy_prop(&props, "ifname", interface->target, sizeof interface->target);
	if (interface->bridge[0] && !domain_is_interface_name(interface->bridge)) {
		interface->bridge[0] = '\0';
	}
	if (strcmp(interface->type, "bridge") == 0 && !interface->bridge[0]) {
		copy_text(interface->bridge, sizeof interface->bridge, "br0"); /* QEMU's default */
	}
}

static void set_name(struct domain *domain, const char *value) {
	struct props props;
	if (props_parse(value, "guest", &props) == 0) {
		copy_prop(&props, "guest", domain->name, sizeof domain->name);
	}
}

static void set_machine(struct domain *domain, const char *value) {
	struct props props;
	if (props_parse(value, "type", &props) == 0) {
		copy_prop(&props, "type", domain->machine, sizeof domain->machine);
	}
}

static void set_cpus(struct domain *domain, const char *value) {
	struct props props;
	if (props_parse(value, "cpus", &props) == 0) {
		domain->sockets = prop_number(&props, "sockets", 1);
		domain->cores = prop_number(&props, "cores", 0) * prop_number(&props, "dies", 1);
		domain->threads = prop_number(&props, "threads", 1);
		domain->topology = domain->cores > 0;
		domain->vcpus = prop_number(
				&props, "cpus", domain->sockets * domain->cores * domain->threads);
	}
}

static void set_memory(struct domain *domain, const char *value) {
	struct props props;
	const char *size =
			props_parse(value, "size", &props) == 0 ? props_get(&props, "size") : NULL;
	/* Its plain unit is MiB. */
	if (size && !props_size(size, 1u << 20, &domain->memory_bytes)) {
		domain->memory_bytes = 0;
	}
}

static void set_cpu(struct domain *domain, const char *value) {
	struct props props;
	if (props_parse(value, "model", &props) == 0) {
		const char *model = props_get(&props, "model");
		const char *hypervisor = props_get(&props, "hypervisor");
		copy_text(domain->cpu_mode, sizeof domain->cpu_mode,
				model && strcmp(model, "host") == 0 ? "host-passthrough"
								    : "custom");
		const char *kvm = props_get(&props, "kvm");
		domain->kvm_hidden = kvm && strcmp(kvm, "off") == 0;
		domain->hypervisor_hidden = (hypervisor && strcmp(hypervisor, "off") == 0) ||
					    props_get(&props, "-hypervisor");
	}
}

static void set_firmware_config(struct domain *domain, const char *value) {
	struct props props;
	const char *name =
			props_parse(value, "name", &props) == 0 ? props_get(&props, "name") : NULL;
	const char *text = name ? props_get(&props, "string") : NULL;
	if (text && strcmp(name, "opt/ovmf/X-PciMmio64Mb") == 0) {
		domain->mmio64_mib = strtoull(text, NULL, 10);
	}
}

void domain_add_qemu_option(struct domain *domain, const char *option, const char *value) {
	static const struct {
		const char *option;
		void (*add)(struct domain *domain, const char *value);
	} options[] = {
		{ "-object", add_object },
		{ "-device", add_device },
		{ "-spice", add_spice },
		{ "-netdev", add_netdev },
		{ "-nic", add_netdev },
		{ "-net", add_netdev },
		{ "-usbdevice", add_usbdevice },
		{ "-name", set_name },
		{ "-machine", set_machine },
		{ "-M", set_machine },
		{ "-audiodev", set_audio },
		{ "-global", set_global },
		{ "-smp", set_cpus },
		{ "-m", set_memory },
		{ "-cpu", set_cpu },
		{ "-fw_cfg", set_firmware_config },
	};
	if (option[0] == '-' && option[1] == '-') {
		option++;
	}
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		if (strcmp(option, options[i].option) == 0) {
			options[i].add(domain, value);
			return;
		}
	}
	if (strcmp(option, "-uuid") == 0) {
		copy_text(domain->uuid, sizeof domain->uuid, value);
	}
}

/* QEMU's -device may stand before its -object. */
static void each_option(struct domain *domain, const char *argv, size_t len, bool devices) {
	const char *end = argv + len;
	const char *option = argv + strlen(argv) + 1;
	while (option < end) {
		const char *value = option + strlen(option) + 1;
		if (option[0] != '-' || value >= end) {
			option = value;
			continue;
		}
		bool device = strcmp(option, "-device") == 0 || strcmp(option, "--device") == 0;
		if (device == devices) {
			domain_add_qemu_option(domain, option, value);
		}
		/* An option without a value is followed by the next option. */
		option = value[0] == '-' && value[1] ? value : value + strlen(value) + 1;
	}
}

void domain_finish_qemu_options(struct domain *domain) {
	unsigned kept = 0;
	for (unsigned i = 0; i < domain->shmem_count; i++) {
		if (domain->shmem[i].model[0] || !domain->shmem[i].from_args) {
			domain->shmem[kept++] = domain->shmem[i];
		} else if (strcmp(domain->shmem[i].name, "looking-glass") == 0) {
			domain->looking_glass_unused = true;
		}
	}
	domain->shmem_count = kept;
}

int domain_read_argv(struct domain *domain, const char *argv, size_t len) {
	domain_init(domain);
	if (len == 0 || argv[len - 1] != '\0') {
		return -EBADMSG;
	}
	const char *slash = strrchr(argv, '/');
	const char *program = slash ? slash + 1 : argv;
	program += program[0] == '.'; /* NixOS wraps it as .qemu-system-x86_64-wrapped */
	if (strncmp(program, "qemu-system-", 12) != 0 && strcmp(program, "qemu-kvm") != 0 &&
			strcmp(program, "kvm") != 0) {
		return -EBADMSG;
	}
	each_option(domain, argv, len, false);
	each_option(domain, argv, len, true);
	domain_finish_qemu_options(domain);
	domain_finish_sound(domain);
	domain->state = DOMAIN_RUNNING;
	return 0;
}
