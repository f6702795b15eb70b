#define LOG_MODULE "spice"
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/loop.h"
#include "client/session/spice_reason.h"
#include "client/session/spice_session_internal.h"
#include "host-proto/spice/main.h"

#define LINK_TIMEOUT_NS (10 * NS_PER_S)
#define KICKED_NS       (30 * NS_PER_S)
#define KICKED_LOOK_NS  (1 * NS_PER_S)
#define SHORT_LIFE_NS   (5 * NS_PER_S)
#define SHORT_LIVES_MAX 2 /* a channel that is dropped so often at once is not for us */

void channel_link_watch(struct channel_link *link) {
	if (!link->source) {
		return;
	}
	uint32_t events = EPOLLIN;
	if (spice_channel_wants_write(link->channel)) {
		events |= EPOLLOUT;
	}
	if (events != link->watched) {
		link->watched = events;
		loop_set_events(link->source, events);
	}
}

void channel_link_close(struct channel_link *link) {
	spice_connect_cancel(link->connecting);
	link->connecting = NULL;
	loop_remove(link->source);
	link->source = NULL;
	link->more = false;
	loop_set_timer(link->timer, 0);
	if (!link->channel) {
		return;
	}
	struct spice_channel *channel = link->channel;
	bool linked = link->linked_ns != 0;
	link->channel = NULL;
	link->linked_ns = 0;
	if (link->type == SPICE_CHANNEL_INPUTS) {
		link->session->status.inputs = false;
	}
	if (linked && link->handler.closed) {
		link->handler.closed(link->handler.data);
	}
	spice_channel_destroy(channel);
}

static bool is_local(const struct spice_session *session) {
	return spice_address_is_local(&session->address);
}

uint64_t channel_link_delay_ns(const struct spice_session *session, unsigned attempts) {
	static const unsigned local_ms[] = { 250, 500, 1000 };
	static const unsigned remote_ms[] = { 250, 500, 1000, 2000, 4000, 5000 };
	return NS_PER_MS * (is_local(session) ? local_ms[attempts < 2 ? attempts : 2]
					      : remote_ms[attempts < 5 ? attempts : 5]);
}

void channel_link_retry(struct channel_link *link, uint64_t delay_ns) {
	loop_set_timer(link->timer, clock_now_ns() + delay_ns);
}

/* A channel other than main was lost or could not be had while main is there. */
static void link_lost(struct channel_link *link, int error) {
	struct spice_session *session = link->session;
	uint64_t lived = link->linked_ns ? clock_now_ns() - link->linked_ns : 0;
	bool linked = link->linked_ns != 0;
	log_debug("channel %s is gone (%s)", spice_reason_channel(link->type),
			strerrordesc_np(-error));
	session->link_error = link->channel ? spice_channel_link_error(link->channel) : 0;
	channel_link_close(link);
	if (link->type == SPICE_CHANNEL_MAIN) {
		spice_session_lost(session, error);
		return;
	}
	spice_session_tell(session);
	if (link->type != SPICE_CHANNEL_INPUTS) {
		/* The server says that a channel does not exist by closing it (2.7). Without GL the
		 * display of a GL machine is dropped right after the link (9.3). */
		link->short_lives = lived > SHORT_LIFE_NS ? 0 : link->short_lives + 1;
		if (link->short_lives >= SHORT_LIVES_MAX) {
			link->given_up = true;
			log_info("no %s from this server", spice_reason_channel(link->type));
			return;
		}
	}
	link->attempts = linked && lived > SHORT_LIFE_NS ? 0 : link->attempts + 1;
	channel_link_retry(link, channel_link_delay_ns(session, link->attempts));
}

static void on_linked(struct channel_link *link) {
	link->linked_ns = clock_now_ns();
	loop_set_timer(link->timer, 0);
	if (link->type != SPICE_CHANNEL_MAIN) {
		log_debug("channel %s is linked", spice_reason_channel(link->type));
	}
	if (link->type == SPICE_CHANNEL_INPUTS) {
		link->session->status.inputs = true;
		spice_session_set_part(link->session, PART_RUNNING, _("connected to the VM"));
	}
	if (link->type == SPICE_CHANNEL_MAIN) {
		const int fd = spice_channel_fd(link->channel);
		spice_connect_get_server(fd, &link->session->address, &link->session->server);
		link->session->elsewhere = spice_connect_is_elsewhere(fd);
	}
	if (link->handler.linked) {
		link->handler.linked(link->channel, link->handler.data);
	}
}

static int on_message(struct channel_link *link, const struct spice_message *message) {
	if (link->type == SPICE_CHANNEL_MAIN) {
		return spice_session_on_main(link->session, message);
	}
	if (message->type < 101) {
		struct spice_main_message common;
		int r = spice_common_read(message->type, message->body, message->len, &common);
		/* A channel that is to move to another host: the whole session starts anew. */
		return r == 0 && common.kind == SPICE_MAIN_KIND_MIGRATE ? -ECONNRESET : r;
	}
	return link->handler.message ? link->handler.message(message->type, message->body,
						       message->len, link->handler.data)
				     : 0;
}

/*
 * The first socket after a loss tells whether the server is the one that dropped us: one that is
 * gone refuses, and the next one is another process, file or listening socket. (On another machine
 * only a refusal tells.) Another client must not lose its session to a mere probe, so the handshake
 * starts only when it was no kick.
 */
static bool is_same_server(struct spice_session *session, int fd) {
	struct spice_server server;
	spice_connect_get_server(fd, &session->address, &server);
	return spice_connect_server_equal(&server, &session->server);
}

