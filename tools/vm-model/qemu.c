#include "tools/vm-model/qemu.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vm-model/text.h"

/* Which inode this process maps under that path. */
static void look_at_maps(const struct sysroot *root, struct qemu_process *process) {
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/maps", process->pid);
	char *maps = sysroot_read(root, path, NULL);
	if (!maps) {
		return;
	}
	process->maps_readable = maps[0] != '\0';
	const struct domain_shmem *shmem = domain_looking_glass(&process->domain);
	for (char *line = maps, *next; shmem && *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next) {
			*next++ = '\0';
		}
		char *file = strchr(line, '/');
		size_t len = strlen(shmem->path);
		if (!file || strncmp(file, shmem->path, len) != 0 ||
				(file[len] && strcmp(file + len, " (deleted)") != 0)) {
			continue;
		}
		process->shm_deleted = file[len] != '\0';
		/* start-end perms offset dev inode path */
		char *field = line;
		for (int i = 0; i < 4; i++) {
			field += strcspn(field, " ");
			field += strspn(field, " ");
		}
		process->shm_ino = strtoull(field, NULL, 10);
	}
	free(maps);
}

/* In a copied tree the facts tell whose the process is. */
static bool is_trusted(const struct sysroot *root, const struct owners *owners, pid_t pid,
		uid_t *ret_uid) {
	char path[40];
	struct sysroot_stat st;
	if (!root->copy) {
		return owner_of_process(pid, owners, ret_uid) && owners_trust(owners, *ret_uid);
	}
	snprintf(path, sizeof path, "/proc/%d", pid);
	*ret_uid = sysroot_stat(root, path, &st) ? st.uid : 0;
	return owners_trust(owners, *ret_uid);
}

static void name_stranger(
		const struct sysroot *root, struct qemu_others *others, pid_t pid, uid_t uid) {
	struct qemu_stranger *stranger = &others->stranger;
	if (stranger->pid == 0) {
		stranger->pid = pid;
		owner_name(root->prefix, uid, stranger->owner);
	}
}

unsigned qemu_list(const struct sysroot *root, const struct owners *owners,
		struct qemu_process **ret_list, struct qemu_others *ret_others) {
	struct sysroot_names names = sysroot_list(root, "/proc");
	unsigned count = 0;
	*ret_list = NULL;
	*ret_others = (struct qemu_others){ 0 };
	for (size_t i = 0; i < names.count; i++) {
		if (!isdigit((unsigned char)names.name[i][0])) {
			continue;
		}
		char path[64];
		char comm[32];
		snprintf(path, sizeof path, "/proc/%.16s/comm", names.name[i]);
		if (!sysroot_line(root, path, comm, sizeof comm)) {
			continue;
		}
		/* By its arguments: "-name X,process=X" and wrappers give it any name. */
		bool named = strncmp(comm, "qemu-", 5) == 0 || strcmp(comm, "kvm") == 0;
		snprintf(path, sizeof path, "/proc/%.16s/cmdline", names.name[i]);
		size_t len = 0;
		char *argv = sysroot_read(root, path, &len);
		if (!argv || len == 0) {
			ret_others->hidden += named;
			free(argv);
			continue;
		}
		if (!named && !memmem(argv, strnlen(argv, len), "qemu", 4) &&
				!memmem(argv, strnlen(argv, len), "kvm", 3)) {
			free(argv);
			continue;
		}
		*ret_list = xrealloc(*ret_list, (count + 1) * sizeof **ret_list);
		struct qemu_process *process = &(*ret_list)[count];
		memset(process, 0, sizeof *process);
		process->pid = (pid_t)strtol(names.name[i], NULL, 10);
		uid_t uid = OWNER_UNKNOWN;
		if (domain_read_argv(&process->domain, argv, len) < 0) {
			/* no QEMU */
		} else if (is_trusted(root, owners, process->pid, &uid)) {
			look_at_maps(root, process);
			count++;
		} else {
			name_stranger(root, ret_others, process->pid, uid);
		}
		free(argv);
	}
	sysroot_names_free(&names);
	return count;
}

/* libvirt's dnsmasq file of a network is readable by everybody and names its bridge. */
static bool bridge_of_network(
		const struct sysroot *root, const char *network, char *buf, size_t size) {
	char path[256];
	if (strchr(network, '/')) {
		return false;
	}
	snprintf(path, sizeof path, "/var/lib/libvirt/dnsmasq/%s.conf", network);
	char *text = sysroot_read(root, path, NULL);
	bool found = false;
	for (char *line = text, *next; line && *line && !found; line = next) {
		next = line + strcspn(line, "\n");
		if (*next) {
			*next++ = '\0';
		}
		if (strncmp(line, "interface=", 10) == 0) {
			found = copy_text(buf, size, line + 10);
		}
	}
	free(text);
	return found;
}

bool host_bridge_of(
		const struct sysroot *root, const struct domain *domain, char *buf, size_t size) {
	for (unsigned i = 0; i < domain->interface_count; i++) {
		const struct domain_interface *interface = &domain->interface[i];
		char path[64];
		if (interface->bridge[0]) {
			return copy_text(buf, size, interface->bridge);
		}
		snprintf(path, sizeof path, "/sys/class/net/%s/master", interface->target);
		if (interface->target[0] && sysroot_link_name(root, path, buf, size)) {
			return true;
		}
		if (interface->network[0] &&
				bridge_of_network(root, interface->network, buf, size)) {
			return true;
		}
	}
	return false;
}
