#include "tools/vm-model/firewall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vm-model/text.h"

#define PORT "port=\"4010\""

static const char *const zone_dirs[] = { "/etc/firewalld/zones", "/usr/lib/firewalld/zones" };

static bool file_says(const struct sysroot *root, const char *path, const char *what) {
	char *text = sysroot_read(root, path, NULL);
	bool found = text && strstr(text, what);
	free(text);
	return found;
}

static bool plain_name(const char *name) {
	static const char good[] =
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	return name[0] && strspn(name, good) == strlen(name);
}

/* What runs now: libvirt puts its bridges into a zone without writing a file. */
static bool zone_that_runs(const struct sysroot *root, const char *bridge, char *buf, size_t size) {
	char command[128];
	char line[64] = "";
	if (root->copy || !plain_name(bridge)) {
		return false;
	}
	snprintf(command, sizeof command, "firewall-cmd --get-zone-of-interface=%.16s 2>/dev/null",
			bridge);
	FILE *pipe = popen(command, "re"); // NOLINT(cert-env33-c)
	bool reported = pipe && fgets(line, sizeof line, pipe);
	if (pipe && pclose(pipe) != 0) {
		reported = false;
	}
	line[strcspn(line, "\n")] = '\0';
	return reported && plain_name(line) && copy_text(buf, size, line);
}

static bool zone_of_files(const struct sysroot *root, const char *bridge, char *buf, size_t size) {
	char needle[64];
	bool found = false;
	snprintf(needle, sizeof needle, "interface name=\"%.16s\"", bridge);
	for (size_t d = 0; d < 2 && !found; d++) {
		struct sysroot_names names = sysroot_list(root, zone_dirs[d]);
		for (size_t i = 0; i < names.count && !found; i++) {
			char path[512];
			size_t len = strlen(names.name[i]);
			snprintf(path, sizeof path, "%s/%.200s", zone_dirs[d], names.name[i]);
			found = len > 4 && len - 4 < size &&
				strcmp(names.name[i] + len - 4, ".xml") == 0 &&
				file_says(root, path, needle);
			if (found) {
				snprintf(buf, size, "%.*s", (int)(len - 4), names.name[i]);
			}
		}
		sysroot_names_free(&names);
	}
	return found;
}

static void default_zone(const struct sysroot *root, char *buf, size_t size) {
	char *conf = sysroot_read(root, "/etc/firewalld/firewalld.conf", NULL);
	const char *line = conf ? strstr(conf, "\nDefaultZone=") : NULL;
	copy_text(buf, size, "public");
	if (line) {
		snprintf(buf, size, "%.*s", (int)strcspn(line + 13, " \n"), line + 13);
	}
	free(conf);
}

bool firewalld_zone_of(const struct sysroot *root, const char *bridge, char *buf, size_t size) {
	bool open = false;
	if (!zone_that_runs(root, bridge, buf, size) && !zone_of_files(root, bridge, buf, size)) {
		if (strncmp(bridge, "virbr", 5) == 0) {
			copy_text(buf, size, "libvirt"); /* as libvirt does from its start on */
		} else {
			default_zone(root, buf, size);
		}
	}
	for (size_t d = 0; d < 2; d++) {
		char path[160];
		snprintf(path, sizeof path, "%s/%.60s.xml", zone_dirs[d], buf);
		open = open || file_says(root, path, PORT);
	}
	return open;
}
