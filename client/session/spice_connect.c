#define LOG_MODULE "spice"
#include "client/session/spice_connect.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/thread.h"

/* A look-up that a thread makes. Both sides hold it: the thread may outlive the request for it. */
struct lookup {
	atomic_int holders;
	char host[256];
	char port[8];
	int fds[2]; /* [1] belongs to the thread: a byte says that it is done */
	int result;
	struct addrinfo *list;
};

struct spice_connect {
	struct loop_source *source;
	struct lookup *lookup;
	struct spice_connect_check *check;
	void (*done)(int fd, void *data);
	void *data;
};

static bool is_loopback(const struct sockaddr_storage *address) {
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	return address->ss_family == AF_INET ? ntohl(v4->sin_addr.s_addr) >> 24 == 127
					     : IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

bool spice_connect_is_elsewhere(int fd) {
	struct sockaddr_storage own = { 0 };
	struct sockaddr_storage peer = { 0 };
	socklen_t own_len = sizeof own;
	socklen_t peer_len = sizeof peer;
	if (getsockname(fd, (struct sockaddr *)&own, &own_len) < 0 ||
			getpeername(fd, (struct sockaddr *)&peer, &peer_len) < 0 ||
			(peer.ss_family != AF_INET && peer.ss_family != AF_INET6) ||
			is_loopback(&peer)) {
		return false;
	}
	if (peer.ss_family == AF_INET) {
		return ((const struct sockaddr_in *)&own)->sin_addr.s_addr !=
		       ((const struct sockaddr_in *)&peer)->sin_addr.s_addr;
	}
	return !IN6_ARE_ADDR_EQUAL(&((const struct sockaddr_in6 *)&own)->sin6_addr,
			&((const struct sockaddr_in6 *)&peer)->sin6_addr);
}

/* Of the socket that is being connected: whether its way ends on this machine. */
static bool is_here(int fd, const struct sockaddr *to) {
	struct sockaddr_storage own = { 0 };
	struct sockaddr_storage there = { 0 };
	socklen_t own_len = sizeof own;
	memcpy(&there, to,
			to->sa_family == AF_INET ? sizeof(struct sockaddr_in)
						 : sizeof(struct sockaddr_in6));
	if (is_loopback(&there)) {
		return true;
	}
	if (getsockname(fd, (struct sockaddr *)&own, &own_len) < 0 ||
			own.ss_family != there.ss_family) {
		return false;
	}
	if (own.ss_family == AF_INET) {
		return memcmp(&((struct sockaddr_in *)&own)->sin_addr,
				       &((struct sockaddr_in *)&there)->sin_addr,
				       sizeof(struct in_addr)) == 0;
	}
	return memcmp(&((struct sockaddr_in6 *)&own)->sin6_addr,
			       &((struct sockaddr_in6 *)&there)->sin6_addr,
			       sizeof(struct in6_addr)) == 0;
}

/* Before a byte is sent. The listener is asked for, not the connection: one that nobody has
 * accepted yet counts as root's there. Returns fd, or closes it. */
static int check_owner(int fd, int r, uid_t uid, struct spice_connect_check *check) {
	if (r == 0 && owners_trust(check->owners, uid)) {
		return fd;
	}
	close(fd);
	check->refused = r == 0 ? uid : OWNER_UNKNOWN;
	return -OWNER_REFUSED;
}

static int check_tcp(int fd, const struct sockaddr *to, struct spice_connect_check *check) {
	struct sockaddr_storage peer;
	socklen_t len = sizeof peer;
	if (!check || check->owners->anybody || !is_here(fd, to)) {
		return fd;
	}
	struct tcp_listener listener = { .uid = OWNER_UNKNOWN };
	int r = owner_of_listener(to, &listener);
	if (r == -ENOENT && getpeername(fd, (struct sockaddr *)&peer, &len) < 0) {
		close(fd); /* nobody listens */
		return -ECONNREFUSED;
	}
	if (r < 0 && r != -ENOENT) {
		/* A machine that does not show its sockets: no stranger can bring that about. */
		log_warn_limited(
				"cannot see who listens for SPICE (%s): the listener is taken for the VM",
				strerrordesc_np(-r));
		return fd;
	}
	return check_owner(fd, r, listener.uid, check);
}

static int connect_unix(const struct spice_address *address, struct spice_connect_check *check) {
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	static_assert(sizeof to.sun_path >= sizeof address->path, "the path fits");
	memcpy(to.sun_path, address->path, sizeof address->path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -errno;
	}
	if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
		/* EAGAIN: its backlog is full; tried again like a refusal. EACCES is SPICE's word
		 * for a wrong password. */
		int r = errno == EACCES ? -EPERM : -errno;
		close(fd);
		return r;
	}
	if (!check || check->owners->anybody) {
		return fd;
	}
	uid_t uid = OWNER_UNKNOWN;
	int r = owner_of_peer(fd, &uid);
	return check_owner(fd, r, uid, check);
}

