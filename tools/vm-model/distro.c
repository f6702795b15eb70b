#include "tools/vm-model/distro.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vm-model/shell_value.h"
#include "tools/vm-model/text.h"

void distro_read(const struct sysroot *root, char ids[static DISTRO_IDS]) {
	char *text = sysroot_read(root, "/etc/os-release", NULL);
	struct text all = { 0 };
	static const char *const names[] = { "ID", "ID_LIKE" };
	for (size_t i = 0; text && i < 2; i++) {
		char *value = NULL;
		if (shell_value(text, names[i], &value) == SHELL_PLAIN) {
			text_add(&all, "%s%s", all.len ? " " : "", value);
			free(value);
		}
	}
	if (!copy_text(ids, DISTRO_IDS, text_get(&all))) {
		ids[0] = '\0';
	}
	text_finish(&all);
	free(text);
}

bool distro_is(const char *ids, const char *names) {
	for (const char *at = ids; *at;) {
		char word[64];
		size_t len = strcspn(at, " ");
		snprintf(word, sizeof word, "%.*s", (int)len, at);
		/* openSUSE's are opensuse-tumbleweed, opensuse-leap. */
		if (list_has(names, word, ' ') ||
				(strncmp(word, "opensuse", 8) == 0 &&
						list_has(names, "opensuse", ' '))) {
			return true;
		}
		at += len + (at[len] == ' ');
	}
	return false;
}

const char *distro_install(const char *ids, enum distro_package package) {
	static const struct {
		const char *names;
		const char *command[4]; /* as enum distro_package */
	} distros[] = {
		{ "debian ubuntu", { "sudo apt install rtkit", "sudo apt install virtiofsd",
						   "sudo apt install ovmf",
						   "sudo apt install libvirt-daemon-system" } },
		{ "fedora rhel centos", { "sudo dnf install rtkit", "sudo dnf install virtiofsd",
							"sudo dnf install edk2-ovmf",
							"sudo dnf install libvirt" } },
		{ "arch", { "sudo pacman -S rtkit", "sudo pacman -S virtiofsd",
					  "sudo pacman -S edk2-ovmf", "sudo pacman -S libvirt" } },
		{ "suse opensuse", { "sudo zypper install rtkit", "sudo zypper install virtiofsd",
						   "sudo zypper install qemu-ovmf-x86_64",
						   "sudo zypper install libvirt" } },
	};
	for (size_t i = 0; i < sizeof distros / sizeof distros[0]; i++) {
		if (distro_is(ids, distros[i].names)) {
			return distros[i].command[package];
		}
	}
	return NULL;
}

const char *libvirt_unit(const struct sysroot *root) {
	static const char *const units[] = { "virtqemud.socket", "libvirtd.socket",
		"libvirtd.service" };
	static const char *const folders[] = { "/etc/systemd/system/sockets.target.wants",
		"/etc/systemd/system/multi-user.target.wants", "/usr/lib/systemd/system",
		"/lib/systemd/system" };
	/* Where both are installed, the one that is enabled counts: the first two folders. */
	for (size_t f = 0; f < sizeof folders / sizeof folders[0]; f++) {
		for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
			char *path = xasprintf("%s/%s", folders[f], units[i]);
			bool here = sysroot_exists(root, path);
			free(path);
			if (here) {
				return units[i];
			}
		}
	}
	return NULL;
}
