/*
 * The rule that stands above all of setup: what the running host needs is not taken. On random
 * machines whose truth is known by construction, and with each rule broken on purpose.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/check.h"
#include "tools/setup/setup.h"
#include "tools/vm-model/handover.h"

#define MACHINES 100000

struct machine {
	struct pci_list pci;
	struct host_use use;
	struct host_block block[16];
	struct host_mount mount[8];
	struct host_net net[8];
	struct host_input input[4];
	char lower[32][64];
	char net_lower[16][32];
	unsigned lower_count, net_lower_count;

	/* the truth */
	bool disk[PCI_MAX], keys[PCI_MAX], path[PCI_MAX], shows[PCI_MAX], boot[PCI_MAX];
	unsigned gpu; /* the one that is wanted for the VM */
};

static uint64_t state;

static unsigned draw(unsigned below) {
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % below;
}

static unsigned add_device(struct machine *m, unsigned bus, unsigned function, unsigned class,
		const char *driver, int group) {
	struct pci_device *device = &m->pci.device[m->pci.count];
	*device = (struct pci_device){ .address = { .bus = bus, .function = function },
		.vendor = (uint16_t)(0x1000 + draw(3)),
		.device = (uint16_t)(0x2000 + draw(40)),
		.class = class << 8,
		.group = group };
	snprintf(device->name, sizeof device->name, "0000:%02x:00.%x", bus & 0xff, function & 7);
	copy_text(device->driver, sizeof device->driver, driver);
	return m->pci.count++;
}

static struct host_block *add_block(struct machine *m, const char *name, unsigned device) {
	struct host_block *block = &m->block[m->use.block_count++];
	*block = (struct host_block){ 0 };
	copy_text(block->name, sizeof block->name, name);
	snprintf(block->number, sizeof block->number, "8:%u", m->use.block_count);
	if (device != UINT32_MAX) {
		block->pci[0] = m->pci.device[device].address;
		block->pci_count = 1;
	}
	return block;
}

static void add_lower(struct machine *m, struct host_block *block, const char *name) {
	if (!block->lower_count) {
		block->lower = &m->lower[m->lower_count];
	}
	copy_text(m->lower[m->lower_count++], sizeof m->lower[0], name);
	block->lower_count++;
}

static struct host_mount *add_mount(struct machine *m, const char *point, const char *type) {
	struct host_mount *mount = &m->mount[m->use.mount_count++];
	*mount = (struct host_mount){ 0 };
	copy_text(mount->point, sizeof mount->point, point);
	copy_text(mount->type, sizeof mount->type, type);
	return mount;
}

/* A file system on one or two of the controllers, in one of the ways that there are. */
static void add_storage(struct machine *m, const char *point, unsigned a, unsigned b) {
	char one[16];
	char two[16];
	char top[16];
	unsigned n = m->use.mount_count;
	snprintf(one, sizeof one, "sda%u", n);
	snprintf(two, sizeof two, "sdb%u", n);
	snprintf(top, sizeof top, "dm-%u", n);
	struct host_block *first = add_block(m, one, a);
	struct host_block *second;
	struct host_mount *mount;
	m->disk[a] = true;
	switch (draw(6)) {
	case 0: /* a partition, or swap on it */
		mount = add_mount(m, point, strcmp(point, "swap") == 0 ? "swap" : "ext4");
		if (strcmp(point, "swap") == 0) {
			snprintf(mount->source, sizeof mount->source, "/dev/%s", one);
		} else {
			copy_text(mount->number, sizeof mount->number, first->number);
		}
		break;
	case 1: /* LVM on crypt on a partition, by the mapper's name */
		second = add_block(m, two, UINT32_MAX);
		add_lower(m, second, one);
		second = add_block(m, top, UINT32_MAX);
		add_lower(m, second, two);
		snprintf(second->mapped, sizeof second->mapped, "vg-%u", n);
		mount = add_mount(m, point, "xfs");
		copy_text(mount->number, sizeof mount->number, "253:77");
		snprintf(mount->source, sizeof mount->source, "/dev/mapper/vg-%u", n);
		break;
	case 2: /* RAID over both */
		add_block(m, two, b);
		second = add_block(m, top, UINT32_MAX);
		add_lower(m, second, one);
		add_lower(m, second, two);
		m->disk[b] = true;
		mount = add_mount(m, point, "ext4");
		copy_text(mount->number, sizeof mount->number, second->number);
		break;
	case 3: /* btrfs over both: an anonymous number, one of the disks as source */
		second = add_block(m, two, b);
		snprintf(first->filesystem, sizeof first->filesystem, "uuid-%u", n);
		snprintf(second->filesystem, sizeof second->filesystem, "uuid-%u", n);
		m->disk[b] = true;
		mount = add_mount(m, point, "btrfs");
		copy_text(mount->number, sizeof mount->number, "0:40");
		snprintf(mount->source, sizeof mount->source, "/dev/%s", one);
		break;
	case 4: /* ZFS: nothing but the pool's name */
		second = add_block(m, two, b);
		snprintf(first->member, sizeof first->member, "pool%u", n);
		snprintf(second->member, sizeof second->member, "pool%u", n);
		m->disk[b] = true;
		mount = add_mount(m, point, "zfs");
		copy_text(mount->number, sizeof mount->number, "0:41");
		snprintf(mount->source, sizeof mount->source, "pool%u/ROOT/1", n);
		break;
	default: /* NVMe with two controllers, or bcachefs that names both */
		m->disk[b] = true;
		if (draw(2)) {
			first->pci[1] = m->pci.device[b].address;
			first->pci_count = 2;
			mount = add_mount(m, point, "ext4");
			copy_text(mount->number, sizeof mount->number, first->number);
		} else {
			add_block(m, two, b);
			mount = add_mount(m, point, "bcachefs");
			snprintf(mount->source, sizeof mount->source, "/dev/%s:/dev/%s", one, two);
		}
		break;
	}
}

