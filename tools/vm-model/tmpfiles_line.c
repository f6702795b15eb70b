#include "tools/vm-model/tmpfiles_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vm-model/text.h"

static bool line_makes(const char *line, const char *path, const char *user, bool by_group) {
	char type[8];
	char mode[8];
	char owner[64];
	char group[64];
	char file[256];
	return sscanf(line, " %7s %255s %7s %63s %63s", type, file, mode, owner, group) ==
			       5 && // NOLINT
	       type[0] == 'f' &&
	       strcmp(file, path) == 0 && strcmp(mode, "0660") == 0 && strcmp(group, "kvm") == 0 &&
	       (by_group || strcmp(owner, user) == 0);
}

bool tmpfiles_makes(const char *text, const char *path, const char *user, bool by_group) {
	for (const char *line = text; *line;) {
		char copy[512];
		const size_t len = strcspn(line, "\n");
		snprintf(copy, sizeof copy, "%.*s", (int)(len < 500 ? len : 500), line);
		if (line_makes(copy, path, user, by_group)) {
			return true;
		}
		line += len + (line[len] == '\n');
	}
	return false;
}

/* A live line for that path, whatever it makes of it. */
static bool names_path(const char *text, const char *path) {
	for (const char *line = text; *line;) {
		char type[8] = "";
		char file[256] = "";
		const size_t len = strcspn(line, "\n");
		char *copy = xasprintf("%.*s", (int)len, line);
		bool ours = sscanf(copy, " %7s %255s", type, file) == 2 &&
			    type[0] != '#' && // NOLINT
			    strcmp(file, path) == 0;
		free(copy);
		if (ours) {
			return true;
		}
		line += len + (line[len] == '\n');
	}
	return false;
}

enum tmpfiles_found tmpfiles_find(const struct sysroot *root, const char *path,
		const struct sysroot_user *user, char *file, size_t size) {
	static const char *const dirs[] = { "/etc/tmpfiles.d", "/run/tmpfiles.d",
		"/usr/lib/tmpfiles.d" };
	enum tmpfiles_found found = TMPFILES_NONE;
	gid_t kvm = 0;
	bool by_group = sysroot_group_id(root, "kvm", &kvm) && sysroot_in_group(user, kvm);
	for (size_t d = 0; d < sizeof dirs / sizeof dirs[0] && found == TMPFILES_NONE; d++) {
		struct sysroot_names names = sysroot_list(root, dirs[d]);
		for (size_t i = 0; i < names.count && found == TMPFILES_NONE; i++) {
			char *name = xasprintf("%s/%s", dirs[d], names.name[i]);
			char *text = sysroot_read(root, name, NULL);
			if (text && names_path(text, path) && copy_text(file, size, name)) {
				found = tmpfiles_makes(text, path, user->name, by_group)
							? TMPFILES_RIGHT
							: TMPFILES_OTHER;
			}
			free(text);
			free(name);
		}
		sysroot_names_free(&names);
	}
	return found;
}
