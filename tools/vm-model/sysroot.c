#include "tools/vm-model/sysroot.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/vm-model/text.h"

#define GROUPS_MAX ((int)(sizeof((struct sysroot_user *)NULL)->groups / sizeof(gid_t)))

int sysroot_open(struct sysroot *root, const char *dir) {
	memset(root, 0, sizeof *root);
	root->copy = dir && dir[0] && strcmp(dir, "/") != 0;
	if (root->copy) {
		if (!copy_text(root->prefix, sizeof root->prefix, dir)) {
			return -ENAMETOOLONG;
		}
		size_t len = strlen(root->prefix);
		while (len > 1 && root->prefix[len - 1] == '/') {
			root->prefix[--len] = '\0';
		}
		struct stat st;
		if (stat(root->prefix, &st) < 0) {
			return -errno;
		}
		if (!S_ISDIR(st.st_mode)) {
			return -ENOTDIR;
		}
		root->facts = sysroot_read(root, "/pierglass.facts", NULL);
	}
	if (!root->facts) {
		root->facts = xstrdup("");
	}
	return 0;
}

void sysroot_close(struct sysroot *root) {
	free(root->facts);
	root->facts = NULL;
}

bool sysroot_path(const struct sysroot *root, const char *path, char *buf) {
	int n = snprintf(buf, SYSROOT_PATH_MAX, "%s%s", root->prefix, path);
	return n >= 0 && n < SYSROOT_PATH_MAX;
}

static int open_in(const struct sysroot *root, const char *path) {
	char full[SYSROOT_PATH_MAX];
	if (!sysroot_path(root, path, full)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	/* Not blocked by a pipe somebody put there. */
	return open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

char *sysroot_read(const struct sysroot *root, const char *path, size_t *ret_len) {
	int fd = open_in(root, path);
	if (fd < 0) {
		return NULL;
	}
	struct text text = { 0 };
	char bytes[4096];
	ssize_t n;
	while (text.len < SYSROOT_READ_MAX && (n = read(fd, bytes, sizeof bytes)) != 0) {
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			int error = errno;
			close(fd);
			text_finish(&text);
			errno = error;
			return NULL;
		}
		text_add_bytes(&text, bytes, (size_t)n);
	}
	close(fd);
	if (ret_len) {
		*ret_len = text.len;
	}
	return text_take(&text);
}

bool sysroot_line(const struct sysroot *root, const char *path, char *buf, size_t size) {
	char *all = sysroot_read(root, path, NULL);
	if (!all) {
		return false;
	}
	size_t len = strcspn(all, "\n");
	while (len > 0 && isspace((unsigned char)all[len - 1])) {
		len--;
	}
	if (len >= size) {
		len = size - 1;
	}
	memcpy(buf, all, len);
	buf[len] = '\0';
	free(all);
	return true;
}

bool sysroot_number(const struct sysroot *root, const char *path, uint64_t *ret_value) {
	char line[64];
	if (!sysroot_line(root, path, line, sizeof line)) {
		return false;
	}
	char *end;
	errno = 0;
	unsigned long long value = strtoull(line, &end, 0);
	if (end == line || *end || errno) {
		return false;
	}
	*ret_value = value;
	return true;
}

bool sysroot_link(const struct sysroot *root, const char *path, char *buf, size_t size) {
	char full[SYSROOT_PATH_MAX];
	char target[SYSROOT_PATH_MAX];
	if (!sysroot_path(root, path, full)) {
		return false;
	}
	ssize_t len = readlink(full, target, sizeof target - 1);
	if (len <= 0) {
		return false;
	}
	target[len] = '\0';
	return copy_text(buf, size, target);
}

bool sysroot_link_name(const struct sysroot *root, const char *path, char *buf, size_t size) {
	char target[SYSROOT_PATH_MAX];
	if (!sysroot_link(root, path, target, sizeof target)) {
		return false;
	}
	const char *slash = strrchr(target, '/');
	return copy_text(buf, size, slash ? slash + 1 : target);
}

static int compare(const void *a, const void *b) {
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

struct sysroot_names sysroot_list(const struct sysroot *root, const char *path) {
	struct sysroot_names names = { 0 };
	char full[SYSROOT_PATH_MAX];
	DIR *dir = sysroot_path(root, path, full) ? opendir(full) : NULL;
	if (!dir) {
		return names;
	}
	struct dirent *entry;
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
			continue;
		}
		names.name = xrealloc(names.name, (names.count + 1) * sizeof *names.name);
		names.name[names.count++] = xstrdup(entry->d_name);
	}
	closedir(dir);
	if (names.count > 1) {
		qsort(names.name, names.count, sizeof *names.name, compare);
	}
	return names;
}

