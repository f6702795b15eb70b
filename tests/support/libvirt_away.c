/*
 * Preloaded into a program that asks libvirt: its system daemon does not answer before the file
 * $LIBVIRT_BACK is there, and is its test driver from then on. Nobody may manage it.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

EXPORTED void *virConnectOpen(const char *uri);
EXPORTED void *virConnectOpenReadOnly(const char *uri);

static void *next_open(const char *function, const char *uri) {
	void *(*next)(const char *);
	*(void **)&next = dlsym(RTLD_NEXT, function);
	return next(uri);
}

static int is_system(const char *uri) {
	return uri && strcmp(uri, "qemu:///system") == 0;
}

void *virConnectOpen(const char *uri) {
	return is_system(uri) ? NULL : next_open("virConnectOpen", uri);
}

void *virConnectOpenReadOnly(const char *uri) {
	const char *back = getenv("LIBVIRT_BACK"); // NOLINT(concurrency-mt-unsafe)
	if (is_system(uri)) {
		uri = back && access(back, F_OK) == 0 ? "test:///default" : NULL;
		return uri ? next_open("virConnectOpenReadOnly", uri) : NULL;
	}
	return next_open("virConnectOpenReadOnly", uri);
}
