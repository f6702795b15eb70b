#include "client/vm/has_vm.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/platform/xdg.h"

static bool is_qemu(const char *pid) {
	char path[288];
	char name[32] = "";
	snprintf(path, sizeof path, "/proc/%s/comm", pid);
	FILE *file = fopen(path, "re");
	if (!file) {
		return false;
	}
	bool qemu = fgets(name, sizeof name, file) && strncmp(name, "qemu-system-", 12) == 0;
	fclose(file);
	return qemu;
}

static bool qemu_runs(void) {
	DIR *dir = opendir("/proc");
	bool found = false;
	for (struct dirent *entry;
			dir && !found && (entry = readdir(dir));) { // NOLINT(concurrency-mt-unsafe)
		found = isdigit((unsigned char)entry->d_name[0]) && is_qemu(entry->d_name);
	}
	if (dir) {
		closedir(dir);
	}
	return found;
}

/* A domain's definition in libvirt's own folders; readable without a daemon, if at all. */
static bool libvirt_knows_a_vm(void) {
	char session[512];
	return xdg_folder_has("/etc/libvirt/qemu", ".xml") ||
	       (xdg_config("libvirt/qemu", session, sizeof session) &&
			       xdg_folder_has(session, ".xml"));
}

bool has_vm(void) {
	return access("/dev/kvmfr0", F_OK) == 0 || access("/dev/shm/looking-glass", F_OK) == 0 ||
	       qemu_runs() || libvirt_knows_a_vm();
}
