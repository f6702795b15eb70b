#include "tools/vm-model/vfio_config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vm-model/distro.h"
#include "tools/vm-model/text.h"

#define MODPROBE_DIR "/etc/modprobe.d"

static bool ends_with(const char *text, const char *end) {
	const size_t len = strlen(text);
	const size_t n = strlen(end);
	return len > n && strcmp(text + len - n, end) == 0;
}

/* ---- modprobe.d ---- */

/* "options MODULE …", blanks of any kind and number between; - and _ are the same in the name of a
 * module. The rest of the line, or NULL. */
static const char *options_of(const char *line, const char *module) {
	line += strspn(line, " \t");
	if (strncmp(line, "options", 7) != 0 || !line[7] || !strchr(" \t", line[7])) {
		return NULL;
	}
	line += 7 + strspn(line + 7, " \t");
	for (; *module; module++, line++) {
		if (*line != *module && !(*module == '_' && *line == '-')) {
			return NULL;
		}
	}
	return *line && strchr(" \t", *line) ? line : NULL;
}

bool modprobe_option_place(
		const char *text, const char *module, const char *option, size_t *ret_offset) {
	const size_t len = strlen(option);
	char *joined = xstrdup(text);
	bool found = false;
	text_join_lines(joined);
	for (char *line = joined, *next; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next) {
			*next++ = '\0';
		}
		const char *rest = options_of(line, module);
		for (const char *at = rest ? strstr(rest, option) : NULL; at;
				at = strstr(at + len, option)) {
			if (strchr(" \t", at[-1])) {
				*ret_offset = (size_t)(at + len - joined);
				found = true;
			}
		}
	}
	free(joined);
	return found;
}

bool vfio_ids_place(const char *text, size_t *ret_offset) {
	return modprobe_option_place(text, "vfio_pci", "ids=", ret_offset);
}

static bool has_softdep(const char *text) {
	char *joined = xstrdup(text);
	bool found = false;
	text_join_lines(joined);
	for (char *line = joined, *next; *line && !found; line = next) {
		next = line + strcspn(line, "\n");
		if (*next) {
			*next++ = '\0';
		}
		line += strspn(line, " \t");
		found = strncmp(line, "softdep", 7) == 0 && strstr(line, "vfio");
	}
	free(joined);
	return found;
}

static int by_bytes(const void *a, const void *b) {
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* modprobe joins the options of all files in the order of their names; what comes last counts. */
static void read_modprobe(const struct sysroot *root, struct vfio_config *config) {
	struct sysroot_names names = sysroot_list(root, MODPROBE_DIR);
	if (names.count > 1) {
		qsort(names.name, names.count, sizeof *names.name, by_bytes);
	}
	for (size_t i = 0; i < names.count; i++) {
		char *path = xasprintf("%s/%s", MODPROBE_DIR, names.name[i]);
		char *text = ends_with(path, ".conf") ? sysroot_read(root, path, NULL) : NULL;
		size_t at;
		config->softdep = config->softdep || (text && has_softdep(text));
		if (text && vfio_ids_place(text, &at)) {
			config->from = VFIO_IDS_FILE;
			snprintf(config->ids, sizeof config->ids, "%.*s",
					(int)strcspn(text + at, " \t\n\\"), text + at);
			copy_text(config->place, sizeof config->place, path);
		}
		free(text);
		free(path);
	}
	sysroot_names_free(&names);
}

/* ---- the kernel ---- */

static void read_words(const char *cmdline, struct vfio_config *config) {
	for (const char *word = cmdline; *word;) {
		const size_t len = strcspn(word, " \n");
		if (strncmp(word, "vfio-pci.ids=", 13) == 0 ||
				strncmp(word, "vfio_pci.ids=", 13) == 0) {
			config->from = VFIO_IDS_WORD;
			snprintf(config->ids, sizeof config->ids, "%.*s", (int)len - 13, word + 13);
			snprintf(config->place, sizeof config->place, "%.*s", (int)len, word);
		}
		word += len;
		word += strspn(word, " \n");
	}
}

static bool is_built_in(const struct sysroot *root) {
	char release[96];
	if (!sysroot_line(root, "/proc/sys/kernel/osrelease", release, sizeof release) ||
			strchr(release, '/')) {
		return false;
	}
	char *path = xasprintf("/lib/modules/%s/modules.builtin", release);
	char *text = sysroot_read(root, path, NULL);
	const bool found = text && strstr(text, "/vfio-pci.ko");
	free(text);
	free(path);
	return found;
}

/* ---- the initial RAM disk ---- */

enum initramfs_tool initramfs_tool(const struct sysroot *root) {
	char have[DISTRO_IDS];
	distro_read(root, have);
	if (sysroot_exists(root, "/etc/mkinitcpio.conf")) {
		return INITRAMFS_MKINITCPIO;
	}
	if (sysroot_exists(root, "/etc/mkinitfs/mkinitfs.conf")) {
		return INITRAMFS_MKINITFS;
	}
	const bool dracut = sysroot_exists(root, "/usr/bin/dracut") ||
			    sysroot_exists(root, "/usr/sbin/dracut");
	if (distro_is(have, "fedora rhel centos suse opensuse") ||
			(dracut && !sysroot_exists(root, "/etc/initramfs-tools/initramfs.conf"))) {
		return INITRAMFS_DRACUT;
	}
	if (distro_is(have, "arch")) {
		return INITRAMFS_MKINITCPIO;
	}
	return distro_is(have, "gentoo void slackware alpine") ? INITRAMFS_UNKNOWN
							       : INITRAMFS_TOOLS;
}

/* The last character of a MODULES=(…) or MODULES="…": without one it is one word. */
static char closing(char open) {
	if (open == '(') {
		return ')';
	}
	if (open == '"' || open == '\'') {
		return open;
	}
	return '\n';
}

/* mkinitcpio's MODULES, which may be an array over several lines with comments; "=" begins anew,
 * "+=" adds. */
static void mkinitcpio_modules(const char *text, bool *found) {
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		const char *at = line + strspn(line, " \t");
		if (strncmp(at, "MODULES", 7) != 0 ||
				(at[7] != '=' && strncmp(at + 7, "+=", 2) != 0)) {
			continue;
		}
		*found = at[7] == '+' && *found;
		at += at[7] == '+' ? 9 : 8;
		const char close = closing(*at);
		at += close != '\n';
		while (*at && *at != close) {
			if (*at == '#' && (at[-1] == '\n' || isblank((unsigned char)at[-1]))) {
				at += strcspn(at, "\n");
				continue;
			}
			*found = *found || strncmp(at, "vfio_pci", 8) == 0 ||
				 strncmp(at, "vfio-pci", 8) == 0;
			at++;
		}
		line = at;
	}
}

