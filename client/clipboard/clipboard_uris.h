/* text/uri-list (RFC 2483), as file managers drop it. Pure; the bytes are foreign. */
#pragma once

#include <stddef.h>

/* The local files of the list: paths, each ended by a NUL, then an empty one. What is not a file of
 * this machine (another scheme, another host) stands there as the URI it is, for whoever tells the
 * user. Heap; NULL when the list names nothing. */
char *clipboard_uris_to_paths(const char *list, size_t len);
