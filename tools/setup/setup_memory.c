/* The files of the host that make the shared memory: its line of tmpfiles.d, or kvmfr's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "tools/setup/setup.h"
#include "tools/vm-model/distro.h"
#include "tools/vm-model/memory_config.h"

/* NixOS makes these files from its configuration: what is written beside it is refused (its folders
 * are read-only) or lost. */
static bool is_nixos(const struct setup *setup) {
	char have[DISTRO_IDS];
	distro_read(&setup->root, have);
	return distro_is(have, "nixos");
}

static void nixos_line(struct setup *setup, const char *line) {
	plan_step(&setup->plan, _("in configuration.nix: %s"), line);
	plan_command(&setup->plan, "sudo nixos-rebuild switch");
}

/* ---- the file ---- */

static const char *shm_path(const struct setup *setup, char *buf, size_t size) {
	const struct domain_shmem *shmem =
			setup->has_vm ? domain_looking_glass(&setup->document.domain) : NULL;
	if (shmem) {
		copy_text(buf, size, shmem->path);
	} else {
		snprintf(buf, size, "/dev/shm/%s",
				setup->options.shm_name ? setup->options.shm_name
							: "looking-glass");
	}
	return buf;
}

static bool plain_word(const char *text) {
	for (; *text; text++) {
		if (*text <= ' ' || *text == '%' || *text == '"' || *text == '\\' ||
				*text == 0x7f) {
			return false;
		}
	}
	return true;
}

void files_tmpfiles(struct setup *setup) {
	char path[256];
	gid_t kvm = 0;
	shm_path(setup, path, sizeof path);
	if (strncmp(path, "/dev/shm/", 9) != 0 || !plain_word(path)) {
		plan_left(&setup->plan,
				_("%s is not a file in /dev/shm: no tmpfiles.d line is needed"),
				path);
		return;
	}
	if (!sysroot_group_id(&setup->root, "kvm", &kvm)) {
		plan_refuse(&setup->plan,
				_("there is no group kvm here: install QEMU (qemu-system-x86) first"));
		return;
	}
	/* A file of the login user may be removed when the user logs out (logind's RemoveIPC); with
	 * the group that cannot happen. */
	bool by_group = sysroot_in_group(&setup->me, kvm);
	struct text text = { 0 };
	text_add(&text,
			"# Written by pierglass setup: the memory that Looking Glass' host program draws in.\n"
			"# Type Path Mode User Group Age Argument\n"
			"f %s 0660 %s kvm -\n",
			path, by_group ? "root" : setup->me.name);
	char file[300];
	const char *name = strrchr(path, '/') + 1;
	snprintf(file, sizeof file, "/etc/tmpfiles.d/10-%.200s.conf", name);
	char there[300];
	if (tmpfiles_find(&setup->root, path, &setup->me, there, sizeof there) == TMPFILES_RIGHT) {
		plan_left(&setup->plan, _("%s is right already"), there);
		text_finish(&text);
		return;
	}
	if (is_nixos(setup)) {
		char line[400];
		snprintf(line, sizeof line,
				"systemd.tmpfiles.rules = [ \"f %.255s 0660 %.63s kvm -\" ];", path,
				by_group ? "root" : setup->me.name);
		nixos_line(setup, line);
		text_finish(&text);
		return;
	}
	unsigned before = setup->plan.change_count;
	check_tmpfiles(setup, text_get(&text));
	plan_file(&setup->plan, &setup->root, file, 0644, text_get(&text),
			by_group ? N_("the file is there before the VM starts, for the group kvm (you are in it)")
				 : N_("the file is there before the VM starts, yours and of the group kvm"));
	uint64_t enforce;
	bool selinux = sysroot_number(&setup->root, "/sys/fs/selinux/enforce", &enforce) && enforce;
	if (selinux && setup->plan.change_count > before) {
		/* First: the file gets its label by this rule when it is made. */
		struct text word = { 0 };
		text_add_shell(&word, path);
		plan_note(&setup->plan,
				_("SELinux: without its own label QEMU may not open %s, and the VM does not "
				  "start (the commands follow Fedora's policy; they have not been tried on an "
				  "enforcing system yet)"),
				path);
		plan_command(&setup->plan, "sudo semanage fcontext -a -t svirt_tmpfs_t %s",
				text_get(&word));
		plan_command(&setup->plan, "sudo systemd-tmpfiles --create %s", file);
		plan_command(&setup->plan, "sudo restorecon -v %s", text_get(&word));
		text_finish(&word);
	} else if (setup->plan.change_count > before) {
		plan_command(&setup->plan, "sudo systemd-tmpfiles --create %s", file);
	}
	text_finish(&text);
}

/* ---- kvmfr ---- */