static void add_path(struct machine *m, unsigned card, bool routes) {
	struct host_net *net = &m->net[m->use.net_count++];
	*net = (struct host_net){ .up = true, .has_pci = true, .pci = m->pci.device[card].address };
	snprintf(net->name, sizeof net->name, "en%u", card);
	m->path[card] = routes;
	if (routes && draw(2)) { /* through a bridge or a bond over it */
		struct host_net *over = &m->net[m->use.net_count++];
		*over = (struct host_net){ .up = true, .routes = true, .lower_count = 1 };
		snprintf(over->name, sizeof over->name, "br%u", card);
		over->lower = &m->net_lower[m->net_lower_count];
		copy_text(m->net_lower[m->net_lower_count++], 32, net->name);
	} else {
		net->routes = routes;
	}
}

static void add_gpu(struct machine *m, unsigned bus, int group, bool boot) {
	unsigned first = add_device(m, bus, 0, 0x0300, draw(6) ? "amdgpu" : "vfio-pci", group);
	struct pci_device *gpu = &m->pci.device[first];
	gpu->boot_vga = boot;
	bool host = strcmp(gpu->driver, "vfio-pci") != 0;
	m->shows[first] = host;
	m->boot[first] = host && boot;
	unsigned sound = add_device(m, bus, 1, 0x0403, "snd_hda_intel", group);
	m->pci.device[sound].vendor = gpu->vendor;
	if (draw(3) == 0) { /* of a processor: its USB is in the same slot */
		add_device(m, bus, 3, 0x0c03, "xhci_hcd", draw(2) ? group : (int)bus + 100);
	}
}

static void make_machine(struct machine *m) {
	memset(&m->pci, 0, sizeof m->pci.count);
	memset(&m->use, 0, sizeof *m - offsetof(struct machine, use));
	m->use.block = m->block;
	m->use.mount = m->mount;
	m->use.net = m->net;
	m->use.input = m->input;
	m->use.mounts_known = m->use.inputs_known = true;
	bool chipset = draw(3) != 0; /* some devices share the GPU's group */
	unsigned gpus = 1 + draw(3);
	for (unsigned i = 0; i < gpus; i++) {
		add_gpu(m, 1 + i, draw(8) ? (int)(10 + (chipset && draw(3) == 0 ? 0 : i)) : -1,
				i == draw(gpus));
	}
	unsigned disks[4];
	unsigned disk_count = 1 + draw(3);
	for (unsigned i = 0; i < disk_count; i++) {
		disks[i] = add_device(m, 0x20 + i, 0, draw(2) ? 0x0108 : 0x0106, "nvme",
				chipset && draw(2) ? 10 : (int)(30 + i));
	}
	static const char *const points[] = { "/", "/boot", "/home", "swap" };
	for (unsigned i = 0; i < 1 + draw(3); i++) {
		add_storage(m, points[i], disks[draw(disk_count)], disks[draw(disk_count)]);
	}
	for (unsigned i = 0, cards = 1 + draw(2); i < cards; i++) {
		unsigned card = add_device(m, 0x30 + i, 0, 0x0200, "r8169",
				chipset && draw(2) ? 10 : (int)(40 + i));
		add_path(m, card, i == 0 || draw(2));
	}
	unsigned usb = add_device(m, 0x40, 0, 0x0c03, "xhci_hcd", chipset && draw(2) ? 10 : 50);
	unsigned holder = draw(4) ? usb : draw(m->pci.count);
	if (m->pci.device[holder].class >> 8 == 0x0c03 && draw(4)) {
		m->input[m->use.input_count++] = (struct host_input){
			.name = "Keyboard", .keyboard = true, .pci = m->pci.device[holder].address
		};
		m->keys[holder] = true;
	}
	m->gpu = 0;
	for (unsigned i = 0; i < m->pci.count; i++) {
		if (pci_is_gpu(&m->pci.device[i]) && draw(2)) {
			m->gpu = i;
		}
	}
}

