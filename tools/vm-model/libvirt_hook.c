#include "tools/vm-model/libvirt_hook.h"

#include <stdlib.h>
#include <string.h>

#include "tools/vm-model/text.h"

#define HOOK_FOLDERS 4

static bool line_binds(const char *line) {
	static const char *const words[] = { "nodedev-detach", "driver_override",
		"drivers/vfio-pci", "/unbind", "/new_id", "modprobe -r nvidia",
		"modprobe -r amdgpu", "modprobe -r nouveau", "modprobe vfio", "rmmod nvidia",
		"rmmod amdgpu" };
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strstr(line, words[i])) {
			return true;
		}
	}
	return false;
}

static bool file_binds(const struct sysroot *root, const char *path) {
	char *text = sysroot_read(root, path, NULL);
	bool binds = false;
	for (char *line = text, *next; line && *line && !binds; line = next) {
		next = line + strcspn(line, "\n");
		if (*next) {
			*next++ = '\0';
		}
		line += strspn(line, " \t");
		binds = line[0] != '#' && line_binds(line);
	}
	free(text);
	return binds;
}

/* The folders nest: qemu.d/VM/prepare/begin/NAME. */
static bool folder_binds(const struct sysroot *root, const char *folder, unsigned depth, char *file,
		size_t size) {
	struct sysroot_names names = sysroot_list(root, folder);
	bool found = false;
	for (size_t i = 0; i < names.count && i < 64 && !found; i++) {
		char *path = xasprintf("%s/%s", folder, names.name[i]);
		if (file_binds(root, path)) {
			found = copy_text(file, size, path);
		} else if (depth < HOOK_FOLDERS) {
			found = folder_binds(root, path, depth + 1, file, size);
		}
		free(path);
	}
	sysroot_names_free(&names);
	return found;
}

bool libvirt_hook_binds(const struct sysroot *root, const char *vm, char *file, size_t size) {
	if (file_binds(root, "/etc/libvirt/hooks/qemu")) {
		return copy_text(file, size, "/etc/libvirt/hooks/qemu");
	}
	if (!vm[0] || strchr(vm, '/') || vm[0] == '.') {
		return false;
	}
	char *folder = xasprintf("/etc/libvirt/hooks/qemu.d/%s", vm);
	bool found = folder_binds(root, folder, 0, file, size);
	free(folder);
	return found;
}
