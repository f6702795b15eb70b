/*
 * The kernel's command line and the initial RAM disk, by distribution and boot loader: which file
 * is edited, or which command is printed because the distribution's own tool does it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "tools/setup/setup.h"
#include "tools/setup/setup_store.h"
#include "tools/vm-model/distro.h"
#include "tools/vm-model/shell_value.h"

/* LINE_TOO: the file from which the next kernel's entry is made, and the entries that there are. */
enum boot_edit { BOOT_GRUB, BOOT_LINE, BOOT_LINE_TOO, BOOT_ENTRIES, BOOT_PRINT };

struct boot_way {
	const char *ids;     /* ID or ID_LIKE of os-release, one of them; "" = any */
	const char *marker;  /* must be there; "" = need not */
	const char *running; /* must stand in /proc/cmdline; "" = need not */
	enum boot_edit edit;
	const char *file; /* LINE: the file; ENTRIES: the folder */
	const char *then; /* the command to run afterwards; %s = the words */
	const char *each; /* in front of each word instead of a blank */
	const char *hand; /* what a person does before it; %s = the words */
	bool ids_by_word; /* /etc/modprobe.d is not the user's here: ids go with the words */
};

#define OSTREE "/run/ostree-booted"

static const char unraid[] = N_(
		"in Unraid's Main > Flash > Syslinux configuration, to the append line:%s (devices are "
		"kept for VMs under Tools > System Devices)");

/* The first that fits counts. */
static const struct boot_way ways[] = {
	{ "", OSTREE, "", BOOT_PRINT, NULL, "sudo rpm-ostree kargs%s",
			" --append-if-missing=", NULL, true },
	{ "nixos", "", "", BOOT_PRINT, NULL, "sudo nixos-rebuild boot", " \"",
			N_("in configuration.nix: boot.kernelParams = [%s ]; boot.initrd.kernelModules = "
			   "[ \"vfio_pci\" \"vfio\" \"vfio_iommu_type1\" ];"),
			true },
	{ "", "/etc/unraid-version", "", BOOT_PRINT, NULL, NULL, NULL, unraid, true },
	{ "slackware", "/boot/syslinux/syslinux.cfg", "", BOOT_PRINT, NULL, NULL, NULL, unraid,
			true },
	{ "", "/etc/kernel/proxmox-boot-uuids", "", BOOT_LINE, "/etc/kernel/cmdline",
			"sudo proxmox-boot-tool refresh", NULL, NULL, false },
	{ "debian", "/etc/kernel/cmdline", "root=ZFS=", BOOT_LINE, "/etc/kernel/cmdline",
			"sudo proxmox-boot-tool refresh", NULL, NULL, false },
	{ "fedora rhel centos", "", "", BOOT_PRINT, NULL,
			"sudo grubby --update-kernel=ALL --args=\"%s\"", NULL, NULL, false },
	{ "", "/etc/kernelstub/configuration", "", BOOT_PRINT, NULL,
			"sudo kernelstub --add-options=\"%s\"", NULL, NULL, false },
	{ "", "/etc/default/limine", "", BOOT_PRINT, NULL, "sudo limine-update", NULL,
			N_("as a line of its own in /etc/default/limine: KERNEL_CMDLINE[default]+=\"%s\""),
			false },
	{ "", "/usr/bin/reinstall-kernels", "", BOOT_LINE, "/etc/kernel/cmdline",
			"sudo reinstall-kernels", NULL, NULL, false },
	{ "arch", "/etc/kernel/cmdline", "", BOOT_LINE_TOO, "/etc/kernel/cmdline",
			"sudo mkinitcpio -P", NULL, NULL, false },
	{ "arch", "/etc/cmdline.d", "", BOOT_LINE, "/etc/cmdline.d/pierglass.conf",
			"sudo mkinitcpio -P", NULL, NULL, false },
	{ "suse opensuse", "/etc/kernel/cmdline", "", BOOT_LINE, "/etc/kernel/cmdline",
			"sudo sdbootutil update-all-entries", NULL, NULL, false },
	{ "", "/boot/loader/entries", "", BOOT_ENTRIES, "/boot/loader/entries", NULL, NULL, NULL,
			false },
	{ "", "/efi/loader/entries", "", BOOT_ENTRIES, "/efi/loader/entries", NULL, NULL, NULL,
			false },
	{ "", "/boot/efi/loader/entries", "", BOOT_ENTRIES, "/boot/efi/loader/entries", NULL, NULL,
			NULL, false },
	{ "", "/boot/refind_linux.conf", "", BOOT_PRINT, NULL, NULL, NULL,
			N_("to each line of /boot/refind_linux.conf, inside its second quotes:%s"),
			false },
	{ "debian ubuntu", "/etc/default/grub", "", BOOT_GRUB, NULL, "sudo update-grub", NULL, NULL,
			false },
	{ "suse opensuse", "/etc/default/grub", "", BOOT_GRUB, NULL,
			"sudo grub2-mkconfig -o /boot/grub2/grub.cfg", NULL, NULL, false },
	{ "arch gentoo void alpine slackware", "/etc/default/grub", "", BOOT_GRUB, NULL,
			"sudo grub-mkconfig -o /boot/grub/grub.cfg", NULL, NULL, false },
	{ "", "/etc/default/grub", "", BOOT_GRUB, NULL, "sudo update-grub", NULL, NULL, false },
	{ "", "", "", BOOT_PRINT, NULL, NULL, NULL,
			N_("add to the kernel's command line, in your boot loader's configuration:%s"),
			false },
};

