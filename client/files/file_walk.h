/*
 * Turns what was dropped into a list of files, folders included. Runs on the thread that reads
 * files, since a folder may be on a slow disk or another machine.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* More files than this of one drop are not sent, and told. */
#define FILE_WALK_MAX 1000000u

struct walked_file {
	char *path; /* heap */
	/* Where in path the name begins that the guest sees: that of what was dropped. */
	size_t name_at;
	int error; /* a negative errno: it will not be sent; 0 = a regular file */
};

struct file_list {
	struct walked_file *files; /* heap */
	size_t count, room;
};

/* Appends what path leads to: itself, or all files in it, in the order of their names. Links to
 * files are followed, links to folders only if they were dropped themselves. A URI of another
 * machine is looked for where GVfs mounts it (-EREMOTE if it is not there). Stops early when *stop
 * is set. Returns 0 or -ENOMEM. */
int file_walk(const char *path, const atomic_bool *stop, struct file_list *list);

/* Frees the files from index `from` on, and the list. */
void file_list_free(struct file_list *list, size_t from);
