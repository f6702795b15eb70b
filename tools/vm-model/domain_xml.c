#include "tools/vm-model/domain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/vm-model/props.h"
#include "tools/vm-model/text.h"
#include "tools/vm-model/xml_node.h"

#ifndef PG_HAVE_LIBXML2

int domain_read_xml(struct domain *domain, const char *xml, size_t len) {
	(void)xml;
	(void)len;
	domain_init(domain);
	copy_text(domain->xml_error, sizeof domain->xml_error, "built without libxml2");
	return -EOPNOTSUPP;
}

#else

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdint.h>
#include <stdlib.h>

#define QEMU_NS "http://libvirt.org/schemas/domain/qemu/1.0"

static bool is_qemu(const xmlNode *node, const char *name) {
	return strcmp((const char *)node->name, name) == 0 && node->ns && node->ns->href &&
	       strcmp((const char *)node->ns->href, QEMU_NS) == 0;
}

static bool content(xmlNode *node, char *buf, size_t size) {
	buf[0] = '\0';
	xmlChar *value = node ? xmlNodeGetContent(node) : NULL;
	bool ok = value && copy_text(buf, size, (const char *)value);
	xmlFree(value);
	return ok && buf[0];
}

static bool number(xmlNode *node, const char *name, long *ret_value) {
	char text[32];
	if (!xml_attr(node, name, text, sizeof text)) {
		return false;
	}
	char *end;
	errno = 0;
	long value = strtol(text, &end, 0);
	if (*end || errno) {
		return false;
	}
	*ret_value = value;
	return true;
}

static unsigned small(xmlNode *node, const char *name, unsigned other) {
	long value;
	return number(node, name, &value) && value >= 0 && value < 65536 ? (unsigned)value : other;
}

static int node_number(const xmlNode *node) {
	return node ? (int)(intptr_t)node->_private : -1;
}

/* Numbers the elements in document order, without recursion: the document may be deep. */
static int count_elements(xmlNode *root) {
	int count = 0;
	for (xmlNode *node = root; node;) {
		if (node->type == XML_ELEMENT_NODE) {
			node->_private = (void *)(intptr_t)
					count++; // NOLINT(performance-no-int-to-ptr)
		}
		if (node->type == XML_ELEMENT_NODE && node->children) {
			node = node->children;
			continue;
		}
		while (node && node != root && !node->next) {
			node = node->parent;
		}
		node = node && node != root ? node->next : NULL;
	}
	return count;
}

static uint64_t size_of(xmlNode *node, const char *plain_unit) {
	char text[32];
	char unit[16];
	uint64_t factor = 1;
	if (!content(node, text, sizeof text)) {
		return 0;
	}
	if (!xml_attr(node, "unit", unit, sizeof unit)) {
		copy_text(unit, sizeof unit, plain_unit);
	}
	/* libvirt: KB = 1000, K and KiB = 1024. */
	char one[20];
	snprintf(one, sizeof one, "1%s", unit);
	bool decimal = strlen(unit) == 2 && unit[1] == 'B';
	if (decimal) {
		factor = unit[0] == 'K'   ? 1000
			 : unit[0] == 'M' ? 1000000
			 : unit[0] == 'G' ? 1000000000
					  : 1000000000000;
	} else if (strcmp(unit, "b") != 0 && strcmp(unit, "bytes") != 0 &&
			!props_size(one, 1, &factor)) {
		return 0;
	}
	uint64_t bytes;
	char *c = text + strspn(text, " \t\r\n");
	c[strcspn(c, " \t\r\n")] = '\0';
	return props_size(c, factor, &bytes) ? bytes : 0;
}

static bool read_address(xmlNode *node, struct pci_address *ret_address) {
	if (!node) {
		return false;
	}
	*ret_address = (struct pci_address){ small(node, "domain", 0), small(node, "bus", 0xffff),
		small(node, "slot", 0xffff), small(node, "function", 0) };
	return ret_address->bus < 256 && ret_address->slot < 32 && ret_address->function < 8;
}

