#include "base/owners.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/parse.h"

#define PATH_BYTES 4200
#define LINE_BYTES 1024
#define TCP_LISTEN 0x0a
#define SEEN_MIN   1000u

/* What distributions call the user of the system's VMs. */
static const char *const qemu_users[] = { "libvirt-qemu", "qemu", "kvm", "qemu-libvirtd" };

/* Image-based systems keep their own users in the second one. */
static const char *const passwd_files[] = { "/etc/passwd", "/usr/lib/passwd" };

static FILE *open_in(const char *root, const char *path) {
	char full[PATH_BYTES];
	int n = snprintf(full, sizeof full, "%s%s", root, path);
	return n > 0 && (size_t)n < sizeof full ? fopen(full, "re") : NULL;
}

/* The first entry with that name, or without a name with that number. */
static bool find_user(const char *root, const char *name, uid_t uid, uid_t *ret_uid,
		char ret_name[static OWNER_NAME_BYTES]) {
	bool found = false;
	for (size_t i = 0; i < sizeof passwd_files / sizeof passwd_files[0] && !found; i++) {
		FILE *file = open_in(root, passwd_files[i]);
		struct passwd entry;
		struct passwd *got;
		char buf[LINE_BYTES];
		while (file && !found && fgetpwent_r(file, &entry, buf, sizeof buf, &got) == 0) {
			found = name ? strcmp(entry.pw_name, name) == 0 : entry.pw_uid == uid;
			if (found) {
				*ret_uid = entry.pw_uid;
				snprintf(ret_name, OWNER_NAME_BYTES, "%s", entry.pw_name);
			}
		}
		if (file) {
			fclose(file);
		}
	}
	return found;
}

/* By name, or "1000", or libvirt's "+1000". */
static bool user_of(const char *root, const char *text, uid_t *ret_uid) {
	char name[OWNER_NAME_BYTES];
	int64_t number;
	if (find_user(root, text, 0, ret_uid, name)) {
		return true;
	}
	if (parse_int(text[0] == '+' ? text + 1 : text, 0, INT32_MAX, &number)) {
		*ret_uid = (uid_t)number;
		return true;
	}
	return false;
}

void owners_add(struct owners *owners, uid_t uid) {
	if (!owners_trust(owners, uid) && owners->count < OWNERS_MAX) {
		owners->uid[owners->count++] = uid;
	}
}

/* user = "name": the last one counts, as for libvirt. */
static void read_qemu_conf(struct owners *owners, const char *root) {
	FILE *file = open_in(root, "/etc/libvirt/qemu.conf");
	char line[LINE_BYTES];
	char name[OWNER_NAME_BYTES] = "";
	while (file && fgets(line, sizeof line, file)) {
		char value[OWNER_NAME_BYTES];
		if (sscanf(line, " user = \"%39[^\"]\"", value) == 1 ||
				sscanf(line, " user = '%39[^']'", value) == 1) {
			snprintf(name, sizeof name, "%s", value);
		}
	}
	if (file) {
		fclose(file);
	}
	uid_t uid;
	if (name[0] && user_of(root, name, &uid)) {
		owners_add(owners, uid);
	}
}

/* In a user namespace of one or a few users (Flatpak, a confined unit) all others look alike, root
 * and QEMU's too: whoever built it that way cannot have them told apart. */
static void add_unseen(struct owners *owners) {
	FILE *map = fopen("/proc/self/uid_map", "re");
	unsigned long long count;
	unsigned long long all = 0;
	while (map && fscanf(map, "%*u %*u %llu", &count) == 1) { // NOLINT(cert-err34-c)
		all += count;
	}
	if (map) {
		fclose(map);
	}
	FILE *overflow = all > 0 && all < SEEN_MIN ? fopen("/proc/sys/kernel/overflowuid", "re")
						   : NULL;
	unsigned uid;
	if (overflow) {
		if (fscanf(overflow, "%u", &uid) == 1) { // NOLINT(cert-err34-c)
			owners_add(owners, uid);
		}
		fclose(overflow);
	}
}

int owners_read(struct owners *ret_owners, const char *root, const char *also,
		char unknown[static OWNER_NAME_BYTES]) {
	int r = 0;
	uid_t uid;
	char name[OWNER_NAME_BYTES];
	*ret_owners = (struct owners){ 0 };
	for (const char *at = also + strspn(also, ", \t"); *at; at += strspn(at, ", \t")) {
		size_t len = strcspn(at, ", \t");
		snprintf(name, sizeof name, "%.*s", (int)len, at);
		at += len;
		if (ascii_casecmp(name, "any") == 0) {
			ret_owners->anybody = true;
		} else if (user_of(root, name, &uid)) {
			owners_add(ret_owners, uid);
		} else {
			memcpy(unknown, name, sizeof name);
			r = -EINVAL;
		}
	}
	for (size_t i = 0; i < sizeof qemu_users / sizeof qemu_users[0]; i++) {
		if (find_user(root, qemu_users[i], 0, &uid, name)) {
			owners_add(ret_owners, uid);
		}
	}
	read_qemu_conf(ret_owners, root);
	if (!root[0]) {
		add_unseen(ret_owners);
	}
	return r;
}

