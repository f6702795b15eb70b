#include "tools/setup/setup_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE_MAX         9999
#define MEMORY_FILE_SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

static int write_all(int fd, const char *text, size_t len) {
	while (len > 0) {
		ssize_t n = write(fd, text, len);
		if (n < 0 && errno != EINTR) {
			return -errno;
		}
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int memory_file(const char *text, char path[static MEMORY_FILE_PATH]) {
	int fd = memfd_create("pierglass-setup", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd >= 0 && (write_all(fd, text, strlen(text)) < 0 ||
				       fcntl(fd, F_ADD_SEALS, MEMORY_FILE_SEALS) < 0)) {
		close(fd);
		fd = -1;
	}
	snprintf(path, MEMORY_FILE_PATH, "/proc/%d/fd/%d", (int)getpid(), fd);
	return fd;
}

bool memory_file_is_sealed(const char *path) {
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const int seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);
	if (fd >= 0) {
		close(fd);
	}
	return seals >= 0 && (seals & MEMORY_FILE_SEALS) == MEMORY_FILE_SEALS;
}

static char *half_name(const char *path) {
	return xasprintf("%s.pierglass-new", path);
}

void remove_half(const char *path) {
	char *half = half_name(path);
	unlink(half);
	free(half);
}

int replace_file(const char *path, const char *text, mode_t mode, uid_t uid, gid_t gid) {
	char *half = half_name(path);
	unlink(half); /* of a run that was killed; whatever else is there is not written through */
	int fd = open(half, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r = fd < 0 ? -errno : write_all(fd, text, strlen(text));
	if (fd >= 0) {
		if (r == 0 && fchown(fd, uid, gid) < 0 && geteuid() == 0) {
			r = -errno;
		}
		if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0)) {
			r = -errno;
		}
		close(fd);
		if (r == 0 && rename(half, path) < 0) {
			r = -errno;
		}
		if (r < 0) {
			unlink(half);
		}
	}
	free(half);
	return r;
}

/* Makes the folders above path; those that are missing are noted before they are made. */
static int make_parents(const char *path, struct transaction *note) {
	char *copy = xstrdup(path);
	int r = 0;
	for (char *slash = copy + 1; r == 0 && (slash = strchr(slash, '/')) != NULL; slash++) {
		struct stat st;
		*slash = '\0';
		if (stat(copy, &st) < 0) {
			r = note ? transaction_note_path(note, "dir", copy) : 0;
			if (r == 0 && mkdir(copy, 0755) < 0 && errno != EEXIST) {
				r = -errno;
			}
		} else if (!S_ISDIR(st.st_mode)) {
			r = -ENOTDIR;
		}
		*slash = '/';
	}
	free(copy);
	return r;
}

int transaction_make_parents(struct transaction *transaction, const char *path) {
	return make_parents(path, transaction);
}

char *store_folder(const struct setup *setup) {
	char home[512];
	if (setup->root.copy) {
		return xasprintf("%s" STORE_OF_ROOT, setup->root.prefix);
	}
	if (geteuid() == 0) {
		return xstrdup(STORE_OF_ROOT);
	}
	if (sysroot_env(&setup->root, "XDG_STATE_HOME", home, sizeof home)) {
		return xasprintf("%s/pierglass/setup", home);
	}
	return sysroot_env(&setup->root, "HOME", home, sizeof home)
			       ? xasprintf("%s/.local/state/pierglass/setup", home)
			       : NULL;
}

char *store_transaction(const char *store, unsigned number) {
	return xasprintf("%s/%04u", store, number);
}

bool transaction_create(struct transaction *transaction, const char *store) {
	*transaction = (struct transaction){ 0 };
	for (unsigned n = 1; n <= STORE_MAX; n++) {
		char *folder = store_transaction(store, n);
		char *undone = xasprintf("%s.undone", folder);
		struct stat st;
		bool used = stat(folder, &st) == 0 || stat(undone, &st) == 0;
		free(undone);
		if (!used) {
			char *inside = xasprintf("%s/x", folder);
			int r = make_parents(inside, NULL);
			free(inside);
			if (r == 0 && chmod(folder, 0700) == 0) {
				transaction->folder = folder;
				return true;
			}
			free(folder);
			return false;
		}
		free(folder);
	}
	return false;
}

void transaction_finish(struct transaction *transaction) {
	free(transaction->folder);
	text_finish(&transaction->manifest);
	transaction->folder = NULL;
}

static int write_manifest(const struct transaction *transaction) {
	char *path = xasprintf("%s/manifest", transaction->folder);
	int r = replace_file(path, text_get(&transaction->manifest), 0600, geteuid(), getegid());
	if (r < 0) {
		fprintf(stderr, "pierglass setup: %s: %s\n", path, strerrordesc_np(-r));
	}
	free(path);
	return r;
}

int transaction_note(struct transaction *transaction, const char *format, ...) {
	va_list args;
	char *line = NULL;
	va_start(args, format);
	int len = vasprintf(&line, format, args);
	va_end(args);
	if (len < 0) {
		return -ENOMEM;
	}
	text_add(&transaction->manifest, "%s\n", line);
	free(line);
	return write_manifest(transaction);
}

int transaction_note_path(struct transaction *transaction, const char *what, const char *path) {
	struct text line = { 0 };
	text_add(&line, "%s ", what);
	text_add_escaped(&line, path);
	int r = transaction_note(transaction, "%s", text_get(&line));
	text_finish(&line);
	return r;
}

int transaction_keep(const struct transaction *transaction, unsigned n, const char *which,
		const char *text) {
	char *path = xasprintf("%s/%u.%s", transaction->folder, n, which);
	int r = replace_file(path, text, 0600, geteuid(), getegid());
	free(path);
	return r;
}

void transaction_remove(const struct transaction *transaction, unsigned change_count) {
	char *path = xasprintf("%s/manifest", transaction->folder);
	unlink(path);
	free(path);
	for (unsigned i = 0; i < change_count; i++) {
		static const char *const kinds[] = { "old", "new" };
		for (size_t k = 0; k < 2; k++) {
			path = xasprintf("%s/%u.%s", transaction->folder, i, kinds[k]);
			unlink(path);
			free(path);
		}
	}
	rmdir(transaction->folder);
}

unsigned store_newest(const char *store) {
	for (unsigned n = STORE_MAX; n > 0; n--) {
		char *folder = store_transaction(store, n);
		struct stat st;
		bool here = stat(folder, &st) == 0;
		free(folder);
		if (here) {
			return n;
		}
	}
	return 0;
}

char *store_read(const char *folder, const char *name) {
	struct sysroot here;
	char *path = xasprintf("%s/%s", folder, name);
	sysroot_open(&here, NULL);
	char *text = sysroot_read(&here, path, NULL);
	sysroot_close(&here);
	free(path);
	return text;
}

char *store_kept(const char *folder, unsigned n, const char *which) {
	char name[32];
	snprintf(name, sizeof name, "%u.%s", n, which);
	return store_read(folder, name);
}
