/* Who has a file open. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tools/doctor/doctor.h"

static bool has_fd(
		const struct sysroot *root, const char *pid, char *const *targets, unsigned count) {
	char path[300];
	snprintf(path, sizeof path, "/proc/%.16s/fd", pid);
	struct sysroot_names fds = sysroot_list(root, path);
	bool found = false;
	for (size_t i = 0; i < fds.count && !found; i++) {
		char target[64];
		snprintf(path, sizeof path, "/proc/%.16s/fd/%.16s", pid, fds.name[i]);
		bool known = sysroot_link_name(root, path, target, sizeof target);
		for (unsigned n = 0; n < count && known && !found; n++) {
			found = strcmp(target, targets[n]) == 0;
		}
	}
	sysroot_names_free(&fds);
	return found;
}

bool proc_with_fd(const struct sysroot *root, char *const *targets, unsigned count, char *buf,
		size_t size) {
	struct sysroot_names pids = sysroot_list(root, "/proc");
	bool found = false;
	for (size_t i = 0; i < pids.count && !found; i++) {
		char path[64];
		char comm[32] = "?";
		if (!isdigit((unsigned char)pids.name[i][0]) ||
				!has_fd(root, pids.name[i], targets, count)) {
			continue;
		}
		found = true;
		snprintf(path, sizeof path, "/proc/%.16s/comm", pids.name[i]);
		sysroot_line(root, path, comm, sizeof comm);
		snprintf(buf, size, "%.16s (pid %.16s)", comm, pids.name[i]);
	}
	sysroot_names_free(&pids);
	return found;
}
