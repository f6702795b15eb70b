/* What only a running machine can answer. In a tree (--root) "live NAME=VALUE" lines of
 * pierglass.facts stand in: spice=ERRNO, pulse=ERRNO, pulse-server=TEXT, pulse-sink=NAME,
 * pulse-latency=US, wayland=NAMES, x11=ERRNO, x11-abilities=WORDS, counted=N, received=N,
 * nft=CHAIN, busy=PATH, holder=WHO, host=VERSION with host-kvmfr=N, host-features=N,
 * host-recovery=1 and host-picture=WORDS, or host-reason=TEXT. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "tools/doctor/doctor.h"
#include "tools/doctor/wayland.h"
#include "tools/vm-model/text.h"

#define CONNECT_MS 1000

static int finish_connect(int fd, const struct sockaddr *address, socklen_t len) {
	if (connect(fd, address, len) == 0) {
		return 0;
	}
	if (errno != EINPROGRESS) {
		return errno;
	}
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	int error = ETIMEDOUT;
	socklen_t size = sizeof error;
	if (poll(&wait, 1, CONNECT_MS) > 0) {
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	}
	return error;
}

static int try_unix(const char *path) {
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (!copy_text(address.sun_path, sizeof address.sun_path, path)) {
		return ENAMETOOLONG;
	}
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = fd < 0 ? errno
			   : finish_connect(fd, (struct sockaddr *)&address, sizeof address);
	if (fd >= 0) {
		close(fd);
	}
	return error;
}

static int try_tcp(const char *host, int port) {
	char service[16];
	struct addrinfo *list = NULL;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	snprintf(service, sizeof service, "%d", port);
	if (getaddrinfo(host, service, &hints, &list) != 0) {
		return EHOSTUNREACH;
	}
	int error = EHOSTUNREACH;
	for (struct addrinfo *a = list; a && error != 0; a = a->ai_next) {
		int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		error = fd < 0 ? errno : finish_connect(fd, a->ai_addr, a->ai_addrlen);
		if (fd >= 0) {
			close(fd);
		}
	}
	freeaddrinfo(list);
	return error;
}

static void ask_spice(struct facts *facts) {
	const struct domain_graphics *spice = facts->has_vm ? domain_spice(&facts->vm) : NULL;
	struct facts_live *live = &facts->live;
	bool running = facts->vm.state == DOMAIN_RUNNING || facts->vm.state == DOMAIN_PAUSED;
	if (!spice || !running) {
		return;
	}
	domain_spice_uri(spice, live->spice_uri, sizeof live->spice_uri);
	if (!live->spice_uri[0]) {
		return;
	}
	live->spice_asked = true;
	if (spice->socket[0]) {
		live->spice = try_unix(spice->socket);
	} else {
		bool any = spice->host[0] == '\0' || strcmp(spice->host, "0.0.0.0") == 0 ||
			   strcmp(spice->host, "::") == 0;
		live->spice = try_tcp(any ? "localhost" : spice->host,
				spice->port > 0 ? spice->port : spice->tls_port);
	}
}

static void ask_pulse(struct facts *facts) {
	struct facts_live *live = &facts->live;
	live->pulse_asked = true;
	live->pulse = doctor_ask_pulse(live);
}

static void ask_x11(struct facts *facts) {
	struct facts_live *live = &facts->live;
	if (!facts->desktop.x11[0] || facts->desktop.wayland[0]) {
		return;
	}
	struct text abilities = { 0 };
	live->x11_asked = true;
	live->x11 = doctor_ask_x11(facts->desktop.x11, &abilities);
	copy_text(live->x11_abilities, sizeof live->x11_abilities, text_get(&abilities));
	text_finish(&abilities);
}

static void ask_wayland(struct facts *facts) {
	char dir[256] = "";
	if (!facts->desktop.wayland[0]) {
		return;
	}
	sysroot_env(facts->root, "XDG_RUNTIME_DIR", dir, sizeof dir);
	struct text names = { 0 };
	facts->live.wayland_asked = true;
	if (wayland_globals(facts->desktop.wayland, dir, &names) == 0) {
		copy_text(facts->live.wayland_globals, sizeof facts->live.wayland_globals,
				text_get(&names));
	}
	text_finish(&names);
}

static uint64_t multicast_counter(const struct facts *facts) {
	char path[128];
	uint64_t value = 0;
	snprintf(path, sizeof path, "/sys/class/net/%s/statistics/multicast",
			facts->network.bridge);
	sysroot_number(facts->root, path, &value);
	return value;
}

/* Socket recipe: scream-audio.md 5.1. */
static int open_receiver(const char *bridge) {
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -1;
	}
	int one = 1;
	int zero = 0;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(SCREAM_PORT) };
	struct ip_mreqn join = { .imr_ifindex = (int)if_nametoindex(bridge) };
	inet_pton(AF_INET, SCREAM_GROUP, &address.sin_addr);
	join.imr_multiaddr = address.sin_addr;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &zero, sizeof zero);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
			setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof join) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void listen_multicast(struct facts *facts, unsigned listen_s) {
	struct facts_live *live = &facts->live;
	if (!listen_s || !facts->network.present) {
		return;
	}
	int fd = open_receiver(facts->network.bridge);
	if (fd < 0) {
		return;
	}
	uint64_t before = multicast_counter(facts);
	uint64_t until_ns = clock_now_ns() + listen_s * NS_PER_S;
	uint64_t now_ns;
	const int all = seen_packets_open(facts->network.bridge);
	live->listen_s = listen_s;
	live->packets_seen = all >= 0;
	live->multicast_received = 0;
	while ((now_ns = clock_now_ns()) < until_ns) {
		struct pollfd wait[] = { { .fd = fd, .events = POLLIN },
			{ .fd = all, .events = POLLIN } };
		poll(wait, 2, (int)((until_ns - now_ns) / NS_PER_MS) + 1);
		char packet[2048];
		while (recv(fd, packet, sizeof packet, 0) >= 0) {
			live->multicast_received++;
		}
		if (all >= 0) {
			seen_packets_read(&live->seen, all);
		}
	}
	live->multicast_counted = (int64_t)(multicast_counter(facts) - before);
	if (all >= 0) {
		close(all);
	}
	close(fd);
}

