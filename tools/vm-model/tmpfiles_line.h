/* Lines of tmpfiles.d, as far as they make the shared memory's file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/vm-model/sysroot.h"

/* The text has a line that makes that path for the group kvm, and for that user unless the group
 * is enough: as good as the line that setup writes. */
bool tmpfiles_makes(const char *text, const char *path, const char *user, bool by_group);

enum tmpfiles_found { TMPFILES_NONE, TMPFILES_OTHER, TMPFILES_RIGHT };

/* What the machine's own lines make of that path, and the file that has the line (the first one
 * counts for systemd-tmpfiles: /etc before /run before /usr/lib, and by name). */
enum tmpfiles_found tmpfiles_find(const struct sysroot *root, const char *path,
		const struct sysroot_user *user, char *file, size_t size);