void sysroot_names_free(struct sysroot_names *names) {
	for (size_t i = 0; i < names->count; i++) {
		free(names->name[i]);
	}
	free(names->name);
	*names = (struct sysroot_names){ 0 };
}

/* ---- facts ---- */

bool sysroot_fact(const struct sysroot *root, const char *kind, const char *name, char *buf,
		size_t size) {
	size_t kind_len = strlen(kind);
	size_t name_len = strlen(name);
	for (const char *line = root->facts; *line;) {
		size_t len = strcspn(line, "\n");
		const char *rest = line + kind_len + 1;
		if (len > kind_len + name_len + 1 && strncmp(line, kind, kind_len) == 0 &&
				line[kind_len] == ' ' && strncmp(rest, name, name_len) == 0 &&
				(rest[name_len] == ' ' || rest[name_len] == '=')) {
			const char *value = rest + name_len + 1;
			size_t value_len = len - kind_len - name_len - 2;
			if (value_len >= size) {
				return false;
			}
			memcpy(buf, value, value_len);
			buf[value_len] = '\0';
			return true;
		}
		line += len + (line[len] == '\n');
	}
	return false;
}

/* "key=value" in a list separated by blanks. */
static bool fact_field(const char *fact, const char *key, char *buf, size_t size) {
	size_t key_len = strlen(key);
	while (*fact) {
		size_t len = strcspn(fact, " ");
		if (len > key_len && strncmp(fact, key, key_len) == 0 && fact[key_len] == '=') {
			size_t value_len = len - key_len - 1;
			if (value_len >= size) {
				return false;
			}
			memcpy(buf, fact + key_len + 1, value_len);
			buf[value_len] = '\0';
			return true;
		}
		fact += len;
		fact += strspn(fact, " ");
	}
	return false;
}

static uint64_t fact_number(const char *fact, const char *key, int base, uint64_t other) {
	char text[32];
	return fact_field(fact, key, text, sizeof text) ? strtoull(text, NULL, base) : other;
}

static char type_of(mode_t mode) {
	return S_ISREG(mode)    ? 'f'
	       : S_ISDIR(mode)  ? 'd'
	       : S_ISCHR(mode)  ? 'c'
	       : S_ISBLK(mode)  ? 'b'
	       : S_ISSOCK(mode) ? 's'
	       : S_ISFIFO(mode) ? 'p'
				: '?';
}

bool sysroot_stat(const struct sysroot *root, const char *path, struct sysroot_stat *ret_stat) {
	char fact[256];
	if (root->copy && sysroot_fact(root, "stat", path, fact, sizeof fact)) {
		char type[4] = "f";
		fact_field(fact, "type", type, sizeof type);
		*ret_stat = (struct sysroot_stat){ .type = type[0],
			.mode = (mode_t)fact_number(fact, "mode", 8, 0644),
			.uid = (uid_t)fact_number(fact, "uid", 10, 0),
			.gid = (gid_t)fact_number(fact, "gid", 10, 0),
			.size = fact_number(fact, "size", 10, 0),
			.ino = fact_number(fact, "ino", 10, 1) };
		return true;
	}
	char full[SYSROOT_PATH_MAX];
	struct stat st;
	if (!sysroot_path(root, path, full) || stat(full, &st) < 0) {
		ret_stat->type = 0;
		return false;
	}
	*ret_stat = (struct sysroot_stat){ .type = type_of(st.st_mode),
		.mode = st.st_mode & 07777,
		.uid = root->copy ? 0 : st.st_uid,
		.gid = root->copy ? 0 : st.st_gid,
		.size = (uint64_t)st.st_size,
		.ino = st.st_ino };
	return true;
}

