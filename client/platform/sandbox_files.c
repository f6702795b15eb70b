/*
 * Landlock allows, and allows for a whole folder: what is to be left out is left out by allowing
 * everything beside it. So the root is taken apart along the way to the home folder, and that along
 * the way to each secret. Who owns what decides as before; this only takes away.
 */
#include "client/platform/sandbox_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "client/platform/xdg.h"

/* Newer than the headers of some distributions. */
#define FS_REFER    (1ull << 13)
#define FS_TRUNCATE (1ull << 14)

#define READS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITES                                                                          \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                \
			LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
			LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |     \
			LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |   \
			LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)
#define OF_FILES                                                        \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
			LANDLOCK_ACCESS_FS_EXECUTE | FS_TRUNCATE)

/* Keys, passwords, what browsers and mail programs keep. Under the home folder. */
static const char *const secrets[] = { ".ssh", ".gnupg", ".pki", ".aws", ".azure", ".kube",
	".docker", ".password-store", ".netrc", ".authinfo", ".git-credentials", ".pgpass",
	".my.cnf", ".npmrc", ".pypirc", ".cargo/credentials", ".cargo/credentials.toml",
	".vault-token", ".terraform.d", ".msmtprc", ".fetchmailrc", ".smbcredentials", ".mozilla",
	".librewolf", ".waterfox", ".zen", ".thunderbird", ".bitcoin", ".electrum", ".ethereum",
	".var", ".bash_history", ".zsh_history", ".python_history", ".config/mozilla",
	".config/librewolf", ".config/google-chrome", ".config/chromium", ".config/BraveSoftware",
	".config/microsoft-edge", ".config/vivaldi", ".config/opera", ".config/keepassxc",
	".config/KeePass", ".config/Bitwarden", ".config/1Password", ".config/Signal",
	".config/discord", ".config/Slack", ".config/Element", ".config/evolution",
	".config/Nextcloud", ".config/gh", ".config/hub", ".config/gcloud", ".config/doctl",
	".config/rclone", ".config/op", ".config/age", ".config/sops", ".local/share/keyrings",
	".local/share/kwalletd", ".local/share/gnupg", ".local/share/password-store",
	".local/share/evolution", ".local/share/TelegramDesktop", ".local/share/fish",
	".local/share/Steam/config", NULL };

/* Where graphics drivers have kept shaders, under the home folder. */
static const char *const old_caches[] = { ".nv", ".AMD", NULL };
/* The folders of caches, the first of which is ~/.cache where it is not set. */
static const char *const cache_variables[] = { "XDG_CACHE_HOME", "MESA_SHADER_CACHE_DIR",
	"MESA_GLSL_CACHE_DIR", NULL };
/* What drivers and fontconfig keep in such a folder. It is not written itself: shells find scripts
 * of themes there, and run them. */
static const char *const caches[] = { "mesa_shader_cache", "mesa_shader_cache_db", "fontconfig",
	NULL };
static const char *const caches_made_by_others[] = { "mesa_shader_cache_sf", "AMD", NULL };

static bool join(char path[static PATH_MAX], const char *folder, const char *name) {
	const size_t folder_len = strlen(folder);
	const size_t name_len = strlen(name);
	if (folder_len + 1 + name_len >= PATH_MAX) {
		path[0] = '\0';
		return false;
	}
	memcpy(path, folder, folder_len);
	path[folder_len] = '/';
	memcpy(path + folder_len + 1, name, name_len + 1);
	return true;
}

struct rules {
	const char *home;
	int fd;
	uint64_t handled;
};

static void allow_at(const struct rules *rules, const char *path, uint64_t access, int how) {
	struct landlock_path_beneath_attr beneath = {
		.allowed_access = access & rules->handled,
		.parent_fd = open(path, O_PATH | O_CLOEXEC | how),
	};
	struct stat st;
	if (beneath.parent_fd < 0) {
		return; /* it is not there */
	}
	if (fstat(beneath.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode)) {
		beneath.allowed_access &= OF_FILES;
	}
	if (beneath.allowed_access) {
		(void)syscall(SYS_landlock_add_rule, rules->fd, LANDLOCK_RULE_PATH_BENEATH,
				&beneath, 0);
	}
	close(beneath.parent_fd);
}

static void allow(const struct rules *rules, const char *path, uint64_t access) {
	allow_at(rules, path, access, 0);
}

/* One of the left out is this path (0), or lies in it (1); -1 = neither. */
static int left_out(const char *path, const char *const *out) {
	const size_t len = strlen(path);
	int found = -1;
	for (; *out && found != 0; out++) {
		if (strncmp(*out, path, len) == 0 && ((*out)[len] == '\0' || (*out)[len] == '/')) {
			found = (*out)[len] == '\0' ? 0 : 1;
		}
	}
	return found;
}

