#include "host-proto/spice/channel.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "host-proto/spice/link.h"
#include "host-proto/spice/reader.h"
#include "host-proto/spice/tls.h"

#define READ_MAX     (256u * 1024) /* bytes a step takes from the socket */
#define GROW_FIRST   (64u * 1024)
#define KEEP_BYTES   (16u * 1024 * 1024) /* a larger buffer is given back after its message */
#define PING_MAX     100u                /* a second */
#define ACK_MAX      10000u
#define RESULT_BYTES 4u
#define SEND_MIN     4096u

enum state { STATE_CONNECTING, STATE_TLS, STATE_REPLY, STATE_RESULT, STATE_OPEN, STATE_DEAD };

struct spice_channel {
	int fd;
	enum state state;
	int error; /* STATE_DEAD: what step returns */
	enum spice_channel_type type;
	struct spice_link_request request;
	char password[SPICE_PASSWORD_MAX_BYTES];
	uint32_t link_error;
	struct spice_tls *tls;
	struct spice_tls_stream *stream;
	char host[256];

	/* The unit that is being received: a handshake part, or header and payload. */
	struct bytes in;

	/* What waits to be sent is the end of it, from out_start on. */
	struct bytes out;
	size_t out_start, out_max;

	bool given;          /* the message in it is the caller's until spice_channel_done() */
	bool again;          /* … and comes once more */
	uint32_t ack_window; /* 0 = none wanted */
	uint32_t ack_count;
	uint64_t ping_second;
	unsigned pings;
};

uint32_t spice_channel_limit(enum spice_channel_type type) {
	switch (type) {
	case SPICE_CHANNEL_MAIN:
		return 1u << 20;
	case SPICE_CHANNEL_DISPLAY:
		return 257u << 20; /* 64 Mpx of 4 bytes and what stands around them */
	case SPICE_CHANNEL_CURSOR:
		return 2u << 20;
	case SPICE_CHANNEL_PLAYBACK:
		return 64u << 10;
	case SPICE_CHANNEL_INPUTS:
	case SPICE_CHANNEL_RECORD:
	case SPICE_CHANNEL_NONE:
	case SPICE_CHANNEL_COUNT:
		break;
	}
	return 4096;
}

static int fail(struct spice_channel *channel, int error) {
	if (channel->state != STATE_DEAD) {
		channel->state = STATE_DEAD;
		channel->error = error;
	}
	return channel->error;
}

static size_t unsent(const struct spice_channel *channel) {
	return channel->out.len - channel->out_start;
}

static int queue_bytes(struct spice_channel *channel, const void *bytes, size_t len) {
	if (channel->state == STATE_DEAD) {
		return channel->error;
	}
	if (channel->out_start > 0 && len > channel->out.size - channel->out.len) {
		memmove(channel->out.data, channel->out.data + channel->out_start, unsent(channel));
		channel->out.len = unsent(channel);
		channel->out_start = 0;
	}
	int r = bytes_add(&channel->out, bytes, len, channel->out_start + channel->out_max);
	return r < 0 ? fail(channel, r) : 0;
}

int spice_channel_create(struct spice_channel **ret_channel, int fd,
		const struct spice_channel_config *config) {
	int result = -ENOMEM;
	struct spice_channel *channel = calloc(1, sizeof *channel);
	if (!channel) {
		close(fd);
		return -ENOMEM;
	}
	channel->fd = fd;
	channel->type = config->type;
	channel->tls = config->tls;
	channel->request = (struct spice_link_request){
		.connection_id = config->connection_id,
		.channel_type = (uint8_t)config->type,
		.channel_id = config->id,
		.common_caps = SPICE_LINK_CLIENT_CAPS,
		.channel_caps = config->caps,
	};
	channel->out_max = config->send_max > SEND_MIN ? config->send_max : SEND_MIN;
	if (bytes_reserve(&channel->out, SEND_MIN, SEND_MIN) < 0 ||
			bytes_reserve(&channel->in, SEND_MIN, SEND_MIN) < 0) {
		goto error;
	}
	result = -E2BIG;
	if (config->password) {
		size_t len = strlen(config->password);
		if (len >= sizeof channel->password) {
			goto error;
		}
		memcpy(channel->password, config->password, len + 1);
	}
	if (config->host) {
		size_t len = strlen(config->host);
		if (len >= sizeof channel->host) {
			goto error;
		}
		memcpy(channel->host, config->host, len + 1);
	}
	*ret_channel = channel;
	return 0;
error:
	spice_channel_destroy(channel);
	return result;
}

