#include "audio/receive/interfaces.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ascii.h"

#define DISCARD_PORT 9

static unsigned add(struct interface *list, unsigned count, const char *name) {
	unsigned index = if_nametoindex(name);
	for (unsigned i = 0; i < count; i++) {
		if (list[i].index == (int)index) {
			return count;
		}
	}
	if (index == 0 || count == INTERFACES_MAX) {
		return count;
	}
	snprintf(list[count].name, sizeof list[count].name, "%s", name);
	list[count].index = (int)index;
	return count + 1;
}

/* libvirt's bridges; not the "virbr0-nic" beside each. */
static unsigned find_bridges(struct interface *list) {
	struct if_nameindex *all = if_nameindex();
	unsigned count = 0;
	for (struct if_nameindex *i = all; i && i->if_name; i++) {
		if (strncmp(i->if_name, "virbr", 5) == 0 && !strchr(i->if_name, '-')) {
			count = add(list, count, i->if_name);
		}
	}
	if_freenameindex(all);
	return count;
}

static unsigned find_by_address(struct interface *list, const struct in_addr *address) {
	struct ifaddrs *all;
	unsigned count = 0;
	if (getifaddrs(&all) < 0) {
		return 0;
	}
	for (struct ifaddrs *i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET) {
			continue;
		}
		struct sockaddr_in own;
		memcpy(&own, i->ifa_addr, sizeof own);
		if (own.sin_addr.s_addr == address->s_addr) {
			count = add(list, count, i->ifa_name);
		}
	}
	freeifaddrs(all);
	return count;
}

unsigned interfaces_find(const char *name, struct interface ret_interfaces[INTERFACES_MAX]) {
	struct in_addr address;
	if (strcmp(name, "auto") == 0) {
		return find_bridges(ret_interfaces);
	}
	if (inet_pton(AF_INET, name, &address) == 1) {
		return find_by_address(ret_interfaces, &address);
	}
	return strlen(name) < IF_NAMESIZE ? add(ret_interfaces, 0, name) : 0;
}

int interfaces_watch(void) {
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0) {
		return -errno;
	}
	const struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR,
	};
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
		int r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

bool interfaces_changed(int fd, int deleted[INTERFACES_MAX + 1]) {
	_Alignas(struct nlmsghdr) char buffer[8192];
	bool changed = false;
	unsigned count = 0;
	ssize_t n;
	/* ENOBUFS: messages were lost; the caller looks afresh anyway. */
	while ((n = recv(fd, buffer, sizeof buffer, 0)) > 0 || (n < 0 && errno == ENOBUFS)) {
		changed = true;
		size_t left = n > 0 ? (size_t)n : 0;
		for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)buffer; NLMSG_OK(h, left);
				h = NLMSG_NEXT(h, left)) {
			struct ifinfomsg info;
			if (h->nlmsg_type != RTM_DELLINK || count == INTERFACES_MAX ||
					h->nlmsg_len < NLMSG_LENGTH(sizeof info)) {
				continue;
			}
			memcpy(&info, NLMSG_DATA(h), sizeof info);
			/* A port that leaves a bridge is told as a deletion of the family
			 * AF_BRIDGE; the interface itself stays. */
			if (info.ifi_family != AF_BRIDGE) {
				deleted[count++] = info.ifi_index;
			}
		}
	}
	deleted[count] = 0;
	return changed;
}

static uint64_t read_number(const char *path) {
	FILE *file = fopen(path, "re");
	char text[32] = "";
	if (!file) {
		return 0;
	}
	if (!fgets(text, sizeof text, file)) {
		text[0] = '\0';
	}
	fclose(file);
	return strtoull(text, NULL, 10);
}

uint64_t interface_multicast_count(const char *name) {
	char path[128];
	snprintf(path, sizeof path, "/sys/class/net/%s/statistics/multicast", name);
	return read_number(path);
}

bool interface_filters_strictly(const char *name) {
	char path[128];
	snprintf(path, sizeof path, "/proc/sys/net/ipv4/conf/%s/rp_filter", name);
	/* The larger of both counts; 2 is the loose mode. */
	uint64_t own = read_number(path);
	uint64_t all = read_number("/proc/sys/net/ipv4/conf/all/rp_filter");
	return (own > all ? own : all) == 1;
}

bool interfaces_mac_of(uint32_t address, char ret_mac[18]) {
	FILE *file = fopen("/proc/net/arp", "re");
	char line[256];
	bool found = false;
	while (file && !found && fgets(line, sizeof line, file)) {
		char ip[INET_ADDRSTRLEN];
		char mac[18];
		struct in_addr parsed;
		found = sscanf(line, "%15s %*s %*s %17s", ip, mac) == 2 &&
			inet_pton(AF_INET, ip, &parsed) == 1 && parsed.s_addr == address &&
			strcmp(mac, "00:00:00:00:00:00") != 0; /* asked for, no answer yet */
		if (found) {
			memcpy(ret_mac, mac, sizeof mac);
		}
	}
	if (file) {
		(void)fclose(file);
	}
	return found;
}

void interfaces_ask_mac_of(uint32_t address) {
	const struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(DISCARD_PORT),
		.sin_addr.s_addr = address,
	};
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0) {
		(void)sendto(fd, "", 0, 0, (const struct sockaddr *)&to, sizeof to);
		close(fd);
	}
}
