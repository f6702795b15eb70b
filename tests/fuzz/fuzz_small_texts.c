/*
 * Small texts that other programs, the kernel and earlier runs leave: first byte: which. A file of
 * /proc is opened by the functions as always, but holds the input.
 *
 * Covers: audio/receive/port_owner.c audio/receive/scream_shm.c client/ui/window_placement.c
 * client/vm/first_screen.c
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "audio/receive/interfaces.h"
#include "audio/receive/port_owner.h"
#include "audio/receive/scream_shm.h"
#include "base/clock.h"
#include "base/owners.h"
#include "client/platform/xdg.h"
#include "client/ui/window_placement.h"
#include "client/vm/first_screen.h"
#include "tests/support/utf8_check.h"

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): they stand in for others

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *proc_text; /* what a file of /proc holds; NULL = what it holds really */
static size_t proc_len;
static volatile unsigned sum;

static void expect(bool condition) {
	if (!condition) {
		abort();
	}
}

FILE *fopen(const char *path, const char *mode) {
	if (proc_text && strncmp(path, "/proc/", 6) == 0) {
		return proc_len > 0 ? fmemopen((void *)(uintptr_t)proc_text, proc_len, "r") : NULL;
	}
	const int flags = mode[0] == 'r'   ? O_RDONLY
			  : mode[0] == 'w' ? O_WRONLY | O_CREAT | O_TRUNC
					   : O_WRONLY | O_CREAT | O_APPEND;
	const int fd = open(path, flags | O_CLOEXEC, 0666);
	const char plain[2] = { mode[0], '\0' };
	return fd < 0 ? NULL : fdopen(fd, plain);
}

static void vms(const char *text) {
	static struct first_screen screen;
	first_screen_read_list(&screen, text);
	expect(screen.vm_count <= FIRST_SCREEN_VMS);
	for (unsigned i = 0; i < screen.vm_count; i++) {
		expect(utf8_valid(screen.vms[i].name, strlen(screen.vms[i].name)));
	}
	first_screen_read_findings(&screen, text);
	expect(utf8_valid(screen.finding, strlen(screen.finding)));
	expect(utf8_valid(screen.remedy, strlen(screen.remedy)));
}

static void placements(const char *text) {
	struct window_placement placement = { .width = 800, .height = 600, .placed = true };
	struct window_placement found;
	char all[4096];
	(void)window_placement_find(text, "vm", &found);
	if (window_placement_put(text, "vm", &placement, all, sizeof all) > 0) {
		expect(window_placement_find(all, "vm", &found));
		expect(found.width == 800 && found.height == 600 && found.placed);
	}
}

static void folders(const char *text) {
	char path[128] = "";
	if (xdg_user_dir(text, "XDG_PICTURES_DIR", "/home/u", path, sizeof path)) {
		expect(path[0] == '/');
	}
}

static void kernel(const char *text, size_t len) {
	const struct owners owners = { .count = 1, .uid = { 64055 } };
	const struct sockaddr_in v4 = { .sin_family = AF_INET,
		.sin_port = htons(5900),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(5900),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct port_owner owner;
	char mac[18];
	uid_t uid = 0;
	struct tcp_listener listener = { 0 };
	proc_text = text;
	proc_len = len;
	sum += (unsigned)owner_of_listener((const struct sockaddr *)&v4, &listener);
	sum += (unsigned)owner_of_listener((const struct sockaddr *)&v6, &listener);
	sum += owner_of_process(1, &owners, &uid) + uid + listener.uid;
	if (interfaces_mac_of(htonl(0xc0a87a64), mac)) {
		expect(strlen(mac) < sizeof mac);
	}
	if (port_owner_find(4010, &owner)) {
		expect(utf8_valid(owner.name, strlen(owner.name)));
	}
	proc_text = NULL;
}

static void hear(const struct scream_packet *packet) {
	const uint8_t *pcm = packet->pcm;
	const size_t len = packet->frames * scream_frame_bytes(&packet->format);
	expect(packet->frames > 0);
	sum += (unsigned)pcm[0] + pcm[len - 1];
}

/* The memory of Scream: a header and slots; then the header is another one. */
static void sound(const uint8_t *data, size_t size) {
	const struct owners anybody = { .anybody = true };
	char path[64];
	char reason[128];
	struct scream_shm *shm;
	const int fd = memfd_create("sound", MFD_CLOEXEC);
	expect(fd >= 0 && ftruncate(fd, size > 0 && data[0] == 0xff ? 10 : 20000) == 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", size > 0 && data[0] == 0xfe ? 9999 : fd);
	expect(scream_shm_create(&shm, path, &anybody) == 0);
	for (unsigned i = 0; size > 0 && i < 16; i++) {
		const size_t len = size < SCREAM_SHM_HEADER_BYTES ? size : SCREAM_SHM_HEADER_BYTES;
		sum += (unsigned)pwrite(fd, data, len, 0);
		data += len;
		size -= len;
		const uint64_t now_ns = (1000 + i) * NS_PER_MS;
		struct scream_packet packet;
		uint64_t arrived_ns;
		(void)scream_shm_poll(shm, now_ns, reason, sizeof reason);
		while (scream_shm_next(shm, now_ns, &packet, &arrived_ns)) {
			hear(&packet);
		}
		expect(memchr(reason, '\0', sizeof reason) != NULL);
	}
	scream_shm_destroy(shm);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	if (size < 1) {
		return 0;
	}
	char *text = malloc(size);
	expect(text != NULL);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0] % 5) {
	case 0:
		vms(text);
		break;
	case 1:
		placements(text);
		break;
	case 2:
		folders(text);
		break;
	case 3:
		kernel(text, size - 1);
		break;
	default:
		sound(data + 1, size - 1);
		break;
	}
	free(text);
	return 0;
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