void spice_channel_destroy(struct spice_channel *channel) {
	if (!channel) {
		return;
	}
	OPENSSL_cleanse(channel->password, sizeof channel->password);
	spice_tls_stream_destroy(channel->stream);
	close(channel->fd);
	bytes_finish(&channel->in);
	bytes_finish(&channel->out);
	free(channel);
}

int spice_channel_fd(const struct spice_channel *channel) {
	return channel->fd;
}

uint32_t spice_channel_link_error(const struct spice_channel *channel) {
	return channel->link_error;
}

size_t spice_channel_unsent(const struct spice_channel *channel) {
	return unsent(channel);
}

bool spice_channel_wants_write(const struct spice_channel *channel) {
	switch (channel->state) {
	case STATE_CONNECTING:
		return true;
	case STATE_TLS:
		return spice_tls_wants_write(channel->stream);
	case STATE_REPLY:
	case STATE_RESULT:
	case STATE_OPEN:
		return unsent(channel) > 0;
	case STATE_DEAD:
		break;
	}
	return false;
}

/* Like recv(): bytes, 0 at the end of the stream, -EAGAIN, or an error. */
static ssize_t io_read(struct spice_channel *channel, void *to, size_t len) {
	if (channel->stream) {
		return spice_tls_read(channel->stream, to, len);
	}
	ssize_t n = recv(channel->fd, to, len, MSG_DONTWAIT);
	return n < 0 ? -errno : n;
}

