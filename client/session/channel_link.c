#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define LOG_MODULE "spice"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/loop.h"
#include "client/session/spice_reason.h"
#include "client/session/spice_session_internal.h"
#include "host-proto/spice/main.h"

#define LINK_TIMEOUT_NS (10 * NS_PER_S)
#define KICKED_NS       (30 * NS_PER_S)
#define SHORT_LIFE_NS   (5 * NS_PER_S)
#define SHORT_LIVES_MAX 2 /* a channel that is dropped so often at once is not for us */

void spice_slot_watch(struct slot *slot) {
	if (!slot->source) {
		return;
	}
	uint32_t events = EPOLLIN;
	if (spice_channel_wants_write(slot->channel)) {
		events |= EPOLLOUT;
	}
	if (events != slot->watched) {
		slot->watched = events;
		loop_set_events(slot->source, events);
	}
}

void spice_slot_close(struct slot *slot) {
	dial_cancel(slot->dial);
	slot->dial = NULL;
	loop_remove(slot->source);
	slot->source = NULL;
	slot->more = false;
	loop_set_timer(slot->timer, 0);
	if (!slot->channel) {
		return;
	}
	struct spice_channel *channel = slot->channel;
	bool linked = slot->linked_ns != 0;
	slot->channel = NULL;
	slot->linked_ns = 0;
	if (slot->type == SPICE_CHANNEL_INPUTS) {
		slot->session->status.inputs = false;
	}
	if (linked && slot->handler.closed) {
		slot->handler.closed(slot->handler.data);
	}
	spice_channel_destroy(channel);
}

static bool is_local(const struct spice_session *session) {
	return spice_address_is_local(&session->address);
}

uint64_t spice_slot_delay_ns(const struct spice_session *session, unsigned attempts) {
	static const unsigned local_ms[] = { 250, 500, 1000 };
	static const unsigned remote_ms[] = { 250, 500, 1000, 2000, 4000, 5000 };
	return NS_PER_MS * (is_local(session) ? local_ms[attempts < 2 ? attempts : 2]
					      : remote_ms[attempts < 5 ? attempts : 5]);
}

void spice_slot_retry(struct slot *slot, uint64_t delay_ns) {
	loop_set_timer(slot->timer, clock_now_ns() + delay_ns);
}

/* A channel other than main was lost or could not be had while main is there. */
static void slot_lost(struct slot *slot, int error) {
	struct spice_session *session = slot->session;
	uint64_t lived = slot->linked_ns ? clock_now_ns() - slot->linked_ns : 0;
	bool linked = slot->linked_ns != 0;
	log_debug("channel %s is gone (%s)", spice_reason_channel(slot->type),
			strerrordesc_np(-error));
	session->link_error = slot->channel ? spice_channel_link_error(slot->channel) : 0;
	spice_slot_close(slot);
	if (slot->type == SPICE_CHANNEL_MAIN) {
		spice_session_lost(session, error);
		return;
	}
	spice_session_tell(session);
	if (slot->type != SPICE_CHANNEL_INPUTS) {
		/* The server says that a channel does not exist by closing it (2.7). Without GL the
		 * display of a GL machine is dropped right after the link (9.3). */
		slot->short_lives = lived > SHORT_LIFE_NS ? 0 : slot->short_lives + 1;
		if (slot->short_lives >= SHORT_LIVES_MAX) {
			slot->given_up = true;
			log_info("no %s from this server", spice_reason_channel(slot->type));
			return;
		}
	}
	slot->attempts = linked && lived > SHORT_LIFE_NS ? 0 : slot->attempts + 1;
	spice_slot_retry(slot, spice_slot_delay_ns(session, slot->attempts));
}

static void on_linked(void *data) {
	struct slot *slot = data;
	slot->linked_ns = clock_now_ns();
	loop_set_timer(slot->timer, 0);
	if (slot->type != SPICE_CHANNEL_MAIN) {
		log_debug("channel %s is linked", spice_reason_channel(slot->type));
	}
	if (slot->type == SPICE_CHANNEL_INPUTS) {
		slot->session->status.inputs = true;
		spice_session_set_part(slot->session, PART_RUNNING, _("connected to the VM"));
	}
	if (slot->type == SPICE_CHANNEL_MAIN) {
		const int fd = spice_channel_fd(slot->channel);
		dial_get_server(fd, &slot->session->address, &slot->session->server);
		slot->session->elsewhere = dial_is_elsewhere(fd);
	}
	if (slot->handler.linked) {
		slot->handler.linked(slot->channel, slot->handler.data);
	}
}

static int on_message(unsigned type, const uint8_t *body, size_t len, void *data) {
	struct slot *slot = data;
	if (type < 101) {
		struct spice_main_message message;
		int r = spice_common_read(type, body, len, &message);
		/* A channel that is to move to another host: the whole session starts anew. */
		return r == 0 && message.kind == SPICE_MAIN_KIND_MIGRATE ? -ECONNRESET : r;
	}
	return slot->handler.message ? slot->handler.message(type, body, len, slot->handler.data)
				     : 0;
}