/* Everything in a folder but what is left out; folders on the way to it may be listed. */
static void allow_but(const struct rules *rules, const char *folder, const char *const *out,
		uint64_t access) {
	DIR *dir = opendir(folder);
	struct dirent *entry;
	while (dir && (entry = readdir(dir))) { // NOLINT(concurrency-mt-unsafe): its own stream
		char path[PATH_MAX];
		if (!join(path, folder[1] ? folder : "", entry->d_name) ||
				strcmp(entry->d_name, ".") == 0 ||
				strcmp(entry->d_name, "..") == 0) {
			continue;
		}
		switch (left_out(path, out)) {
		case 0:
			break;
		case 1:
			allow_but(rules, path, out, access);
			break;
		default:
			/* A link is not followed: it may lead to what is left out. */
			allow_at(rules, path, access, O_NOFOLLOW);
		}
	}
	if (dir) {
		closedir(dir);
	}
}

#define LEFT_OUT_MAX (2 * (sizeof secrets / sizeof secrets[0]))

/* What is neither read nor written: the home folder, which has rules of its own and comes first,
 * the secrets in it, and what those are links to, wherever that is. */
struct left_out {
	char paths[LEFT_OUT_MAX][PATH_MAX];
	const char *list[LEFT_OUT_MAX + 1];
};

static void leave_out(struct left_out *out, const char *home, bool ssh_keys) {
	size_t count = 0;
	(void)snprintf(out->paths[count], PATH_MAX, "%s", home);
	count++;
	for (size_t i = 0; secrets[i]; i++) {
		char *path = out->paths[count];
		if ((ssh_keys && strcmp(secrets[i], ".ssh") == 0) ||
				!join(path, home, secrets[i])) {
			continue;
		}
		count++;
		if (realpath(path, out->paths[count]) && strcmp(path, out->paths[count]) != 0 &&
				!xdg_holds(path, home)) {
			count++;
		}
	}
	for (size_t i = 0; i < count; i++) {
		out->list[i] = out->paths[i];
	}
	out->list[count] = NULL;
}

/* Never the home folder itself, nor what it lies in. */
static void allow_writes(const struct rules *rules, const char *path, uint64_t access) {
	if (!xdg_holds(path, rules->home)) {
		allow(rules, path, access | WRITES | FS_REFER | FS_TRUNCATE);
	}
}

/* Made before, because what is not there cannot be allowed. */
static void allow_folder(const struct rules *rules, const char *path) {
	(void)xdg_make_folder(path);
	allow_writes(rules, path, READS);
}

static const char *absolute_variable(const char *name) {
	const char *set = getenv(name); // NOLINT(concurrency-mt-unsafe): no thread yet
	return set && set[0] == '/' ? set : NULL;
}

static void allow_cache(const struct rules *rules, const char *folder, const char *name) {
	char path[PATH_MAX];
	if (join(path, folder, name)) {
		allow_folder(rules, path);
	}
}

static void allow_caches_in(const struct rules *rules, const char *folder) {
	char path[PATH_MAX];
	if (xdg_holds(folder, rules->home)) {
		return;
	}
	for (size_t i = 0; caches[i]; i++) {
		allow_cache(rules, folder, caches[i]);
	}
	for (size_t i = 0; caches_made_by_others[i]; i++) {
		if (join(path, folder, caches_made_by_others[i])) {
			allow_writes(rules, path, READS);
		}
	}
	if (access("/proc/driver/nvidia", F_OK) == 0) {
		allow_cache(rules, folder, "nvidia");
	}
	if (!absolute_variable("XDG_RUNTIME_DIR")) {
		allow_cache(rules, folder,
				"libvirt"); /* a session's libvirt has its sockets there then */
	}
}

static void allow_caches(const struct rules *rules, const char *home) {
	const char *nvidia = absolute_variable("__GL_SHADER_DISK_CACHE_PATH");
	char path[PATH_MAX];
	if (!absolute_variable(cache_variables[0]) && join(path, home, ".cache")) {
		allow_caches_in(rules, path);
	}
	for (size_t i = 0; cache_variables[i]; i++) {
		const char *set = absolute_variable(cache_variables[i]);
		if (set) {
			allow_caches_in(rules, set);
		}
	}
	if (nvidia) {
		allow_cache(rules, nvidia, "GLCache");
	}
	for (size_t i = 0; old_caches[i]; i++) {
		if (join(path, home, old_caches[i])) {
			allow_writes(rules, path, READS);
		}
	}
}

static void allow_writing(const struct rules *rules, unsigned may, const char *home) {
	char path[PATH_MAX];
	if (may & SANDBOX_CACHE) {
		allow_caches(rules, home);
	}
	/* Not the folder: what is configured there is run by every program with libpulse. */
	(void)join(path, home, ".config/pulse/cookie");
	allow(rules, path, OF_FILES & ~LANDLOCK_ACCESS_FS_EXECUTE);
	if ((may & SANDBOX_SETTINGS) && xdg_config("pierglass", path, sizeof path)) {
		allow_folder(rules, path);
	}
	if ((may & SANDBOX_SETTINGS) && xdg_state("", path, sizeof path)) {
		allow_folder(rules, path);
	}
	if ((may & SANDBOX_PICTURES) && xdg_pictures(path, sizeof path)) {
		allow_writes(rules, path, 0); /* reading is as for the rest of the home folder */
	}
	if ((may & SANDBOX_PICTURES) && xdg_videos(path, sizeof path)) {
		allow_writes(rules, path, 0);
	}
}