static ssize_t io_write(struct spice_channel *channel, const void *from, size_t len) {
	if (channel->stream) {
		return spice_tls_write(channel->stream, from, len);
	}
	ssize_t n = send(channel->fd, from, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return n < 0 ? -errno : n;
}

static bool is_again(ssize_t error) {
	return error == -EAGAIN || error == -EINTR;
}

void spice_channel_flush(struct spice_channel *channel) {
	if (channel->state == STATE_CONNECTING || channel->state == STATE_TLS) {
		return;
	}
	while (channel->state != STATE_DEAD && unsent(channel) > 0) {
		ssize_t n = io_write(
				channel, channel->out.data + channel->out_start, unsent(channel));
		if (n < 0) {
			if (!is_again(n)) {
				fail(channel, n == -EPIPE || n == -ECONNRESET ? -ENOTCONN : (int)n);
			}
			return;
		}
		channel->out_start += (size_t)n;
	}
	if (unsent(channel) == 0) {
		channel->out.len = channel->out_start = 0;
	}
}

int spice_channel_send(struct spice_channel *channel, unsigned type, const void *body, size_t len) {
	if (channel->state != STATE_OPEN) {
		return channel->state == STATE_DEAD ? channel->error : -ENOTCONN;
	}
	uint8_t header[SPICE_HEADER_BYTES];
	struct writer w = writer_of(header, sizeof header);
	write_u16(&w, (uint16_t)type);
	write_u32(&w, (uint32_t)len);
	/* Both or neither: half a message would break the stream. */
	if (sizeof header + len > channel->out_max - unsent(channel)) {
		return fail(channel, -ENOBUFS);
	}
	int r = queue_bytes(channel, header, sizeof header);
	return r < 0 ? r : queue_bytes(channel, body, len);
}

/* Room for `need` bytes in all, but never more than twice of what came. */
static int in_reserve(struct spice_channel *channel, size_t need) {
	const size_t most = channel->in.len < GROW_FIRST ? GROW_FIRST : channel->in.len * 2;
	const size_t size = need < most ? need : most;
	int r = bytes_reserve(&channel->in, size - channel->in.len, size);
	return r < 0 ? fail(channel, r) : 0;
}

/* Receives until `need` bytes of the unit are there. 1 = complete, 0 = not yet, or dead. *budget is
 * what this step may still take. */
static int receive(struct spice_channel *channel, size_t need, size_t *budget) {
	while (channel->in.len < need) {
		int r = in_reserve(channel, need);
		if (r < 0) {
			return r;
		}
		size_t room = (need < channel->in.size ? need : channel->in.size) - channel->in.len;
		if (room > *budget) {
			room = *budget;
		}
		if (room == 0) {
			return 0; /* the socket is still readable: the next round goes on */
		}
		ssize_t n = io_read(channel, channel->in.data + channel->in.len, room);
		if (n == 0 || n == -ECONNRESET) {
			return fail(channel, -ENOTCONN);
		}
		if (n < 0) {
			return is_again(n) ? 0 : fail(channel, (int)n);
		}
		channel->in.len += (size_t)n;
		*budget -= (size_t)n;
	}
	return 1;
}

static void in_reset(struct spice_channel *channel) {
	bytes_reset(&channel->in, KEEP_BYTES);
}

static int start_link(struct spice_channel *channel) {
	uint8_t bytes[SPICE_LINK_REQUEST_BYTES];
	size_t len = spice_link_write_request(&channel->request, bytes);
	channel->state = STATE_REPLY;
	return queue_bytes(channel, bytes, len);
}

static int step_tls(struct spice_channel *channel) {
	int r = spice_tls_handshake(channel->stream);
	if (r < 0) {
		return r == -EAGAIN ? 0 : fail(channel, r);
	}
	return start_link(channel);
}

static int step_connecting(struct spice_channel *channel) {
	int error = 0;
	socklen_t len = sizeof error;
	if (getsockopt(channel->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0) {
		return fail(channel, -errno);
	}
	if (error != 0) {
		return fail(channel, -error);
	}
	struct sockaddr_storage peer;
	len = sizeof peer;
	if (getpeername(channel->fd, (struct sockaddr *)&peer, &len) < 0) {
		return errno == ENOTCONN ? 0 : fail(channel, -errno); /* not connected yet */
	}
	if (!channel->tls) {
		return start_link(channel);
	}
	int r = spice_tls_stream_create(&channel->stream, channel->tls, channel->fd, channel->host);
	if (r < 0) {
		return fail(channel, r);
	}
	channel->state = STATE_TLS;
	return step_tls(channel); /* the client speaks first */
}

static int refused(struct spice_channel *channel, uint32_t error) {
	channel->link_error = error;
	switch (error) {
	case SPICE_LINK_PERMISSION_DENIED:
		return fail(channel, -EACCES);
	case SPICE_LINK_VERSION_MISMATCH:
		return fail(channel, -EPROTONOSUPPORT);
	default:
		return fail(channel,
				error <= SPICE_LINK_CHANNEL_NOT_AVAILABLE ? -EPROTO : -EBADMSG);
	}
}

static int send_ticket(struct spice_channel *channel, const struct spice_link_reply *reply) {
	uint8_t bytes[4 + SPICE_TICKET_BYTES];
	struct writer w = writer_of(bytes, 4);
	write_u32(&w, SPICE_AUTH_MECHANISM);
	int r = spice_link_ticket(reply->key, channel->password, bytes + 4);
	OPENSSL_cleanse(channel->password, sizeof channel->password);
	if (r < 0) {
		return fail(channel, r);
	}
	channel->state = STATE_RESULT;
	return queue_bytes(channel, bytes, sizeof bytes);
}

static int step_reply(struct spice_channel *channel, size_t *budget) {
	/* A server that is not SPICE's may say no more than its greeting (VNC: 12 bytes). */
	int r = receive(channel, 4, budget);
	if (r > 0 && memcmp(channel->in.data, SPICE_MAGIC, 4) != 0) {
		return fail(channel, -ENOMSG);
	}
	/* First the header alone, so that nothing behind the reply is taken with it. */
	r = r > 0 ? receive(channel, SPICE_LINK_HEADER_BYTES, budget) : r;
	if (r <= 0) {
		return r;
	}
	struct reader header = reader_of(channel->in.data + 12, 4);
	uint32_t size = read_u32(&header);
	struct spice_link_reply reply;
	r = spice_link_read_reply(channel->in.data, channel->in.len, &reply);
	if (r == 0) {
		r = receive(channel, SPICE_LINK_HEADER_BYTES + size, budget);
		if (r <= 0) {
			return r;
		}
		r = spice_link_read_reply(channel->in.data, channel->in.len, &reply);
	}
	if (r < 0) {
		return fail(channel, r);
	}
	in_reset(channel);
	if (reply.error != SPICE_LINK_OK) {
		return refused(channel, reply.error);
	}
	if ((reply.common_caps & SPICE_CAP_MINI_HEADER) == 0) {
		return fail(channel, -EPROTONOSUPPORT);
	}
	return send_ticket(channel, &reply);
}

static int step_result(struct spice_channel *channel, size_t *budget) {
	int r = receive(channel, RESULT_BYTES, budget);
	if (r <= 0) {
		return r;
	}
	struct reader reader = reader_of(channel->in.data, RESULT_BYTES);
	uint32_t result = read_u32(&reader);
	in_reset(channel);
	if (result != SPICE_LINK_OK) {
		return refused(channel, result);
	}
	channel->state = STATE_OPEN;
	return SPICE_STEP_LINKED;
}

static int on_set_ack(struct spice_channel *channel, const uint8_t *body, size_t len) {
	struct reader r = reader_of(body, len);
	uint32_t generation = read_u32(&r);
	uint32_t window = read_u32(&r);
	if (!reader_ok(&r)) {
		return -EBADMSG;
	}
	channel->ack_window = window > ACK_MAX ? ACK_MAX : window;
	channel->ack_count = 0;
	uint8_t reply[4];
	struct writer w = writer_of(reply, sizeof reply);
	write_u32(&w, generation);
	return spice_channel_send(channel, SPICE_ACK_SYNC, reply, sizeof reply);
}

static int on_ping(struct spice_channel *channel, const uint8_t *body, size_t len) {
	if (len < 12) {
		return -EBADMSG;
	}
	uint64_t second = clock_now_ns() / NS_PER_S;
	if (second != channel->ping_second) {
		channel->ping_second = second;
		channel->pings = 0;
	}
	return ++channel->pings > PING_MAX ? 0 : spice_channel_send(channel, SPICE_PONG, body, 12);
}

/* Returns SPICE_STEP_MESSAGE where the message is the caller's, or a negative errno. */
static int on_message(struct spice_channel *channel, const struct spice_message *message) {
	const unsigned type = message->type;
	/* Every message counts, also those below; the SET_ACK itself does not (3.3). */
	if (type != SPICE_SET_ACK && !channel->again && channel->ack_window > 0 &&
			++channel->ack_count >= channel->ack_window) {
		channel->ack_count = 0;
		int r = spice_channel_send(channel, SPICE_ACK, NULL, 0);
		if (r < 0) {
			return r;
		}
	}
	switch (type) {
	case SPICE_SET_ACK:
		return on_set_ack(channel, message->body, message->len);
	case SPICE_PING:
		return on_ping(channel, message->body, message->len);
	case SPICE_WAIT_FOR_CHANNELS:
	case SPICE_LIST:
		return 0;
	default:
		return SPICE_STEP_MESSAGE;
	}
}

static int finish_message(struct spice_channel *channel, int result) {
	channel->given = false;
	channel->again = result > 0;
	if (!channel->again) {
		in_reset(channel);
	}
	return result < 0 ? fail(channel, result) : result;
}

static int step_open(
		struct spice_channel *channel, size_t *budget, struct spice_message *ret_message) {
	int r = receive(channel, SPICE_HEADER_BYTES, budget);
	if (r <= 0) {
		return r;
	}
	struct reader header = reader_of(channel->in.data, SPICE_HEADER_BYTES);
	const unsigned type = read_u16(&header);
	const uint32_t size = read_u32(&header);
	if (size > spice_channel_limit(channel->type)) {
		return fail(channel, -EBADMSG);
	}
	r = receive(channel, (size_t)SPICE_HEADER_BYTES + size, budget);
	if (r <= 0) {
		return r;
	}
	*ret_message = (struct spice_message){
		.type = type, .body = channel->in.data + SPICE_HEADER_BYTES, .len = size
	};
	r = on_message(channel, ret_message);
	channel->given = r == SPICE_STEP_MESSAGE;
	return channel->given ? r : finish_message(channel, r);
}

static int end_step(struct spice_channel *channel, bool more) {
	spice_channel_flush(channel);
	if (channel->state == STATE_DEAD) {
		return channel->error;
	}
	/* TLS keeps decrypted bytes that the socket does not tell of. */
	return more || (channel->stream && spice_tls_pending(channel->stream)) ? SPICE_STEP_MORE
									       : SPICE_STEP_WAIT;
}

int spice_channel_done(struct spice_channel *channel, int result) {
	const int r = channel->given ? finish_message(channel, result) : 0;
	return end_step(channel, r > 0);
}

int spice_channel_step(struct spice_channel *channel, struct spice_message *ret_message) {
	size_t budget = READ_MAX;
	int r = 0;
	switch (channel->state) {
	case STATE_CONNECTING:
		r = step_connecting(channel);
		break;
	case STATE_TLS:
		r = step_tls(channel);
		break;
	case STATE_REPLY:
		r = step_reply(channel, &budget);
		break;
	case STATE_RESULT:
		r = step_result(channel, &budget);
		break;
	case STATE_OPEN:
		r = step_open(channel, &budget, ret_message);
		break;
	case STATE_DEAD:
		return channel->error;
	}
	return r == SPICE_STEP_LINKED || r == SPICE_STEP_MESSAGE ? r : end_step(channel, r > 0);
}