/*
 * The first socket after a loss tells whether the server is the one that dropped us: a TCP server
 * that is gone refuses; on a unix socket, process and file say it for sure. Another client must not
 * lose its session to a mere probe, so the handshake starts only when it was no kick.
 */
static bool is_same_server(struct spice_session *session, int fd) {
	struct dial_server server;
	dial_get_server(fd, &session->address, &server);
	return session->address.kind != SPICE_ADDRESS_UNIX ||
	       dial_server_equal(&server, &session->server);
}

static void be_kicked(struct spice_session *session) {
	session->status.kicked = true;
	spice_session_set_part(session, PART_WAITING,
			_("another SPICE client took the VM over; press a key to take it back"));
	spice_slot_retry(spice_session_main(session), KICKED_NS);
}

/* The socket is connected, or it failed: is it the server that dropped us? False = the slot has no
 * channel any more. */
static bool pass_probe(struct slot *slot) {
	struct spice_session *session = slot->session;
	const int fd = spice_channel_fd(slot->channel);
	int error = 0;
	socklen_t len = sizeof error;
	struct sockaddr_storage peer;
	session->suspect_kick = false;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error != 0) {
		slot_lost(slot, -error);
		return false;
	}
	len = sizeof peer;
	if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0 && is_same_server(session, fd)) {
		spice_slot_close(slot);
		be_kicked(session);
		return false;
	}
	return true;
}

static void slot_step(struct slot *slot) {
	slot->more = false;
	if (slot->type == SPICE_CHANNEL_MAIN && slot->session->suspect_kick && !pass_probe(slot)) {
		return;
	}
	const size_t unsent = spice_channel_unsent(slot->channel);
	int r = spice_channel_step(slot->channel);
	if (r < 0) {
		slot_lost(slot, r);
		return;
	}
	if (slot->type == SPICE_CHANNEL_MAIN && unsent > 0 &&
			spice_channel_unsent(slot->channel) == 0 &&
			slot->session->events.main_drained) {
		slot->session->events.main_drained(slot->session->events.data);
	}
	if (r > 0) {
		slot->more = true;
		loop_wake(slot->session->more_wake);
	}
	spice_slot_watch(slot);
}

static void on_ready(int fd, uint32_t events, void *data) {
	(void)fd;
	(void)events;
	slot_step(data);
}

void spice_slot_on_more(void *data) {
	struct spice_session *session = data;
	for (unsigned type = 1; type < SPICE_CHANNEL_COUNT; type++) {
		if (session->slots[type].more) {
			slot_step(&session->slots[type]);
		}
	}
}

static void slot_connected(struct slot *slot, int fd) {
	struct spice_session *session = slot->session;
	const bool is_main = slot->type == SPICE_CHANNEL_MAIN;
	const struct spice_channel_config config = {
		.type = slot->type,
		.connection_id = is_main ? 0 : session->session_id,
		.caps = slot->handler.caps | (session->elsewhere ? slot->handler.remote_caps : 0),
		.password = session->password,
		.send_max = slot->handler.send_max,
		.tls = session->tls,
		.host = session->address.host,
	};
	const struct spice_channel_events events = {
		.linked = on_linked,
		.message = is_main ? spice_session_on_main : on_message,
		.data = slot,
	};
	int r = spice_channel_create(&slot->channel, fd, &config, &events);
	if (r < 0) {
		slot->channel = NULL;
		slot_lost(slot, r);
		return;
	}
	slot->watched = EPOLLIN | EPOLLOUT;
	slot->source = loop_add_fd(session->loop, fd, slot->watched, on_ready, slot);
	if (!slot->source) {
		slot_lost(slot, -ENOMEM);
		return;
	}
	loop_set_timer(slot->timer, clock_now_ns() + LINK_TIMEOUT_NS);
}

static void on_dialed(int fd, void *data) {
	struct slot *slot = data;
	struct spice_session *session = slot->session;
	slot->dial = NULL;
	if (fd < 0) {
		session->suspect_kick = session->suspect_kick && slot->type != SPICE_CHANNEL_MAIN;
		slot_lost(slot, fd);
		return;
	}
	slot_connected(slot, fd);
}

void spice_slot_start(struct slot *slot) {
	struct spice_session *session = slot->session;
	if (slot->channel || slot->dial || session->address.kind == SPICE_ADDRESS_OFF) {
		return;
	}
	if (slot->type == SPICE_CHANNEL_MAIN) {
		spice_session_read_password(session);
	}
	struct dial *dial;
	int r = dial_start(&dial, session->loop, &session->address, on_dialed, slot);
	if (r < 0) {
		slot_lost(slot, r);
	} else if (dial) {
		slot->dial = dial;
	}
}

bool spice_slot_is_due(const struct slot *slot) {
	const struct spice_session *session = slot->session;
	return slot->wanted && !slot->given_up && session->session_id != 0 &&
	       (slot->type == SPICE_CHANNEL_INPUTS ||
			       (session->channels & (1u << slot->type)) != 0);
}

void spice_slot_on_timer(void *data) {
	struct slot *slot = data;
	if (slot->channel) {
		slot_lost(slot, -ETIMEDOUT);
	} else if (slot->type == SPICE_CHANNEL_MAIN || spice_slot_is_due(slot)) {
		spice_slot_start(slot);
	}
}
