/*
 * What foreign programs put into the clipboard and drop on the window, before it is anything else:
 * names of types, lists of files, text of older programs.
 *
 * Covers: client/clipboard/clipboard_names.c client/clipboard/clipboard_uris.c
 * client/files/file_uri.c client/files/file_names.c
 */
#include <stdlib.h>
#include <string.h>

#include "client/clipboard/clipboard_names.h"
#include "client/clipboard/clipboard_uris.h"
#include "client/files/file_names.h"
#include "client/files/file_uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned sum;

static void names(const char *text, size_t len) {
	struct clipboard_choice choice = { 0 };
	char *copy = malloc(len + 1);
	if (len > 0) {
		memcpy(copy, text, len);
	}
	copy[len] = '\0';
	char *rest = copy;
	for (char *name; (name = strsep(&rest, "\n"));) {
		clipboard_choice_add(&choice, clipboard_name_find(name));
	}
	sum += (unsigned)clipboard_choice_get(&choice, 1u << CLIPBOARD_TYPES);
	for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
		const int index = clipboard_choice_get(&choice, 1u << i);
		sum += index >= 0 ? (unsigned)clipboard_names[index].name[0] : 0;
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	size_t len;
	struct file_names *guest_names = file_names_create();
	names((const char *)data, size);
	char *paths = clipboard_uris_to_paths((const char *)data, size);
	for (const char *path = paths; path && *path; path += strlen(path) + 1) {
		sum += (unsigned)path[0];
		if (path[0] != '/' && !strchr(path, ':')) {
			abort(); /* neither a path nor a URI */
		}
		char mounted[256];
		sum += file_uri_is(path) && file_uri_to_gvfs(path, "/g", mounted, sizeof mounted);
		char name[FILE_NAME_BYTES];
		const char *last = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
		sum += (unsigned)file_names_take(guest_names, path + 1, true, name);
		sum += (unsigned)file_names_take(guest_names, path + 1, false, name);
		sum += (unsigned)file_names_take(guest_names, last, true, name);
		sum += (unsigned)file_names_take(guest_names, last, true, name);
	}
	file_names_destroy(guest_names);
	free(paths);
	uint8_t *text = clipboard_from_latin1(data, size, &len);
	if (text && clipboard_to_latin1(text, len) != size) {
		abort(); /* there and back is the same */
	}
	if (text && size > 0 && memcmp(text, data, size) != 0) {
		abort();
	}
	free(text);
	uint8_t *copy = malloc(size ? size : 1);
	if (copy && size > 0) {
		memcpy(copy, data, size);
		sum += (unsigned)clipboard_to_latin1(copy, size);
	}
	free(copy);
	return 0;
}
