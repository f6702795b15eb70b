/*
 * Names of files in the guest. The agent of Windows knows no folders and refuses characters that
 * Linux takes; two files of one batch may come to the same name. Pure.
 */
#pragma once

#include <stdbool.h>

#define FILE_NAME_BYTES 1024

struct file_names;

/* The names of one batch. NULL = out of memory. */
struct file_names *file_names_create(void);
void file_names_destroy(struct file_names *names); /* accepts NULL */

/*
 * The guest's name for a file, which no other file of this batch has.
 *
 * path: below the folder that was dropped, with that folder's own name in front ("Photos/2020/a");
 * any bytes. windows: without folders, whose names stay in front ("Photos - 2020 - a"), without the
 * characters, endings and device names that Windows does not allow, and not too long for a path
 * there; else folders are kept. Returns whether another name had to be given, -ENAMETOOLONG or
 * -ENOMEM.
 */
int file_names_take(struct file_names *names, const char *path, bool windows,
		char ret_name[static FILE_NAME_BYTES]);
