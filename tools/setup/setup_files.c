/* The files of the host that setup writes. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "host-proto/host_facts.h"
#include "tools/firewall/firewall.h"
#include "tools/setup/setup.h"
#include "tools/vm-model/distro.h"
#include "tools/vm-model/libvirt_hook.h"
#include "tools/vm-model/own_command.h"

/* ---- vfio ---- */

/* Drivers that would take such a device first. */
static const char *rivals(const struct pci_device *device) {
	switch (device->class >> 8) {
	case 0x0300:
	case 0x0302:
	case 0x0380:
		return device->vendor == 0x10de   ? "nouveau nvidia nvidiafb"
		       : device->vendor == 0x1002 ? "amdgpu radeon"
		       : device->vendor == 0x8086 ? "i915 xe"
						  : "";
	case 0x0403:
		return "snd_hda_intel";
	case 0x0c03:
		return "xhci_pci";
	case 0x0c80:
	case 0x0c05:
		return device->vendor == 0x10de ? "i2c_nvidia_gpu" : "";
	case 0x0200:
	case 0x0280:
	default:
		return "";
	}
}

static void add_word(struct text *list, const char *word, size_t len, char separator) {
	char copy[64];
	snprintf(copy, sizeof copy, "%.*s", (int)len, word);
	if (!list_has(text_get(list), copy, separator)) {
		text_add(list, "%s%s", list->len ? (char[]){ separator, '\0' } : "", copy);
	}
}

/* twins: ids that a device of the host has, too. */
static void collect(
		struct setup *setup, struct text *ids, struct text *drivers, struct text *twins) {
	for (unsigned i = 0; i < setup->pci.count; i++) {
		const struct pci_device *device = &setup->pci.device[i];
		unsigned other;
		char id[16];
		if (!setup->handover.take[i]) {
			continue;
		}
		snprintf(id, sizeof id, "%04x:%04x", device->vendor, device->device);
		if (!handover_id_is_ours(&setup->handover, i, &other)) {
			plan_note(&setup->plan,
					_("id %s is left out: %s, which the host keeps, has it too; "
					  "libvirt takes %s when the VM starts, and driverctl set-override keeps "
					  "it by its address before that"),
					id, setup->pci.device[other].name, device->name);
			add_word(twins, id, strlen(id), ',');
			continue;
		}
		add_word(ids, id, strlen(id), ',');
		for (const char *word = rivals(device); *word;) {
			size_t len = strcspn(word, " ");
			add_word(drivers, word, len, ' ');
			word += len + (word[len] == ' ');
		}
	}
}

#define VFIO_FILE "/etc/modprobe.d/pierglass-vfio.conf"

/* The text with those of the ids that its line lacks; a line at the end where it has none. */
static char *with_ids(const char *text, const char *ids) {
	size_t at;
	if (!vfio_ids_place(text, &at)) {
		return xasprintf("%soptions vfio-pci ids=%s\n", text, ids);
	}
	size_t len = strcspn(text + at, " \t\n\\");
	struct text list = { 0 };
	text_add_bytes(&list, text + at, len);
	for (const char *word = ids; *word;) {
		size_t n = strcspn(word, ",");
		add_word(&list, word, n, ',');
		word += n + (word[n] == ',');
	}
	char *out = xasprintf("%.*s%s%s", (int)at, text, text_get(&list), text + at + len);
	text_finish(&list);
	return out;
}

static char *without_ids(const char *text, const char *ids) {
	size_t at;
	if (!vfio_ids_place(text, &at)) {
		return xstrdup(text);
	}
	const size_t len = strcspn(text + at, " \t\n\\");
	struct text list = { 0 };
	for (const char *word = text + at; word < text + at + len;) {
		char id[64];
		const size_t n = strcspn(word, ", \t\n\\");
		snprintf(id, sizeof id, "%.*s", (int)n, word);
		if (!list_has(ids, id, ',')) {
			add_word(&list, id, strlen(id), ',');
		}
		word += n + (word[n] == ',');
	}
	char *out = xasprintf("%.*s%s%s", (int)at, text, text_get(&list), text + at + len);
	text_finish(&list);
	return out;
}

