/* The distribution of a machine, and the command that installs a package of it. */
#pragma once

#include <stdbool.h>

#include "tools/vm-model/sysroot.h"

#define DISTRO_IDS 256

/* ID and ID_LIKE of os-release, separated by blanks; "" if there is none. */
void distro_read(const struct sysroot *root, char ids[static DISTRO_IDS]);
/* One of the names in `names` (separated by blanks) is among the ids. */
bool distro_is(const char *ids, const char *names);

enum distro_package { PACKAGE_RTKIT, PACKAGE_VIRTIOFSD, PACKAGE_OVMF, PACKAGE_LIBVIRT };

/* The unit of systemd that answers for libvirt's QEMU: one socket for all, or QEMU's own; NULL =
 * neither is installed. */
const char *libvirt_unit(const struct sysroot *root);

/* The command that installs it, NULL where the distribution has none (NixOS, Unraid) or is not
 * known. */
const char *distro_install(const char *ids, enum distro_package package);