static void read_shmem(struct domain *domain, xmlNode *node) {
	if (domain->shmem_count == 8) {
		domain->shmems_left_out = true;
		return;
	}
	struct domain_shmem *shmem = &domain->shmem[domain->shmem_count++];
	*shmem = (struct domain_shmem){ .node = node_number(node), .size_node = -1 };
	if (!xml_attr(node, "name", shmem->name, sizeof shmem->name) || strchr(shmem->name, '/')) {
		domain->shmem_count--; /* libvirt takes no such name */
		return;
	}
	char path[sizeof shmem->path];
	snprintf(path, sizeof path, "/dev/shm/%s", shmem->name);
	copy_text(shmem->path, sizeof shmem->path, path);
	xml_attr(xml_child(node, "model"), "type", shmem->model, sizeof shmem->model);
	xmlNode *size = xml_child(node, "size");
	shmem->size_node = node_number(size);
	/* libvirt's default for ivshmem without <size> is 4 MiB; its plain unit is bytes. */
	shmem->bytes = size ? size_of(size, "b") : 4u << 20;
}

static int port_of(xmlNode *node, const char *name) {
	long value;
	return number(node, name, &value) && value >= -1 && value < 65536 ? (int)value : 0;
}

static void read_graphics(struct domain *domain, xmlNode *node) {
	if (domain->graphics_count == 8) {
		return;
	}
	struct domain_graphics *graphics = &domain->graphics[domain->graphics_count++];
	*graphics = (struct domain_graphics){ .node = node_number(node) };
	xml_attr(node, "type", graphics->type, sizeof graphics->type);
	graphics->port = port_of(node, "port");
	graphics->tls_port = port_of(node, "tlsPort");
	graphics->autoport = xml_attr_is(node, "autoport", "yes");
	graphics->password = xml_attr(
			node, "passwd", graphics->password_text, sizeof graphics->password_text);
	xml_attr(node, "listen", graphics->host, sizeof graphics->host);
	xml_attr(xml_child(node, "streaming"), "mode", graphics->streaming,
			sizeof graphics->streaming);
	graphics->gl = xml_attr_is(xml_child(node, "gl"), "enable", "yes");
	xmlNode *listen = xml_child(node, "listen");
	if (listen) {
		char type[16];
		xml_attr(listen, "type", type, sizeof type);
		if (strcmp(type, "socket") == 0) {
			xml_attr(listen, "socket", graphics->socket, sizeof graphics->socket);
			graphics->port = graphics->tls_port = 0;
		} else if (strcmp(type, "none") == 0) {
			graphics->listen_none = true;
		} else {
			xml_attr(listen, "address", graphics->host, sizeof graphics->host);
		}
	}
	if (graphics->autoport && graphics->port == 0 && !graphics->socket[0] &&
			!graphics->listen_none) {
		graphics->port = -1;
	}
}

static void read_interface(struct domain *domain, xmlNode *node) {
	if (domain->interface_count == 16) {
		return;
	}
	struct domain_interface *interface = &domain->interface[domain->interface_count++];
	*interface = (struct domain_interface){ .node = node_number(node) };
	xmlNode *source = xml_child(node, "source");
	xml_attr(node, "type", interface->type, sizeof interface->type);
	xml_attr(source, "network", interface->network, sizeof interface->network);
	xml_attr(source, "bridge", interface->bridge, sizeof interface->bridge);
	if (!domain_is_interface_name(interface->bridge)) {
		interface->bridge[0] = '\0';
	}
	if (strcmp(interface->type, "direct") == 0) {
		xml_attr(source, "dev", interface->direct, sizeof interface->direct);
	}
	xml_attr(xml_child(node, "target"), "dev", interface->target, sizeof interface->target);
	xml_attr(xml_child(node, "mac"), "address", interface->mac, sizeof interface->mac);
	xml_attr(xml_child(node, "model"), "type", interface->model, sizeof interface->model);
}

static void read_input(struct domain *domain, xmlNode *node) {
	if (xml_attr_is(node, "type", "evdev")) {
		if (domain->evdev_count == 16) {
			return;
		}
		struct domain_evdev *evdev = &domain->evdev[domain->evdev_count++];
		*evdev = (struct domain_evdev){ .node = node_number(node) };
		xmlNode *source = xml_child(node, "source");
		xml_attr(source, "dev", evdev->path, sizeof evdev->path);
		xml_attr(source, "grabToggle", evdev->grab_toggle, sizeof evdev->grab_toggle);
		evdev->grab_all = xml_attr_is(source, "grab", "all");
		evdev->repeat = xml_attr_is(source, "repeat", "on");
		return;
	}
	if (domain->input_count == 16) {
		return;
	}
	struct domain_input *input = &domain->input[domain->input_count++];
	*input = (struct domain_input){ .node = node_number(node) };
	xml_attr(node, "type", input->type, sizeof input->type);
	xml_attr(node, "bus", input->bus, sizeof input->bus);
}