/* The chains that see what comes in: only root (or whoever may manage the network) is told. */
static void ask_nft(struct facts_live *live) {
	FILE *pipe = popen("PATH=$PATH:/usr/sbin:/sbin nft list chains 2>/dev/null",
			"re"); // NOLINT(cert-env33-c)
	char line[256];
	char table[64] = "";
	char chain[64] = "";
	unsigned count = 0;
	while (pipe && fgets(line, sizeof line, pipe)) {
		char family[16];
		char name[48];
		if (sscanf(line, " table %15s %47s", family, name) == 2) { // NOLINT
			snprintf(table, sizeof table, "%s %s", family, name);
		} else if (sscanf(line, " chain %47s", name) == 1) { // NOLINT
			copy_text(chain, sizeof chain, name);
		} else if (strstr(line, " hook input ") && count < 4 &&
				strncmp(table, "ip6 ", 4) != 0) {
			snprintf(live->nft_chains[count++], sizeof live->nft_chains[0],
					"%.46s %.46s", table, chain);
		}
	}
	if (pipe) {
		pclose(pipe);
	}
}

static void name_holder(struct facts *facts, const char *path) {
	char node[64];
	char *target = node;
	const char *slash = strrchr(path, '/');
	copy_text(facts->live.grab_busy, sizeof facts->live.grab_busy, path);
	if (!sysroot_link_name(facts->root, path, node, sizeof node)) {
		copy_text(node, sizeof node, slash ? slash + 1 : path);
	}
	proc_with_fd(facts->root, &target, 1, facts->live.grab_holder,
			sizeof facts->live.grab_holder);
}

/* Asks for the grab and gives it back at once: only of devices that the VM's configuration names.
 */
