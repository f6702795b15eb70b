/*
 * Files and programs under Landlock: the paths of a request of sandbox.h. The functions are private
 * to that module.
 */
#pragma once

#include <stdbool.h>

#define SANDBOX_WRITE_MAX 2
#define SANDBOX_RUN_MAX   3

struct sandbox_paths {
	const char *home; /* "" = files are left alone */
	/* The VM's memory and files that are to be written, wherever they are, with the folders
	 * around them; "" or NULL: none. Of the home folder itself only that file is given, which
	 * is made (not the memory), empty, where it is missing. */
	const char *memory;
	const char *write[SANDBOX_WRITE_MAX];
	/* Programs of the system that this run may start, looked for in $PATH; NULL ends them. */
	const char *run[SANDBOX_RUN_MAX];
	bool ssh_keys; /* ~/.ssh may be read: libvirt is reached by ssh */
};

/* What a mode may do beside reading what is no secret and writing outside of the home folder. */
enum sandbox_may {
	SANDBOX_PROGRAMS = 1 << 0, /* execute those of ours; no mode executes others */
	SANDBOX_CACHE = 1 << 1, /* write where drivers keep shaders, and fontconfig what it found */
	SANDBOX_SETTINGS = 1 << 2, /* write our settings and state */
	SANDBOX_PICTURES = 1 << 3, /* write where screenshots and recordings go */
};

/* The rules for paths with a home folder. Returns the kernel's version of Landlock and the
 * rules, or 0 without it, and
 * for a program that was started inside of such rules: those stay in force. */
int sandbox_files_prepare(unsigned may, const struct sandbox_paths *paths, int *ret_rules);

/* For this thread and those that it starts. Returns 0 or a negative errno. */
int sandbox_files_enter(int rules);