bool sysroot_exists(const struct sysroot *root, const char *path) {
	struct sysroot_stat st;
	return sysroot_stat(root, path, &st);
}

bool sysroot_env(const struct sysroot *root, const char *name, char *buf, size_t size) {
	if (root->copy) {
		return sysroot_fact(root, "env", name, buf, size);
	}
	const char *value = getenv(name);
	const char *sudo = getenv("SUDO_UID");
	if (!value && sudo && geteuid() == 0 && strcmp(name, "XDG_RUNTIME_DIR") == 0) {
		/* sudo takes it away; the user's sound server is still there. */
		int n = snprintf(buf, size, "/run/user/%s", sudo);
		return n > 0 && (size_t)n < size;
	}
	return value && value[0] && copy_text(buf, size, value);
}

/* ---- people ---- */

/* Field number `field` of the line of etc/passwd or etc/group whose field `key` is `value`. */
static bool lookup(const struct sysroot *root, const char *file, int key, const char *value,
		int field, char *buf, size_t size) {
	char *all = sysroot_read(root, file, NULL);
	bool found = false;
	for (char *line = all, *next; line && *line && !found; line = next) {
		next = line + strcspn(line, "\n");
		if (*next) {
			*next++ = '\0';
		}
		char *fields[8] = { line };
		int n = 1;
		for (char *c = line; *c && n < 8; c++) {
			if (*c == ':') {
				*c = '\0';
				fields[n++] = c + 1;
			}
		}
		found = key < n && field < n && strcmp(fields[key], value) == 0 &&
			copy_text(buf, size, fields[field]);
	}
	free(all);
	return found;
}

void sysroot_user_name(const struct sysroot *root, uid_t uid, char *buf, size_t size) {
	char number[16];
	snprintf(number, sizeof number, "%u", uid);
	if (!lookup(root, "/etc/passwd", 2, number, 0, buf, size)) {
		copy_text(buf, size, number);
	}
}

void sysroot_group_name(const struct sysroot *root, gid_t gid, char *buf, size_t size) {
	char number[16];
	snprintf(number, sizeof number, "%u", gid);
	if (!lookup(root, "/etc/group", 2, number, 0, buf, size)) {
		copy_text(buf, size, number);
	}
}

bool sysroot_group_id(const struct sysroot *root, const char *name, gid_t *ret_gid) {
	char number[16];
	if (!lookup(root, "/etc/group", 0, name, 2, number, sizeof number)) {
		return false;
	}
	*ret_gid = (gid_t)strtoul(number, NULL, 10);
	return true;
}

static void me_of_tree(const struct sysroot *root, struct sysroot_user *user) {
	char fact[1024];
	char groups[512] = "";
	*user = (struct sysroot_user){ .name = "player", .uid = 1000, .gid = 1000 };
	const char *line = root->facts;
	while (strncmp(line, "me ", 3) != 0) {
		line = strchr(line, '\n');
		if (!line) {
			return;
		}
		line++;
	}
	size_t len = strcspn(line + 3, "\n");
	if (len >= sizeof fact) {
		return;
	}
	memcpy(fact, line + 3, len);
	fact[len] = '\0';
	fact_field(fact, "user", user->name, sizeof user->name);
	user->uid = (uid_t)fact_number(fact, "uid", 10, 1000);
	user->gid = (gid_t)fact_number(fact, "gid", 10, user->uid);
	if (fact_field(fact, "groups", groups, sizeof groups)) {
		for (char *c = groups; *c && user->group_count < 128; c += *c == ',') {
			user->groups[user->group_count++] = (gid_t)strtoul(c, &c, 10);
		}
	}
}

