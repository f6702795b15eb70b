#include "client/has_vm.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	const char *home = getenv("HOME"); // NOLINT(concurrency-mt-unsafe): before any thread
	snprintf(session, sizeof session, "%s/.config/libvirt/qemu", home ? home : "");
	const char *const folders[] = { "/etc/libvirt/qemu", session };
	bool found = false;
	for (size_t i = 0; i < 2 && !found; i++) {
		DIR *dir = opendir(folders[i]);
		for (struct dirent *entry;
				dir && !found &&
				(entry = readdir(dir));) { // NOLINT(concurrency-mt-unsafe)
			const char *dot = strrchr(entry->d_name, '.');
			found = dot && strcmp(dot, ".xml") == 0;
		}
		if (dir) {
			closedir(dir);
		}
	}
	return found;
}

bool has_vm(void) {
	return access("/dev/kvmfr0", F_OK) == 0 || access("/dev/shm/looking-glass", F_OK) == 0 ||
	       qemu_runs() || libvirt_knows_a_vm();
}
