/*
 * Carrying a plan out and taking it back. Every applied plan is a folder of its own ("0001", …)
 * under /var/lib/pierglass/setup (root, or a tree) or $XDG_STATE_HOME/pierglass/setup, with a
 * "manifest" and the old and new bytes of everything that was changed:
 *
 *	dir PATH                        a folder that was made
 *	file N EXISTED MODE UID GID PATH   N.old and N.new hold the bytes
 *	domain N UUID URI
 *
 * Taking back: newest first; a thing that was changed by somebody else since is not touched.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "tools/setup.h"

#define STORE_MAX 9999

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

/* All or nothing: a new file takes the old one's place. */
static int replace_file(const char *path, const char *text, mode_t mode, uid_t uid, gid_t gid) {
	char *temporary = must_print("%s.pierglass-new", path);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r = fd < 0 ? -errno : write_all(fd, text, strlen(text));
	if (fd >= 0) {
		if (r == 0 && fchown(fd, uid, gid) < 0 && geteuid() == 0) {
			r = -errno;
		}
		if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0)) {
			r = -errno;
		}
		close(fd);
		if (r == 0 && rename(temporary, path) < 0) {
			r = -errno;
		}
		if (r < 0) {
			unlink(temporary);
		}
	}
	free(temporary);
	return r;
}