/* What the database says; a login may have fewer or more. */
static void read_groups(struct sysroot_user *user) {
	int count = GROUPS_MAX;
	if (getgrouplist(user->name, user->gid, user->groups, &count) < 0) {
		count = 0;
	}
	user->group_count = count > 0 ? (unsigned)count : 0;
}

void sysroot_me(const struct sysroot *root, struct sysroot_user *ret_user) {
	if (root->copy) {
		me_of_tree(root, ret_user);
		return;
	}
	*ret_user = (struct sysroot_user){ .uid = getuid(), .gid = getgid() };
	const char *sudo = getenv("SUDO_UID");
	if (ret_user->uid == 0 && sudo && isdigit((unsigned char)sudo[0])) {
		ret_user->uid = (uid_t)strtoul(sudo, NULL, 10);
	}
	struct passwd *entry = getpwuid(ret_user->uid); // NOLINT(concurrency-mt-unsafe)
	if (!entry) {
		snprintf(ret_user->name, sizeof ret_user->name, "%u", ret_user->uid);
	} else {
		copy_text(ret_user->name, sizeof ret_user->name, entry->pw_name);
		ret_user->gid = entry->pw_gid;
	}
	if (ret_user->uid == getuid()) {
		int count = getgroups(GROUPS_MAX, ret_user->groups);
		ret_user->group_count = count > 0 ? (unsigned)count : 0;
	} else {
		read_groups(ret_user);
	}
}

int sysroot_owners(const struct sysroot *root, const char *also, struct owners *ret_owners,
		char unknown[static OWNER_NAME_BYTES]) {
	struct sysroot_user me;
	int r = owners_read(ret_owners, root->prefix, also, unknown);
	sysroot_me(root, &me); /* the user behind sudo */
	owners_add(ret_owners, me.uid);
	return r;
}

bool sysroot_named(const struct sysroot *root, const char *name, struct sysroot_user *ret_user) {
	struct sysroot_user user = { .uid = (uid_t)-1, .gid = (gid_t)-1 };
	if (!copy_text(user.name, sizeof user.name, name) || !name[0]) {
		return false;
	}
	if (root->copy) {
		me_of_tree(root, ret_user);
		if (strcmp(ret_user->name, name) != 0) {
			*ret_user = user;
		}
		return true;
	}
	struct passwd *entry = getpwnam(name); // NOLINT(concurrency-mt-unsafe)
	if (!entry) {
		return false;
	}
	user.uid = entry->pw_uid;
	user.gid = entry->pw_gid;
	read_groups(&user);
	*ret_user = user;
	return true;
}

bool sysroot_in_group(const struct sysroot_user *user, gid_t gid) {
	for (unsigned i = 0; i < user->group_count; i++) {
		if (user->groups[i] == gid) {
			return true;
		}
	}
	return user->gid == gid;
}

bool sysroot_may(const struct sysroot *root, const struct sysroot_user *user, const char *path,
		int how) {
	if (!root->copy && user->uid == geteuid()) {
		return access(path, how) == 0;
	}
	struct sysroot_stat st;
	if (!sysroot_stat(root, path, &st)) {
		return false;
	}
	if (user->uid == 0) {
		return true;
	}
	unsigned bits = st.uid == user->uid              ? st.mode >> 6
			: sysroot_in_group(user, st.gid) ? st.mode >> 3
							 : st.mode;
	unsigned wanted = (how & R_OK ? 4u : 0) | (how & W_OK ? 2u : 0) | (how & X_OK ? 1u : 0);
	return (bits & wanted) == wanted;
}