static const struct boot_way *way_of(const struct setup *setup, const char *cmdline) {
	char have[DISTRO_IDS];
	distro_read(&setup->root, have);
	const struct boot_way *way = ways;
	while ((way->ids[0] && !distro_is(have, way->ids)) ||
			(way->marker[0] && !sysroot_exists(&setup->root, way->marker)) ||
			(way->running[0] && !strstr(cmdline, way->running))) {
		way++; /* the last one fits */
	}
	return way;
}

/* ---- GRUB ---- */

/* Does a shell read that value there, too? It sees this one assignment, which has no expansion. */
static bool shell_agrees(const char *text, const char *name, const char *value) {
	char path[MEMORY_FILE_PATH];
	char said[4096];
	int fd = memory_file(text, path);
	char *command = xasprintf("sh -n %s 2>&1", path);
	FILE *pipe = fd < 0 ? NULL : popen(command, "re"); // NOLINT(cert-env33-c)
	bool ok = pipe && pclose(pipe) == 0;
	free(command);
	close(fd);
	char *line = shell_assignment(text, name);
	char *script = xasprintf("%s\nprintf '%%s.' \"$%s\"\n", line ? line : "", name);
	fd = memory_file(script, path);
	command = xasprintf("env -i sh %s 2>&1", path);
	pipe = fd < 0 ? NULL : popen(command, "re"); // NOLINT(cert-env33-c)
	size_t len = pipe ? fread(said, 1, sizeof said, pipe) : 0;
	ok = ok && pipe && pclose(pipe) == 0 && len == strlen(value) + 1 &&
	     memcmp(said, value, len - 1) == 0;
	close(fd);
	free(command);
	free(script);
	free(line);
	return ok;
}

#define GRUB_FILE "/etc/default/grub"

struct words {
	const char *add[6];
	const char *remove[6];
	unsigned count;
	const char *why;
};

static void by_hand(
		struct setup *setup, const char *file, const struct words *words, const char *why) {
	struct text text = { 0 };
	for (unsigned i = 0; i < words->count; i++) {
		if (words->add[i]) {
			text_add(&text, " %s", words->add[i]);
		}
	}
	plan_step(&setup->plan, _("add to GRUB_CMDLINE_LINUX in %s by hand:%s (%s)"), file,
			text_get(&text), why);
	text_finish(&text);
}

/* Both variables are joined to one command line; what the second says counts. */
static const char *const grub_names[2] = { "GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT" };

/* The values of both; false: they are more than plain values. */
static bool read_grub(const char *text, char *values[2]) {
	for (size_t i = 0; i < 2; i++) {
		if (shell_value(text, grub_names[i], &values[i]) == SHELL_COMPLEX ||
				(values[i] && !kernel_is_whole(values[i]))) {
			return false;
		}
	}
	return true;
}

/* One word to add or to replace, into the values. */
static void put_word(char *values[2], const char *add, const char *remove) {
	const size_t to = values[0] || !values[1] ? 0 : 1;
	bool have = !add;
	for (size_t i = 0; i < 2; i++) {
		have = have || (values[i] && kernel_has(values[i], add));
	}
	for (size_t i = 0; i < 2; i++) {
		const char *here = !have && i == to ? add : NULL;
		if (values[i] || here) {
			char *next = kernel_with(values[i] ? values[i] : "", here, remove);
			free(values[i]);
			values[i] = next;
		}
	}
}