static void read_usb(struct domain *domain, xmlNode *node) {
	xmlNode *source = xml_child(node, "source");
	xmlNode *vendor = source ? xml_child(source, "vendor") : NULL;
	xmlNode *product = source ? xml_child(source, "product") : NULL;
	xmlNode *place = source ? xml_child(source, "address") : NULL;
	char ids[2][16];
	if (domain->usb_count == 16 || !source) {
		return;
	}
	struct domain_usb usb = { .node = node_number(node),
		.needed = !xml_attr_is(source, "startupPolicy", "optional") };
	if (vendor && product && xml_attr(vendor, "id", ids[0], sizeof ids[0]) &&
			xml_attr(product, "id", ids[1], sizeof ids[1])) {
		usb.vendor = (unsigned)strtoul(ids[0], NULL, 16) & 0xffff;
		usb.product = (unsigned)strtoul(ids[1], NULL, 16) & 0xffff;
	} else if (place) {
		usb.bus = small(place, "bus", 0);
		usb.device = small(place, "device", 0);
		xml_attr(place, "port", usb.port, sizeof usb.port);
	}
	if (usb.vendor || usb.bus) {
		domain->usb[domain->usb_count++] = usb;
	}
}

static void read_hostdev(struct domain *domain, xmlNode *node) {
	domain->mdev_count += xml_attr_is(node, "type", "mdev");
	if (xml_attr_is(node, "type", "usb")) {
		read_usb(domain, node);
		return;
	}
	if (!xml_attr_is(node, "type", "pci") || domain->hostdev_count == DOMAIN_LIST) {
		return;
	}
	struct domain_hostdev hostdev = { .node = node_number(node), .address_node = -1 };
	xmlNode *source = xml_child(node, "source");
	if (!source || !read_address(xml_child(source, "address"), &hostdev.source)) {
		return;
	}
	xml_attr(xml_child(node, "rom"), "file", hostdev.rom, sizeof hostdev.rom);
	hostdev.managed = xml_attr_is(node, "managed", "yes");
	xml_attr(xml_child(node, "driver"), "name", hostdev.driver, sizeof hostdev.driver);
	xmlNode *address = xml_child(node, "address");
	hostdev.address_node = node_number(address);
	hostdev.has_address = read_address(address, &hostdev.address);
	hostdev.multifunction = address && xml_attr_is(address, "multifunction", "on");
	domain->hostdev[domain->hostdev_count++] = hostdev;
}

static void read_named(struct domain_named *list, unsigned *count, unsigned max, xmlNode *node,
		const char *model_attr) {
	if (*count == max) {
		return;
	}
	struct domain_named *named = &list[(*count)++];
	*named = (struct domain_named){ .node = node_number(node) };
	xmlNode *model = xml_child(node, "model");
	named->model_node = node_number(model);
	if (!xml_attr(node, "model", named->model, sizeof named->model)) {
		xml_attr(model, model_attr, named->model, sizeof named->model);
	}
	named->index = small(node, "index", 0);
	xml_attr(xml_child(node, "target"), "bus", named->bus, sizeof named->bus);
}

static void read_filesystem(struct domain *domain, xmlNode *node) {
	if (domain->filesystem_count == 16) {
		return;
	}
	struct domain_filesystem *filesystem = &domain->filesystem[domain->filesystem_count++];
	*filesystem = (struct domain_filesystem){ .node = node_number(node) };
	xml_attr(xml_child(node, "driver"), "type", filesystem->driver, sizeof filesystem->driver);
	xml_attr(xml_child(node, "source"), "dir", filesystem->source, sizeof filesystem->source);
	xml_attr(xml_child(node, "target"), "dir", filesystem->target, sizeof filesystem->target);
}

static void note_used_address(struct domain *domain, xmlNode *node) {
	xmlNode *address = xml_child(node, "address");
	struct pci_address used;
	if (address && !xml_is(node, "hostdev") && xml_attr_is(address, "type", "pci") &&
			read_address(address, &used) && domain->used_count < 128) {
		domain->used[domain->used_count++] = used;
	}
}