static int connect_tcp(
		const struct sockaddr *to, socklen_t len, struct spice_connect_check *check) {
	int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -errno;
	}
	/* A key is never held back, and a server whose machine died is noticed. */
	const int one = 1;
	const int idle_s = 10;
	const int interval_s = 5;
	const unsigned unanswered_ms = 20000;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms, sizeof unanswered_ms);
	if (connect(fd, to, len) < 0 && errno != EINPROGRESS) {
		int r = errno == EACCES ? -EPERM : -errno;
		close(fd);
		return r;
	}
	return check_tcp(fd, to, check);
}

/* An address in figures, or "localhost" (which is 127.0.0.1, where QEMU listens by default). */
static int connect_literal(const struct spice_address *address, struct spice_connect_check *check) {
	const char *host = strcmp(address->host, "localhost") == 0 ? "127.0.0.1" : address->host;
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(address->port) };
	if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
		return connect_tcp((struct sockaddr *)&v4, sizeof v4, check);
	}
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(address->port) };
	if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
		return connect_tcp((struct sockaddr *)&v6, sizeof v6, check);
	}
	return -EDESTADDRREQ; /* a name */
}

static void lookup_drop(struct lookup *lookup) {
	if (atomic_fetch_sub(&lookup->holders, 1) == 1) {
		if (lookup->list) {
			freeaddrinfo(lookup->list);
		}
		free(lookup);
	}
}

static void *lookup_run(void *data) {
	struct lookup *lookup = data;
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	lookup->result = getaddrinfo(lookup->host, lookup->port, &hints, &lookup->list);
	(void)send(lookup->fds[1], "", 1, MSG_NOSIGNAL);
	close(lookup->fds[1]);
	lookup_drop(lookup);
	return NULL;
}

static void spice_connect_free(struct spice_connect *connecting) {
	loop_remove(connecting->source);
	if (connecting->lookup) {
		close(connecting->lookup->fds[0]);
		lookup_drop(connecting->lookup);
	}
	free(connecting);
}

static void on_looked_up(int fd, uint32_t events, void *data) {
	struct spice_connect *connecting = data;
	(void)events;
	char byte;
	int result = -EHOSTUNREACH;
	if (recv(fd, &byte, 1, MSG_DONTWAIT) == 1 && connecting->lookup->result == 0) {
		/* The first address only: the next attempt of a server that is away may get
		 * another one. */
		const struct addrinfo *first = connecting->lookup->list;
		result = connect_tcp(first->ai_addr, first->ai_addrlen, connecting->check);
	}
	void (*done)(int fd, void *data) = connecting->done;
	void *done_data = connecting->data;
	spice_connect_free(connecting);
	done(result, done_data);
}

