#include "tools/vm-model/libvirt_hook.h"

#include <stdlib.h>
#include <string.h>

#include "tools/vm-model/text.h"

#define HOOK_FOLDERS 4

/* Ends with NULL. */
static const char *const binding[] = { "nodedev-detach", "driver_override", "drivers/vfio-pci",
	"/unbind", "/new_id", "modprobe -r nvidia", "modprobe -r amdgpu", "modprobe -r nouveau",
	"modprobe vfio", "rmmod nvidia", "rmmod amdgpu", NULL };
static const char *const reserving[] = { "nr_hugepages", "nr_overcommit_hugepages", NULL };

static bool has_one(const char *line, const char *const *words) {
	while (*words && !strstr(line, *words)) {
		words++;
	}
	return *words;
}

static bool file_has(const struct sysroot *root, const char *path, const char *const *words) {
	char *text = sysroot_read(root, path, NULL);
	bool has = false;
	for (char *line = text, *next; line && *line && !has; line = next) {
		next = line + strcspn(line, "\n");
		if (*next) {
			*next++ = '\0';
		}
		line += strspn(line, " \t");
		has = line[0] != '#' && has_one(line, words);
	}
	free(text);
	return has;
}

/* The folders nest: qemu.d/VM/prepare/begin/NAME. */
static bool folder_has(const struct sysroot *root, const char *folder, const char *const *words,
		unsigned depth, char *file, size_t size) {
	struct sysroot_names names = sysroot_list(root, folder);
	bool found = false;
	for (size_t i = 0; i < names.count && i < 64 && !found; i++) {
		char *path = xasprintf("%s/%s", folder, names.name[i]);
		if (file_has(root, path, words)) {
			found = copy_text(file, size, path);
		} else if (depth < HOOK_FOLDERS) {
			found = folder_has(root, path, words, depth + 1, file, size);
		}
		free(path);
	}
	sysroot_names_free(&names);
	return found;
}

static bool hook_has(const struct sysroot *root, const char *vm, const char *const *words,
		char *file, size_t size) {
	if (file_has(root, "/etc/libvirt/hooks/qemu", words)) {
		return copy_text(file, size, "/etc/libvirt/hooks/qemu");
	}
	if (!vm[0] || strchr(vm, '/') || vm[0] == '.') {
		return false;
	}
	char *folder = xasprintf("/etc/libvirt/hooks/qemu.d/%s", vm);
	bool found = folder_has(root, folder, words, 0, file, size);
	free(folder);
	return found;
}

bool libvirt_hook_binds(const struct sysroot *root, const char *vm, char *file, size_t size) {
	return hook_has(root, vm, binding, file, size);
}

bool libvirt_hook_reserves(const struct sysroot *root, const char *vm, char *file, size_t size) {
	return hook_has(root, vm, reserving, file, size);
}
