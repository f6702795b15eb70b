/*
 * $XDG_RUNTIME_DIR: the folder of this user's sockets and locks until the last session ends. Each
 * call reads the environment, which nobody changes; from any thread.
 */
#pragma once

#include <stddef.h>

/* Its path with "/" and name behind it, where name is not "". 0; -ENOENT: it is not set, or not an
 * absolute path (the XDG rules say that it does not count then); -ENAMETOOLONG. */
int runtime_folder(const char *name, char *path, size_t size);

/* The program's own folder in it, made (0700) where it is missing. As above, or mkdir's error. */
int runtime_folder_make(char *path, size_t size);

/* A new folder "prefix" + six characters for sockets: in the runtime folder where their paths still
 * fit a socket's address, else in /tmp. 0 or a negative errno. */
int runtime_folder_temporary(const char *prefix, char *path, size_t size);