/* What our file has already stays: another VM's devices may stand there. */
static char *own_file(const struct setup *setup, const struct text *twins) {
	char *text = sysroot_read(&setup->root, VFIO_FILE, NULL);
	char *own = text ? without_ids(text, text_get(twins)) : NULL;
	free(text);
	return own ? own
		   : xstrdup("# Written by pierglass setup: devices kept for virtual machines.\n");
}

static void add_softdeps(struct text *text, const struct text *drivers) {
	for (const char *word = text_get(drivers); *word;) {
		size_t len = strcspn(word, " ");
		char *line = xasprintf("softdep %.*s pre: vfio-pci\n", (int)len, word);
		if (!strstr(text_get(text), line)) {
			text_add(text, "%s", line);
		}
		free(line);
		word += len + (word[len] == ' ');
	}
}

/* modprobe joins all files and the last ids count: where the user's own line does, ours may not
 * stand beside it. Where the kernel's words have them, no line counts. */
static void keep_by_modprobe(struct setup *setup, const struct text *ids,
		const struct text *drivers, const struct text *twins) {
	const struct vfio_config *vfio = &setup->vfio;
	const bool by_word = boot_ids_by_word(setup);
	const bool others = !by_word && vfio->from == VFIO_IDS_FILE &&
			    strcmp(vfio->place, VFIO_FILE) != 0;
	if (others) {
		char *theirs = sysroot_read(&setup->root, vfio->place, NULL);
		char *all = with_ids(theirs ? theirs : "", text_get(ids));
		plan_file(&setup->plan, &setup->root, vfio->place, 0644, all,
				N_("vfio-pci takes these devices, too"));
		free(all);
		free(theirs);
	}
	struct text text = { 0 };
	char *own = own_file(setup, twins);
	char *all = others || by_word ? xstrdup(own) : with_ids(own, text_get(ids));
	text_add(&text, "%s", all);
	const bool early = (others || by_word) &&
			   initramfs_has_vfio(&setup->root, initramfs_tool(&setup->root));
	if (!early) {
		add_softdeps(&text, drivers);
	}
	if (!(others || by_word) || (drivers->len && !early)) {
		plan_file(&setup->plan, &setup->root, VFIO_FILE, 0644, text_get(&text),
				N_("vfio-pci takes the devices before their own drivers do"));
	}
	free(all);
	free(own);
	text_finish(&text);
}

/* From the next start on these are the VM's alone. */
static void tell_what_is_lost(struct setup *setup) {
	struct text text = { 0 };
	for (unsigned i = 0; i < setup->pci.count; i++) {
		const struct pci_device *device = &setup->pci.device[i];
		if (setup->handover.take[i]) {
			text_add(&text, "%s%s %s", text.len ? ", " : "", device->name + 5,
					pci_class_name(device));
		}
	}
	plan_cost(&setup->plan,
			_("from the next start on Linux does without %s: a monitor at that GPU stays dark "
			  "until the VM uses it"),
			text_get(&text));
	text_finish(&text);
}

void files_vfio(struct setup *setup) {
	char hook[256];
	struct text ids = { 0 };
	struct text drivers = { 0 };
	struct text twins = { 0 };
	if (!setup_handover(setup, true)) {
		return;
	}
	collect(setup, &ids, &drivers, &twins);
	bool hooked = setup->has_vm && !setup->options.gpu &&
		      libvirt_hook_binds(
				      &setup->root, setup->document.domain.name, hook, sizeof hook);
	const bool ids_added = boot_words(setup, hooked ? "" : text_get(&ids));
	if (ids.len == 0 && twins.len) {
		/* said above */
	} else if (ids.len == 0) {
		plan_note(&setup->plan,
				_("no device to keep for the VM: name one with --gpu, or a VM that has "
				  "one"));
	} else if (hooked) {
		plan_left(&setup->plan,
				_("the hook %s takes the devices when the VM starts: they are not kept for it "
				  "from the start of the machine on"),
				hook);
	} else {
		unsigned before = setup->plan.change_count;
		const bool files = !boot_writes_no_files(setup) && !setup->vfio.built_in;
		if (files) {
			keep_by_modprobe(setup, &ids, &drivers, &twins);
		}
		if (files && !boot_ids_by_word(setup)) {
			check_modprobe(setup, text_get(&ids));
		}
		const bool changed = setup->plan.change_count > before;
		if (changed || ids_added) {
			tell_what_is_lost(setup);
		}
		if (files) {
			boot_initramfs(setup, changed);
		}
	}
	setup->plan.reboot = setup->plan.step.count > 0;
	text_finish(&ids);
	text_finish(&drivers);
	text_finish(&twins);
}

