#include "audio/receive/port_owner.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/utf8.h"

#define SOCKETS_MAX 16

static unsigned sockets_on(uint16_t port, unsigned long long inodes[SOCKETS_MAX]) {
	FILE *file = fopen("/proc/net/udp", "re");
	char line[512];
	unsigned count = 0;
	while (file && count < SOCKETS_MAX && fgets(line, sizeof line, file)) {
		unsigned local_port;
		unsigned long long inode;
		// NOLINTNEXTLINE(cert-err34-c): the kernel wrote it
		if (sscanf(line, " %*d: %*8[0-9A-Fa-f]:%4x %*s %*s %*s %*s %*s %*s %*s %llu",
				    &local_port, &inode) == 2 &&
				local_port == port) {
			inodes[count++] = inode;
		}
	}
	if (file) {
		fclose(file);
	}
	return count;
}

/* Which of the sockets the process has open; -1 = none. */
static int find_in(const char *pid, const unsigned long long *inodes, unsigned count) {
	char path[300];
	snprintf(path, sizeof path, "/proc/%s/fd", pid);
	DIR *dir = opendir(path);
	int found = -1;
	for (struct dirent *entry; dir && found < 0 && (entry = readdir(dir));) {
		char link[600];
		char target[64];
		snprintf(link, sizeof link, "%s/%s", path, entry->d_name);
		ssize_t n = readlink(link, target, sizeof target - 1);
		unsigned long long inode;
		if (n <= 0) {
			continue;
		}
		target[n] = '\0';
		// NOLINTNEXTLINE(cert-err34-c): the kernel wrote it
		if (sscanf(target, "socket:[%llu]", &inode) != 1) {
			continue;
		}
		for (unsigned i = 0; i < count; i++) {
			if (inodes[i] == inode) {
				found = (int)i;
			}
		}
	}
	if (dir) {
		closedir(dir);
	}
	return found;
}

static void read_name(const char *pid, struct port_owner *owner) {
	char path[300];
	char name[sizeof owner->name] = "";
	snprintf(path, sizeof path, "/proc/%s/comm", pid);
	FILE *file = fopen(path, "re");
	if (file) {
		if (fgets(name, sizeof name, file)) {
			name[strcspn(name, "\n")] = '\0';
		}
		fclose(file);
	}
	utf8_printable(owner->name, sizeof owner->name, name, sizeof name);
}

bool port_owner_find(uint16_t port, struct port_owner *ret_owner) {
	unsigned long long inodes[SOCKETS_MAX];
	unsigned count = sockets_on(port, inodes);
	*ret_owner = (struct port_owner){ 0 };
	DIR *proc = count > 0 ? opendir("/proc") : NULL;
	unsigned own = 0;
	for (struct dirent *entry; proc && (entry = readdir(proc));) {
		int64_t pid;
		if (!parse_int(entry->d_name, 1, INT32_MAX, &pid) ||
				find_in(entry->d_name, inodes, count) < 0) {
			continue;
		}
		if (pid == getpid()) {
			own = 1;
			continue;
		}
		ret_owner->pid = (int)pid;
		read_name(entry->d_name, ret_owner);
		break;
	}
	if (proc) {
		closedir(proc);
	}
	return ret_owner->pid > 0 || count > own;
}

void port_owner_describe(
		const struct port_owner *owner, uint16_t port, char *ret_reason, size_t room) {
	if (!owner || owner->pid == 0) {
		snprintf(ret_reason, room, _("port %u is in use by another program"), port);
	} else if (strcmp(owner->name, "scream") == 0) {
		snprintf(ret_reason, room,
				_("port %u is held by the old receiver \"scream\" (process %d): end it "
				  "with: systemctl --user disable --now scream, or kill %d"),
				port, owner->pid, owner->pid);
	} else {
		snprintf(ret_reason, room,
				_("port %u is held by \"%s\" (process %d): end it first"), port,
				owner->name, owner->pid);
	}
}