/* The line outside comments that has the word. */
static const char *live_line(const char *text, const char *word) {
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		const char *first = line + strspn(line, " \t");
		const char *found = memmem(line, len, word, strlen(word));
		if (first[0] != '#' && found) {
			return line;
		}
		line += len + (line[len] == '\n');
	}
	return NULL;
}

static char *qemu_conf_with_kvmfr(const char *text, const char *device) {
	char quoted[40];
	snprintf(quoted, sizeof quoted, "\"%s\"", device);
	if (live_line(text, quoted)) {
		return xstrdup(text);
	}
	const char *list = live_line(text, "cgroup_device_acl");
	struct text out = { 0 };
	const char *open = list ? strchr(list, '[') : NULL;
	if (open) {
		text_add_bytes(&out, text, (size_t)(open + 1 - text));
		text_add(&out, "\n    %s,%s", quoted, open + 1);
	} else {
		text_add(&out,
				"%s%s# Added by pierglass setup: libvirt's default list and %s.\n"
				"cgroup_device_acl = [\n"
				"    \"/dev/null\", \"/dev/full\", \"/dev/zero\",\n"
				"    \"/dev/random\", \"/dev/urandom\",\n"
				"    \"/dev/ptmx\", \"/dev/kvm\",\n"
				"    \"/dev/userfaultfd\", %s\n"
				"]\n",
				text, text[0] && text[strlen(text) - 1] != '\n' ? "\n" : "", device,
				quoted);
	}
	return text_take(&out);
}

static void kvmfr_libvirt(struct setup *setup, const char *device) {
	char *conf = sysroot_read(&setup->root, "/etc/libvirt/qemu.conf", NULL);
	if (conf) {
		char *with = qemu_conf_with_kvmfr(conf, device);
		unsigned before = setup->plan.change_count;
		plan_file(&setup->plan, &setup->root, "/etc/libvirt/qemu.conf", 0600, with,
				N_("libvirt lets QEMU open the device"));
		if (setup->plan.change_count > before) {
			const char *unit = libvirt_unit(&setup->root);
			plan_command(&setup->plan, "sudo systemctl restart %s",
					unit && strncmp(unit, "virtqemud", 9) == 0 ? "virtqemud"
										   : "libvirtd");
		}
		free(with);
		free(conf);
	} else {
		plan_note(&setup->plan,
				_("/etc/libvirt/qemu.conf cannot be read: root can (sudo pierglass "
				  "setup kvmfr)"));
	}
	if (!sysroot_exists(&setup->root, "/etc/apparmor.d/abstractions/libvirt-qemu")) {
		return;
	}
	static const char path[] = "/etc/apparmor.d/local/abstractions/libvirt-qemu";
	char *rule = sysroot_read(&setup->root, path, NULL);
	const char *old = rule ? rule : "";
	if (!strstr(old, device) && !strstr(old, "/dev/kvmfr*")) {
		struct text text = { 0 };
		text_add(&text, "%s%s# Added by pierglass setup\n%s rw,\n", old,
				old[0] && old[strlen(old) - 1] != '\n' ? "\n" : "", device);
		plan_file(&setup->plan, &setup->root, path, 0644, text_get(&text),
				N_("AppArmor lets QEMU open the device"));
		text_finish(&text);
	}
	free(rule);
}

/* The list of sizes with that one in its place; the other devices keep theirs. */
static void kvmfr_size_list(
		const struct kvmfr_config *config, int number, unsigned mib, struct text *list) {
	const unsigned count = config->count > (unsigned)number ? config->count : number + 1u;
	for (unsigned i = 0; i < count; i++) {
		const bool kept = i != (unsigned)number && i < config->count;
		text_add(list, "%s%u", i ? "," : "", kept ? config->mib[i] : mib);
	}
}

/* Where the size stands already, it is changed there: of two lines modprobe takes the last, which
 * need not be ours. */
static void kvmfr_size(
		struct setup *setup, const struct kvmfr_config *config, int number, unsigned mib) {
	struct text text = { 0 };
	struct text list = { 0 };
	kvmfr_size_list(config, number, mib, &list);
	if (config->count > (unsigned)number && config->mib[number] >= mib) {
		plan_left(&setup->plan, _("%s is right already"),
				config->size_file[0] ? config->size_file : "kvmfr.static_size_mb");
	} else if (config->count > 0 && !config->size_file[0]) {
		plan_step(&setup->plan,
				_("on the kernel's command line, in place of its other sizes: "
				  "kvmfr.static_size_mb=%s"),
				text_get(&list));
	} else if (strncmp(config->size_file, "/etc/", 5) == 0) {
		char *old = sysroot_read(&setup->root, config->size_file, NULL);
		if (old) {
			const char *value = old + config->size_offset;
			text_add_bytes(&text, old, config->size_offset);
			text_add(&text, "%s%s", text_get(&list),
					value + strspn(value, "0123456789,"));
			plan_file(&setup->plan, &setup->root, config->size_file, 0644,
					text_get(&text), N_("the device has that size"));
		}
		free(old);
	} else {
		text_add(&text, "# Written by pierglass setup\noptions kvmfr static_size_mb=%s\n",
				text_get(&list));
		plan_file(&setup->plan, &setup->root, "/etc/modprobe.d/pierglass-kvmfr.conf", 0644,
				text_get(&text), N_("the device has that size"));
	}
	text_finish(&text);
	text_finish(&list);
}

