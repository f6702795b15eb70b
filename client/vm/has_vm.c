#include "client/vm/has_vm.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/platform/xdg.h"

static bool is_qemu(const char *pid, const struct owners *owners) {
	char path[288];
	char name[32] = "";
	snprintf(path, sizeof path, "/proc/%s/comm", pid);
	FILE *file = fopen(path, "re");
	if (!file) {
		return false;
	}
	bool qemu = fgets(name, sizeof name, file) && strncmp(name, "qemu-system-", 12) == 0;
	fclose(file);
	uid_t uid;
	return qemu && owner_of_process((pid_t)strtol(pid, NULL, 10), owners, &uid) &&
	       owners_trust(owners, uid);
}

static bool qemu_runs(const struct owners *owners) {
	DIR *dir = opendir("/proc");
	bool found = false;
	for (struct dirent *entry;
			dir && !found && (entry = readdir(dir));) { // NOLINT(concurrency-mt-unsafe)
		found = isdigit((unsigned char)entry->d_name[0]) && is_qemu(entry->d_name, owners);
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

static bool has_memory_file(const struct owners *owners) {
	struct stat st;
	return stat("/dev/shm/looking-glass", &st) == 0 && owners_trust(owners, st.st_uid);
}

bool has_vm(const struct owners *owners) {
	return access("/dev/kvmfr0", F_OK) == 0 || has_memory_file(owners) || qemu_runs(owners) ||
	       libvirt_knows_a_vm();
}