/* Our own programs, and what the kernel loads to run them. */
static void allow_programs(const struct rules *rules) {
	static const char *const folders[] = { "/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32",
		"/usr/lib64", "/nix/store", "/gnu/store", PG_LIBEXECDIR };
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		allow(rules, folders[i], LANDLOCK_ACCESS_FS_EXECUTE);
	}
	static const char *const programs[] = { "pierglass", "pierglass-vm-info",
		"pierglass-demo-guest", "pierglass-doctor", "pierglass-bench", "pierglass-record" };
	self[len > 0 ? len : 0] = '\0';
	char *slash = strrchr(self, '/');
	for (size_t i = 0; slash && i < sizeof programs / sizeof programs[0]; i++) {
		char path[PATH_MAX];
		*slash = '\0';
		if (join(path, self, programs[i])) {
			allow(rules, path, LANDLOCK_ACCESS_FS_EXECUTE);
		}
		(void)join(path, PG_BINDIR, programs[i]);
		allow(rules, path, LANDLOCK_ACCESS_FS_EXECUTE);
	}
}

/* Where a shell would find it. */
static void allow_in_path(const struct rules *rules, const char *name) {
	const char *folder = getenv("PATH"); // NOLINT(concurrency-mt-unsafe): no thread yet
	while (folder && *folder) {
		const int len = (int)strcspn(folder, ":");
		char path[PATH_MAX];
		const int n = snprintf(path, sizeof path, "%.*s/%s", len, folder, name);
		if (n > 0 && (size_t)n < sizeof path && path[0] == '/') {
			allow(rules, path, LANDLOCK_ACCESS_FS_EXECUTE);
		}
		folder += len + (folder[len] == ':');
	}
}

/* Of a file that is there, or is made now, that one alone. */
static void allow_one(const struct rules *rules, const char *file, bool make) {
	const int fd = make ? open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;
	if (fd >= 0) {
		close(fd);
	}
	allow(rules, file, OF_FILES & ~LANDLOCK_ACCESS_FS_EXECUTE);
}

/* With the folder around it, as a file may be written under another name first; in the home folder
 * itself without that. */
static void allow_file(const struct rules *rules, const char *file, bool make) {
	char path[PATH_MAX];
	const int n = snprintf(path, sizeof path, "%s", file);
	char *slash = strrchr(path, '/');
	if (n <= 0 || (size_t)n >= sizeof path) {
		return;
	}
	if (slash == path) {
		slash++;
	}
	if (slash) {
		*slash = '\0';
	}
	const char *folder = slash ? path : ".";
	if (xdg_holds(folder, rules->home)) {
		allow_one(rules, file, make);
	} else {
		allow_writes(rules, folder, 0);
	}
}

/* A program that was started inside (the player by the bench, the next VM's by the first screen)
 * keeps the rules of the first: it may not list the root, so that it could allow itself nothing. */
static bool is_inside(void) {
	DIR *root = opendir("/");
	if (root) {
		closedir(root);
	}
	return !root;
}

int sandbox_files_prepare(unsigned may, const struct sandbox_paths *paths, int *ret_rules) {
	char whole[PATH_MAX];
	long version = syscall(
			SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	*ret_rules = -1;
	if (version < 1 || is_inside() || !realpath(paths->home, whole) || !whole[1]) {
		return 0;
	}
	struct rules rules = { .handled = READS | WRITES | LANDLOCK_ACCESS_FS_EXECUTE };
	rules.handled |= version >= 2 ? FS_REFER : 0;
	rules.handled |= version >= 3 ? FS_TRUNCATE : 0;
	const struct landlock_ruleset_attr attributes = { .handled_access_fs = rules.handled };
	rules.fd = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
	if (rules.fd < 0) {
		return 0;
	}
	rules.home = whole;
	static struct left_out out;
	leave_out(&out, whole, paths->ssh_keys);
	allow_but(&rules, "/", out.list, READS | WRITES | FS_REFER | FS_TRUNCATE);
	allow_but(&rules, whole, out.list + 1, READS);
	allow_writing(&rules, may, whole);
	if (may & SANDBOX_PROGRAMS) {
		allow_programs(&rules);
	}
	for (size_t i = 0; i < SANDBOX_RUN_MAX && paths->run[i]; i++) {
		allow_in_path(&rules, paths->run[i]);
	}
	allow_file(&rules, paths->memory ? paths->memory : "", false);
	for (size_t i = 0; i < SANDBOX_WRITE_MAX; i++) {
		allow_file(&rules, paths->write[i] ? paths->write[i] : "", true);
	}
	*ret_rules = rules.fd;
	return (int)version;
}

int sandbox_files_enter(int rules) {
	return syscall(SYS_landlock_restrict_self, rules, 0) < 0 ? -errno : 0;
}
