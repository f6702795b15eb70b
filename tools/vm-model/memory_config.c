#include "tools/vm-model/memory_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vm-model/text.h"
#include "tools/vm-model/vfio_config.h"

/* systemd-tmpfiles leaves a line out whose user it does not know, as the guides' "user" that was
 * not replaced. */
static bool is_user(const struct sysroot *root, const char *name) {
	struct sysroot_user user;
	if (name[0] == '-' || name[strspn(name, "0123456789")] == '\0') {
		return true;
	}
	if (!root->copy) {
		return sysroot_named(root, name, &user);
	}
	char *passwd = sysroot_read(root, "/etc/passwd", NULL);
	char *lines = xasprintf("\n%s", passwd ? passwd : "");
	char *wanted = xasprintf("\n%s:", name);
	const bool found = strstr(lines, wanted) != NULL;
	free(wanted);
	free(lines);
	free(passwd);
	return found;
}

static bool line_makes(const char *line, const char *path, const char *user, bool by_group) {
	char type[8];
	char mode[8];
	char owner[64];
	char group[64];
	char file[256];
	return sscanf(line, " %7s %255s %7s %63s %63s", type, file, mode, owner, group) ==
			       5 && // NOLINT
	       type[0] == 'f' &&
	       strcmp(file, path) == 0 && strcmp(mode, "0660") == 0 && strcmp(group, "kvm") == 0 &&
	       (by_group || strcmp(owner, user) == 0);
}

static bool tmpfiles_makes(const char *text, const char *path, const char *user, bool by_group) {
	for (const char *line = text; *line;) {
		char copy[512];
		const size_t len = strcspn(line, "\n");
		snprintf(copy, sizeof copy, "%.*s", (int)(len < 500 ? len : 500), line);
		if (line_makes(copy, path, user, by_group)) {
			return true;
		}
		line += len + (line[len] == '\n');
	}
	return false;
}

/* A live line for that path, whatever it makes of it, and whose it is to be. */
static bool names_path(const char *text, const char *path, char owner[static 64]) {
	for (const char *line = text; *line;) {
		char type[8] = "";
		char file[256] = "";
		const size_t len = strcspn(line, "\n");
		char *copy = xasprintf("%.*s", (int)len, line);
		owner[0] = '\0';
		bool ours = sscanf(copy, " %7s %255s %*s %63s", type, file, owner) >= 2 && // NOLINT
			    type[0] != '#' && strcmp(file, path) == 0;
		free(copy);
		if (ours) {
			return true;
		}
		line += len + (line[len] == '\n');
	}
	return false;
}

static enum tmpfiles_found what_it_makes(const struct sysroot *root, const char *text,
		const char *path, const char *user, bool by_group) {
	char owner[64];
	if (!names_path(text, path, owner)) {
		return TMPFILES_NONE;
	}
	if (owner[0] && !is_user(root, owner)) {
		return TMPFILES_NO_USER;
	}
	return tmpfiles_makes(text, path, user, by_group) ? TMPFILES_RIGHT : TMPFILES_OTHER;
}

enum tmpfiles_found tmpfiles_find(const struct sysroot *root, const char *path,
		const struct sysroot_user *user, char *file, size_t size) {
	static const char *const dirs[] = { "/etc/tmpfiles.d", "/run/tmpfiles.d",
		"/usr/lib/tmpfiles.d" };
	enum tmpfiles_found found = TMPFILES_NONE;
	gid_t kvm = 0;
	bool by_group = sysroot_group_id(root, "kvm", &kvm) && sysroot_in_group(user, kvm);
	for (size_t d = 0; d < sizeof dirs / sizeof dirs[0] && found == TMPFILES_NONE; d++) {
		struct sysroot_names names = sysroot_list(root, dirs[d]);
		for (size_t i = 0; i < names.count && found == TMPFILES_NONE; i++) {
			char *name = xasprintf("%s/%s", dirs[d], names.name[i]);
			char *text = sysroot_read(root, name, NULL);
			if (text && copy_text(file, size, name)) {
				found = what_it_makes(root, text, path, user->name, by_group);
			}
			free(text);
			free(name);
		}
		sysroot_names_free(&names);
	}
	return found;
}

/* ---- kvmfr ---- */

int kvmfr_number(const char *path) {
	const char *digits = path + 10;
	if (strncmp(path, "/dev/kvmfr", 10) != 0 || !*digits || strlen(digits) > 2 ||
			digits[strspn(digits, "0123456789")]) {
		return -1;
	}
	const int number = (int)strtol(digits, NULL, 10);
	return number < KVMFR_DEVICES_MAX ? number : -1;
}

unsigned kvmfr_sizes(const char *text, unsigned mib[static KVMFR_DEVICES_MAX]) {
	unsigned count = 0;
	for (char *end; count < KVMFR_DEVICES_MAX; text = end + 1) {
		const unsigned long value = strtoul(text, &end, 10);
		if (end == text || value > 1u << 20) {
			break;
		}
		mib[count++] = (unsigned)value;
		if (*end != ',') {
			break;
		}
	}
	return count;
}

