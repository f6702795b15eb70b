#include "client/files/file_walk.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/runtime_folder.h"
#include "client/files/file_uri.h"

static int add(struct file_list *list, const char *path, size_t name_at, int error) {
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		struct walked_file *files = reallocarray(list->files, room, sizeof *files);
		if (!files) {
			return -ENOMEM;
		}
		list->files = files;
		list->room = room;
	}
	char *copy = strdup(path);
	if (!copy) {
		return -ENOMEM;
	}
	list->files[list->count++] = (struct walked_file){ copy, name_at, error };
	return 0;
}

static int by_name(const FTSENT **a, const FTSENT **b) {
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* What is wrong with an entry as a file; 0 = nothing; 1 = it is none and needs no word. */
static int judge(const FTSENT *entry) {
	struct stat st;
	switch (entry->fts_info) {
	case FTS_F:
		return 0;
	case FTS_D:
	case FTS_DP:
		return 1;
	case FTS_SL:
		if (stat(entry->fts_accpath, &st) < 0) {
			return -errno;
		}
		return S_ISREG(st.st_mode) ? 0 : S_ISDIR(st.st_mode) ? -EISDIR : -ENOTSUP;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return entry->fts_errno ? -entry->fts_errno : -EIO;
	default:
		return -ENOTSUP; /* a socket, a pipe, a device */
	}
}

/* Where a URI's file is mounted, if it is. */
static bool find_mounted(const char *uri, char *ret_path, size_t size) {
	char folder[512];
	return runtime_folder("gvfs", folder, sizeof folder) == 0 &&
	       file_uri_to_gvfs(uri, folder, ret_path, size) && access(ret_path, F_OK) == 0;
}

static int walk_path(const char *path, const atomic_bool *stop, struct file_list *list) {
	char *root = strdup(path);
	if (!root) {
		return -ENOMEM;
	}
	/* A folder's own name ends where its last slash begins. */
	for (size_t len = strlen(root); len > 1 && root[len - 1] == '/'; len--) {
		root[len - 1] = '\0';
	}
	const char *slash = strrchr(root, '/');
	const size_t name_at = slash ? (size_t)(slash + 1 - root) : 0;
	char *const roots[] = { root, NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	int r = walk ? 0 : add(list, root, name_at, -errno);
	/* At least one read: before it, fts_close() of glibc looks at a level that nobody has set,
	 * and by what it finds there frees two entries or not (2.36). */
	for (FTSENT *entry; walk && r == 0 && (entry = fts_read(walk)) && !atomic_load(stop);) {
		const int verdict = judge(entry);
		if (verdict <= 0) {
			r = list->count < FILE_WALK_MAX
					    ? add(list, entry->fts_path, name_at, verdict)
					    : add(list, root, name_at, -E2BIG);
			if (list->count > FILE_WALK_MAX) {
				break;
			}
		}
	}
	if (walk) {
		fts_close(walk);
	}
	free(root);
	return r;
}

int file_walk(const char *path, const atomic_bool *stop, struct file_list *list) {
	char mounted[PATH_MAX];
	if (!file_uri_is(path)) {
		return walk_path(path, stop, list);
	}
	if (find_mounted(path, mounted, sizeof mounted)) {
		return walk_path(mounted, stop, list);
	}
	return add(list, path, 0, -EREMOTE);
}

void file_list_free(struct file_list *list, size_t from) {
	for (size_t i = from; i < list->count; i++) {
		free(list->files[i].path);
	}
	free(list->files);
	*list = (struct file_list){ 0 };
}
