/*
 * Help while there is no picture: the VMs of this machine, to choose one, and the first finding of
 * doctor. Both come from other programs of pierglass as children, one after the other, each once;
 * the app looks at them now and then. On pg-ui.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/deadline.h"

#define FIRST_SCREEN_VMS   40
#define FIRST_SCREEN_BYTES 65536 /* of a child's answer; what is longer is cut */

struct discovery_config;

struct first_screen_vm {
	char name[256];
	char uri[256];        /* of the libvirt that has it */
	bool running, memory; /* memory: has a Looking Glass device */
};

struct first_screen {
	unsigned vm_count;
	struct first_screen_vm vms[FIRST_SCREEN_VMS];
	char finding[256], remedy[256]; /* of doctor, as it says them; "" = nothing is wrong, or not
					 * looked yet */

	/* the child that runs; text is NULL when none does */
	pid_t pid;
	int fd;
	char *text;
	size_t len;
	unsigned asked; /* children that were started */
};

/* Looks at the child and, once the picture has been missed for long enough, starts the next one.
 * wanted: which VM was named, if any. Returns when to come again; NONE = nothing is left to do.
 * *ret_changed: something new is known. */
deadline first_screen_look(struct first_screen *screen, uint64_t missing_since_ns, uint64_t now_ns,
		const struct discovery_config *wanted, bool *ret_changed);
void first_screen_finish(struct first_screen *screen);

/* The pure part: lines of `pierglass-vm-info --list --json`, and of `pierglass-doctor --json` the
 * first failure, else the first warning. */
void first_screen_read_list(struct first_screen *screen, const char *text);
void first_screen_read_findings(struct first_screen *screen, const char *json);