static void read_codec(struct domain *domain, xmlNode *node) {
	if (domain->hda_codec[0] || !(xml_attr_is(node, "model", "ich6") ||
						    xml_attr_is(node, "model", "ich9"))) {
		return;
	}
	xmlNode *codec = xml_child(node, "codec");
	const char *type = xml_attr_is(codec, "type", "output")  ? "output"
			   : xml_attr_is(codec, "type", "micro") ? "micro"
								 : "duplex";
	copy_text(domain->hda_codec, sizeof domain->hda_codec, type);
}

static void read_sound(struct domain *domain, xmlNode *node) {
	const unsigned card = domain->sound_count;
	read_named(domain->sound, &domain->sound_count, 8, node, "type");
	if (domain->sound_count > card) {
		xml_attr(xml_child(node, "audio"), "id", domain->sound_audio[card],
				sizeof domain->sound_audio[card]);
	}
	read_codec(domain, node);
}

static void read_other_device(struct domain *domain, xmlNode *node) {
	if (xml_is(node, "video")) {
		read_named(domain->video, &domain->video_count, 8, node, "type");
	} else if (xml_is(node, "sound")) {
		read_sound(domain, node);
	} else if (xml_is(node, "audio") && domain->audio_count < 8) {
		struct domain_audio *audio = &domain->audio[domain->audio_count++];
		*audio = (struct domain_audio){ .node = node_number(node) };
		xml_attr(node, "id", audio->id, sizeof audio->id);
		xml_attr(node, "type", audio->type, sizeof audio->type);
	} else if (xml_is(node, "tpm")) {
		read_named(domain->tpm, &domain->tpm_count, 4, node, "type");
	} else if (xml_is(node, "memballoon")) {
		read_named(domain->balloon, &domain->balloon_count, 2, node, "type");
		domain->balloon_none = xml_attr_is(node, "model", "none");
	} else if (xml_is(node, "controller") && xml_attr_is(node, "type", "pci")) {
		read_named(domain->pci, &domain->pci_count, DOMAIN_LIST, node, "name");
	} else if (xml_is(node, "disk") && !xml_attr_is(node, "device", "cdrom")) {
		read_named(domain->disk, &domain->disk_count, 32, node, "type");
	} else if (xml_is(node, "channel") && xml_attr_is(node, "type", "spicevmc")) {
		xmlNode *target = xml_child(node, "target");
		if (xml_attr_is(target, "name", "com.redhat.spice.0")) {
			domain->agent_channels++;
			xml_attr(target, "state", domain->agent_state, sizeof domain->agent_state);
		}
	}
}

static void read_device(struct domain *domain, xmlNode *node) {
	note_used_address(domain, node);
	if (xml_is(node, "shmem")) {
		read_shmem(domain, node);
	} else if (xml_is(node, "graphics")) {
		read_graphics(domain, node);
	} else if (xml_is(node, "interface")) {
		read_interface(domain, node);
	} else if (xml_is(node, "input")) {
		read_input(domain, node);
	} else if (xml_is(node, "hostdev")) {
		read_hostdev(domain, node);
	} else if (xml_is(node, "filesystem")) {
		read_filesystem(domain, node);
	} else {
		read_other_device(domain, node);
	}
}

static void read_os(struct domain *domain, xmlNode *node) {
	xml_attr(node, "firmware", domain->firmware, sizeof domain->firmware);
	xmlNode *type = xml_child(node, "type");
	xml_attr(type, "machine", domain->machine, sizeof domain->machine);
	xml_attr(type, "arch", domain->arch, sizeof domain->arch);
	xmlNode *loader = xml_child(node, "loader");
	if (loader) {
		content(loader, domain->loader, sizeof domain->loader);
		domain->loader_pflash = xml_attr_is(loader, "type", "pflash");
		domain->secure_boot = xml_attr_is(loader, "secure", "yes");
	}
}

