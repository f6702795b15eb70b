/* The QEMU processes of this machine, as /proc shows them. */
#pragma once

#include <sys/types.h>

#include "base/owners.h"
#include "tools/vm-model/domain.h"
#include "tools/vm-model/sysroot.h"

struct qemu_process {
	pid_t pid;
	struct domain domain; /* of its arguments */
	bool maps_readable;   /* its memory map could be read: it is ours, or we are root */
	uint64_t shm_ino;     /* inode of the Looking Glass file it maps; 0 = not seen */
	bool shm_deleted;     /* the file it maps has no name any more */
};

/* What calls itself QEMU and is not believed. */
struct qemu_stranger {
	pid_t pid; /* 0 = there is none */
	char owner[OWNER_NAME_BYTES];
};

struct qemu_others {
	unsigned hidden;               /* QEMU processes whose arguments may not be read */
	struct qemu_stranger stranger; /* the first */
};

/* Processes of owners (sysroot_owners()) only: anybody can call a process QEMU. */
unsigned qemu_list(const struct sysroot *root, const struct owners *owners,
		struct qemu_process **ret_list, struct qemu_others *ret_others);

/* The bridge behind the domain's interfaces, as far as /sys and dnsmasq's files say it: the
 * interface's own, the master of its tap, the bridge of its libvirt network. */
bool host_bridge_of(
		const struct sysroot *root, const struct domain *domain, char *buf, size_t size);
