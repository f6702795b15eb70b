/*
 * The other programs of pierglass: doctor, setup, vm-info, the bench, the demo guest. They lie
 * beside this executable (a build folder) or in libexec (an installation).
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* Writes the path of the program to ret_path. Returns 0 or -ENOENT. */
int program_find(const char *name, char *ret_path, size_t size);

/* Replaces this process by it; argv[0] is set to the name. Returns a negative errno on failure. */
int program_exec(const char *name, char *const argv[]);

/* Starts it as a child with stdin and stdout as pipes of ours (either pointer may be NULL:
 * /dev/null instead; fds are close-on-exec), stderr inherited, all signals unblocked; the child
 * dies with us. */
int program_spawn(const char *name, char *const argv[], pid_t *ret_pid, int *ret_stdin,
		int *ret_stdout);

#define PROGRAM_SHARED_FD 3
/* The same for one that has the descriptor `shared` of ours as its 3, and /dev/null as stdout. */
int program_spawn_sharing(
		const char *name, char *const argv[], int shared, pid_t *ret_pid, int *ret_stdin);
