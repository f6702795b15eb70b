#include "host-proto/spice/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host-proto/spice/link.h"
#include "host-proto/spice/peer_inputs.h"
#include "host-proto/spice/reader.h"

#define CONNECTIONS_MAX 24u
#define IN_BYTES        (128u * 1024)
#define MESSAGE_MAX     (64u * 1024) /* from a client */
#define OUT_MAX         (512u << 20) /* a test may send a large picture */
#define ROUNDS_MAX      64
#define AGENT_TOKENS    10u
#define TOKEN_BATCH     5u /* as the real server gives them back (10.3) */
#define ACK_WINDOW      20u
#define INPUTS_MAX      2048u
#define NAME_MAX_BYTES  256u

enum state { LINK_REQUEST, LINK_TICKET, OPEN };

struct connection {
	struct spice_peer *peer;
	int fd; /* -1 = this place is free */
	enum state state;
	struct spice_link_request request;
	bool close_after; /* when everything is written */
	bool display_init;
	uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_len, out_start, out_size;
	uint32_t watched;
};

struct spice_peer {
	struct spice_peer_events events;
	struct spice_peer_state state;
	struct spice_link_key *key;
	uint8_t public_key[SPICE_PUBLIC_KEY_BYTES];
	char *password, *name, *unix_path;
	uint8_t uuid[16];
	uint32_t channels;
	bool absolute_possible, agent, agent_started, frozen;
	uint32_t agent_tokens;  /* that the client has */
	uint32_t agent_used;    /* since the last AGENT_TOKEN */
	uint32_t agent_message; /* bytes that are still to come of the client's agent message */
	int epoll_fd, unix_fd, tcp_fd;
	uint16_t port;
	uint32_t session_id;
	struct peer_inputs inputs;
	struct connection connections[CONNECTIONS_MAX];
	/* The linked ones. */
	struct connection *linked[SPICE_CHANNEL_COUNT];
};

