#include "tools/doctor/wayland.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define DISPLAY_ID  1u
#define REGISTRY_ID 2u
#define CALLBACK_ID 3u
#define WAIT_MS     1000

static uint32_t word_at(const uint8_t *bytes) {
	uint32_t word;
	memcpy(&word, bytes, sizeof word);
	return word;
}

/* wl_registry.global: uint name, string interface, uint version */
static int add_global(const uint8_t *body, size_t len, struct text *names) {
	if (len < 12) {
		return -EBADMSG;
	}
	uint32_t string = word_at(body + 4);
	if (string == 0 || string > len - 12 || body[8 + string - 1] != '\0') {
		return -EBADMSG;
	}
	const char *name = (const char *)body + 8;
	for (const char *c = name; *c; c++) {
		if (*c <= ' ' || *c > '~') {
			return -EBADMSG;
		}
	}
	text_add(names, "%s%s", names->len ? " " : "", name);
	return 0;
}

int wayland_parse(const uint8_t *bytes, size_t len, uint32_t registry, uint32_t callback,
		struct text *names, size_t *ret_consumed) {
	size_t at = 0;
	int r = 0;
	while (r == 0 && len - at >= 8) {
		uint32_t object = word_at(bytes + at);
		uint32_t size = word_at(bytes + at + 4) >> 16;
		uint32_t opcode = word_at(bytes + at + 4) & 0xffff;
		if (size < 8 || size % 4 != 0) {
			return -EBADMSG;
		}
		if (size > len - at) {
			break;
		}
		if (object == registry && opcode == 0) {
			r = add_global(bytes + at + 8, size - 8, names);
		} else if (object == callback && opcode == 0) {
			r = 1;
		} else if (object == DISPLAY_ID && opcode == 0) {
			r = -EBADMSG; /* wl_display.error */
		}
		at += size;
	}
	*ret_consumed = at;
	return r;
}

static int connect_to(const char *display, const char *runtime_dir) {
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int n = display[0] == '/'
				? snprintf(address.sun_path, sizeof address.sun_path, "%s", display)
				: snprintf(address.sun_path, sizeof address.sun_path, "%s/%s",
						  runtime_dir, display);
	if (n < 0 || (size_t)n >= sizeof address.sun_path) {
		return -ENAMETOOLONG;
	}
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -errno;
	}
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		int r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

static int read_names(int fd, struct text *names) {
	static uint8_t bytes[WAYLAND_BYTES_MAX];
	size_t len = 0;
	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		if (poll(&wait, 1, WAIT_MS) <= 0) {
			return -ETIMEDOUT;
		}
		ssize_t n = read(fd, bytes + len, sizeof bytes - len);
		if (n <= 0) {
			return -ECONNRESET;
		}
		len += (size_t)n;
		size_t consumed = 0;
		int r = wayland_parse(bytes, len, REGISTRY_ID, CALLBACK_ID, names, &consumed);
		if (r != 0) {
			return r < 0 ? r : 0;
		}
		memmove(bytes, bytes + consumed, len - consumed);
		len -= consumed;
		if (len == sizeof bytes || names->len > WAYLAND_BYTES_MAX) {
			return -EMSGSIZE;
		}
	}
}

int wayland_globals(const char *display, const char *runtime_dir, struct text *ret_names) {
	int fd = connect_to(display, runtime_dir);
	if (fd < 0) {
		return fd;
	}
	const uint32_t request[] = { DISPLAY_ID, 12u << 16 | 1, REGISTRY_ID, /* get_registry */
		DISPLAY_ID, 12u << 16 | 0, CALLBACK_ID };                    /* sync */
	int r = send(fd, request, sizeof request, MSG_NOSIGNAL) == (ssize_t)sizeof request ? 0
											   : -EIO;
	if (r == 0) {
		r = read_names(fd, ret_names);
	}
	close(fd);
	return r;
}
