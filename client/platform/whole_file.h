/*
 * Puts a text in a file's place, whole: whoever reads sees the old or the new one, also after a
 * crash. A symbolic link stays one, and what it leads to is replaced: settings are often links into
 * a folder that a version control system keeps.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The file that path leads to, itself where it is no link, in ret of PATH_MAX bytes. False: errno.
 */
bool whole_file_target(const char *path, char *ret);

/* Writes len bytes. replace false: -EEXIST where a file or a link is there, also one that came just
 * now. -EPERM where the old one is no regular file. The new file keeps the old one's mode. Returns
 * 0 or a negative errno; after an error the old file is as it was, and nothing lies beside it. */
int whole_file_write(const char *path, const char *text, size_t len, bool replace);