/* ---- sound ---- */

static void bridge_of(const struct setup *setup, char *buf, size_t size) {
	copy_text(buf, size, "virbr0");
	const struct domain *vm = &setup->document.domain;
	for (unsigned i = 0; setup->has_vm && i < vm->interface_count; i++) {
		if (vm->interface[i].bridge[0]) {
			copy_text(buf, size, vm->interface[i].bridge);
			return;
		}
		if (vm->interface[i].network[0] && setup->virt &&
				virt_network_bridge(
						setup->virt, vm->interface[i].network, buf, size)) {
			return;
		}
	}
}

void files_audio(struct setup *setup) {
	char bridge[32];
	struct firewall wall;
	bridge_of(setup, bridge, sizeof bridge);
	firewall_read(&wall, &setup->root, bridge, SCREAM_PORT);
	struct text word = { 0 };
	text_add_shell(&word, bridge);
	if (wall.ufw && !wall.ufw_open) {
		plan_command(&setup->plan, "sudo ufw allow in on %s to any port %d proto udp",
				text_get(&word), SCREAM_PORT);
	}
	if (wall.firewalld && !wall.firewalld_open) {
		struct text zone = { 0 };
		text_add_shell(&zone, wall.zone);
		plan_command(&setup->plan,
				"sudo firewall-cmd --zone=%s --add-port=%d/udp && sudo "
				"firewall-cmd --permanent --zone=%s --add-port=%d/udp",
				text_get(&zone), SCREAM_PORT, text_get(&zone), SCREAM_PORT);
		text_finish(&zone);
	}
	if (!wall.ufw && !wall.firewalld && wall.nft_service) {
		plan_command(&setup->plan,
				"sudo nft insert rule inet filter input iifname %s udp dport %d accept",
				text_get(&word), SCREAM_PORT);
		plan_step(&setup->plan,
				_("the same rule in /etc/nftables.conf, or it is gone after the next start (as "
				  "root pierglass doctor finds the right chain)"));
	}
	if (!wall.ufw && !wall.firewalld && !wall.nft_service) {
		plan_note(&setup->plan, _(HOST_FACTS_SCREAM_NO_FIREWALL), bridge);
	}
	text_finish(&word);
	plan_note(&setup->plan, _(HOST_FACTS_SCREAM_RECEIVER));
}

/* ---- desktop ---- */

static bool in_path(const char *program) {
	char list[4096];
	char *rest;
	const char *path = getenv("PATH");
	copy_text(list, sizeof list, path ? path : "");
	for (char *dir = strtok_r(list, ":", &rest); dir; dir = strtok_r(NULL, ":", &rest)) {
		char *file = xasprintf("%s/%s", dir, program);
		bool here = access(file, X_OK) == 0;
		free(file);
		if (here) {
			return true;
		}
	}
	return false;
}

void files_desktop(struct setup *setup) {
	char home[512];
	char path[1100];
	const char *name = setup->has_vm ? setup->document.domain.name : "";
	if (!setup->root.copy && setup->me.uid != geteuid()) {
		struct text line = { 0 };
		own_command(&line, OWN_HERE);
		text_add(&line, " setup desktop ");
		text_add_shell(&line, name);
		plan_step(&setup->plan, _("as %s, without sudo:"), setup->me.name);
		plan_command(&setup->plan, "%s --apply", text_get(&line));
		text_finish(&line);
		return;
	}
	if (!sysroot_env(&setup->root, "XDG_DATA_HOME", path, 500)) {
		if (!sysroot_env(&setup->root, "HOME", home, sizeof home)) {
			plan_note(&setup->plan, _("no HOME: no desktop entry"));
			return;
		}
		snprintf(path, sizeof path, "%s/.local/share", home);
	}
	if (strpbrk(name, "/\n\"\\`$%'") || text_steers(name)) {
		plan_note(&setup->plan, _("the VM's name cannot stand in a desktop entry"));
		return;
	}
	size_t len = strlen(path);
	snprintf(path + len, sizeof path - len,
			"/applications/io.github.pierglass.Pierglass%s%s.desktop",
			name[0] ? "-" : "", name);
	for (char *c = path + len; *c; c++) {
		if (*c == ' ') {
			*c = '_';
		}
	}
	struct text text = { 0 };
	text_add(&text,
			"[Desktop Entry]\nType=Application\nVersion=1.0\nName=%s%spierglass\n"
			"GenericName=Virtual machine player\nComment=Picture, sound and input of %s\n"
			"Exec=pierglass%s%s%s\nTryExec=pierglass\nIcon=io.github.pierglass.Pierglass\n"
			"Terminal=false\nCategories=System;Emulator;\nStartupNotify=true\n"
			"StartupWMClass=io.github.pierglass.Pierglass\n",
			name, name[0] ? " - " : "", name[0] ? name : "the guest",
			name[0] ? " \"" : "", name, name[0] ? "\"" : "");
	plan_file(&setup->plan, &setup->root, path, 0644, text_get(&text),
			N_("an entry in the menu that starts this VM's player"));
	if (!setup->root.copy && !in_path("pierglass")) {
		plan_note(&setup->plan,
				_("pierglass is in no folder of PATH: the menu shows the entry once it is "
				  "installed (sudo cmake --install build)"));
	}
	text_finish(&text);
}