/* Makes the folders above path; the ones made are noted. */
static int make_parents(const char *path, struct text *manifest) {
	char *copy = must_copy(path);
	int r = 0;
	for (char *slash = copy + 1; r == 0 && (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		if (mkdir(copy, 0755) == 0) {
			if (manifest) {
				text_add(manifest, "dir ");
				text_add_escaped(manifest, copy);
				text_add(manifest, "\n");
			}
		} else if (errno != EEXIST) {
			struct stat st;
			int error = errno;
			r = stat(copy, &st) == 0 && S_ISDIR(st.st_mode) ? 0 : -error;
		}
		*slash = '/';
	}
	free(copy);
	return r;
}

/* ---- the store ---- */

static char *store_folder(const struct setup *setup) {
	char home[512];
	if (setup->root.copy) {
		return must_print("%s/var/lib/pierglass/setup", setup->root.prefix);
	}
	if (geteuid() == 0) {
		return must_copy("/var/lib/pierglass/setup");
	}
	if (root_env(&setup->root, "XDG_STATE_HOME", home, sizeof home)) {
		return must_print("%s/pierglass/setup", home);
	}
	return root_env(&setup->root, "HOME", home, sizeof home)
			       ? must_print("%s/.local/state/pierglass/setup", home)
			       : NULL;
}

static char *new_transaction(const char *store) {
	for (unsigned n = 1; n <= STORE_MAX; n++) {
		char *folder = must_print("%s/%04u", store, n);
		char *undone = must_print("%s/%04u.undone", store, n);
		struct stat st;
		bool used = stat(folder, &st) == 0 || stat(undone, &st) == 0;
		free(undone);
		if (!used) {
			char *inside = must_print("%s/x", folder);
			int r = make_parents(inside, NULL);
			free(inside);
			if (r == 0 && chmod(folder, 0700) == 0) {
				return folder;
			}
			free(folder);
			return NULL;
		}
		free(folder);
	}
	return NULL;
}

static char *newest_transaction(const char *store) {
	for (unsigned n = STORE_MAX; n > 0; n--) {
		char *folder = must_print("%s/%04u", store, n);
		struct stat st;
		if (stat(folder, &st) == 0) {
			return folder;
		}
		free(folder);
	}
	return NULL;
}

static int keep(const char *folder, unsigned n, const char *which, const char *text) {
	char *path = must_print("%s/%u.%s", folder, n, which);
	int r = replace_file(path, text, 0600, geteuid(), getegid());
	free(path);
	return r;
}

/* ---- applying ---- */

static bool may_write(const char *path) {
	struct stat st;
	char *copy = must_copy(path);
	bool may = false;
	for (char *slash = copy + strlen(copy); slash; slash = strrchr(copy, '/')) {
		*slash = '\0';
		const char *dir = copy[0] ? copy : "/";
		if (slash != copy + strlen(path) && stat(dir, &st) == 0) {
			may = access(dir, W_OK) == 0;
			break;
		}
	}
	free(copy);
	return may;
}

static int apply_file(const struct change *change, unsigned n, const char *folder,
		struct text *manifest) {
	struct stat st = { .st_mode = change->mode, .st_uid = geteuid(), .st_gid = getegid() };
	bool existed = stat(change->path, &st) == 0;
	int r = keep(folder, n, "old", change->old_text ? change->old_text : "");
	r = r < 0 ? r : keep(folder, n, "new", change->new_text);
	r = r < 0 ? r : make_parents(change->path, manifest);
	if (r < 0) {
		return r;
	}
	r = replace_file(change->path, change->new_text, st.st_mode & 07777, st.st_uid, st.st_gid);
	if (r == 0) {
		text_add(manifest, "file %u %d %o %u %u ", n, existed, st.st_mode & 07777,
				st.st_uid, st.st_gid);
		text_add_escaped(manifest, change->path);
		text_add(manifest, "\n");
	}
	return r;
}

static int apply_domain(const struct change *change, unsigned n, const char *folder,
		struct text *manifest, struct setup *setup) {
	char error[200] = "";
	int r = virt_define(setup->virt, change->path, change->new_text, error, sizeof error);
	if (r < 0) {
		fprintf(stderr, "pierglass setup: libvirt refuses the new XML: %s\n", error);
		return r;
	}
	/* libvirt writes it in its own words: that is what undoing compares with. */
	char *now = virt_stored_xml(setup->virt, change->path, true);
	r = keep(folder, n, "old", change->old_text);
	r = r < 0 ? r : keep(folder, n, "new", now ? now : change->new_text);
	free(now);
	text_add(manifest, "domain %u %s %s\n", n, change->path, change->uri);
	return r;
}

static int apply_one(const struct change *change, unsigned n, const char *folder,
		struct text *manifest, struct setup *setup) {
	int r = 0;
	if (change->kind == CHANGE_DOMAIN) {
		r = apply_domain(change, n, folder, manifest, setup);
	} else if (!may_write(change->path)) {
		fprintf(stderr, "pierglass setup: %s needs root: the same command with sudo\n",
				change->shown);
		return -EACCES;
	} else {
		r = apply_file(change, n, folder, manifest);
	}
	if (r < 0) {
		fprintf(stderr, "pierglass setup: %s: %s\n", change->shown, strerror(-r));
	} else {
		printf("changed: %s\n", change->shown);
	}
	return r;
}

int plan_apply(const struct plan *plan, struct setup *setup) {
	char *store = store_folder(setup);
	char *folder = store ? new_transaction(store) : NULL;
	struct text manifest = { 0 };
	int failed = 0;
	unsigned made = 0;
	free(store);
	if (!folder) {
		fputs("pierglass setup: no folder for the backups can be made: nothing was changed\n",
				stderr);
		return -EACCES;
	}
	char *path = must_print("%s/manifest", folder);
	for (unsigned i = 0; i < plan->change_count; i++) {
		bool ok = apply_one(&plan->change[i], i, folder, &manifest, setup) == 0;
		made += ok;
		failed += !ok;
		/* After each one: what was done can be taken back even if the next one ends us. */
		if (replace_file(path, text_get(&manifest), 0600, geteuid(), getegid()) < 0) {
			fprintf(stderr, "pierglass setup: %s cannot be written\n", path);
			failed++;
			break;
		}
	}
	if (made == 0) {
		unlink(path);
		for (unsigned i = 0; i < plan->change_count; i++) {
			char *old = must_print("%s/%u.old", folder, i);
			char *new = must_print("%s/%u.new", folder, i);
			unlink(old);
			unlink(new);
			free(old);
			free(new);
		}
		rmdir(folder);
	} else {
		printf("%u change%s made; pierglass setup --undo takes %s back (kept in %s).\n",
				made, made == 1 ? "" : "s", made == 1 ? "it" : "them", folder);
	}
	free(path);
	free(folder);
	text_finish(&manifest);
	return failed;
}

/* ---- undoing ---- */

static void unescape(char *text) {
	char *out = text;
	for (const char *c = text; *c; c++) {
		unsigned code;
		if (c[0] == '\\' && c[1] == 'x' && sscanf(c + 2, "%2x", &code) == 1) { // NOLINT
			*out++ = (char)code;
			c += 3;
		} else if (c[0] == '\\' && c[1]) {
			*out++ = *++c;
		} else {
			*out++ = *c;
		}
	}
	*out = '\0';
}

static char *kept(const char *folder, unsigned n, const char *which) {
	struct root here;
	char *path = must_print("%s/%u.%s", folder, n, which);
	root_open(&here, NULL);
	char *text = root_read(&here, path, NULL);
	root_close(&here);
	free(path);
	return text;
}

static bool undo_file(const char *line, const char *folder, bool force) {
	unsigned n;
	unsigned mode;
	unsigned uid;
	unsigned gid;
	int existed;
	int at = 0;
	// NOLINTNEXTLINE(cert-err34-c): our own line
	if (sscanf(line, "file %u %d %o %u %u %n", &n, &existed, &mode, &uid, &gid, &at) != 5) {
		return false;
	}
	char *path = must_copy(line + at);
	unescape(path);
	struct root here;
	root_open(&here, NULL);
	char *now = root_read(&here, path, NULL);
	root_close(&here);
	char *old = kept(folder, n, "old");
	char *new = kept(folder, n, "new");
	bool ok = false;
	if (!old || !new) {
		fprintf(stderr, "pierglass setup: the backup of %s is not there\n", path);
	} else if (!force && (!now || strcmp(now, new) != 0)) {
		fprintf(stderr,
				"pierglass setup: %s was changed since: left alone (--force takes it back "
				"all the same)\n",
				path);
	} else if (!existed) {
		ok = unlink(path) == 0 || errno == ENOENT;
	} else {
		ok = replace_file(path, old, (mode_t)mode, uid, gid) == 0;
	}
	if (ok) {
		printf("%s: %s\n", existed ? "restored" : "removed", path);
	}
	free(path);
	free(now);
	free(old);
	free(new);
	return ok;
}

static bool undo_domain(struct setup *setup, const char *line, const char *folder, bool force) {
	unsigned n;
	char uuid[64];
	char uri[128];
	char error[200] = "";
	if (sscanf(line, "domain %u %63s %127s", &n, uuid, uri) != 3) { // NOLINT
		return false;
	}
	if (!setup->virt && virt_open(&setup->virt, uri, true, error, sizeof error) < 0) {
		fprintf(stderr, "pierglass setup: %s: %s\n", uri, error);
		return false;
	}
	char *old = kept(folder, n, "old");
	char *new = kept(folder, n, "new");
	char *now = virt_stored_xml(setup->virt, uuid, true);
	bool ok = false;
	if (!old || !new) {
		fputs("pierglass setup: the backup of the VM's XML is not there\n", stderr);
	} else if (!force && (!now || strcmp(now, new) != 0)) {
		fputs("pierglass setup: the VM was changed since: left alone (--force takes it back all "
		      "the same)\n",
				stderr);
	} else if (virt_define(setup->virt, uuid, old, error, sizeof error) < 0) {
		fprintf(stderr, "pierglass setup: libvirt refuses the old XML: %s\n", error);
	} else {
		ok = true;
		char *after = virt_stored_xml(setup->virt, uuid, true);
		printf("restored: the VM's XML%s\n", after && strcmp(after, old) == 0
								     ? ""
								     : " (libvirt worded it anew)");
		free(after);
	}
	free(old);
	free(new);
	free(now);
	return ok;
}

static bool undo_line(struct setup *setup, char *line, const char *folder) {
	bool force = setup->options.force;
	if (strncmp(line, "file ", 5) == 0) {
		return undo_file(line, folder, force);
	}
	if (strncmp(line, "domain ", 7) == 0) {
		return undo_domain(setup, line, folder, force);
	}
	if (strncmp(line, "dir ", 4) == 0) {
		unescape(line + 4);
		rmdir(line + 4); /* somebody else may have put something there: then it stays */
	}
	return true;
}

int setup_undo(struct setup *setup) {
	char *store = store_folder(setup);
	char *folder = store ? newest_transaction(store) : NULL;
	free(store);
	if (!folder) {
		puts("Nothing to take back.");
		return EXIT_SUCCESS;
	}
	struct root here;
	char *path = must_print("%s/manifest", folder);
	root_open(&here, NULL);
	char *manifest = root_read(&here, path, NULL);
	root_close(&here);
	bool ok = manifest != NULL;
	/* From the last line to the first. */
	for (char *end = manifest ? manifest + strlen(manifest) : NULL; ok && end > manifest;) {
		if (end[-1] == '\n') {
			*--end = '\0';
		}
		while (end > manifest && end[-1] != '\n') {
			end--;
		}
		ok = undo_line(setup, end, folder) && ok;
	}
	if (ok) {
		char *undone = must_print("%s.undone", folder);
		rename(folder, undone);
		free(undone);
	} else {
		fprintf(stderr, "pierglass setup: not everything was taken back; the backups are in %s\n",
				folder);
	}
	free(manifest);
	free(path);
	free(folder);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
