#include "tools/vm-model/boot_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vm-model/shell_value.h"
#include "tools/vm-model/text.h"

static bool grub_says(const struct sysroot *root, const char *path, const char *word) {
	static const char *const names[] = { "GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT" };
	char *text = sysroot_read(root, path, NULL);
	bool found = false;
	for (size_t i = 0; text && i < 2 && !found; i++) {
		char *value = NULL;
		if (shell_value(text, names[i], &value) == SHELL_PLAIN) {
			found = kernel_has(value, word);
			free(value);
		}
	}
	free(text);
	return found;
}

/* Any line outside comments: the word stands between blanks, quotes or the line's ends. */
static bool file_says(const struct sysroot *root, const char *path, const char *word) {
	char *text = sysroot_read(root, path, NULL);
	const size_t n = strlen(word);
	bool found = false;
	for (const char *at = text; at && !found && (at = strstr(at, word)) != NULL; at += n) {
		const char *line = at;
		while (line > text && line[-1] != '\n') {
			line--;
		}
		found = line[strspn(line, " \t")] != '#' &&
			(at == text || strchr(" \t\n\"'", at[-1])) &&
			(!at[n] || strchr(" \t\n\"'", at[n]));
	}
	free(text);
	return found;
}

static bool folder_says(const struct sysroot *root, const char *folder, const char *ending,
		bool (*says)(const struct sysroot *, const char *, const char *),
		const char *word) {
	struct sysroot_names names = sysroot_list(root, folder);
	bool found = false;
	for (size_t i = 0; i < names.count && !found; i++) {
		const size_t len = strlen(names.name[i]);
		const size_t n = strlen(ending);
		char *path = xasprintf("%s/%s", folder, names.name[i]);
		found = len > n && strcmp(names.name[i] + len - n, ending) == 0 &&
			says(root, path, word);
		free(path);
	}
	sysroot_names_free(&names);
	return found;
}

bool boot_config_says(const struct sysroot *root, const char *word) {
	static const char *const entries[] = { "/boot/loader/entries", "/efi/loader/entries",
		"/boot/efi/loader/entries" };
	bool found = grub_says(root, "/etc/default/grub", word) ||
		     folder_says(root, "/etc/default/grub.d", ".cfg", grub_says, word) ||
		     file_says(root, "/etc/kernel/cmdline", word) ||
		     folder_says(root, "/etc/cmdline.d", ".conf", file_says, word) ||
		     file_says(root, "/boot/refind_linux.conf", word);
	for (size_t i = 0; i < sizeof entries / sizeof entries[0] && !found; i++) {
		found = folder_says(root, entries[i], ".conf", file_says, word);
	}
	return found;
}