/* A line of dracut's that adds drivers; initramfs-tools has a module a line. */
static void any_line(const char *text, bool *found) {
	for (const char *line = text; line && !*found; line = strchr(line, '\n')) {
		line += *line == '\n';
		const size_t len = strcspn(line, "\n");
		*found = line[strspn(line, " \t")] != '#' &&
			 (memmem(line, len, "vfio_pci", 8) || memmem(line, len, "vfio-pci", 8));
	}
}

static void folder(const struct sysroot *root, const char *path,
		void (*look)(const char *text, bool *found), bool *found) {
	struct sysroot_names names = sysroot_list(root, path);
	for (size_t i = 0; i < names.count; i++) {
		char *file = xasprintf("%s/%s", path, names.name[i]);
		char *text = ends_with(file, ".conf") ? sysroot_read(root, file, NULL) : NULL;
		look(text ? text : "", found);
		free(text);
		free(file);
	}
	sysroot_names_free(&names);
}

bool initramfs_has_vfio(const struct sysroot *root, enum initramfs_tool tool) {
	static const char *const files[] = { [INITRAMFS_TOOLS] = "/etc/initramfs-tools/modules",
		[INITRAMFS_MKINITCPIO] = "/etc/mkinitcpio.conf",
		[INITRAMFS_DRACUT] = "/etc/dracut.conf",
		[INITRAMFS_MKINITFS] = "/etc/mkinitfs/features.d/vfio.modules" };
	static const char *const folders[] = { [INITRAMFS_MKINITCPIO] = "/etc/mkinitcpio.conf.d",
		[INITRAMFS_DRACUT] = "/etc/dracut.conf.d" };
	bool found = false;
	if (tool == INITRAMFS_UNKNOWN) {
		return false;
	}
	char *text = sysroot_read(root, files[tool], NULL);
	void (*look)(const char *, bool *) =
			tool == INITRAMFS_MKINITCPIO ? mkinitcpio_modules : any_line;
	look(text ? text : "", &found);
	if (tool == INITRAMFS_MKINITCPIO || tool == INITRAMFS_DRACUT) {
		folder(root, folders[tool], look, &found);
	}
	free(text);
	return found;
}

/* ---- all ---- */

/* What the initial RAM disk of NixOS loads stands nowhere; with its ids comes its loading there. */
static bool loads_by_words(const struct sysroot *root, const char *cmdline) {
	char have[DISTRO_IDS];
	distro_read(root, have);
	const char *pre = strstr(cmdline, "rd.driver.pre=");
	return distro_is(have, "nixos slackware") ||
	       (pre && memmem(pre, strcspn(pre, " \n"), "vfio", 4));
}

void vfio_config_read(const struct sysroot *root, struct vfio_config *ret_config) {
	*ret_config = (struct vfio_config){ .built_in = is_built_in(root) };
	char *cmdline = sysroot_read(root, "/proc/cmdline", NULL);
	read_modprobe(root, ret_config);
	if (ret_config->built_in && ret_config->from == VFIO_IDS_FILE) {
		ret_config->from = VFIO_IDS_NONE; /* nobody reads them */
		ret_config->ids[0] = ret_config->place[0] = '\0';
	}
	read_words(cmdline ? cmdline : "", ret_config);
	ret_config->early = ret_config->built_in || ret_config->softdep ||
			    initramfs_has_vfio(root, initramfs_tool(root)) ||
			    loads_by_words(root, cmdline ? cmdline : "");
	free(cmdline);
}

bool vfio_ids_have(const char *list, const char *ids) {
	for (const char *word = ids; *word;) {
		char id[64];
		const size_t len = strcspn(word, ",");
		snprintf(id, sizeof id, "%.*s", (int)len, word);
		if (len && !list_has(list, id, ',')) {
			return false;
		}
		word += len + (word[len] == ',');
	}
	return true;
}