static void read_cpu(struct domain *domain, xmlNode *node) {
	domain->node_cpu = node_number(node);
	xml_attr(node, "mode", domain->cpu_mode, sizeof domain->cpu_mode);
	xmlNode *topology = xml_child(node, "topology");
	if (topology) {
		domain->topology = true;
		domain->sockets = small(topology, "sockets", 1);
		domain->cores = small(topology, "cores", 1) * small(topology, "dies", 1);
		domain->threads = small(topology, "threads", 1);
	}
	for (xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		if (xml_is(c, "feature") && xml_attr_is(c, "name", "topoext")) {
			xml_attr(c, "policy", domain->topoext, sizeof domain->topoext);
		}
		domain->hypervisor_hidden =
				domain->hypervisor_hidden ||
				(xml_is(c, "feature") && xml_attr_is(c, "name", "hypervisor") &&
						xml_attr_is(c, "policy", "disable"));
	}
	xmlNode *numa = xml_child(node, "numa");
	for (xmlNode *c = numa ? xml_first(numa) : NULL; c; c = xml_next(c)) {
		domain->numa_shared += xml_attr_is(c, "memAccess", "shared");
	}
}

static void read_memory_backing(struct domain *domain, xmlNode *node) {
	domain->node_memory_backing = node_number(node);
	xmlNode *pages = xml_child(node, "hugepages");
	domain->hugepages = pages != NULL;
	xmlNode *page = pages ? xml_child(pages, "page") : NULL;
	if (page) {
		char unit[8];
		long value;
		uint64_t size = number(page, "size", &value) && value > 0 ? (uint64_t)value : 0;
		bool known = xml_attr(page, "unit", unit, sizeof unit);
		domain->hugepage_kib = (unsigned)(!known || unit[0] == 'K' || unit[0] == 'k' ? size
						  : unit[0] == 'M' ? size << 10
						  : unit[0] == 'G' ? size << 20
								   : size >> 10);
	}
	xmlNode *source = xml_child(node, "source");
	xmlNode *access = xml_child(node, "access");
	domain->node_memory_source = node_number(source);
	domain->node_memory_access = node_number(access);
	xml_attr(source, "type", domain->memory_source, sizeof domain->memory_source);
	xml_attr(access, "mode", domain->memory_access, sizeof domain->memory_access);
}

/* The libosinfo element is somewhere below <metadata>, in a namespace of its own. */
static void read_metadata(struct domain *domain, xmlNode *node) {
	for (xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		for (xmlNode *os = xml_first(c); os; os = xml_next(os)) {
			if (strcmp((const char *)os->name, "os") == 0) {
				xml_attr(os, "id", domain->os_id, sizeof domain->os_id);
			}
		}
	}
}

static void read_features(struct domain *domain, xmlNode *node) {
	domain->node_features = node_number(node);
	domain->hyperv = xml_child(node, "hyperv") != NULL;
	xmlNode *kvm = xml_child(node, "kvm");
	domain->kvm_hidden = kvm && xml_attr_is(xml_child(kvm, "hidden"), "state", "on");
}

/* Two rounds: a -device may stand before the -object it names. */
static void read_qemu_args(struct domain *domain, xmlNode *node, bool devices) {
	domain->node_qemu_args = node_number(node);
	char option[512] = "";
	int option_node = 0;
	for (xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		char value[2048];
		if (!is_qemu(c, "arg") || !xml_attr(c, "value", value, sizeof value)) {
			continue;
		}
		if (option[0] == '-' && value[0] != '-') {
			if ((strcmp(option, "-device") == 0) == devices) {
				unsigned shmems = domain->shmem_count;
				unsigned evdevs = domain->evdev_count;
				domain_add_qemu_option(domain, option, value);
				if (domain->shmem_count > shmems) {
					domain->shmem[shmems].option_node = option_node;
					domain->shmem[shmems].arg_node = node_number(c);
				}
				if (domain->evdev_count > evdevs) {
					domain->evdev[evdevs].option_node = option_node;
					domain->evdev[evdevs].arg_node = node_number(c);
				}
			}
			option[0] = '\0';
		} else {
			copy_text(option, sizeof option, value);
			option_node = node_number(c);
		}
	}
}

static void read_sysinfo(struct domain *domain, xmlNode *node) {
	char text[32];
	for (xmlNode *c = xml_attr_is(node, "type", "fwcfg") ? xml_first(node) : NULL; c;
			c = xml_next(c)) {
		if (xml_attr_is(c, "name", "opt/ovmf/X-PciMmio64Mb") &&
				content(c, text, sizeof text)) {
			domain->mmio64_mib = strtoull(text, NULL, 10);
		}
	}
}

