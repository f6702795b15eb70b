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

enum boot_edit { BOOT_GRUB, BOOT_LINE, BOOT_ENTRIES, BOOT_PRINT };

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

static const char unraid[] = N_(
		"in Unraid's Main > Flash > Syslinux configuration, to the append line:%s (devices are "
		"kept for VMs under Tools > System Devices)");

/* The first that fits counts. */
static const struct boot_way ways[] = {
	{ "", "/run/ostree-booted", "", BOOT_PRINT, NULL, "sudo rpm-ostree kargs%s",
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
	{ "arch", "/etc/kernel/cmdline", "", BOOT_LINE, "/etc/kernel/cmdline", "sudo mkinitcpio -P",
			NULL, NULL, false },
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
	const char *add[4];
	const char *remove[4];
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

static void edit_line(struct setup *setup, const struct boot_way *way, const struct words *words) {
	char *text = sysroot_read(&setup->root, way->file, NULL);
	size_t len = text ? strcspn(text, "\n") : 0;
	char *line = xasprintf("%.*s", (int)len, text ? text : "");
	char *all = with_words(line, words);
	char *whole = xasprintf("%s%s", all, text && text[len] ? text + len : "\n");
	unsigned before = setup->plan.change_count;
	plan_file(&setup->plan, &setup->root, way->file, 0644, whole, words->why);
	if (setup->plan.change_count > before) {
		plan_command(&setup->plan, "%s", way->then);
	}
	free(whole);
	free(all);
	free(line);
	free(text);
}

/* systemd-boot: every entry that has a line "options …". */
static void edit_entries(
		struct setup *setup, const struct boot_way *way, const struct words *words) {
	struct sysroot_names names = sysroot_list(&setup->root, way->file);
	unsigned found = 0;
	for (size_t i = 0; i < names.count; i++) {
		char path[512];
		snprintf(path, sizeof path, "%s/%.200s", way->file, names.name[i]);
		char *text = strstr(names.name[i], ".conf") ? sysroot_read(&setup->root, path, NULL)
							    : NULL;
		char *at = text && strncmp(text, "options", 7) == 0 ? text : NULL;
		at = !at && text ? strstr(text, "\noptions") : at;
		if (at) {
			at += (*at == '\n') + 7;
			at += strspn(at, " \t");
			size_t len = strcspn(at, "\n");
			char *line = xasprintf("%.*s", (int)len, at);
			char *all = with_words(line, words);
			char *whole = xasprintf("%.*s%s%s", (int)(at - text), text, all, at + len);
			plan_file(&setup->plan, &setup->root, path, 0644, whole, words->why);
			found++;
			free(whole);
			free(all);
			free(line);
		}
		free(text);
	}
	sysroot_names_free(&names);
	if (!found) {
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
		struct words *words, const char *cmdline, const char *word, const char * not ) {
	if (!kernel_has(cmdline, word) || kernel_has(cmdline, not )) {
		words->add[words->count] = word;
		words->remove[words->count++] = not ;
	}
}

bool boot_ids_by_word(const struct setup *setup) {
	char *cmdline = sysroot_read(&setup->root, "/proc/cmdline", NULL);
	bool by_word = way_of(setup, cmdline ? cmdline : "")->ids_by_word;
	free(cmdline);
	return by_word;
}

void boot_words(struct setup *setup, const char *ids) {
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
	char *bind = ids && ids[0] ? xasprintf("vfio-pci.ids=%s", ids) : NULL;
	if (bind && way->ids_by_word) {
		add_missing(&words, cmdline, bind, "");
	}
	if (words.count == 0) {
		plan_left(&setup->plan, _("the kernel was started with the right words already"));
	} else if (way->edit == BOOT_GRUB) {
		edit_grub(setup, &words, way->then);
	} else if (way->edit == BOOT_LINE) {
		edit_line(setup, way, &words);
	} else if (way->edit == BOOT_ENTRIES) {
		edit_entries(setup, way, &words);
	} else {
		print_words(setup, way, &words, cmdline);
	}
	if (strstr(cmdline, "allow_unsafe_interrupts=1")) {
		plan_note(&setup->plan,
				_("allow_unsafe_interrupts=1 is on the kernel's command line: only "
				  "hardware without interrupt remapping needs it, the guest can forge "
				  "interrupts with it"));
	}
	free(bind);
	free(text);
}

/* ---- the initial RAM disk ---- */

/* A MODULES=(… vfio_pci …) loads it before all others. */
static bool mkinitcpio_has_vfio(const struct sysroot *root) {
	char *text = sysroot_read(root, "/etc/mkinitcpio.conf", NULL);
	bool found = false;
	for (char *at = text; at && !found; at = strchr(at, '\n')) {
		at += *at == '\n';
		found = strncmp(at, "MODULES=", 8) == 0 &&
			memmem(at, strcspn(at, "\n"), "vfio_pci", 8) != NULL;
	}
	free(text);
	return found;
}

bool boot_loads_vfio_early(const struct setup *setup) {
	return mkinitcpio_has_vfio(&setup->root);
}

void boot_initramfs(struct setup *setup, bool changed) {
	char have[DISTRO_IDS];
	const struct sysroot *root = &setup->root;
	distro_read(root, have);
	if (sysroot_exists(root, "/etc/mkinitcpio.conf") || distro_is(have, "arch")) {
		bool early = mkinitcpio_has_vfio(root);
		if (!early) {
			plan_step(&setup->plan,
					_("in /etc/mkinitcpio.conf, first of all modules: MODULES=(vfio_pci vfio "
					  "vfio_iommu_type1 ...)"));
		}
		if (changed || !early) {
			plan_command(&setup->plan, "sudo mkinitcpio -P");
		}
	} else if (distro_is(have, "fedora rhel centos suse opensuse")) {
		unsigned before = setup->plan.change_count;
		plan_file(&setup->plan, root, "/etc/dracut.conf.d/pierglass-vfio.conf", 0644,
				"# Written by pierglass setup\nadd_drivers+=\" vfio_pci vfio vfio_iommu_type1 \"\n",
				N_("vfio-pci is in the initial RAM disk, before the GPU's driver"));
		if (changed || setup->plan.change_count > before) {
			plan_command(&setup->plan, "sudo dracut -f");
		}
	} else if (changed) {
		plan_command(&setup->plan, "sudo update-initramfs -u");
	}
}
