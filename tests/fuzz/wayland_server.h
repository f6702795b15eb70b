/*
 * The compositor's end of a Wayland connection, as far as fuzz_clipboard_wayland.c needs one: it
 * knows which object is what, writes events, and keeps the descriptors that come with requests.
 */
#pragma once

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVER_OBJECTS 512u
#define SERVER_FDS     16u
#define SERVER_OFFERS  0xff000000u /* where the ids of a server begin */
#define SERVER_BODY    1024u

enum server_kind {
	SERVER_NOTHING,
	SERVER_DISPLAY,
	SERVER_REGISTRY,
	SERVER_CALLBACK,
	SERVER_SEAT,
	SERVER_MANAGER,
	SERVER_DEVICE,
	SERVER_KEYBOARD,
	SERVER_SOURCE,
	SERVER_COMPOSITOR,
	SERVER_SURFACE,
	SERVER_KINDS,
};

struct server {
	int fd, client_fd;
	enum server_kind kinds[SERVER_OBJECTS];
	uint32_t newest[SERVER_KINDS]; /* object of that kind; 0 = none */
	uint32_t offers;               /* made so far */
	char offered[128];             /* the name that our source offered last */
	int fds[SERVER_FDS];           /* that came with requests */
	unsigned fd_count;
	uint8_t request[8192];
	size_t request_len;
};

static inline void server_start(struct server *server) {
	int fds[2];
	*server = (struct server){ .kinds = { [1] = SERVER_DISPLAY } };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
		abort();
	}
	server->fd = fds[0];
	server->client_fd = fds[1];
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
}

static inline void server_stop(struct server *server) {
	close(server->fd);
	for (unsigned i = 0; i < server->fd_count; i++) {
		close(server->fds[i]);
	}
}

/* An event; body: its arguments as they stand on the wire. fd: -1 = none; stays the caller's. */
static inline void server_send(struct server *server, uint32_t object, unsigned opcode,
		const void *body, size_t len, int fd) {
	uint8_t message[8 + SERVER_BODY];
	const uint32_t head[2] = { object, (uint32_t)(8 + len) << 16 | opcode };
	char control[CMSG_SPACE(sizeof fd)] = { 0 };
	struct iovec iov = { .iov_base = message, .iov_len = 8 + len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	if (object == 0 || len > SERVER_BODY) {
		return;
	}
	memcpy(message, head, sizeof head);
	if (len > 0) {
		memcpy(message + 8, body, len);
	}
	if (fd >= 0) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof control;
		struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(cmsg), &fd, sizeof fd);
	}
	(void)sendmsg(server->fd, &msg, MSG_NOSIGNAL);
}

/* Length with its NUL, bytes, padding. Returns how long it is. */
static inline size_t server_put_string(uint8_t *to, const char *text, size_t len) {
	const uint32_t with_nul = (uint32_t)len + 1;
	const size_t padded = (with_nul + 3u) & ~3u;
	memcpy(to, &with_nul, 4);
	memset(to + 4, 0, padded);
	memcpy(to + 4, text, len);
	return 4 + padded;
}

static inline void server_made(struct server *server, uint32_t id, enum server_kind kind) {
	if (id < SERVER_OBJECTS) {
		server->kinds[id] = kind;
		server->newest[kind] = id;
	}
}

static inline void server_bound(struct server *server, const uint32_t *args, size_t words) {
	const char *interface = (const char *)(args + 2);
	const size_t name_words = words > 1 ? (args[1] + 3) / 4 : 0;
	if (words < 4 + name_words) {
		return;
	}
	server_made(server, args[3 + name_words],
			strcmp(interface, "wl_seat") == 0         ? SERVER_SEAT
			: strcmp(interface, "wl_compositor") == 0 ? SERVER_COMPOSITOR
								  : SERVER_MANAGER);
}

/* Of all requests only those count that make objects, and the names of our source. */
static inline void server_on_request(struct server *server, uint32_t object, unsigned opcode,
		const uint32_t *args, size_t words) {
	if (object >= SERVER_OBJECTS || words < 1) {
		return;
	}
	switch (server->kinds[object]) {
	case SERVER_DISPLAY:
		server_made(server, args[0], opcode == 0 ? SERVER_CALLBACK : SERVER_REGISTRY);
		break;
	case SERVER_REGISTRY:
		server_bound(server, args, words);
		break;
	case SERVER_SEAT:
		server_made(server, args[0], SERVER_KEYBOARD);
		break;
	case SERVER_MANAGER:
		server_made(server, args[0], opcode == 0 ? SERVER_SOURCE : SERVER_DEVICE);
		break;
	case SERVER_SOURCE:
		if (opcode == 0 && args[0] > 0 && args[0] <= sizeof server->offered &&
				words > args[0] / 4) {
			memcpy(server->offered, args + 1, args[0]);
		}
		break;
	case SERVER_COMPOSITOR:
		server_made(server, args[0], SERVER_SURFACE);
		break;
	default:
		break;
	}
}

static inline void server_take_fds(struct server *server, struct msghdr *msg) {
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		const size_t count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof fd, sizeof fd);
			if (server->fd_count < SERVER_FDS) {
				server->fds[server->fd_count++] = fd;
			} else {
				close(fd);
			}
		}
	}
}

static inline void server_take_requests(struct server *server) {
	size_t at = 0;
	while (server->request_len - at >= 8) {
		uint32_t words[1024];
		memcpy(words, server->request + at, 8);
		const size_t len = words[1] >> 16;
		if (len < 8 || len > sizeof words || len > server->request_len - at) {
			break;
		}
		memcpy(words, server->request + at, len);
		server_on_request(server, words[0], words[1] & 0xffff, words + 2, len / 4 - 2);
		at += len;
	}
	memmove(server->request, server->request + at, server->request_len - at);
	server->request_len -= at;
}

/* Reads what the client asked for. */
static inline void server_read(struct server *server) {
	for (;;) {
		char control[CMSG_SPACE(28 * sizeof(int))];
		struct iovec iov = { .iov_base = server->request + server->request_len,
			.iov_len = sizeof server->request - server->request_len };
		struct msghdr msg = { .msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof control };
		ssize_t n = recvmsg(server->fd, &msg, MSG_CMSG_CLOEXEC);
		if (n <= 0) {
			return;
		}
		server_take_fds(server, &msg);
		server->request_len += (size_t)n;
		server_take_requests(server);
	}
}