static void watch(struct connection *c) {
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

static void close_session(struct spice_peer *peer);

static void connection_close(struct connection *c) {
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
	if (c->state != OPEN || type >= SPICE_CHANNEL_COUNT || peer->linked[type] != c) {
		return;
	}
	peer->linked[type] = NULL;
	if (type == SPICE_CHANNEL_INPUTS) {
		peer->state.inputs = false;
		peer_inputs_closed(&peer->inputs, &peer->state, &peer->events);
	}
	if (type == SPICE_CHANNEL_MAIN) {
		close_session(peer);
	}
}

/* Main is gone (or goes): the rest of the session with it. */
static void close_session(struct spice_peer *peer) {
	const bool was = peer->state.connected;
	peer->state.connected = false;
	peer->session_id = 0;
	peer->agent_started = false;
	peer->agent_message = 0;
	for (unsigned type = 1; type < SPICE_CHANNEL_COUNT; type++) {
		if (peer->linked[type]) {
			connection_close(peer->linked[type]);
		}
	}
	if (was && peer->events.session) {
		peer->events.session(false, peer->events.data);
	}
}

static int queue_out(struct connection *c, const void *bytes, size_t len) {
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
static bool write_out(struct connection *c) {
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

static int send_message(struct connection *c, unsigned type, const void *body, size_t len) {
	uint8_t header[SPICE_HEADER_BYTES];
	struct writer w = writer_of(header, sizeof header);
	write_u16(&w, (uint16_t)type);
	write_u32(&w, (uint32_t)len);
	int r = queue_out(c, header, sizeof header);
	return r < 0 ? r : queue_out(c, body, len);
}

static void send_written(struct connection *c, unsigned type, const struct writer *w) {
	(void)send_message(c, type, w->start, writer_len(w));
}

static void send_mouse_mode(struct spice_peer *peer) {
	struct connection *c = peer->linked[SPICE_CHANNEL_MAIN];
	if (c) {
		uint8_t body[4];
		struct writer w = writer_of(body, sizeof body);
		write_u16(&w, peer->absolute_possible ? 3 : 1);
		write_u16(&w, peer->state.absolute ? SPICE_MOUSE_CLIENT : SPICE_MOUSE_SERVER);
		send_written(c, SPICE_MAIN_MOUSE_MODE, &w);
	}
}

static void start_main(struct spice_peer *peer, struct connection *c) {
	uint8_t body[NAME_MAX_BYTES];
	struct writer w = writer_of(body, sizeof body);
	write_u32(&w, peer->session_id);
	write_u32(&w, 1);
	write_u32(&w, peer->absolute_possible ? 3 : 1);
	write_u32(&w, peer->state.absolute ? SPICE_MOUSE_CLIENT : SPICE_MOUSE_SERVER);
	write_u32(&w, peer->agent);
	write_u32(&w, AGENT_TOKENS);
	write_u32(&w, 1000); /* multimedia time */
	write_u32(&w, 0);
	send_written(c, SPICE_MAIN_INIT, &w);
	peer->agent_tokens = AGENT_TOKENS;
	peer->agent_used = 0;
	if (c->request.channel_caps & SPICE_MAIN_CAP_NAME_AND_UUID) {
		if (peer->name) {
			w = writer_of(body, sizeof body);
			write_u32(&w, (uint32_t)strlen(peer->name) + 1);
			write_bytes(&w, peer->name, strlen(peer->name) + 1);
			send_written(c, SPICE_MAIN_NAME, &w);
		}
		(void)send_message(c, SPICE_MAIN_UUID, peer->uuid, sizeof peer->uuid);
	}
	peer->state.connected = true;
	if (peer->events.session) {
		peer->events.session(true, peer->events.data);
	}
}

static void send_notify(struct spice_peer *peer, const char *text) {
	struct connection *c = peer->linked[SPICE_CHANNEL_MAIN];
	uint8_t body[256];
	struct writer w = writer_of(body, sizeof body);
	write_u64(&w, 1);
	write_u32(&w, 1); /* warning */
	write_u32(&w, 2);
	write_u32(&w, 0);
	write_u32(&w, (uint32_t)strlen(text));
	write_bytes(&w, text, strlen(text) + 1);
	if (c) {
		send_written(c, SPICE_NOTIFY, &w);
	}
}

static void start_channel(struct spice_peer *peer, struct connection *c) {
	const enum spice_channel_type type = c->request.channel_type;
	uint8_t body[16];
	struct writer w = writer_of(body, sizeof body);
	switch (type) {
	case SPICE_CHANNEL_MAIN:
		start_main(peer, c);
		break;
	case SPICE_CHANNEL_INPUTS:
		peer->state.inputs = true;
		write_u16(&w, (uint16_t)peer->state.leds);
		send_written(c, SPICE_INPUTS_INIT, &w);
		/* As the real one does on every link without TLS. */
		send_notify(peer, "keyboard channel is insecure");
		break;
	case SPICE_CHANNEL_DISPLAY:
	case SPICE_CHANNEL_CURSOR:
		write_u32(&w, 1);
		write_u32(&w, ACK_WINDOW);
		send_written(c, SPICE_SET_ACK, &w);
		break;
	case SPICE_CHANNEL_PLAYBACK:
	case SPICE_CHANNEL_RECORD:
	case SPICE_CHANNEL_NONE:
	case SPICE_CHANNEL_COUNT:
		break;
	}
	if (peer->events.linked) {
		peer->events.linked(type, peer->events.data);
	}
}

static bool channel_exists(const struct spice_peer *peer, unsigned type) {
	return type == SPICE_CHANNEL_MAIN || type == SPICE_CHANNEL_INPUTS ||
	       (type < SPICE_CHANNEL_COUNT && (peer->channels & (1u << type)) != 0);
}

static void refuse(struct connection *c, uint32_t error) {
	uint8_t bytes[SPICE_LINK_HEADER_BYTES + SPICE_LINK_REPLY_BYTES];
	const struct spice_link_reply reply = { .error = error };
	c->peer->state.refused_links++;
	(void)queue_out(c, bytes, spice_link_write_reply(&reply, bytes, sizeof bytes));
	c->close_after = true;
}

static uint32_t caps_of(unsigned type) {
	static const uint32_t caps[SPICE_CHANNEL_COUNT] = {
		[SPICE_CHANNEL_MAIN] = 0x0f,
		[SPICE_CHANNEL_DISPLAY] = 0x1052,
		[SPICE_CHANNEL_INPUTS] = 0x01,
		[SPICE_CHANNEL_PLAYBACK] = 0x0a,
		[SPICE_CHANNEL_RECORD] = 0x06,
	};
	return caps[type];
}

/* The three handlers take what they can from the input: bytes consumed, 0 = wait, < 0 = close. */
static int on_link_request(
		struct spice_peer *peer, struct connection *c, const uint8_t *bytes, size_t len) {
	int used = spice_link_read_request(bytes, len, &c->request);
	if (used == 0) {
		return 0;
	}
	if (used < 0) {
		refuse(c, used == -EPROTONOSUPPORT                   ? SPICE_LINK_VERSION_MISMATCH
				: memcmp(bytes, SPICE_MAGIC, 4) != 0 ? SPICE_LINK_INVALID_MAGIC
								     : SPICE_LINK_INVALID_DATA);
		return (int)len;
	}
	if (!channel_exists(peer, c->request.channel_type)) {
		return -ENOTCONN; /* no answer, plain end (2.7) */
	}
	uint8_t reply_bytes[SPICE_LINK_HEADER_BYTES + SPICE_LINK_REPLY_BYTES + 8];
	struct spice_link_reply reply = {
		.common_caps = SPICE_LINK_CLIENT_CAPS,
		.channel_caps = caps_of(c->request.channel_type),
	};
	memcpy(reply.key, peer->public_key, sizeof reply.key);
	(void)queue_out(c, reply_bytes,
			spice_link_write_reply(&reply, reply_bytes, sizeof reply_bytes));
	c->state = LINK_TICKET;
	return used;
}

static int on_ticket(
		struct spice_peer *peer, struct connection *c, const uint8_t *bytes, size_t len) {
	if (len < 4 + SPICE_TICKET_BYTES) {
		return 0;
	}
	struct reader r = reader_of(bytes, len);
	if (read_u32(&r) != SPICE_AUTH_MECHANISM) {
		refuse(c, SPICE_LINK_INVALID_DATA);
		return (int)len;
	}
	const unsigned type = c->request.channel_type;
	uint32_t result = SPICE_LINK_OK;
	if (!spice_link_key_check(peer->key, bytes + 4, peer->password)) {
		result = SPICE_LINK_PERMISSION_DENIED;
	} else if (type != SPICE_CHANNEL_MAIN &&
			(c->request.connection_id != peer->session_id || peer->session_id == 0)) {
		result = SPICE_LINK_BAD_CONNECTION_ID;
	}
	uint8_t word[4];
	struct writer w = writer_of(word, sizeof word);
	write_u32(&w, result);
	(void)queue_out(c, word, sizeof word);
	if (result != SPICE_LINK_OK) {
		peer->state.refused_links++;
		c->close_after = true;
		return (int)len;
	}
	peer->state.links++;
	if (type == SPICE_CHANNEL_MAIN) {
		close_session(peer); /* one client only: the new one wins */
		while (peer->session_id == 0) {
			if (getrandom(&peer->session_id, sizeof peer->session_id, 0) < 0) {
				return -ENOTCONN;
			}
		}
	} else if (peer->linked[type]) {
		c->close_after = true; /* linked, then closed: the first one stays */
		return (int)len;
	}
	c->state = OPEN;
	peer->linked[type] = c;
	start_channel(peer, c);
	return 4 + (int)SPICE_TICKET_BYTES;
}

static int on_agent_data(
		struct spice_peer *peer, struct connection *c, const uint8_t *body, size_t len) {
	if (len > SPICE_AGENT_PAYLOAD_BYTES) {
		return -EBADMSG;
	}
	if (peer->agent_message == 0) {
		struct reader r = reader_of(body, len);
		uint32_t protocol = read_u32(&r);
		read_u32(&r);
		read_u64(&r);
		uint32_t size = read_u32(&r);
		if (!reader_ok(&r) || protocol != SPICE_AGENT_PROTOCOL || r.left > size) {
			return -EBADMSG;
		}
		peer->agent_message = size - (uint32_t)r.left;
	} else {
		if (len > peer->agent_message) {
			return -EBADMSG;
		}
		peer->agent_message -= (uint32_t)len;
	}
	if (!peer->agent || !peer->agent_started) {
		return 0; /* swallowed silently */
	}
	if (peer->agent_tokens == 0) {
		return -EBADMSG;
	}
	peer->agent_tokens--;
	if (++peer->agent_used == TOKEN_BATCH) {
		peer->agent_used = 0;
		peer->agent_tokens += TOKEN_BATCH;
		uint8_t word[4];
		struct writer w = writer_of(word, sizeof word);
		write_u32(&w, TOKEN_BATCH);
		send_written(c, SPICE_MAIN_AGENT_TOKEN, &w);
	}
	return 1;
}

static void send_channels(struct spice_peer *peer, struct connection *c) {
	uint8_t body[4 + 2 * SPICE_CHANNEL_COUNT];
	struct writer w = writer_of(body, sizeof body);
	uint32_t n = 0;
	for (unsigned type = 1; type < SPICE_CHANNEL_COUNT; type++) {
		n += channel_exists(peer, type);
	}
	write_u32(&w, n);
	for (unsigned type = 1; type < SPICE_CHANNEL_COUNT; type++) {
		if (channel_exists(peer, type)) {
			write_u8(&w, (uint8_t)type);
			write_u8(&w, 0);
		}
	}
	send_written(c, SPICE_MAIN_CHANNELS_LIST, &w);
}

/* 1 = the owner may want to see it too. */
static int on_main(struct spice_peer *peer, struct connection *c, unsigned type,
		const uint8_t *body, size_t len) {
	struct reader r = reader_of(body, len);
	switch (type) {
	case SPICE_MAIN_ATTACH_CHANNELS:
		send_channels(peer, c);
		return 0;
	case SPICE_MAIN_MOUSE_MODE_REQUEST: {
		unsigned mode = read_u16(&r);
		if (!reader_ok(&r)) {
			return -EBADMSG;
		}
		bool absolute = mode == SPICE_MOUSE_CLIENT;
		if ((absolute && !peer->absolute_possible) || absolute == peer->state.absolute) {
			return 0;
		}
		peer->state.absolute = absolute;
		send_mouse_mode(peer);
		return 0;
	}
	case SPICE_MAIN_AGENT_START:
		read_u32(&r);
		peer->agent_started = true;
		return reader_ok(&r) ? 1 : -EBADMSG;
	case SPICE_MAIN_AGENT_DATA_OUT:
		return on_agent_data(peer, c, body, len);
	case SPICE_MAIN_AGENT_TOKEN_OUT:
		read_u32(&r);
		return reader_ok(&r) ? 1 : -EBADMSG;
	case SPICE_MAIN_CLIENT_INFO:
		return 0;
	default:
		return -EBADMSG;
	}
}

static int on_display(struct spice_peer *peer, struct connection *c, unsigned type, size_t len) {
	switch (type) {
	case SPICE_DISPLAY_INIT:
		if (c->display_init) {
			peer->state.unsafe++;
		}
		c->display_init = true;
		return len < 14 ? -EBADMSG : 1;
	case SPICE_DISPLAY_PREFERRED_COMPRESSION:
		return len < 1 ? -EBADMSG : 1;
	default:
		return -EBADMSG;
	}
}

static int on_inputs(struct spice_peer *peer, struct connection *c, unsigned type,
		const uint8_t *body, size_t len) {
	if (len > INPUTS_MAX) {
		return -EBADMSG;
	}
	int acks = peer_inputs_message(&peer->inputs, &peer->state, &peer->events, type, body, len);
	for (int i = 0; i < acks; i++) {
		(void)send_message(c, SPICE_INPUTS_MOTION_ACK, NULL, 0);
	}
	return acks < 0 ? acks : 0;
}

static int on_record(unsigned type, size_t len) {
	switch (type) {
	case SPICE_RECORD_DATA:
	case SPICE_RECORD_START_MARK:
		return len < 4 ? -EBADMSG : 1;
	case SPICE_RECORD_MODE:
		return len < 6 ? -EBADMSG : 1;
	default:
		return -EBADMSG;
	}
}

static int on_typed(struct spice_peer *peer, struct connection *c, unsigned type,
		const uint8_t *body, size_t len) {
	switch ((enum spice_channel_type)c->request.channel_type) {
	case SPICE_CHANNEL_MAIN:
		return on_main(peer, c, type, body, len);
	case SPICE_CHANNEL_INPUTS:
		return on_inputs(peer, c, type, body, len);
	case SPICE_CHANNEL_DISPLAY:
		return on_display(peer, c, type, len);
	case SPICE_CHANNEL_RECORD:
		return on_record(type, len);
	case SPICE_CHANNEL_CURSOR:
	case SPICE_CHANNEL_PLAYBACK:
	case SPICE_CHANNEL_NONE:
	case SPICE_CHANNEL_COUNT:
		break;
	}
	return -EBADMSG;
}

static int on_common(struct spice_peer *peer, unsigned type, size_t len) {
	switch (type) {
	case SPICE_ACK_SYNC:
		return len < 4 ? -EBADMSG : 0;
	case SPICE_ACK:
		peer->state.acks++;
		return 0;
	case SPICE_PONG:
		peer->state.pongs++;
		return len < 12 ? -EBADMSG : 0;
	case SPICE_DISCONNECTING_BACK:
		return 0;
	default: /* 4 and 5: migration, of which there is none */
		peer->state.unsafe++;
		return -EBADMSG;
	}
}

static int on_open(
		struct spice_peer *peer, struct connection *c, const uint8_t *bytes, size_t len) {
	struct reader r = reader_of(bytes, len);
	unsigned type = read_u16(&r);
	uint32_t size = read_u32(&r);
	if (!reader_ok(&r)) {
		return 0;
	}
	if (size > MESSAGE_MAX) {
		peer->state.errors++;
		return -EBADMSG;
	}
	const uint8_t *body = read_bytes(&r, size);
	if (!reader_ok(&r)) {
		return 0;
	}
	int result = type < 101 ? on_common(peer, type, size) : on_typed(peer, c, type, body, size);
	if (result < 0) {
		peer->state.errors++;
		return result;
	}
	if (result == 1 && peer->events.message) {
		peer->events.message(c->request.channel_type, type, body, size, peer->events.data);
	}
	return (int)(SPICE_HEADER_BYTES + size);
}

/* One unit of the input. Bytes consumed, 0 = wait, < 0 = close. */
static int consume(struct connection *c, const uint8_t *bytes, size_t len) {
	struct spice_peer *peer = c->peer;
	if (c->close_after) {
		return (int)len; /* nobody reads it */
	}
	switch (c->state) {
	case LINK_REQUEST:
		return on_link_request(peer, c, bytes, len);
	case LINK_TICKET:
		return on_ticket(peer, c, bytes, len);
	case OPEN:
		return on_open(peer, c, bytes, len);
	}
	return -EBADMSG;
}

static void connection_read(struct connection *c) {
	ssize_t n = recv(c->fd, c->in + c->in_len, IN_BYTES - c->in_len, MSG_DONTWAIT);
	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
			connection_close(c);
		}
		return;
	}
	c->in_len += (size_t)n;
	size_t used = 0;
	while (c->fd >= 0 && used < c->in_len) {
		int r = consume(c, c->in + used, c->in_len - used);
		if (r < 0) {
			connection_close(c);
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

static void connection_ready(struct connection *c, uint32_t events) {
	if (c->fd < 0) {
		return;
	}
	if (c->peer->frozen) {
		connection_close(c); /* only a hang-up is still told */
		return;
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		connection_read(c);
	}
	if (c->fd >= 0 && (!write_out(c) || (c->close_after && c->out_len == 0))) {
		connection_close(c);
	}
	if (c->fd >= 0) {
		watch(c);
	}
}

static void accept_one(struct spice_peer *peer, int listen_fd) {
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		return;
	}
	struct connection *c = NULL;
	for (unsigned i = 0; i < CONNECTIONS_MAX && !c; i++) {
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
		connection_close(c);
	}
}

int spice_peer_step(struct spice_peer *peer) {
	for (int round = 0; round < ROUNDS_MAX; round++) {
		struct epoll_event events[CONNECTIONS_MAX];
		int n = epoll_wait(peer->epoll_fd, events, CONNECTIONS_MAX, 0);
		if (n < 0 && errno != EINTR) {
			return -errno;
		}
		if (n <= 0) {
			break;
		}
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == &peer->unix_fd) {
				accept_one(peer, peer->unix_fd);
			} else if (events[i].data.ptr == &peer->tcp_fd) {
				accept_one(peer, peer->tcp_fd);
			} else {
				connection_ready(events[i].data.ptr, events[i].events);
			}
		}
	}
	/* What one channel's message made another one say (motion acks, NOTIFY). */
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		struct connection *c = &peer->connections[i];
		if (c->fd >= 0 && !peer->frozen && c->out_len > 0) {
			connection_ready(c, 0);
		}
	}
	return 0;
}