/* The file with both values; false: the shell reads something else there. */
static bool write_grub(char **text, char *const values[2]) {
	bool agrees = true;
	for (size_t i = 0; i < 2; i++) {
		if (values[i]) {
			char *next = shell_with_value(*text, grub_names[i], values[i]);
			agrees = agrees && shell_agrees(next, grub_names[i], values[i]);
			free(*text);
			*text = next;
		}
	}
	return agrees;
}

static void plan_grub(struct setup *setup, const char *file, const struct words *words, char **text,
		char *values[2], const char *then) {
	for (unsigned w = 0; w < words->count; w++) {
		put_word(values, words->add[w], words->remove[w]);
	}
	if (!write_grub(text, values)) {
		by_hand(setup, file, words,
				_("the shell does not read the changed file as it should"));
		return;
	}
	const unsigned before = setup->plan.change_count;
	plan_file(&setup->plan, &setup->root, file, 0644, *text, words->why);
	if (setup->plan.change_count > before) {
		plan_command(&setup->plan, "%s", then);
	}
}

#define GRUB_FOLDER "/etc/default/grub.d"

static bool assigns(const char *text, enum shell_found how) {
	bool found = false;
	for (size_t i = 0; text && i < 2; i++) {
		char *value = NULL;
		found = shell_value(text, grub_names[i], &value) == how || found;
		free(value);
	}
	return found;
}

/* Between blanks, quotes or the line's ends. */
static bool has_word(const char *text, const char *word) {
	static const char around[] = " \t\n\"'";
	const size_t len = strlen(word);
	for (const char *at = strstr(text, word); at; at = strstr(at + len, word)) {
		if ((at == text || strchr(around, at[-1])) &&
				(!at[len] || strchr(around, at[len]))) {
			return true;
		}
	}
	return false;
}

/* Where the words go: grub-mkconfig reads GRUB_FILE, then the drop-ins by name, and what one of
 * them assigns anew replaces what was said before. One that adds to the variable (an expansion)
 * leaves it; the words that it should not add are for a person. */
static void grub_file(struct setup *setup, const struct words *words, char *file, size_t size) {
	struct sysroot_names names = sysroot_list(&setup->root, GRUB_FOLDER);
	copy_text(file, size, GRUB_FILE);
	for (size_t i = 0; i < names.count; i++) {
		char *path = xasprintf("%s/%s", GRUB_FOLDER, names.name[i]);
		const size_t len = strlen(path);
		char *text = strcmp(path + len - 4, ".cfg") == 0
					     ? sysroot_read(&setup->root, path, NULL)
					     : NULL;
		if (assigns(text, SHELL_PLAIN)) {
			copy_text(file, size, path);
		}
		for (unsigned w = 0; w < words->count && assigns(text, SHELL_COMPLEX); w++) {
			if (words->remove[w] && has_word(text, words->remove[w])) {
				plan_step(&setup->plan, _("take %s out of %s"), words->remove[w],
						path);
			}
		}
		free(text);
		free(path);
	}
	sysroot_names_free(&names);
}

static void edit_grub(struct setup *setup, const struct words *words, const char *then) {
	char file[300];
	grub_file(setup, words, file, sizeof file);
	char *text = sysroot_read(&setup->root, file, NULL);
	char *values[2] = { NULL, NULL };
	if (text && read_grub(text, values)) {
		plan_grub(setup, file, words, &text, values, then);
	} else {
		by_hand(setup, file, words,
				text ? _("its lines are more than plain values")
				     : _("it cannot be read"));
		plan_command(&setup->plan, "%s", then);
	}
	free(values[0]);
	free(values[1]);
	free(text);
}

/* ---- the others ---- */

static char *with_words(const char *line, const struct words *words) {
	char *all = xstrdup(line);
	for (unsigned w = 0; w < words->count; w++) {
		char *next = kernel_with(all, words->add[w], words->remove[w]);
		free(all);
		all = next;
	}
	return all;
}

static void one_line(struct setup *setup, const char *file, const struct words *words) {
	char *text = sysroot_read(&setup->root, file, NULL);
	size_t len = text ? strcspn(text, "\n") : 0;
	char *line = xasprintf("%.*s", (int)len, text ? text : "");
	char *all = with_words(line, words);
	char *whole = xasprintf("%s%s", all, text && text[len] ? text + len : "\n");
	plan_file(&setup->plan, &setup->root, file, 0644, whole, words->why);
	free(whole);
	free(all);
	free(line);
	free(text);
}