/* ---- input ---- */

static void add_udev_rule(struct setup *setup, struct text *text, const char *path) {
	struct text match = { 0 };
	if (path && input_udev_match(&setup->root, path, &match)) {
		text_add(text, "SUBSYSTEM==\"input\", KERNEL==\"event*\", %s, TAG+=\"uaccess\"\n",
				text_get(&match));
	} else if (path) {
		plan_note(&setup->plan, _("%s: its ids are not known, no udev rule"), path);
	}
	text_finish(&match);
}

void files_input(struct setup *setup) {
	struct text text = { 0 };
	text_add(&text, "# Written by pierglass setup: whoever sits at the machine may read these devices.\n");
	size_t empty = text.len;
	bool named = setup->options.keyboard || setup->options.mouse;
	add_udev_rule(setup, &text, setup->options.keyboard);
	add_udev_rule(setup, &text, setup->options.mouse);
	/* What QEMU had is what the user wants to have. */
	const struct domain *vm = &setup->document.domain;
	for (unsigned i = 0; setup->has_vm && !named && i < vm->evdev_count; i++) {
		add_udev_rule(setup, &text, vm->evdev[i].path);
	}
	if (setup->has_vm && !named && vm->evdev_count == 0) {
		plan_note(&setup->plan,
				_("no device was named (--keyboard PATH, --mouse PATH; pierglass setup input "
				  "--list shows them): the right to read one for --evdev is not given"));
	}
	if (text.len > empty) {
		unsigned before = setup->plan.change_count;
		plan_file(&setup->plan, &setup->root, "/etc/udev/rules.d/70-pierglass-input.rules",
				0644, text_get(&text),
				N_("pierglass --evdev may read exactly these devices, without the group input"));
		if (setup->plan.change_count > before) {
			plan_command(&setup->plan,
					"sudo udevadm control --reload && sudo udevadm trigger "
					"--subsystem-match=input");
		}
	}
	text_finish(&text);
}

/* ---- what no program on Linux can do ---- */

void windows_steps(struct setup *setup) {
	struct plan *plan = &setup->plan;
	const struct domain *vm = &setup->document.domain;
	plan_windows(plan,
			_("install the virtio-win drivers (virtio-win-guest-tools.exe): disk, network, "
			  "SPICE agent (clipboard)"));
	if (vm->hostdev_count > 0) {
		plan_windows(plan, _(HOST_FACTS_STEP_GPU));
	}
	plan_windows(plan, _(HOST_FACTS_STEP_HOST));
	plan_windows(plan, vm->sound_count > 0 ? _(HOST_FACTS_STEP_SOUND)
					       : _(HOST_FACTS_STEP_NO_CARD));
	plan_windows(plan, _("Settings > Mouse: switch \"Enhance pointer precision\" off"));
	for (unsigned i = 0; i < vm->filesystem_count; i++) {
		if (strcmp(vm->filesystem[i].driver, "virtiofs") == 0) {
			plan_windows(plan,
					_("install WinFsp, then Services: VirtIO-FS Service to Automatic (Delayed "
					  "Start), and start it: the share appears as drive Z:"));
			break;
		}
	}
	plan_windows(plan,
			_("shut Windows down once (not restart): the VM's new devices appear at its next "
			  "start"));
}