bool owners_trust(const struct owners *owners, uid_t uid) {
	if (owners->anybody || uid == 0 || uid == geteuid()) {
		return true;
	}
	for (unsigned i = 0; i < owners->count; i++) {
		if (owners->uid[i] == uid) {
			return true;
		}
	}
	return false;
}

void owner_name(const char *root, uid_t uid, char name[static OWNER_NAME_BYTES]) {
	uid_t same;
	if (uid == OWNER_UNKNOWN) {
		snprintf(name, OWNER_NAME_BYTES, "unknown");
	} else if (!find_user(root, NULL, uid, &same, name)) {
		snprintf(name, OWNER_NAME_BYTES, "%u", uid);
	}
}

/* Not the owner of /proc/PID: that is root's as soon as a process is not dumpable. */
bool owner_of_process(pid_t pid, const struct owners *owners, uid_t *ret_uid) {
	char path[40];
	char line[LINE_BYTES];
	uid_t uids[3];
	bool found = false;
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	FILE *file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof line, file)) {
		// NOLINTNEXTLINE(cert-err34-c): the kernel writes numbers that fit
		found = sscanf(line, "Uid: %u %u %u", &uids[0], &uids[1], &uids[2]) == 3;
	}
	if (file) {
		fclose(file);
	}
	if (!found) {
		return false;
	}
	*ret_uid = uids[1];
	for (int i = 2; i >= 0; i--) {
		if (!owners_trust(owners, uids[i])) {
			*ret_uid = uids[i];
		}
	}
	return true;
}

int owner_of_peer(int fd, uid_t *ret_uid) {
	struct ucred ucred;
	socklen_t len = sizeof ucred;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ucred, &len) < 0) {
		return -errno;
	}
	*ret_uid = ucred.uid;
	return 0;
}

struct listener_line {
	uint32_t address[4]; /* as the kernel prints it: its words in memory */
	unsigned port, state;
	struct tcp_listener listener;
};

static bool read_listener(const char *line, unsigned words, struct listener_line *ret) {
	const char *at = strchr(line, ':');
	const char *end;
	if (!at) {
		return false;
	}
	at += 1 + strspn(at + 1, " ");
	for (unsigned i = 0; i < words; i++) {
		char word[9] = "";
		strncpy(word, at, 8);
		ret->address[i] = (uint32_t)strtoul(word, NULL, 16);
		at += strnlen(at, 8);
	}
	// NOLINTNEXTLINE(cert-err34-c): the kernel writes numbers that fit
	return sscanf(at, ":%x %*[0-9A-Fa-f:] %x %*s %*s %*s %u %*s %" SCNu64, &ret->port,
			       &ret->state, &ret->listener.uid, &ret->listener.inode) == 4 &&
	       (end = strchr(at, '\n')) && end > at;
}

/* The one that takes a connection to that address: its own listener before that of every address.
 * The kernel names those that listen first. */
static int look_up(const char *path, unsigned words, const uint32_t *address, unsigned port,
		struct tcp_listener *ret_listener) {
	static const uint32_t every[4];
	FILE *file = fopen(path, "re");
	char line[LINE_BYTES];
	int r = -ENOENT;
	if (!file) {
		return -errno;
	}
	bool own = false;
	if (!fgets(line, sizeof line, file)) {
		line[0] = '\0'; /* the heading */
	}
	while (!own && fgets(line, sizeof line, file)) {
		struct listener_line found;
		if (!read_listener(line, words, &found) || found.state != TCP_LISTEN) {
			break;
		}
		if (found.port != port) {
			continue;
		}
		own = memcmp(found.address, address, words * sizeof *address) == 0;
		if (own || memcmp(found.address, every, words * sizeof *address) == 0) {
			*ret_listener = found.listener;
			r = 0;
		}
	}
	fclose(file);
	return r;
}

int owner_of_listener(const struct sockaddr *address, struct tcp_listener *ret_listener) {
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	uint32_t words[4] = { 0 };
	if (address->sa_family == AF_INET) {
		const uint32_t mapped[4] = { 0, 0, htonl(0xffff), v4->sin_addr.s_addr };
		int r = look_up("/proc/net/tcp", 1, &v4->sin_addr.s_addr, ntohs(v4->sin_port),
				ret_listener);
		/* A socket of IPv6 may take IPv4 too. */
		return r == -ENOENT ? look_up("/proc/net/tcp6", 4, mapped, ntohs(v4->sin_port),
						      ret_listener)
				    : r;
	}
	if (address->sa_family == AF_INET6) {
		memcpy(words, &v6->sin6_addr, sizeof words);
		return look_up("/proc/net/tcp6", 4, words, ntohs(v6->sin6_port), ret_listener);
	}
	return -EAFNOSUPPORT;
}
