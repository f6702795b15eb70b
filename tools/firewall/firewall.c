#include "tools/firewall/firewall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "tools/vm-model/shell_value.h"
#include "tools/vm-model/text.h"

/* ---- ufw ---- */

/* "4010", "4000:4020" or a list of both. */
static bool ports_have(const char *ports, unsigned port) {
	while (*ports) {
		char *end;
		const unsigned long low = strtoul(ports, &end, 10);
		const unsigned long high = *end == ':' ? strtoul(end + 1, &end, 10) : low;
		if (end == ports || (*end && *end != ',')) {
			return false;
		}
		if (port >= low && port <= high) {
			return true;
		}
		ports = end + (*end == ',');
	}
	return false;
}

/* iptables: "virbr+" is every name that begins so. */
static bool interface_fits(const char *pattern, const char *bridge) {
	const size_t len = strlen(pattern);
	return len > 0 && pattern[len - 1] == '+' ? strncmp(pattern, bridge, len - 1) == 0
						  : strcmp(pattern, bridge) == 0;
}

/* What one option of a rule says of such a packet. */
static bool option_fits(const char *option, const char *value, const char *bridge, unsigned port) {
	return strcmp(option, "-i") == 0   ? interface_fits(value, bridge)
	       : strcmp(option, "-p") == 0 ? strcmp(value, "udp") == 0 || strcmp(value, "all") == 0
	       : strcmp(option, "--dport") == 0 || strcmp(option, "--dports") == 0
			       ? ports_have(value, port)
	       : strcmp(option, "-d") == 0
			       ? strncmp(value, SCREAM_GROUP, strlen(SCREAM_GROUP)) == 0 ||
						 strcmp(value, "0.0.0.0/0") == 0
			       : strcmp(option, "!") != 0;
}

/* The words behind "-A ufw-user-input", which is cut. Returns the target, NULL = does not fit. */
static const char *rule_target(char *rule, const char *bridge, unsigned port) {
	const char *option = "";
	const char *target = NULL;
	bool fits = true;
	char *rest;
	for (char *word = strtok_r(rule, " \t\r", &rest); word;
			word = strtok_r(NULL, " \t\r", &rest)) {
		if (strcmp(option, "-j") == 0) {
			target = word;
		} else if (option[0] && word[0] != '-') {
			fits = fits && option_fits(option, word, bridge, port);
		}
		fits = fits && strcmp(word, "!") != 0;
		option = word[0] == '-' ? word : "";
	}
	return fits ? target : NULL;
}

bool ufw_lets_in(const char *rules, const char *bridge, unsigned port, bool otherwise) {
	static const char start[] = "-A ufw-user-input ";
	char line[512];
	while (*rules) {
		const size_t len = strcspn(rules, "\n");
		const char *at = rules;
		rules += len + (rules[len] == '\n');
		if (len >= sizeof line || strncmp(at, start, sizeof start - 1) != 0) {
			continue;
		}
		snprintf(line, sizeof line, "%.*s", (int)len, at);
		const char *target = rule_target(line + sizeof start - 1, bridge, port);
		if (target && strcmp(target, "ACCEPT") == 0) {
			return true;
		}
		if (target && (strcmp(target, "DROP") == 0 || strcmp(target, "REJECT") == 0)) {
			return false;
		}
	}
	return otherwise;
}

static bool shell_says(const struct sysroot *root, const char *path, const char *name,
		const char *wanted) {
	char *text = sysroot_read(root, path, NULL);
	char *value = NULL;
	const bool says = text && shell_value(text, name, &value) == SHELL_PLAIN &&
			  ascii_casecmp(value, wanted) == 0;
	free(value);
	free(text);
	return says;
}

static void read_ufw(struct firewall *ret, const struct sysroot *root, const char *bridge,
		unsigned port) {
	ret->ufw = shell_says(root, "/etc/ufw/ufw.conf", "ENABLED", "yes");
	if (ret->ufw) {
		char *rules = sysroot_read(root, "/etc/ufw/user.rules", NULL);
		ret->ufw_open = ufw_lets_in(rules ? rules : "", bridge, port,
				shell_says(root, "/etc/default/ufw", "DEFAULT_INPUT_POLICY",
						"ACCEPT"));
		free(rules);
	}
}

/* ---- firewalld ---- */

static const char *const etc_first[] = { "/etc/firewalld", "/usr/lib/firewalld" };

static bool plain_name(const char *name) {
	static const char good[] =
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	return name[0] && strspn(name, good) == strlen(name);
}

#ifndef PG_HAVE_LIBXML2
bool firewalld_zone_read(struct firewalld_zone *ret, const char *xml, size_t len,
		const char *bridge, unsigned port) {
	(void)xml, (void)len, (void)bridge, (void)port;
	*ret = (struct firewalld_zone){ 0 };
	return false;
}
#endif

