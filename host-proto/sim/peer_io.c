/* Sockets of the server peer: accepting, reading, writing, closing. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host-proto/sim/peer_internal.h"

#define IN_BYTES (128u * 1024)
#define OUT_MAX  (512u << 20) /* a test may send a large picture */

void peer_watch(struct connection *c) {
	uint32_t events = 0;
	if (!c->peer->frozen) {
		events = EPOLLIN | (c->out_len > 0 ? (uint32_t)EPOLLOUT : 0u);
	}
	if (events != c->watched) {
		struct epoll_event event = { .events = events, .data.ptr = c };
		epoll_ctl(c->peer->epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
		c->watched = events;
	}
}

void peer_connection_close(struct connection *c) {
	struct spice_peer *peer = c->peer;
	if (c->fd < 0) {
		return;
	}
	close(c->fd);
	c->fd = -1;
	free(c->in);
	free(c->out);
	c->in = NULL;
	c->out = NULL;
	c->in_len = c->out_len = c->out_start = c->out_size = 0;
	const unsigned type = c->request.channel_type;
	if (c->state != PEER_OPEN || type >= SPICE_CHANNEL_COUNT || peer->linked[type] != c) {
		return;
	}
	peer->linked[type] = NULL;
	if (type == SPICE_CHANNEL_INPUTS) {
		peer->state.inputs = false;
		peer_inputs_closed(&peer->inputs, &peer->state, &peer->events);
	}
	if (type == SPICE_CHANNEL_MAIN) {
		peer_close_session(peer);
	}
}

/* Main is gone (or goes): the rest of the session with it. */
void peer_close_session(struct spice_peer *peer) {
	const bool was = peer->state.connected;
	peer->state.connected = false;
	peer->session_id = 0;
	peer->agent_started = false;
	peer->agent_message = 0;
	for (unsigned type = 1; type < SPICE_CHANNEL_COUNT; type++) {
		if (peer->linked[type]) {
			peer_connection_close(peer->linked[type]);
		}
	}
	if (was && peer->events.session) {
		peer->events.session(false, peer->events.data);
	}
}

int peer_queue_out(struct connection *c, const void *bytes, size_t len) {
	if (len > OUT_MAX - c->out_len) {
		return -ENOBUFS;
	}
	if (c->out_start + c->out_len + len > c->out_size) {
		size_t size = c->out_size ? c->out_size : 4096;
		while (size < c->out_len + len) {
			size *= 2;
		}
		uint8_t *grown = malloc(size);
		if (!grown) {
			return -ENOMEM;
		}
		if (c->out_len > 0) {
			memcpy(grown, c->out + c->out_start, c->out_len);
		}
		free(c->out);
		c->out = grown;
		c->out_size = size;
		c->out_start = 0;
	}
	if (len > 0) {
		memcpy(c->out + c->out_start + c->out_len, bytes, len);
		c->out_len += len;
	}
	return 0;
}

/* False: the client is gone. */
bool peer_write_out(struct connection *c) {
	while (c->out_len > 0) {
		ssize_t n = send(c->fd, c->out + c->out_start, c->out_len,
				MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0) {
			return errno == EAGAIN || errno == EINTR;
		}
		c->out_start += (size_t)n;
		c->out_len -= (size_t)n;
	}
	c->out_start = 0;
	return true;
}

int peer_send_message(struct connection *c, unsigned type, const void *body, size_t len) {
	uint8_t header[SPICE_HEADER_BYTES];
	struct writer w = writer_of(header, sizeof header);
	write_u16(&w, (uint16_t)type);
	write_u32(&w, (uint32_t)len);
	int r = peer_queue_out(c, header, sizeof header);
	return r < 0 ? r : peer_queue_out(c, body, len);
}

void peer_send_written(struct connection *c, unsigned type, const struct writer *w) {
	(void)peer_send_message(c, type, w->start, writer_len(w));
}

/* One unit of the input. Bytes consumed, 0 = wait, < 0 = close. */
static int consume(struct connection *c, const uint8_t *bytes, size_t len) {
	struct spice_peer *peer = c->peer;
	if (c->close_after) {
		return (int)len; /* nobody reads it */
	}
	switch (c->state) {
	case PEER_LINK_REQUEST:
		return peer_on_link_request(peer, c, bytes, len);
	case PEER_LINK_TICKET:
		return peer_on_ticket(peer, c, bytes, len);
	case PEER_OPEN:
		return peer_on_open(peer, c, bytes, len);
	}
	return -EBADMSG;
}

static void connection_read(struct connection *c) {
	ssize_t n = recv(c->fd, c->in + c->in_len, IN_BYTES - c->in_len, MSG_DONTWAIT);
	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
			peer_connection_close(c);
		}
		return;
	}
	c->in_len += (size_t)n;
	size_t used = 0;
	while (c->fd >= 0 && used < c->in_len) {
		int r = consume(c, c->in + used, c->in_len - used);
		if (r < 0) {
			peer_connection_close(c);
			return;
		}
		if (r == 0) {
			break;
		}
		used += (size_t)r;
	}
	if (c->fd >= 0) {
		memmove(c->in, c->in + used, c->in_len - used);
		c->in_len -= used;
	}
}