/* The entry with the words in its lines "options", which are joined: the first one gets what is
 * new. NULL: it has none. */
static char *entry_with_words(const char *text, const struct words *words) {
	struct text out = { 0 };
	unsigned lines = 0;
	for (const char *line = text; *line;) {
		const size_t len = strcspn(line, "\n");
		const size_t key =
				strncmp(line, "options", 7) == 0 ? 7 + strspn(line + 7, " \t") : 0;
		if (key > 7) {
			struct words here = *words;
			for (unsigned w = 0; w < here.count; w++) {
				here.add[w] = lines || kernel_has(text, here.add[w] ? here.add[w]
										    : "")
							      ? NULL
							      : here.add[w];
			}
			char *old = xasprintf("%.*s", (int)(len - key), line + key);
			char *all = with_words(old, &here);
			text_add(&out, "%.*s%s", (int)key, line, all);
			free(all);
			free(old);
			lines++;
		} else {
			text_add_bytes(&out, line, len);
		}
		text_add_bytes(&out, line + len, line[len] == '\n');
		line += len + (line[len] == '\n');
	}
	if (!lines) {
		text_finish(&out);
		return NULL;
	}
	return text_take(&out);
}

static unsigned each_entry(struct setup *setup, const char *folder, const struct words *words) {
	struct sysroot_names names = sysroot_list(&setup->root, folder);
	unsigned found = 0;
	for (size_t i = 0; i < names.count; i++) {
		char path[512];
		snprintf(path, sizeof path, "%s/%.200s", folder, names.name[i]);
		char *text = strstr(names.name[i], ".conf") ? sysroot_read(&setup->root, path, NULL)
							    : NULL;
		char *whole = text ? entry_with_words(text, words) : NULL;
		if (whole) {
			plan_file(&setup->plan, &setup->root, path, 0644, whole, words->why);
			found++;
		}
		free(whole);
		free(text);
	}
	sysroot_names_free(&names);
	return found;
}

static void edit_line(struct setup *setup, const struct boot_way *way, const struct words *words) {
	unsigned before = setup->plan.change_count;
	one_line(setup, way->file, words);
	if (way->edit == BOOT_LINE_TOO) {
		static const char *const folders[] = { "/boot/loader/entries",
			"/efi/loader/entries", "/boot/efi/loader/entries" };
		for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
			each_entry(setup, folders[i], words);
		}
	}
	if (setup->plan.change_count > before) {
		plan_command(&setup->plan, "%s", way->then);
	}
}

/* systemd-boot: every entry. kernel-install makes the next kernel's from its own file, if it is
 * there, else from what the running one was started with. */
static void edit_entries(
		struct setup *setup, const struct boot_way *way, const struct words *words) {
	if (sysroot_exists(&setup->root, "/etc/kernel/cmdline")) {
		one_line(setup, "/etc/kernel/cmdline", words);
	}
	if (!each_entry(setup, way->file, words)) {
		struct text text = { 0 };
		for (unsigned w = 0; w < words->count; w++) {
			text_add(&text, "%s%s", words->add[w] ? " " : "",
					words->add[w] ? words->add[w] : "");
		}
		plan_step(&setup->plan,
				_("add to the line \"options\" of your entry in %s (only root may read "
				  "it):%s"),
				way->file, text_get(&text));
		text_finish(&text);
	}
}

/* The line with the words in the place of its "%s", if it has one. */
static char *with_the_words(const char *line, const char *words) {
	const char *place = strstr(line, "%s");
	return place ? xasprintf("%.*s%s%s", (int)(place - line), line, words, place + 2)
		     : xstrdup(line);
}