static int start_lookup(struct spice_connect **ret_connecting, struct loop *loop,
		const struct spice_address *address, struct spice_connect_check *check,
		void (*done)(int fd, void *data), void *data) {
	int r = -ENOMEM;
	pthread_t thread;
	struct spice_connect *connecting = calloc(1, sizeof *connecting);
	struct lookup *lookup = calloc(1, sizeof *lookup);
	if (!connecting || !lookup) {
		goto error;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lookup->fds) < 0) {
		r = -errno;
		goto error;
	}
	atomic_init(&lookup->holders, 2);
	memcpy(lookup->host, address->host, sizeof lookup->host);
	snprintf(lookup->port, sizeof lookup->port, "%u", address->port);
	*connecting = (struct spice_connect){
		.lookup = lookup, .check = check, .done = done, .data = data
	};
	connecting->source = loop_add_fd(loop, lookup->fds[0], EPOLLIN, on_looked_up, connecting);
	if (connecting->source) {
		r = thread_start(&thread, "pg-lookup", lookup_run, lookup);
	}
	if (!connecting->source || r < 0) {
		loop_remove(connecting->source);
		close(lookup->fds[0]);
		close(lookup->fds[1]);
		goto error;
	}
	pthread_detach(thread);
	*ret_connecting = connecting;
	return 0;
error:
	free(lookup);
	free(connecting);
	return r;
}

int spice_connect_start(struct spice_connect **ret_connecting, struct loop *loop,
		const struct spice_address *address, struct spice_connect_check *check,
		void (*done)(int fd, void *data), void *data) {
	*ret_connecting = NULL;
	int fd = address->kind == SPICE_ADDRESS_UNIX ? connect_unix(address, check)
						     : connect_literal(address, check);
	if (fd == -EDESTADDRREQ && address->kind == SPICE_ADDRESS_TCP) {
		return start_lookup(ret_connecting, loop, address, check, done, data);
	}
	done(fd, data);
	return 0;
}

void spice_connect_cancel(struct spice_connect *connecting) {
	if (connecting) {
		spice_connect_free(connecting);
	}
}

static void get_file(const struct stat *st, struct spice_server *server) {
	server->inode = st->st_ino;
	server->changed_ns =
			(uint64_t)st->st_ctim.tv_sec * NS_PER_S + (uint64_t)st->st_ctim.tv_nsec;
}

static void get_unix_server(int fd, const char *path, struct spice_server *ret_server) {
	struct ucred ucred;
	socklen_t len = sizeof ucred;
	struct stat st;
	if (stat(path, &st) < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ucred, &len) < 0) {
		return;
	}
	ret_server->pid = ucred.pid;
	get_file(&st, ret_server);
}

static void get_tcp_server(int fd, struct spice_server *ret_server) {
	struct sockaddr_storage peer;
	struct tcp_listener listener;
	socklen_t len = sizeof peer;
	if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
			!spice_connect_is_elsewhere(fd) &&
			owner_of_listener((struct sockaddr *)&peer, &listener) == 0) {
		ret_server->listener = peer;
		ret_server->inode = listener.inode;
	}
}

void spice_connect_get_server(
		int fd, const struct spice_address *address, struct spice_server *ret_server) {
	*ret_server = (struct spice_server){ 0 };
	if (address->kind == SPICE_ADDRESS_UNIX) {
		get_unix_server(fd, address->path, ret_server);
	} else {
		get_tcp_server(fd, ret_server);
	}
}

static bool is_listener_gone(const struct spice_server *server) {
	struct tcp_listener listener;
	int r = owner_of_listener((const struct sockaddr *)&server->listener, &listener);
	return r == -ENOENT || (r == 0 && listener.inode != server->inode);
}

bool spice_connect_is_replaced(
		const struct spice_address *address, const struct spice_server *server) {
	struct spice_server now = { .pid = server->pid };
	struct stat st;
	if (server->listener.ss_family != AF_UNSPEC) {
		return is_listener_gone(server);
	}
	if (address->kind != SPICE_ADDRESS_UNIX || stat(address->path, &st) < 0) {
		return false;
	}
	get_file(&st, &now);
	return !spice_connect_server_equal(&now, server);
}

bool spice_connect_server_equal(const struct spice_server *a, const struct spice_server *b) {
	return a->pid == b->pid && a->inode == b->inode && a->changed_ns == b->changed_ns;
}
