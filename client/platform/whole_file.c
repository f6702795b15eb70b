#include "client/platform/whole_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool whole_file_target(const char *path, char *ret) {
	struct stat st;
	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
		return realpath(path, ret) != NULL; /* ENOENT: a link that leads nowhere */
	}
	if (strlen(path) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return false;
	}
	strcpy(ret, path); // NOLINT(clang-analyzer-security.insecureAPI.strcpy): it fits
	return true;
}

static int fill(FILE *file, const char *text, size_t len, const char *old) {
	struct stat st;
	int r = fwrite(text, 1, len, file) == len && fflush(file) == 0 ? 0 : -errno;
	if (r == 0 && stat(old, &st) == 0 && fchmod(fileno(file), st.st_mode & 0777) < 0) {
		r = -errno;
	}
	if (r == 0 && fsync(fileno(file)) < 0) {
		r = -errno;
	}
	return r;
}

int whole_file_write(const char *path, const char *text, size_t len, bool replace) {
	char target[PATH_MAX];
	char temporary[PATH_MAX + 32];
	struct stat st;
	if (!replace && lstat(path, &st) == 0) {
		return -EEXIST;
	}
	if (!whole_file_target(path, target)) {
		return -errno;
	}
	if (stat(target, &st) == 0 && !S_ISREG(st.st_mode)) {
		return -EPERM;
	}
	snprintf(temporary, sizeof temporary, "%s.%ld", target, (long)getpid());
	FILE *file = fopen(temporary, "wxe");
	if (!file) {
		return -errno;
	}
	int r = fill(file, text, len, target);
	if (fclose(file) != 0 && r == 0) {
		r = -errno;
	}
	if (r == 0 && (replace ? rename(temporary, target) : link(temporary, target)) < 0) {
		r = -errno;
	}
	if (r < 0 || !replace) {
		unlink(temporary);
	}
	return r;
}