static void print_words(struct setup *setup, const struct boot_way *way, const struct words *words,
		const char *cmdline) {
	struct text text = { 0 };
	bool quoted = way->each && strchr(way->each, '"');
	bool bare = way->then && strstr(way->then, "=\"%s"); /* the first one stands in quotes */
	for (unsigned w = 0; w < words->count; w++) {
		if (words->add[w]) {
			text_add(&text, "%s%s%s",
					way->each           ? way->each
					: bare && !text.len ? ""
							    : " ",
					words->add[w], quoted ? "\"" : "");
		}
	}
	for (unsigned w = 0; w < words->count; w++) {
		if (words->remove[w] && kernel_has(cmdline, words->remove[w])) {
			plan_step(&setup->plan, _("take %s out of the kernel's command line"),
					words->remove[w]);
		}
	}
	if (text.len && way->hand) {
		char *hand = with_the_words(_(way->hand), text_get(&text));
		plan_step(&setup->plan, "%s", hand);
		free(hand);
	}
	if (way->then && (text.len || !strstr(way->then, "%s"))) {
		char *then = with_the_words(way->then, text_get(&text));
		plan_command(&setup->plan, "%s", then);
		free(then);
	}
	text_finish(&text);
}

static bool is_amd(const struct sysroot *root) {
	char *text = sysroot_read(root, "/proc/cpuinfo", NULL);
	bool amd = text && strstr(text, "AuthenticAMD");
	free(text);
	return amd;
}

/* Words that the kernel was started with are not asked for again, whoever put them there. */
static void add_missing(
		struct words *words, const char *cmdline, const char *word, const char *except) {
	if (!kernel_has(cmdline, word) || kernel_has(cmdline, except)) {
		words->add[words->count] = word;
		words->remove[words->count++] = except;
	}
}

bool boot_writes_no_files(const struct setup *setup) {
	char *cmdline = sysroot_read(&setup->root, "/proc/cmdline", NULL);
	bool no_files = way_of(setup, cmdline ? cmdline : "")->ids_by_word;
	free(cmdline);
	return no_files;
}

bool boot_ids_by_word(const struct setup *setup) {
	return setup->vfio.built_in || setup->vfio.from == VFIO_IDS_WORD ||
	       boot_writes_no_files(setup);
}

/* vfio-pci.ids= with what is there already; NULL: nothing is missing. */
static char *ids_word(const struct setup *setup, const char *ids) {
	const bool there = setup->vfio.from == VFIO_IDS_WORD;
	struct text all = { 0 };
	if (!ids[0] || (there && vfio_ids_have(setup->vfio.ids, ids))) {
		return NULL;
	}
	text_add(&all, "vfio-pci.ids=%s", there ? setup->vfio.ids : "");
	for (const char *word = ids; *word;) {
		char id[64];
		const size_t len = strcspn(word, ",");
		snprintf(id, sizeof id, "%.*s", (int)len, word);
		if (!there || !list_has(setup->vfio.ids, id, ',')) {
			text_add(&all, "%s%s", text_get(&all)[all.len - 1] == '=' ? "" : ",", id);
		}
		word += len + (word[len] == ',');
	}
	return text_take(&all);
}

static void put_words(struct setup *setup, const struct boot_way *way, const struct words *words,
		const char *cmdline) {
	if (words->count == 0) {
		plan_left(&setup->plan, _("the kernel was started with the right words already"));
	} else if (way->edit == BOOT_GRUB) {
		edit_grub(setup, words, way->then);
	} else if (way->edit == BOOT_LINE || way->edit == BOOT_LINE_TOO) {
		edit_line(setup, way, words);
	} else if (way->edit == BOOT_ENTRIES) {
		edit_entries(setup, way, words);
	} else {
		print_words(setup, way, words, cmdline);
	}
}

bool boot_words(struct setup *setup, const char *ids) {
	char *text = sysroot_read(&setup->root, "/proc/cmdline", NULL);
	const char *cmdline = text ? text : "";
	bool amd = is_amd(&setup->root);
	const struct boot_way *way = way_of(setup, cmdline);
	/* AMD's IOMMU is on by itself, and the kernel knows no amd_iommu=on. */
	struct words words = {
		.why = amd ? N_("iommu=pt: the host's own devices skip translation, which is faster")
			   : N_("intel_iommu=on: the kernel uses VT-d. iommu=pt: the host's own "
				"devices skip translation, which is faster")
	};
	add_missing(&words, cmdline, "iommu=pt", "iommu=off");
	if (!amd) {
		add_missing(&words, cmdline, "intel_iommu=on", "intel_iommu=off");
	} else if (words.count || kernel_has(cmdline, "amd_iommu=off")) {
		words.remove[words.count++] = "amd_iommu=off";
	}
	char *bind = boot_ids_by_word(setup) ? ids_word(setup, ids) : NULL;
	if (bind) {
		if (words.count == 0) {
			words.why = N_("vfio-pci.ids=: vfio-pci takes the devices");
		}
		words.remove[words.count] =
				setup->vfio.from == VFIO_IDS_WORD ? setup->vfio.place : "";
		words.add[words.count++] = bind;
	}
	const bool image = strcmp(way->marker, OSTREE) == 0 && ids[0] && !setup->vfio.early;
	if (image) {
		words.add[words.count++] = "rd.driver.pre=vfio_pci";
	}
	put_words(setup, way, &words, cmdline);
	if (image) {
		plan_command(&setup->plan, "sudo rpm-ostree initramfs --enable --arg=--add-drivers "
					   "--arg=\"vfio_pci vfio vfio_iommu_type1\"");
	}
	if (strstr(cmdline, "allow_unsafe_interrupts=1")) {
		plan_note(&setup->plan,
				_("allow_unsafe_interrupts=1 is on the kernel's command line: only "
				  "hardware without interrupt remapping needs it, the guest can forge "
				  "interrupts with it"));
	}
	const bool ids_added = bind != NULL;
	free(bind);
	free(text);
	return ids_added;
}

