#include "client/vm/vm_start.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <unistd.h>

int vm_start(const char *name, const char *uri) {
	char tool[] = "virsh", quiet[] = "-q", connect[] = "-c", start[] = "start", rest[] = "--";
	char at[256], vm[160];
	char *const argv[] = { tool, quiet, connect, at, start, rest, vm, NULL };
	posix_spawnattr_t attributes;
	sigset_t none;
	pid_t pid;
	snprintf(at, sizeof at, "%s", uri[0] ? uri : "qemu:///system");
	snprintf(vm, sizeof vm, "%s", name);
	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	const int r = posix_spawnp(&pid, tool, NULL, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	return -r;
}