void peer_connection_ready(struct connection *c, uint32_t events) {
	if (c->fd < 0) {
		return;
	}
	if (c->peer->frozen) {
		peer_connection_close(c); /* only a hang-up is still told */
		return;
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		connection_read(c);
	}
	if (c->fd >= 0 && (!peer_write_out(c) || (c->close_after && c->out_len == 0))) {
		peer_connection_close(c);
	}
	if (c->fd >= 0) {
		peer_watch(c);
	}
}

void peer_accept(struct spice_peer *peer, int listen_fd) {
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		return;
	}
	struct connection *c = NULL;
	for (unsigned i = 0; i < PEER_CONNECTIONS_MAX && !c; i++) {
		if (peer->connections[i].fd < 0) {
			c = &peer->connections[i];
		}
	}
	uint8_t *in = c ? malloc(IN_BYTES) : NULL;
	if (!in) {
		close(fd);
		return;
	}
	const int one = 1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* fails on unix */
	*c = (struct connection){ .peer = peer, .fd = fd, .in = in, .watched = EPOLLIN };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
	if (epoll_ctl(peer->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		peer_connection_close(c);
	}
}

int peer_listen_unix(struct spice_peer *peer) {
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(peer->unix_path);
	if (len >= sizeof address.sun_path) {
		return -ENAMETOOLONG;
	}
	memcpy(address.sun_path, peer->unix_path, len);
	unlink(peer->unix_path);
	peer->unix_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (peer->unix_fd < 0 ||
			bind(peer->unix_fd, (struct sockaddr *)&address, sizeof address) < 0 ||
			listen(peer->unix_fd, 16) < 0) {
		return -errno;
	}
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = &peer->unix_fd };
	return epoll_ctl(peer->epoll_fd, EPOLL_CTL_ADD, peer->unix_fd, &event) < 0 ? -errno : 0;
}

int peer_listen_tcp(struct spice_peer *peer, uint16_t port) {
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	const int one = 1;
	peer->tcp_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (peer->tcp_fd < 0 ||
			setsockopt(peer->tcp_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
			bind(peer->tcp_fd, (struct sockaddr *)&address, sizeof address) < 0 ||
			listen(peer->tcp_fd, 16) < 0 ||
			getsockname(peer->tcp_fd, (struct sockaddr *)&address, &len) < 0) {
		return -errno;
	}
	peer->port = ntohs(address.sin_port);
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = &peer->tcp_fd };
	return epoll_ctl(peer->epoll_fd, EPOLL_CTL_ADD, peer->tcp_fd, &event) < 0 ? -errno : 0;
}