/* kind: zones or services. The administrator's file stands for the distribution's of that name. */
static bool read_file(struct firewalld_zone *ret, const struct sysroot *root, const char *kind,
		const char *name, const char *bridge, unsigned port) {
	char *xml = NULL;
	size_t len = 0;
	for (size_t i = 0; i < 2 && !xml; i++) {
		char path[192];
		snprintf(path, sizeof path, "%s/%s/%.64s.xml", etc_first[i], kind, name);
		xml = sysroot_read(root, path, &len);
	}
	*ret = (struct firewalld_zone){ 0 };
	const bool read = xml && firewalld_zone_read(ret, xml, len, bridge, port);
	free(xml);
	return read;
}

/* The first line that the command prints, and that it ended with 0. Only on this machine. */
static bool command_says(const struct sysroot *root, const char *command, char *line, size_t size) {
	if (root->copy) {
		return false;
	}
	FILE *pipe = popen(command, "re"); // NOLINT(cert-env33-c)
	bool said = pipe && fgets(line, (int)size, pipe);
	if (pipe && pclose(pipe) != 0) {
		said = false;
	}
	line[said ? strcspn(line, "\n") : 0] = '\0';
	return said;
}

/* What runs now: libvirt puts its bridges into a zone without writing a file. */
static bool zone_that_runs(
		const struct sysroot *root, const char *bridge, char *zone, size_t size) {
	char command[128];
	char line[64] = "";
	snprintf(command, sizeof command, "firewall-cmd --get-zone-of-interface=%.16s 2>/dev/null",
			bridge);
	return plain_name(bridge) && command_says(root, command, line, sizeof line) &&
	       plain_name(line) && copy_text(zone, size, line);
}

/* A port that was opened without --permanent is in no file. */
static bool port_open_now(const struct sysroot *root, const char *zone, unsigned port) {
	char command[160];
	char line[16] = "";
	snprintf(command, sizeof command,
			"firewall-cmd --zone=%.64s --query-port=%u/udp 2>/dev/null", zone, port);
	return plain_name(zone) && command_says(root, command, line, sizeof line) &&
	       strcmp(line, "yes") == 0;
}

static bool zone_of_files(const struct sysroot *root, const char *bridge, char *zone, size_t size) {
	bool found = false;
	for (size_t d = 0; d < 2 && !found; d++) {
		char folder[64];
		snprintf(folder, sizeof folder, "%s/zones", etc_first[d]);
		struct sysroot_names names = sysroot_list(root, folder);
		for (size_t i = 0; i < names.count && !found; i++) {
			struct firewalld_zone read;
			const size_t len = strlen(names.name[i]);
			if (len > 4 && len - 4 < size &&
					strcmp(names.name[i] + len - 4, ".xml") == 0) {
				snprintf(zone, size, "%.*s", (int)(len - 4), names.name[i]);
				found = read_file(&read, root, "zones", zone, bridge, 0) &&
					read.has_bridge;
			}
		}
		sysroot_names_free(&names);
	}
	return found;
}

static void default_zone(const struct sysroot *root, char *zone, size_t size) {
	char *conf = sysroot_read(root, "/etc/firewalld/firewalld.conf", NULL);
	char *value = NULL;
	if (!conf || shell_value(conf, "DefaultZone", &value) != SHELL_PLAIN ||
			!copy_text(zone, size, value) || !zone[0]) {
		copy_text(zone, size, "public");
	}
	free(value);
	free(conf);
}

static bool zone_lets_in(
		const struct sysroot *root, const char *name, const char *bridge, unsigned port) {
	struct firewalld_zone zone;
	if (!read_file(&zone, root, "zones", name, bridge, port)) {
		return false;
	}
	for (unsigned i = 0; i < zone.service_count && !zone.port_open; i++) {
		struct firewalld_zone service;
		zone.port_open = read_file(&service, root, "services", zone.services[i], bridge,
						 port) &&
				 service.port_open;
	}
	return zone.port_open || (zone.accepts && !zone.shuts_last);
}

static void read_firewalld(struct firewall *ret, const struct sysroot *root, const char *bridge,
		unsigned port) {
	const size_t size = sizeof ret->zone;
	ret->firewalld = sysroot_exists(root, "/run/firewalld.pid") ||
			 sysroot_exists(root, "/run/firewalld");
	if (!ret->firewalld) {
		return;
	}
	if (!zone_that_runs(root, bridge, ret->zone, size) &&
			!zone_of_files(root, bridge, ret->zone, size)) {
		if (strncmp(bridge, "virbr", 5) == 0) {
			copy_text(ret->zone, size,
					"libvirt"); /* as libvirt does from its start on */
		} else {
			default_zone(root, ret->zone, size);
		}
	}
	ret->firewalld_open = zone_lets_in(root, ret->zone, bridge, port) ||
			      port_open_now(root, ret->zone, port);
}

void firewall_read(struct firewall *ret, const struct sysroot *root, const char *bridge,
		unsigned port) {
	*ret = (struct firewall){
		.nft_service = sysroot_exists(
				root, "/etc/systemd/system/sysinit.target.wants/nftables.service"),
	};
	read_ufw(ret, root, bridge, port);
	read_firewalld(ret, root, bridge, port);
}
