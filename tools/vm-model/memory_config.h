/*
 * What the machine's own files say of the shared memory: the line of tmpfiles.d that makes its
 * file; the size of kvmfr's devices, what loads the module, and whom the devices belong to.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/vm-model/sysroot.h"

/* RIGHT: for the group kvm, and for that user unless the group is enough: as good as the line that
 * setup writes. NO_USER: for a user that is not there. */
enum tmpfiles_found { TMPFILES_NONE, TMPFILES_OTHER, TMPFILES_NO_USER, TMPFILES_RIGHT };

/* What the machine's own lines make of that path, and the file that has the line (the first one
 * counts for systemd-tmpfiles: /etc before /run before /usr/lib, and by name). */
enum tmpfiles_found tmpfiles_find(const struct sysroot *root, const char *path,
		const struct sysroot_user *user, char *file, size_t size);

#define KVMFR_DEVICES_MAX 16

enum kvmfr_rule { KVMFR_RULE_NONE, KVMFR_RULE_OTHER, KVMFR_RULE_RIGHT };

struct kvmfr_config {
	unsigned count;                  /* of the sizes; 0 = no file says any */
	unsigned mib[KVMFR_DEVICES_MAX]; /* static_size_mb=128,64: of kvmfr0, kvmfr1 */
	char size_file[300];             /* of modprobe.d; "" = the kernel's command line */
	size_t size_offset;              /* of the value in that file */
	char load_file[300];             /* loads the module at boot; "" = none */
	enum kvmfr_rule rule;            /* the last rule of udev's that names the devices */
	char rule_file[300];
};

/* 0 for /dev/kvmfr0, …; -1: the path is no device of kvmfr's. */
int kvmfr_number(const char *path);
/* "128,64" into mib[]; how many there are. */
unsigned kvmfr_sizes(const char *text, unsigned mib[static KVMFR_DEVICES_MAX]);
void kvmfr_config_read(const struct sysroot *root, const struct sysroot_user *user,
		struct kvmfr_config *ret_config);