/* What of the truth is broken if these devices go: 0 = nothing. */
static unsigned harm(const struct machine *m, const bool *take, const bool *spare) {
	unsigned bits = 0;
	unsigned paths = 0;
	unsigned paths_left = 0;
	unsigned shows = 0;
	unsigned shows_left = 0;
	for (unsigned i = 0; i < m->pci.count; i++) {
		bool gone = take[i] && !spare[i];
		bits |= gone && m->disk[i] ? HOST_NEED_DISK : 0;
		bits |= gone && m->keys[i] ? HOST_NEED_INPUT : 0;
		bits |= gone && m->boot[i] ? HOST_NEED_BOOT_GPU : 0;
		paths += m->path[i] && gone;
		paths_left += m->path[i] && !take[i];
		shows += m->shows[i] && gone;
		shows_left += m->shows[i] && !take[i];
	}
	bits |= paths && !paths_left ? HOST_NEED_NETWORK : 0;
	bits |= shows && !shows_left ? HOST_NEED_GPU : 0;
	return bits;
}

static void nothing_that_the_host_needs_is_taken(void **unused) {
	(void)unused;
	struct machine *m = xmalloc(sizeof *m);
	struct host_needs *needs = xmalloc(sizeof *needs);
	struct handover handover;
	unsigned conflicts = 0;
	state = 1;
	for (unsigned n = 0; n < MACHINES; n++) {
		make_machine(m);
		bool spare[PCI_MAX] = { false };
		host_needs_of(&m->use, &m->pci, needs);
		handover_begin(&handover, &m->pci, needs);
		CHECK(handover_add_with_group(&handover, &m->pci.device[m->gpu].address));
		bool ok = handover_judge(&handover);
		unsigned hurt = harm(m, handover.take, spare);
		CHECK_EQ(ok, (hurt == 0)); /* no harm, and no false alarm */
		conflicts += !ok;
		const struct pci_device *gpu = &m->pci.device[m->gpu];
		for (unsigned i = 0; gpu->group >= 0 && i < m->pci.count; i++) {
			/* Outside of the group only what nobody misses goes along. */
			CHECK(i == m->gpu || !handover.take[i] || !needs->of[i].bits ||
					m->pci.device[i].group == gpu->group);
		}
		if (ok || n % 8) {
			continue;
		}
		/* Each named as lost: it goes. All but one: it does not. */
		unsigned left = handover.conflict_count;
		for (unsigned i = 0; i < m->pci.count; i++) {
			if (handover.conflict[i]) {
				CHECK(!handover_judge(&handover));
				CHECK(handover_give_up(&handover, &m->pci.device[i].address));
				spare[i] = true;
				left--;
				CHECK_EQ(handover_judge(&handover), (left == 0));
			}
		}
		CHECK_EQ(harm(m, handover.take, spare), 0);
	}
	print_message("%u machines, in %u of them the GPU cannot go\n", MACHINES, conflicts);
	CHECK(conflicts > MACHINES / 2);
	free(needs);
	free(m);
}

static void break_rule(struct machine *m, struct host_needs *needs, unsigned rule) {
	static const unsigned bits[] = { HOST_NEED_DISK, HOST_NEED_NETWORK, HOST_NEED_INPUT,
		HOST_NEED_GPU, HOST_NEED_BOOT_GPU };
	for (unsigned i = 0; rule >= 5 && i < m->use.block_count; i++) {
		struct host_block *block = &m->block[i];
		block->lower_count = rule == 5 ? 0 : block->lower_count;
		if (rule == 6) {
			block->filesystem[0] = '\0';
		}
		block->pci_count = rule == 7 && block->pci_count ? 1 : block->pci_count;
	}
	for (unsigned i = 0; rule == 8 && i < m->use.net_count; i++) {
		m->net[i].lower_count = 0;
	}
	host_needs_of(&m->use, &m->pci, needs);
	for (unsigned i = 0; rule < 5 && i < m->pci.count; i++) {
		needs->of[i].bits &= ~bits[rule];
	}
}

