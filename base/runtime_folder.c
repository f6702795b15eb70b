#include "base/runtime_folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A unix socket's path has at most 107 bytes; what stands behind the folder's has this many. */
#define SOCKET_FOLDER_BYTES 70

static const char *base(void) {
	const char *path = getenv("XDG_RUNTIME_DIR"); // NOLINT(concurrency-mt-unsafe): never set
	return path && path[0] == '/' ? path : NULL;
}

int runtime_folder(const char *name, char *path, size_t size) {
	const char *folder = base();
	if (!folder) {
		return -ENOENT;
	}
	int n = snprintf(path, size, "%s%s%s", folder, name[0] ? "/" : "", name);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int runtime_folder_make(char *path, size_t size) {
	int r = runtime_folder("pierglass", path, size);
	return r == 0 && mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : r;
}

static int make_temporary(const char *folder, const char *prefix, char *path, size_t size) {
	int n = snprintf(path, size, "%s/%sXXXXXX", folder, prefix);
	if (n < 0 || (size_t)n >= size) {
		return -ENAMETOOLONG;
	}
	return mkdtemp(path) ? 0 : -errno;
}

int runtime_folder_temporary(const char *prefix, char *path, size_t size) {
	const char *folder = base();
	if (folder && strlen(folder) <= SOCKET_FOLDER_BYTES &&
			make_temporary(folder, prefix, path, size) == 0) {
		return 0;
	}
	return make_temporary("/tmp", prefix, path, size);
}