static void kvmfr_load_and_rule(struct setup *setup, const struct kvmfr_config *config) {
	struct text text = { 0 };
	if (config->load_file[0]) {
		plan_left(&setup->plan, _("%s is right already"), config->load_file);
	} else {
		plan_file(&setup->plan, &setup->root, "/etc/modules-load.d/pierglass-kvmfr.conf",
				0644, "# Written by pierglass setup\nkvmfr\n",
				N_("the module is there before the VM starts: else QEMU makes a plain "
				   "file of that name"));
	}
	if (config->rule == KVMFR_RULE_RIGHT) {
		plan_left(&setup->plan, _("%s is right already"), config->rule_file);
		return;
	}
	text_add(&text,
			"# Written by pierglass setup\nSUBSYSTEM==\"kvmfr\", OWNER=\"%s\", GROUP=\"kvm\", "
			"MODE=\"0660\"\n",
			setup->me.name);
	plan_file(&setup->plan, &setup->root, "/etc/udev/rules.d/99-pierglass-kvmfr.rules", 0644,
			text_get(&text), N_("you and QEMU may use it"));
	text_finish(&text);
}

static void kvmfr_of_nixos(struct setup *setup, const char *device,
		const struct kvmfr_config *config, int number, unsigned mib) {
	struct text list = { 0 };
	struct text line = { 0 };
	kvmfr_size_list(config, number, mib, &list);
	text_add(&line,
			"boot.extraModulePackages = [ config.boot.kernelPackages.kvmfr ]; "
			"boot.kernelModules = [ \"kvmfr\" ]; "
			"boot.extraModprobeConfig = \"options kvmfr static_size_mb=%s\"; "
			"services.udev.extraRules = ''SUBSYSTEM==\"kvmfr\", OWNER=\"%s\", "
			"GROUP=\"kvm\", MODE=\"0660\"''; "
			"virtualisation.libvirtd.qemu.verbatimConfig = ''cgroup_device_acl = [ "
			"\"/dev/null\", \"/dev/full\", \"/dev/zero\", \"/dev/random\", "
			"\"/dev/urandom\", \"/dev/ptmx\", \"/dev/kvm\", \"/dev/userfaultfd\", "
			"\"%s\" ]'';",
			text_get(&list), setup->me.name, device);
	nixos_line(setup, text_get(&line));
	text_finish(&line);
	text_finish(&list);
}

void files_kvmfr(struct setup *setup, const char *device, unsigned mib) {
	struct kvmfr_config config;
	const int number = kvmfr_number(device);
	unsigned before = setup->plan.change_count;
	if (number < 0) {
		plan_refuse(&setup->plan, _("%s is no device of kvmfr's"), device);
		return;
	}
	kvmfr_config_read(&setup->root, &setup->me, &config);
	if (is_nixos(setup)) {
		const bool right = config.count > (unsigned)number && config.mib[number] >= mib &&
				   config.load_file[0] && config.rule == KVMFR_RULE_RIGHT;
		if (!right) {
			kvmfr_of_nixos(setup, device, &config, number, mib);
		}
		return;
	}
	kvmfr_size(setup, &config, number, mib);
	bool other_size = setup->plan.change_count > before;
	kvmfr_load_and_rule(setup, &config);
	kvmfr_libvirt(setup, device);
	uint64_t enforce;
	if (sysroot_number(&setup->root, "/sys/fs/selinux/enforce", &enforce) && enforce) {
		plan_note(&setup->plan,
				_("SELinux refuses QEMU this device until a rule of yours allows it (pierglass "
				  "doctor prints how)"));
	}
	if (!sysroot_exists(&setup->root, "/sys/module/kvmfr")) {
		plan_note(&setup->plan,
				_("the module kvmfr comes from Looking Glass, as a DKMS package"));
		plan_command(&setup->plan, "sudo udevadm control --reload && sudo modprobe kvmfr");
	} else if (other_size) {
		plan_step(&setup->plan,
				_("shut the VM down: kvmfr has its size from when it was loaded"));
		plan_command(&setup->plan,
				"sudo udevadm control --reload && sudo modprobe -r kvmfr && "
				"sudo modprobe kvmfr");
	} else if (setup->plan.change_count > before) {
		plan_command(&setup->plan, "sudo udevadm control --reload && sudo udevadm trigger "
					   "--subsystem-match=kvmfr");
	}
}