static void each_rule_broken_on_purpose_is_found(void **unused) {
	(void)unused;
	struct machine *m = xmalloc(sizeof *m);
	struct host_needs *needs = xmalloc(sizeof *needs);
	static const bool none[PCI_MAX];
	for (unsigned rule = 0; rule < 9; rule++) {
		unsigned found = 0;
		state = 2;
		for (unsigned n = 0; n < 20000 && !found; n++) {
			struct handover handover;
			make_machine(m);
			break_rule(m, needs, rule);
			handover_begin(&handover, &m->pci, needs);
			handover_add_with_group(&handover, &m->pci.device[m->gpu].address);
			found += handover_judge(&handover) && harm(m, handover.take, none);
		}
		if (!found) {
			print_message("rule %u can be broken without notice\n", rule);
		}
		CHECK(found);
	}
	free(needs);
	free(m);
}

/* What cannot be followed counts as needed. */
static void what_cannot_be_told_is_kept(void **unused) {
	(void)unused;
	struct machine *m = xmalloc(sizeof *m);
	struct host_needs *needs = xmalloc(sizeof *needs);
	static const bool none[PCI_MAX];
	state = 3;
	for (unsigned n = 0; n < 10000; n++) {
		struct handover handover;
		make_machine(m);
		unsigned way = draw(3);
		m->use.mounts_known = way != 0;
		for (unsigned i = 0; i < m->use.block_count; i++) {
			m->block[i].member[0] = '\0'; /* udev does not run */
		}
		m->use.block_count = way == 2 ? 0 : m->use.block_count; /* no sysfs */
		m->use.mount_count = way == 0 ? 0 : m->use.mount_count;
		host_needs_of(&m->use, &m->pci, needs);
		handover_begin(&handover, &m->pci, needs);
		handover_add_with_group(&handover, &m->pci.device[m->gpu].address);
		bool ok = handover_judge(&handover);
		CHECK(!ok || !(harm(m, handover.take, none) & HOST_NEED_DISK));
	}
	free(needs);
	free(m);
}

/* ---- the same through setup's own plans ---- */

static const char vm_xml[] =
		"<domain type='kvm'>\n  <name>vm</name>\n  <os>\n    <type "
		"arch='x86_64' machine='pc-q35-6.2'>hvm</type>\n  </os>\n  <devices>\n"
		"    <controller type='pci' index='0' model='pcie-root'/>\n  </devices>\n"
		"</domain>\n";

static bool plan_binds(const struct plan *plan, const struct pci_device *device) {
	char id[16];
	snprintf(id, sizeof id, "%04x:%04x", device->vendor, device->device);
	for (unsigned i = 0; i < plan->change_count; i++) {
		if (strstr(plan->change[i].new_text, id)) {
			return true;
		}
	}
	return false;
}

static void plans_take_nothing_either(void **unused) {
	(void)unused;
	struct machine *m = xmalloc(sizeof *m);
	struct setup *setup = xmalloc(sizeof *setup);
	char folder[] = "/tmp/handover-XXXXXX";
	CHECK(mkdtemp(folder));
	CHECK_EQ(sysroot_open(&setup->root, folder), 0);
	static const bool none[PCI_MAX];
	state = 4;
	unsigned planned = 0;
	for (unsigned n = 0; n < 3000; n++) {
		char error[160];
		make_machine(m);
		setup->pci = m->pci;
		host_needs_of(&m->use, &m->pci, &setup->needs);
		setup->options = (struct setup_options){ .gpu = m->pci.device[m->gpu].name };
		CHECK_EQ(document_load(&setup->document, vm_xml, error, sizeof error), 0);
		setup->has_vm = true;
		bool ok = setup_handover(setup, false) && xml_add_gpu(setup);
		if (ok) {
			files_vfio(setup);
		}
		CHECK_EQ(ok, !setup->plan.refused);
		bool in_vm[PCI_MAX] = { false };
		for (unsigned i = 0; i < setup->document.domain.hostdev_count; i++) {
			const struct pci_device *device = pci_find(
					&m->pci, &setup->document.domain.hostdev[i].source);
			in_vm[device - m->pci.device] = true;
		}
		CHECK_EQ(harm(m, in_vm, none), 0);
		for (unsigned i = 0; i < m->pci.count; i++) {
			/* An id that a device of the host has, too, is not bound. */
			CHECK(in_vm[i] || !plan_binds(&setup->plan, &m->pci.device[i]));
		}
		planned += ok;
		plan_free(&setup->plan);
		document_free(&setup->document);
	}
	CHECK(planned > 300);
	sysroot_close(&setup->root);
	rmdir(folder);
	free(setup);
	free(m);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_that_the_host_needs_is_taken),
		cmocka_unit_test(each_rule_broken_on_purpose_is_found),
		cmocka_unit_test(what_cannot_be_told_is_kept),
		cmocka_unit_test(plans_take_nothing_either),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