/* ---- the initial RAM disk ---- */

static void by_mkinitcpio(struct setup *setup, bool changed) {
	bool early = initramfs_has_vfio(&setup->root, INITRAMFS_MKINITCPIO);
	if (!early) {
		plan_step(&setup->plan,
				_("in /etc/mkinitcpio.conf, first of all modules: MODULES=(vfio_pci vfio "
				  "vfio_iommu_type1 ...)"));
	}
	if (changed || !early) {
		plan_command(&setup->plan, "sudo mkinitcpio -P");
	}
}

static void by_dracut(struct setup *setup, bool changed) {
	static const char *const own[] = { "reinstall-kernels", "dracut-rebuild" };
	const char *command = "dracut -f";
	unsigned before = setup->plan.change_count;
	if (!initramfs_has_vfio(&setup->root, INITRAMFS_DRACUT)) {
		plan_file(&setup->plan, &setup->root, "/etc/dracut.conf.d/pierglass-vfio.conf",
				0644,
				"# Written by pierglass setup\nadd_drivers+=\" vfio_pci vfio vfio_iommu_type1 \"\n",
				N_("vfio-pci is in the initial RAM disk, before the GPU's driver"));
	}
	for (size_t i = 2; i-- > 0;) { /* of distributions that name the file otherwise */
		char path[64];
		snprintf(path, sizeof path, "/usr/bin/%s", own[i]);
		command = sysroot_exists(&setup->root, path) ? own[i] : command;
	}
	if (changed || setup->plan.change_count > before) {
		plan_command(&setup->plan, "sudo %s", command);
	}
}

/* It has its features in files with paths of modules. */
static void by_mkinitfs(struct setup *setup, bool changed) {
	if (!initramfs_has_vfio(&setup->root, INITRAMFS_MKINITFS)) {
		plan_file(&setup->plan, &setup->root, "/etc/mkinitfs/features.d/vfio.modules", 0644,
				"kernel/drivers/vfio/vfio.ko.*\nkernel/drivers/vfio/vfio_iommu_type1.ko.*\n"
				"kernel/drivers/vfio/pci/vfio-pci.ko.*\n",
				N_("vfio-pci is in the initial RAM disk, before the GPU's driver"));
		plan_step(&setup->plan, _("in /etc/mkinitfs/mkinitfs.conf, to the features: vfio"));
		changed = true;
	}
	if (changed) {
		plan_command(&setup->plan, "sudo mkinitfs");
	}
}

void boot_initramfs(struct setup *setup, bool changed) {
	if (boot_writes_no_files(setup)) {
		return;
	}
	switch (initramfs_tool(&setup->root)) {
	case INITRAMFS_MKINITCPIO:
		by_mkinitcpio(setup, changed);
		break;
	case INITRAMFS_DRACUT:
		by_dracut(setup, changed);
		break;
	case INITRAMFS_MKINITFS:
		by_mkinitfs(setup, changed);
		break;
	case INITRAMFS_TOOLS:
		if (changed) {
			plan_command(&setup->plan, "sudo update-initramfs -u");
		}
		break;
	case INITRAMFS_UNKNOWN:
		if (changed) {
			plan_step(&setup->plan,
					_("make the initial RAM disk anew, if there is one, with vfio_pci, vfio and "
					  "vfio_iommu_type1 in it"));
		}
		break;
	}
}