/* Every file with that ending in the folders, the first of a name before the others. */
static void each_file(const struct sysroot *root, const char *const *folders, const char *ending,
		void (*look)(const char *path, const char *text, void *data), void *data) {
	for (; *folders; folders++) {
		struct sysroot_names names = sysroot_list(root, *folders);
		for (size_t i = 0; i < names.count; i++) {
			const size_t len = strlen(names.name[i]);
			const size_t n = strlen(ending);
			char *path = xasprintf("%s/%s", *folders, names.name[i]);
			char *text = len > n && strcmp(names.name[i] + len - n, ending) == 0
						     ? sysroot_read(root, path, NULL)
						     : NULL;
			if (text) {
				look(path, text, data);
			}
			free(text);
			free(path);
		}
		sysroot_names_free(&names);
	}
}

static const char *base_name(const char *path) {
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* modprobe joins the options by the names of the files; the last one counts. */
static void look_for_size(const char *path, const char *text, void *data) {
	struct kvmfr_config *config = data;
	size_t offset;
	if (modprobe_option_place(text, "kvmfr", "static_size_mb=", &offset) &&
			strcmp(base_name(path), base_name(config->size_file)) > 0) {
		config->count = kvmfr_sizes(text + offset, config->mib);
		config->size_offset = offset;
		copy_text(config->size_file, sizeof config->size_file, path);
	}
}

static void look_for_load(const char *path, const char *text, void *data) {
	struct kvmfr_config *config = data;
	for (const char *line = text; *line && !config->load_file[0];) {
		char name[16] = "";
		const size_t len = strcspn(line, "\n");
		if (sscanf(line, " %15[^ \t\r\n]", name) == 1 && strcmp(name, "kvmfr") == 0) {
			copy_text(config->load_file, sizeof config->load_file, path);
		}
		line += len + (line[len] == '\n');
	}
}

/* KEY="value" or KEY:="value" of a rule. */
static bool rule_value(const char *line, const char *key, char *buf, size_t size) {
	buf[0] = '\0';
	const char *at = strstr(line, key);
	at = at ? at + strlen(key) : NULL;
	at = at && *at == ':' ? at + 1 : at;
	if (!at || at[0] != '=' || at[1] != '"') {
		return false;
	}
	snprintf(buf, size, "%.*s", (int)strcspn(at + 2, "\""), at + 2);
	return true;
}

struct rule_search {
	const struct sysroot_user *user;
	bool by_group; /* the user is in the group kvm */
	struct kvmfr_config *config;
};

/* QEMU comes by the group kvm, the user as owner, by that group or by the seat. */
static enum kvmfr_rule rule_of(const char *line, const struct rule_search *search) {
	char owner[64];
	char group[64];
	char mode[8];
	rule_value(line, "OWNER", owner, sizeof owner);
	rule_value(line, "GROUP", group, sizeof group);
	rule_value(line, "MODE", mode, sizeof mode);
	const unsigned long bits = strtoul(mode, NULL, 8);
	const bool mine = strcmp(owner, search->user->name) == 0 || search->by_group ||
			  strstr(line, "uaccess");
	const bool qemu = strcmp(group, "kvm") == 0 && (bits & 060) == 060;
	return (bits & 6) == 6 || (qemu && mine) ? KVMFR_RULE_RIGHT : KVMFR_RULE_OTHER;
}

static void look_for_rule(const char *path, const char *text, void *data) {
	struct rule_search *search = data;
	for (const char *line = text; *line;) {
		const size_t len = strcspn(line, "\n");
		char *copy = xasprintf("%.*s", (int)len, line);
		if (copy[strspn(copy, " \t")] != '#' && strstr(copy, "==\"kvmfr") &&
				strcmp(base_name(path), base_name(search->config->rule_file)) >=
						0) {
			search->config->rule = rule_of(copy, search);
			copy_text(search->config->rule_file, sizeof search->config->rule_file,
					path);
		}
		free(copy);
		line += len + (line[len] == '\n');
	}
}

/* A word of the kernel's command line counts after the files. */
static void read_size_word(const struct sysroot *root, struct kvmfr_config *config) {
	char *cmdline = sysroot_read(root, "/proc/cmdline", NULL);
	const char *word = cmdline ? strstr(cmdline, "kvmfr.static_size_mb=") : NULL;
	if (word && (word == cmdline || word[-1] == ' ')) {
		config->count = kvmfr_sizes(word + strlen("kvmfr.static_size_mb="), config->mib);
		config->size_file[0] = '\0';
	}
	free(cmdline);
}

void kvmfr_config_read(const struct sysroot *root, const struct sysroot_user *user,
		struct kvmfr_config *ret_config) {
	static const char *const modprobe[] = { "/etc/modprobe.d", "/run/modprobe.d",
		"/usr/lib/modprobe.d", "/lib/modprobe.d", NULL };
	static const char *const load[] = { "/etc/modules-load.d", "/run/modules-load.d",
		"/usr/lib/modules-load.d", NULL };
	static const char *const rules[] = { "/etc/udev/rules.d", "/run/udev/rules.d",
		"/usr/lib/udev/rules.d", "/lib/udev/rules.d", NULL };
	gid_t kvm = 0;
	*ret_config = (struct kvmfr_config){ 0 };
	each_file(root, modprobe, ".conf", look_for_size, ret_config);
	read_size_word(root, ret_config);
	each_file(root, load, ".conf", look_for_load, ret_config);
	char *modules = sysroot_read(root, "/etc/modules", NULL);
	look_for_load("/etc/modules", modules ? modules : "", ret_config);
	free(modules);
	struct rule_search search = { .user = user,
		.by_group = sysroot_group_id(root, "kvm", &kvm) && sysroot_in_group(user, kvm),
		.config = ret_config };
	each_file(root, rules, ".rules", look_for_rule, &search);
}