static void be_kicked(struct spice_session *session) {
	session->status.kicked = true;
	session->kicked_until_ns = clock_now_ns() + KICKED_NS;
	spice_session_set_part(session, PART_WAITING,
			_("another SPICE client took the VM over; press a key to take it back"));
	channel_link_retry(spice_session_main(session), KICKED_LOOK_NS);
}

bool channel_link_look_for_server(struct spice_session *session) {
	if (!spice_connect_is_replaced(&session->address, &session->server)) {
		return false;
	}
	session->status.kicked = false;
	spice_session_set_part(session, PART_WAITING, _("connecting to the VM"));
	return true;
}

/* The socket is connected, or it failed: is it the server that dropped us? False = the link has no
 * channel any more. */
static bool pass_probe(struct channel_link *link) {
	struct spice_session *session = link->session;
	const int fd = spice_channel_fd(link->channel);
	int error = 0;
	socklen_t len = sizeof error;
	struct sockaddr_storage peer;
	session->suspect_kick = false;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error != 0) {
		link_lost(link, -error);
		return false;
	}
	len = sizeof peer;
	if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0 && is_same_server(session, fd)) {
		channel_link_close(link);
		be_kicked(session);
		return false;
	}
	return true;
}

/* As spice_channel_step(), with what it found dealt with: 0, 1 = more is at hand, or negative. */
static int step_channel(struct channel_link *link) {
	struct spice_message message;
	int r = spice_channel_step(link->channel, &message);
	if (r == SPICE_STEP_LINKED) {
		on_linked(link);
		r = spice_channel_done(link->channel, 0);
	} else if (r == SPICE_STEP_MESSAGE) {
		r = spice_channel_done(link->channel, on_message(link, &message));
	}
	return r;
}

static void link_step(struct channel_link *link) {
	link->more = false;
	if (link->type == SPICE_CHANNEL_MAIN && link->session->suspect_kick && !pass_probe(link)) {
		return;
	}
	const size_t unsent = spice_channel_unsent(link->channel);
	const int r = step_channel(link);
	if (r < 0) {
		link_lost(link, r);
		return;
	}
	if (link->type == SPICE_CHANNEL_MAIN && unsent > 0 &&
			spice_channel_unsent(link->channel) == 0 &&
			link->session->events.main_drained) {
		link->session->events.main_drained(link->session->events.data);
	}
	if (r > 0) {
		link->more = true;
		loop_wake(link->session->more_wake);
	}
	channel_link_watch(link);
}

static void on_ready(int fd, uint32_t events, void *data) {
	(void)fd;
	(void)events;
	link_step(data);
}

void channel_link_on_more(void *data) {
	struct spice_session *session = data;
	for (unsigned type = 1; type < SPICE_CHANNEL_COUNT; type++) {
		if (session->links[type].more) {
			link_step(&session->links[type]);
		}
	}
}

static void link_connected(struct channel_link *link, int fd) {
	struct spice_session *session = link->session;
	const bool is_main = link->type == SPICE_CHANNEL_MAIN;
	const struct spice_channel_config config = {
		.type = link->type,
		.connection_id = is_main ? 0 : session->session_id,
		.caps = link->handler.caps | (session->elsewhere ? link->handler.remote_caps : 0),
		.password = session->password,
		.send_max = link->handler.send_max,
		.tls = session->tls,
		.host = session->address.host,
	};
	int r = spice_channel_create(&link->channel, fd, &config);
	if (r < 0) {
		link->channel = NULL;
		link_lost(link, r);
		return;
	}
	link->watched = EPOLLIN | EPOLLOUT;
	link->source = loop_add_fd(session->loop, fd, link->watched, on_ready, link);
	if (!link->source) {
		link_lost(link, -ENOMEM);
		return;
	}
	loop_set_timer(link->timer, clock_now_ns() + LINK_TIMEOUT_NS);
}

static void on_connected(int fd, void *data) {
	struct channel_link *link = data;
	struct spice_session *session = link->session;
	link->connecting = NULL;
	if (fd < 0) {
		session->suspect_kick = session->suspect_kick && link->type != SPICE_CHANNEL_MAIN;
		link_lost(link, fd);
		return;
	}
	link_connected(link, fd);
}

void channel_link_start(struct channel_link *link) {
	struct spice_session *session = link->session;
	if (link->channel || link->connecting || session->address.kind == SPICE_ADDRESS_OFF) {
		return;
	}
	if (link->type == SPICE_CHANNEL_MAIN) {
		spice_session_read_password(session);
	}
	struct spice_connect *connecting;
	int r = spice_connect_start(&connecting, session->loop, &session->address, &session->check,
			on_connected, link);
	if (r < 0) {
		link_lost(link, r);
	} else if (connecting) {
		link->connecting = connecting;
	}
}

bool channel_link_is_due(const struct channel_link *link) {
	const struct spice_session *session = link->session;
	return link->wanted && !link->given_up && session->session_id != 0 &&
	       (link->type == SPICE_CHANNEL_INPUTS ||
			       (session->channels & (1u << link->type)) != 0);
}

void channel_link_on_timer(void *data) {
	struct channel_link *link = data;
	struct spice_session *session = link->session;
	if (link->channel) {
		link_lost(link, -ETIMEDOUT);
	} else if (link->type == SPICE_CHANNEL_MAIN && session->status.kicked &&
			clock_now_ns() < session->kicked_until_ns &&
			!channel_link_look_for_server(session)) {
		channel_link_retry(link, KICKED_LOOK_NS);
	} else if (link->type == SPICE_CHANNEL_MAIN || channel_link_is_due(link)) {
		channel_link_start(link);
	}
}
