/* text/uri-list (RFC 2483), as file managers drop it. Pure; the bytes are foreign. */
#pragma once

#include <stddef.h>

/* The local files of the list: paths, each ended by a NUL, then an empty one. Heap; NULL when there
 * is none. Other schemes, other hosts and nonsense are left out. */
char *clipboard_uris_to_paths(const char *list, size_t len);