static int listen_unix(struct spice_peer *peer) {
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

static int listen_tcp(struct spice_peer *peer, uint16_t port) {
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

static int copy_text(char **ret, const char *text) {
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

int spice_peer_create(struct spice_peer **ret_peer, const struct spice_peer_config *config,
		const struct spice_peer_events *events) {
	struct spice_peer *peer = calloc(1, sizeof *peer);
	if (!peer) {
		return -ENOMEM;
	}
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		peer->connections[i].fd = -1;
		peer->connections[i].peer = peer;
	}
	peer->unix_fd = peer->tcp_fd = -1;
	peer->events = events ? *events : (struct spice_peer_events){ 0 };
	peer->absolute_possible = config->absolute;
	peer->agent = config->agent;
	peer->channels = config->channels;
	memcpy(peer->uuid, config->uuid, sizeof peer->uuid);
	int r;
	peer->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (peer->epoll_fd < 0) {
		r = -errno;
		goto error;
	}
	r = spice_link_key_create(&peer->key);
	if (r < 0) {
		goto error;
	}
	r = spice_link_key_public(peer->key, peer->public_key);
	if (r < 0) {
		goto error;
	}
	if (copy_text(&peer->password, config->password) < 0 ||
			copy_text(&peer->name, config->name) < 0 ||
			copy_text(&peer->unix_path, config->unix_path) < 0) {
		r = -ENOMEM;
		goto error;
	}
	if (peer->unix_path && (r = listen_unix(peer)) < 0) {
		goto error;
	}
	if (config->tcp && (r = listen_tcp(peer, config->tcp_port)) < 0) {
		goto error;
	}
	*ret_peer = peer;
	return 0;
error:
	spice_peer_destroy(peer);
	return r;
}

static void close_fd(int fd) {
	if (fd >= 0) {
		close(fd);
	}
}

void spice_peer_destroy(struct spice_peer *peer) {
	if (!peer) {
		return;
	}
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		connection_close(&peer->connections[i]);
	}
	if (peer->unix_fd >= 0) {
		unlink(peer->unix_path);
	}
	close_fd(peer->unix_fd);
	close_fd(peer->tcp_fd);
	close_fd(peer->epoll_fd);
	spice_link_key_destroy(peer->key);
	free(peer->password);
	free(peer->name);
	free(peer->unix_path);
	free(peer);
}

int spice_peer_fd(const struct spice_peer *peer) {
	return peer->epoll_fd;
}

uint16_t spice_peer_port(const struct spice_peer *peer) {
	return peer->port;
}

const struct spice_peer_state *spice_peer_state(const struct spice_peer *peer) {
	return &peer->state;
}

bool spice_peer_key_held(const struct spice_peer *peer, unsigned scancode) {
	unsigned index = (scancode & 0x7f) | ((scancode & 0xff00) == 0xe000 ? 0x80u : 0u);
	return (peer->state.keys[index / 8] & (1u << (index % 8))) != 0;
}

int spice_peer_send_raw(struct spice_peer *peer, enum spice_channel_type channel, const void *bytes,
		size_t len) {
	struct connection *c = channel < SPICE_CHANNEL_COUNT ? peer->linked[channel] : NULL;
	if (!c) {
		return -ENOTCONN;
	}
	int r = queue_out(c, bytes, len);
	if (r == 0 && !peer->frozen) {
		(void)write_out(c); /* a client that is gone is noticed by the next step */
		watch(c);
	}
	return r;
}

int spice_peer_send(struct spice_peer *peer, enum spice_channel_type channel, unsigned type,
		const void *body, size_t len) {
	struct connection *c = channel < SPICE_CHANNEL_COUNT ? peer->linked[channel] : NULL;
	if (!c) {
		return -ENOTCONN;
	}
	int r = send_message(c, type, body, len);
	return r < 0 ? r : spice_peer_send_raw(peer, channel, NULL, 0);
}

size_t spice_peer_unsent(const struct spice_peer *peer, enum spice_channel_type channel) {
	const struct connection *c = channel < SPICE_CHANNEL_COUNT ? peer->linked[channel] : NULL;
	return c ? c->out_len : 0;
}

void spice_peer_set_leds(struct spice_peer *peer, unsigned leds) {
	uint8_t body[2];
	struct writer w = writer_of(body, sizeof body);
	write_u16(&w, (uint16_t)leds);
	peer->state.leds = leds;
	(void)spice_peer_send(
			peer, SPICE_CHANNEL_INPUTS, SPICE_INPUTS_MODIFIERS, body, sizeof body);
}

void spice_peer_set_absolute_possible(struct spice_peer *peer, bool possible) {
	if (peer->absolute_possible == possible) {
		return;
	}
	peer->absolute_possible = possible;
	peer->state.absolute = peer->state.absolute && possible;
	send_mouse_mode(peer);
	(void)spice_peer_send_raw(peer, SPICE_CHANNEL_MAIN, NULL, 0);
}

void spice_peer_set_agent(struct spice_peer *peer, bool connected) {
	uint8_t body[4];
	struct writer w = writer_of(body, sizeof body);
	write_u32(&w, connected ? AGENT_TOKENS : 0);
	peer->agent = connected;
	peer->agent_tokens = AGENT_TOKENS;
	peer->agent_used = 0;
	peer->agent_message = 0;
	(void)spice_peer_send(peer, SPICE_CHANNEL_MAIN,
			connected ? SPICE_MAIN_AGENT_CONNECTED_TOKENS
				  : SPICE_MAIN_AGENT_DISCONNECTED,
			body, sizeof body);
}

void spice_peer_close(struct spice_peer *peer, enum spice_channel_type channel) {
	if (channel == SPICE_CHANNEL_NONE) {
		close_session(peer);
	} else if (channel < SPICE_CHANNEL_COUNT && peer->linked[channel]) {
		connection_close(peer->linked[channel]);
	}
}

void spice_peer_set_frozen(struct spice_peer *peer, bool frozen) {
	peer->frozen = frozen;
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		if (peer->connections[i].fd >= 0) {
			watch(&peer->connections[i]);
		}
	}
}