static void try_grabs(struct facts *facts) {
	for (unsigned i = 0; i < facts->input.evdev_count; i++) {
		const struct facts_evdev *evdev = &facts->input.evdev[i];
		int fd = evdev->readable ? open(evdev->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
					 : -1;
		if (fd < 0) {
			continue;
		}
		bool busy = ioctl(fd, EVIOCGRAB, 1) < 0 && errno == EBUSY;
		ioctl(fd, EVIOCGRAB, 0);
		close(fd);
		if (busy && !evdev->holder) {
			name_holder(facts, evdev->path);
		}
	}
}

/* ---- a tree ---- */

static bool number_fact(const struct sysroot *root, const char *name, int64_t *ret_value) {
	char text[32];
	if (!sysroot_fact(root, "live", name, text, sizeof text)) {
		return false;
	}
	*ret_value = strtoll(text, NULL, 10);
	return true;
}

/* "300 192.168.122.50 239.255.77.77 4010 scream, 3 …" */
static void seen_of_text(struct seen_packets *seen, char *text) {
	char *rest;
	for (char *one = strtok_r(text, ",", &rest); one && seen->kinds < SEEN_KINDS;
			one = strtok_r(NULL, ",", &rest)) {
		struct seen_kind *kind = &seen->kind[seen->kinds];
		char from[INET_ADDRSTRLEN];
		char to[INET_ADDRSTRLEN];
		char what[8] = "";
		unsigned port;
		if (sscanf(one, " %u %15s %15s %u %7s", &kind->count, from, to, &port, // NOLINT
				    what) >= 4) {
			inet_pton(AF_INET, from, &kind->from);
			inet_pton(AF_INET, to, &kind->to);
			kind->port = (uint16_t)port;
			kind->is_scream = strcmp(what, "scream") == 0;
			seen->kinds++;
		}
	}
}

/* WIDTH HEIGHT, and for HDR the nits of display, MaxCLL and MaxFALL. */
static void read_picture(struct facts_live *live, const char *text) {
	unsigned word[5] = { 0 };
	unsigned count = 0;
	char *end;
	for (const char *at = text; count < 5; at = end) {
		const unsigned long value = strtoul(at, &end, 10);
		if (end == at) {
			break;
		}
		word[count++] = (unsigned)value;
	}
	live->host_picture.width = word[0];
	live->host_picture.height = word[1];
	live->host_picture.hdr = live->host_picture.metadata = count == 5;
	live->host_picture.nits = word[2];
	live->host_picture.cll_nits = word[3];
	live->host_picture.fall_nits = word[4];
}

static void from_tree(struct facts *facts) {
	struct facts_live *live = &facts->live;
	char text[512];
	const struct sysroot *root = facts->root;
	int64_t value;
	const struct domain_graphics *spice = facts->has_vm ? domain_spice(&facts->vm) : NULL;
	if (spice && number_fact(root, "spice", &value)) {
		live->spice_asked = true;
		live->spice = (int)value;
		domain_spice_uri(spice, live->spice_uri, sizeof live->spice_uri);
	}
	if (sysroot_fact(root, "live", "host", live->host_version, sizeof live->host_version)) {
		live->host = HOST_FOUND;
		live->host_kvmfr = number_fact(root, "host-kvmfr", &value) ? (unsigned)value : 0;
		live->host_features =
				number_fact(root, "host-features", &value) ? (unsigned)value : 0;
		live->host_recovery = number_fact(root, "host-recovery", &value) && value != 0;
		sysroot_fact(root, "live", "host-audio", live->host_audio, sizeof live->host_audio);
		if (sysroot_fact(root, "live", "host-picture", text, sizeof text)) {
			read_picture(live, text);
		}
	} else if (sysroot_fact(root, "live", "host-reason", live->host_reason,
				   sizeof live->host_reason)) {
		live->host = HOST_OTHER;
	}
	if (number_fact(root, "pulse", &value)) {
		live->pulse_asked = true;
		live->pulse = (int)value;
	}
	if (number_fact(root, "pulse-latency", &value)) {
		live->pulse_latency_us = (long)value;
	}
	sysroot_fact(root, "live", "pulse-silent", live->pulse_silent, sizeof live->pulse_silent);
	sysroot_fact(root, "live", "pulse-server", live->pulse_server, sizeof live->pulse_server);
	live->wayland_asked = sysroot_fact(root, "live", "wayland", live->wayland_globals,
			sizeof live->wayland_globals);
	if (number_fact(root, "counted", &value)) {
		live->multicast_counted = value;
		live->listen_s = 3;
		live->multicast_received = number_fact(root, "received", &value) ? value : 0;
	}
	if (sysroot_fact(root, "live", "seen", text, sizeof text)) {
		live->packets_seen = true;
		seen_of_text(&live->seen, text);
	}
	sysroot_fact(root, "live", "nft", live->nft_chains[0], sizeof live->nft_chains[0]);
	sysroot_fact(root, "live", "busy", live->grab_busy, sizeof live->grab_busy);
	sysroot_fact(root, "live", "holder", live->grab_holder, sizeof live->grab_holder);
	sysroot_fact(root, "live", "pulse-sink", live->pulse_sink, sizeof live->pulse_sink);
	live->x11_asked = number_fact(root, "x11", &value);
	live->x11 = live->x11_asked ? (int)value : 0;
	sysroot_fact(root, "live", "x11-abilities", live->x11_abilities,
			sizeof live->x11_abilities);
}

void facts_gather_live(struct facts *facts, unsigned listen_s) {
	facts->live.pulse_latency_us = -1;
	facts->live.multicast_counted = -1;
	if (facts->root->copy) {
		from_tree(facts);
		return;
	}
	facts->live.asked = true;
	doctor_ask_host(facts);
	ask_spice(facts);
	ask_pulse(facts);
	ask_wayland(facts);
	ask_x11(facts);
	try_grabs(facts);
	ask_nft(&facts->live);
	listen_multicast(facts, listen_s);
}
