/* Preloaded: ends the program for good (SIGKILL) just before its STOP_AT-th change of the file
 * system. */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

static void count(void) {
	static long calls;
	const char *at = getenv("STOP_AT"); // NOLINT(concurrency-mt-unsafe)
	if (at && ++calls == strtol(at, NULL, 10)) {
		kill(getpid(), SIGKILL);
	}
}

EXPORTED int rename(const char *old, const char *new) {
	static int (*next)(const char *, const char *);
	if (!next) {
		*(void **)&next = dlsym(RTLD_NEXT, "rename");
	}
	count();
	return next(old, new);
}

EXPORTED int mkdir(const char *path, mode_t mode) {
	static int (*next)(const char *, mode_t);
	if (!next) {
		*(void **)&next = dlsym(RTLD_NEXT, "mkdir");
	}
	count();
	return next(path, mode);
}

EXPORTED int unlink(const char *name) {
	static int (*next)(const char *);
	if (!next) {
		*(void **)&next = dlsym(RTLD_NEXT, "unlink");
	}
	count();
	return next(name);
}

EXPORTED int rmdir(const char *path) {
	static int (*next)(const char *);
	if (!next) {
		*(void **)&next = dlsym(RTLD_NEXT, "rmdir");
	}
	count();
	return next(path);
}

/* A half-written file: fsync() comes between its bytes and its name. */
EXPORTED int fsync(int fd) {
	static int (*next)(int);
	if (!next) {
		*(void **)&next = dlsym(RTLD_NEXT, "fsync");
	}
	count();
	return next(fd);
}
