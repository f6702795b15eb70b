/*
 * The handshake of a channel, with a server that says anything: the two readers alone, a ticket
 * under whatever key the reply carries, and the whole channel over a socket, plain and
 * inside TLS. Then come messages.
 *
 * Covers: host-proto/spice/link.c host-proto/spice/channel.c host-proto/spice/tls.c
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host-proto/spice/channel.h"
#include "host-proto/spice/link.h"
#include "host-proto/spice/tls.h"
#include "tests/support/spice_step.h"

#define STEPS_MAX 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned sum;

static void on_linked(void *data) {
	struct spice_channel *const *channel = data;
	static const uint8_t body[32];
	(void)spice_channel_send(*channel, 101, body, sizeof body);
	spice_channel_flush(*channel);
}

/* A part at first, the rest the next time. */
static int on_message(unsigned type, const uint8_t *body, size_t len, void *data) {
	static unsigned turn;
	static const uint8_t answer[100];
	struct spice_channel *const *channel = data;
	if (type == 202 || type == 203) { /* many answers; the server reads none */
		for (unsigned i = 0; i < 200; i++) {
			(void)spice_channel_send(*channel, 101, answer, sizeof answer);
			if (type == 203) {
				spice_channel_flush(*channel);
			}
		}
		return 0;
	}
	sum += type + (len > 0 ? body[0] + body[len - 1] : 0u);
	return type == 200 ? (int)(++turn & 1) : type == 201 ? -EBADMSG : 0;
}

/* The server's end of the socket has said all of the bytes, in two parts. */
static void run(const uint8_t *bytes, size_t len, size_t first, struct spice_tls *tls) {
	int fds[2];
	struct spice_channel *channel = NULL;
	const struct spice_channel_config config = { .type = SPICE_CHANNEL_MAIN,
		.password = "secret",
		.send_max = 4096,
		.tls = tls,
		.host = "localhost" };
	const struct spice_step_events events = {
		.linked = on_linked, .message = on_message, .data = &channel
	};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0 ||
			spice_channel_create(&channel, fds[0], &config) < 0) {
		abort();
	}
	const int least = 1; /* the kernel makes some 4 KiB of it */
	(void)setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
	if (spice_channel_send(channel, 101, NULL, 0) == 0) {
		abort(); /* nothing goes before it is linked */
	}
	int r = 0;
	for (int part = 0; part < 2; part++) {
		const size_t n = part == 0 ? first : len - first;
		sum += (unsigned)send(fds[1], bytes, n, MSG_NOSIGNAL);
		bytes += n;
		for (int i = 0; i < STEPS_MAX && r >= 0 && (i < 3 || r > 0); i++) {
			r = spice_step_with(channel, &events);
			sum += spice_channel_wants_write(channel);
		}
	}
	close(fds[1]);
	for (int i = 0; i < STEPS_MAX && r >= 0; i++) {
		r = spice_step_with(channel, &events);
	}
	if (r >= 0) {
		abort(); /* its server is gone */
	}
	if (spice_channel_send(channel, 101, NULL, 0) == 0 ||
			spice_step_with(channel, &events) >= 0) {
		abort(); /* and stays so */
	}
	spice_channel_destroy(NULL);
	sum += spice_channel_link_error(channel);
	spice_channel_destroy(channel);
}

/* What a certificate's subject has to be, as a connection file says it. */
static void try_subject(const uint8_t *data, size_t size) {
	struct spice_tls *tls = NULL;
	char subject[200];
	const size_t len = size < sizeof subject ? size : sizeof subject - 1;
	memcpy(subject, data, len);
	subject[len] = '\0';
	if (spice_tls_create(&tls, "", subject) == 0) {
		spice_tls_destroy(tls);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static struct spice_tls *tls;
	struct spice_link_request request;
	struct spice_link_reply reply;
	if (size > 0 && data[0] == '=') {
		try_subject(data + 1, size - 1);
		return 0;
	}
	int r = spice_link_read_request(data, size, &request);
	if (r > 0 && (size_t)r > size) {
		abort();
	}
	r = spice_link_read_reply(data, size, &reply);
	if (r > 0 && (size_t)r > size) {
		abort();
	}
	if (r > 0 && reply.error == SPICE_LINK_OK) {
		uint8_t ticket[SPICE_TICKET_BYTES];
		(void)spice_link_ticket(reply.key, "password", ticket);
	}
	if (size > 0 && size < 60000) {
		if (!tls && spice_tls_create(&tls, "", "") < 0) {
			abort();
		}
		run(data, size, size / 2, NULL);
		run(data, size, size, NULL);
		run(data, size, size / 3, tls);
	}
	return 0;
}