static void read_section(struct domain *domain, xmlNode *node) {
	if (xml_is(node, "name")) {
		content(node, domain->name, sizeof domain->name);
	} else if (xml_is(node, "uuid")) {
		content(node, domain->uuid, sizeof domain->uuid);
	} else if (xml_is(node, "memory")) {
		domain->memory_bytes = size_of(node, "K");
	} else if (xml_is(node, "currentMemory")) {
		domain->node_current_memory = node_number(node);
	} else if (xml_is(node, "vcpu")) {
		char text[16];
		content(node, text, sizeof text);
		domain->vcpus = (unsigned)strtoul(text, NULL, 10);
		domain->node_vcpu = node_number(node);
	} else if (xml_is(node, "os")) {
		read_os(domain, node);
	} else if (xml_is(node, "cpu")) {
		read_cpu(domain, node);
	} else if (xml_is(node, "memoryBacking")) {
		read_memory_backing(domain, node);
	} else if (xml_is(node, "metadata")) {
		read_metadata(domain, node);
	} else if (xml_is(node, "sysinfo")) {
		read_sysinfo(domain, node);
	} else if (xml_is(node, "features")) {
		read_features(domain, node);
	} else if (xml_is(node, "cputune")) {
		for (xmlNode *c = xml_first(node); c; c = xml_next(c)) {
			domain->pinned += xml_is(c, "vcpupin");
		}
	} else if (is_qemu(node, "commandline")) {
		read_qemu_args(domain, node, false);
		read_qemu_args(domain, node, true);
		domain_finish_qemu_options(domain);
	}
}

static int read_document(struct domain *domain, xmlDoc *doc) {
	xmlNode *root = xmlDocGetRootElement(doc);
	if (!root || !xml_is(root, "domain")) {
		copy_text(domain->xml_error, sizeof domain->xml_error,
				"its root element is not <domain>");
		return -EBADMSG;
	}
	count_elements(root);
	domain->is_xml = true;
	domain->node_root = 0;
	xml_attr(root, "type", domain->type, sizeof domain->type);
	long id;
	if (number(root, "id", &id) && id > 0 && id < INT32_MAX) {
		domain->id = (int)id;
		domain->state = DOMAIN_RUNNING;
	}
	for (xmlNode *node = xml_first(root); node; node = xml_next(node)) {
		if (xml_is(node, "devices") && domain->node_devices < 0) {
			domain->node_devices = node_number(node);
			for (xmlNode *device = xml_first(node); device; device = xml_next(device)) {
				read_device(domain, device);
			}
		} else {
			read_section(domain, node);
		}
	}
	domain_finish_sound(domain);
	return 0;
}

/* Whose elements would come to life as libvirt's if the prefix was bound to that. */
static bool takes_prefix(const xmlNode *root) {
	for (const xmlNs *ns = root ? root->nsDef : NULL; ns; ns = ns->next) {
		if (ns->prefix && strcmp((const char *)ns->prefix, "qemu") == 0) {
			return !ns->href || strcmp((const char *)ns->href, QEMU_NS) != 0;
		}
	}
	return false;
}

int domain_read_xml(struct domain *domain, const char *xml, size_t len) {
	domain_init(domain);
	if (len > DOMAIN_XML_MAX) {
		copy_text(domain->xml_error, sizeof domain->xml_error, "larger than 4 MiB");
		return -EBADMSG;
	}
	xmlParserCtxt *context = xmlNewParserCtxt();
	if (!context) {
		return -ENOMEM;
	}
	/* No network, no DTD, no entity replaced; the default limits on depth and names stay. */
	xmlDoc *doc = xmlCtxtReadMemory(context, xml, (int)len, "domain.xml", NULL,
			XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	int r = -EBADMSG;
	if (!doc) {
		const xmlError *error = xmlCtxtGetLastError(context);
		const char *message = error && error->message ? error->message : "not XML";
		snprintf(domain->xml_error, sizeof domain->xml_error, "line %d: %.*s",
				error ? error->line : 0, (int)strcspn(message, "\n"), message);
	} else if (xmlGetIntSubset(doc) || doc->extSubset) {
		copy_text(domain->xml_error, sizeof domain->xml_error,
				"a document type (DTD) is not allowed");
	} else {
		r = read_document(domain, doc);
		domain->prefix_unbound = !context->nsWellFormed;
		domain->prefix_taken = takes_prefix(xmlDocGetRootElement(doc));
	}
	xmlFreeDoc(doc);
	xmlFreeParserCtxt(context);
	return r;
}

#endif
