/*
 * Local paths of files that a desktop shows as URIs of other machines ("smb://nas/share/film.mkv"):
 * where GVfs has mounted them for programs that know only paths. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

bool file_uri_is(const char *text); /* it has a scheme, so it is no path */

/* folder: GVfs's, "/run/user/1000/gvfs". False for a scheme that is not mounted there, or
 * nonsense. That the path exists is not said. */
bool file_uri_to_gvfs(const char *uri, const char *folder, char *ret_path, size_t size);
