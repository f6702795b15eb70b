#include "client/spice_session.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOG_MODULE "spice"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/loop.h"
#include "client/dial.h"
#include "client/spice_reason.h"
#include "host-proto/spice/main.h"
#include "host-proto/spice/reader.h"
#include "host-proto/spice/tls.h"

#define LINK_TIMEOUT_NS  (10 * NS_PER_S)
#define PROBE_NS         (50 * NS_PER_MS) /* after a loss: is the server still there? */
#define KICKED_NS        (30 * NS_PER_S)
#define PASSWORD_NS      (30 * NS_PER_S)
#define REFUSED_NS       (5 * NS_PER_S)
#define SHORT_LIFE_NS    (5 * NS_PER_S)
#define SHORT_LIVES_MAX  2 /* a channel that is dropped so often at once is not for us */
#define MAIN_SEND_MAX    (256u * 1024)
#define DISPLAY_CHANNELS ((1u << SPICE_CHANNEL_DISPLAY) | (1u << SPICE_CHANNEL_CURSOR))

/* One channel type of the session. */
struct slot {
	struct spice_session *session;
	enum spice_channel_type type;
	struct spice_handler handler;
	bool wanted;
	bool given_up; /* not there, or dropped at once: not before the next session */
	struct dial *dial;
	struct spice_channel *channel;
	struct loop_source *source;
	struct loop_source *timer; /* linking: its deadline; away: the next attempt */
	uint32_t watched;
	bool more; /* spice_channel_step() has more at hand */
	unsigned attempts;
	unsigned short_lives;
	uint64_t linked_ns;
};

struct spice_session {
	struct loop *loop;
	struct spice_session_events events;
	struct dial_address address;
	char password_file[256];
	char ca_file[256];
	char password[SPICE_PASSWORD_MAX_BYTES];
	bool has_password; /* set by hand: goes before the file */
	struct spice_tls *tls;
	struct spice_session_status status;
	struct slot slots[SPICE_CHANNEL_COUNT];
	struct loop_source *more_wake;

	int inotify_fd;
	int inotify_watch;
	struct loop_source *inotify_source;
	char folder[108];
	char file[108];

	uint32_t session_id;
	uint32_t link_error; /* of the last channel that was refused */
	uint32_t channels;   /* CHANNELS_LIST; 0 = not told yet */
	bool started;
	bool was_up;               /* the last connection got as far as MAIN_INIT */
	bool suspect_kick;         /* it was closed by the server: the next attempt is a probe */
	struct dial_server server; /* of the last connection */
	bool asked_mode, ask_absolute;
};

static void slot_start(struct slot *slot);
static void session_lost(struct spice_session *session, int error);

static struct slot *main_slot(struct spice_session *session) {
	return &session->slots[SPICE_CHANNEL_MAIN];
}

static void tell(struct spice_session *session) {
	session->events.status(session->events.data);
}

static void set_part(struct spice_session *session, enum part_state state, const char *reason) {
	struct part_status status = { .state = state };
	log_printable(status.reason, sizeof status.reason, reason, strlen(reason));
	if (!part_status_equal(&status, &session->status.part)) {
		session->status.part = status;
		log_info("%s: %s", part_state_name(state), status.reason);
	}
	tell(session);
}

/* ---- one channel ---- */

static void slot_watch(struct slot *slot) {
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

/* Closes the channel and tells the handler; starts nothing. */
static void slot_close(struct slot *slot) {
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
	return dial_is_local(&session->address);
}

static uint64_t retry_delay_ns(const struct spice_session *session, unsigned attempts) {
	static const unsigned local_ms[] = { 250, 500, 1000 };
	static const unsigned remote_ms[] = { 250, 500, 1000, 2000, 4000, 5000 };
	return NS_PER_MS * (is_local(session) ? local_ms[attempts < 2 ? attempts : 2]
					      : remote_ms[attempts < 5 ? attempts : 5]);
}

static void slot_retry(struct slot *slot, uint64_t delay_ns) {
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
	slot_close(slot);
	if (slot->type == SPICE_CHANNEL_MAIN) {
		session_lost(session, error);
		return;
	}
	tell(session);
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
	slot_retry(slot, retry_delay_ns(session, slot->attempts));
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
		set_part(slot->session, PART_RUNNING, _("connected to the VM"));
	}
	if (slot->type == SPICE_CHANNEL_MAIN) {
		dial_get_server(spice_channel_fd(slot->channel), &slot->session->address,
				&slot->session->server);
	}
	if (slot->handler.linked) {
		slot->handler.linked(slot->channel, slot->handler.data);
	}
}

static int on_main_message(unsigned type, const uint8_t *body, size_t len, void *data);

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
	return session->address.kind != DIAL_UNIX || dial_server_equal(&server, &session->server);
}

static void be_kicked(struct spice_session *session) {
	session->status.kicked = true;
	set_part(session, PART_WAITING,
			_("another SPICE client took the VM over; press a key to take it back"));
	slot_retry(main_slot(session), KICKED_NS);
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
		slot_close(slot);
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
	slot_watch(slot);
}

static void on_ready(int fd, uint32_t events, void *data) {
	(void)fd;
	(void)events;
	slot_step(data);
}

static void on_more(void *data) {
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
		.caps = slot->handler.caps,
		.password = session->password,
		.send_max = slot->handler.send_max,
		.tls = session->tls,
		.host = session->address.host,
	};
	const struct spice_channel_events events = {
		.linked = on_linked,
		.message = is_main ? on_main_message : on_message,
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

static void read_password(struct spice_session *session);

static void slot_start(struct slot *slot) {
	struct spice_session *session = slot->session;
	if (slot->channel || slot->dial || session->address.kind == DIAL_OFF) {
		return;
	}
	if (slot->type == SPICE_CHANNEL_MAIN) {
		read_password(session);
	}
	struct dial *dial;
	int r = dial_start(&dial, session->loop, &session->address, on_dialed, slot);
	if (r < 0) {
		slot_lost(slot, r);
	} else if (dial) {
		slot->dial = dial;
	}
}

static bool slot_is_due(const struct slot *slot) {
	const struct spice_session *session = slot->session;
	return slot->wanted && !slot->given_up && session->session_id != 0 &&
	       (slot->type == SPICE_CHANNEL_INPUTS ||
			       (session->channels & (1u << slot->type)) != 0);
}

static void on_slot_timer(void *data) {
	struct slot *slot = data;
	if (slot->channel) {
		slot_lost(slot, -ETIMEDOUT);
	} else if (slot->type == SPICE_CHANNEL_MAIN || slot_is_due(slot)) {
		slot_start(slot);
	}
}

static void start_due(struct spice_session *session) {
	for (unsigned type = SPICE_CHANNEL_MAIN + 1; type < SPICE_CHANNEL_COUNT; type++) {
		struct slot *slot = &session->slots[type];
		if (slot_is_due(slot)) {
			slot_start(slot);
		}
	}
}

/* ---- the session ---- */

static void close_all(struct spice_session *session) {
	/* Inputs first: what is held must be released before anything else takes its time. */
	slot_close(&session->slots[SPICE_CHANNEL_INPUTS]);
	for (unsigned type = 1; type < SPICE_CHANNEL_COUNT; type++) {
		struct slot *slot = &session->slots[type];
		slot_close(slot);
		slot->given_up = false;
		slot->short_lives = 0;
		if (type != SPICE_CHANNEL_MAIN) {
			slot->attempts = 0;
		}
	}
	struct spice_session_status *status = &session->status;
	if (status->agent && session->events.agent) {
		session->events.agent(false, 0, session->events.data);
	}
	*status = (struct spice_session_status){ .part = status->part,
		.kicked = status->kicked,
		.needs_password = status->needs_password };
	session->session_id = 0;
	session->channels = 0;
}

static void session_lost(struct spice_session *session, int error) {
	struct slot *slot = main_slot(session);
	const bool was_up = session->was_up;
	const bool migrates = was_up && error == -ECONNRESET;
	session->was_up = false;
	close_all(session);
	if (session->address.kind == DIAL_OFF) {
		return;
	}
	slot->attempts = was_up ? 0 : slot->attempts + 1;
	session->status.needs_password = error == -EACCES;
	if (was_up && error == -ENOTCONN) {
		session->suspect_kick = true;
		set_part(session, PART_WAITING, _("the VM closed the SPICE connection"));
		slot_retry(slot, PROBE_NS);
		return;
	}
	char reason[PART_REASON_BYTES];
	if (migrates) {
		snprintf(reason, sizeof reason, _("the VM moves to another host"));
	} else {
		spice_reason_failed(reason, sizeof reason, error, session->link_error,
				&session->address);
	}
	if (spice_reason_is_final(error)) {
		set_part(session, PART_FAILED, reason);
		slot_retry(slot, error == -EACCES ? PASSWORD_NS : REFUSED_NS);
		return;
	}
	set_part(session, PART_WAITING, reason);
	slot_retry(slot, retry_delay_ns(session, slot->attempts > 0 ? slot->attempts - 1 : 0));
}

static void send_mouse_mode(struct spice_session *session) {
	const struct spice_session_status *status = &session->status;
	if (!session->asked_mode || session->ask_absolute == status->absolute ||
			(session->ask_absolute && !status->absolute_possible)) {
		return;
	}
	uint8_t body[2];
	struct writer w = writer_of(body, sizeof body);
	write_u16(&w, session->ask_absolute ? SPICE_MOUSE_CLIENT : SPICE_MOUSE_SERVER);
	(void)spice_session_send_main(session, SPICE_MAIN_MOUSE_MODE_REQUEST, body, sizeof body);
}

static void set_agent(struct spice_session *session, bool connected, uint32_t tokens) {
	session->status.agent = connected;
	if (session->events.agent) {
		session->events.agent(connected, tokens, session->events.data);
	}
}

static int on_init(struct spice_session *session, const struct spice_main_message *message) {
	struct spice_session_status *status = &session->status;
	if (session->session_id != 0) {
		return -EBADMSG; /* once */
	}
	session->session_id = message->session_id ? message->session_id : 1;
	session->was_up = true;
	status->kicked = false;
	status->needs_password = false;
	status->absolute = message->absolute;
	status->absolute_possible = message->can_be_absolute;
	main_slot(session)->attempts = 0;
	start_due(session); /* inputs: what the user waits for */
	if (session->session_id == 0) {
		return -ENOTCONN;
	}
	int r = spice_session_send_main(session, SPICE_MAIN_ATTACH_CHANNELS, NULL, 0);
	send_mouse_mode(session);
	if (message->agent) {
		set_agent(session, true, message->tokens);
	}
	tell(session);
	return r;
}

static void on_channels(struct spice_session *session, uint32_t channels) {
	struct spice_session_status *status = &session->status;
	session->channels = channels;
	status->has_display = (channels & (1u << SPICE_CHANNEL_DISPLAY)) != 0;
	status->has_playback = (channels & (1u << SPICE_CHANNEL_PLAYBACK)) != 0;
	status->has_record = (channels & (1u << SPICE_CHANNEL_RECORD)) != 0;
	start_due(session);
	tell(session);
}

static void on_notify(const struct spice_main_message *message) {
	char text[512];
	log_printable(text, sizeof text, (const char *)message->data, message->len);
	if (message->severity >= 2) {
		log_warn_limited("the server says: %s", text);
	} else {
		/* "keyboard channel is insecure" comes with every link without TLS. */
		log_debug_limited("the server says: %s", text);
	}
}

static int on_agent_message(
		struct spice_session *session, const struct spice_main_message *message) {
	if (message->kind == SPICE_MAIN_KIND_AGENT_TOKENS) {
		if (session->events.agent_tokens) {
			session->events.agent_tokens(message->tokens, session->events.data);
		}
		return 0;
	}
	return session->events.agent_data && session->status.agent
			       ? session->events.agent_data(
						 message->data, message->len, session->events.data)
			       : 0;
}

static int on_main_message(unsigned type, const uint8_t *body, size_t len, void *data) {
	struct slot *slot = data;
	struct spice_session *session = slot->session;
	struct spice_main_message message;
	int r = spice_main_read(type, body, len, &message);
	if (r < 0) {
		return r;
	}
	if (session->session_id == 0 && message.kind != SPICE_MAIN_KIND_INIT &&
			message.kind != SPICE_MAIN_KIND_NOTIFY) {
		return 0; /* nothing counts before INIT */
	}
	switch (message.kind) {
	case SPICE_MAIN_KIND_INIT:
		return on_init(session, &message);
	case SPICE_MAIN_KIND_CHANNELS:
		on_channels(session, message.channels);
		break;
	case SPICE_MAIN_KIND_MOUSE_MODE:
		session->status.absolute = message.absolute;
		session->status.absolute_possible = message.can_be_absolute;
		send_mouse_mode(session);
		tell(session);
		break;
	case SPICE_MAIN_KIND_AGENT_CONNECTED:
	case SPICE_MAIN_KIND_AGENT_DISCONNECTED:
		set_agent(session, message.kind == SPICE_MAIN_KIND_AGENT_CONNECTED, message.tokens);
		tell(session);
		break;
	case SPICE_MAIN_KIND_AGENT_DATA:
	case SPICE_MAIN_KIND_AGENT_TOKENS:
		return on_agent_message(session, &message);
	case SPICE_MAIN_KIND_NAME:
		log_printable(session->status.name, sizeof session->status.name,
				(const char *)message.data, message.len);
		tell(session);
		break;
	case SPICE_MAIN_KIND_UUID:
		memcpy(session->status.uuid, message.data, sizeof session->status.uuid);
		tell(session);
		break;
	case SPICE_MAIN_KIND_NOTIFY:
		on_notify(&message);
		break;
	case SPICE_MAIN_KIND_MIGRATE:
		return -ECONNRESET;
	case SPICE_MAIN_KIND_DISCONNECTING:
	case SPICE_MAIN_KIND_NONE:
		break;
	}
	return 0;
}

/* ---- the password ---- */

/* The first line of the file. A file that cannot be read is like none: the server decides. */
static void read_password(struct spice_session *session) {
	if (session->has_password || session->password_file[0] == '\0') {
		return;
	}
	explicit_bzero(session->password, sizeof session->password);
	int fd = open(session->password_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char text[sizeof session->password + 2];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (n < 0) {
		log_warn_limited("cannot read the password file %s (%s)", session->password_file,
				strerrordesc_np(errno));
	} else {
		text[n] = '\0';
		text[strcspn(text, "\r\n")] = '\0';
		size_t len = strlen(text);
		if (len < sizeof session->password) {
			memcpy(session->password, text, len + 1);
		} else {
			log_warn_limited("the password in %s is longer than SPICE allows (%u)",
					session->password_file, SPICE_PASSWORD_MAX_BYTES - 1);
		}
		explicit_bzero(text, sizeof text);
	}
	if (fd >= 0) {
		close(fd);
	}
}

void spice_session_set_password(struct spice_session *session, const char *password) {
	size_t len = strlen(password);
	if (len >= sizeof session->password) {
		return; /* the server would refuse it anyway */
	}
	explicit_bzero(session->password, sizeof session->password);
	memcpy(session->password, password, len + 1);
	session->has_password = true;
	if (session->session_id == 0) {
		slot_close(main_slot(session)); /* a link with the old one is not waited for */
	}
	spice_session_retry(session);
}

/* ---- the socket's folder ---- */

static void on_inotify(int fd, uint32_t events, void *data) {
	struct spice_session *session = data;
	(void)events;
	union {
		struct inotify_event event;
		char bytes[4096];
	} buffer;
	bool ours = false;
	ssize_t n;
	while ((n = read(fd, buffer.bytes, sizeof buffer.bytes)) > 0) {
		for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
			struct inotify_event event;
			memcpy(&event, buffer.bytes + at, sizeof event);
			const char *name = buffer.bytes + at + sizeof event;
			ours = ours ||
			       (event.len > 0 && strncmp(name, session->file, event.len) == 0);
			if (event.mask & IN_IGNORED) {
				session->inotify_watch = -1; /* the folder is gone */
			}
			at += (ssize_t)(sizeof event + event.len);
		}
	}
	struct slot *slot = main_slot(session);
	if (ours && !slot->channel && !slot->dial && !session->status.kicked) {
		/* bind() makes the file, listen() comes after it: refused is tried soon again. */
		slot->attempts = 0;
		slot_retry(slot, 20 * NS_PER_MS);
	}
}

static void watch_folder(struct spice_session *session) {
	if (session->inotify_fd >= 0 && session->inotify_watch >= 0) {
		inotify_rm_watch(session->inotify_fd, session->inotify_watch);
		session->inotify_watch = -1;
	}
	if (session->address.kind != DIAL_UNIX) {
		return;
	}
	char path[sizeof session->address.path];
	memcpy(path, session->address.path, sizeof path);
	strcpy(session->file, basename(path));
	memcpy(path, session->address.path, sizeof path);
	strcpy(session->folder, dirname(path));
	if (session->inotify_fd < 0) {
		session->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		if (session->inotify_fd < 0) {
			return; /* the timer alone then */
		}
		session->inotify_source = loop_add_fd(
				session->loop, session->inotify_fd, EPOLLIN, on_inotify, session);
	}
	session->inotify_watch = inotify_add_watch(session->inotify_fd, session->folder,
			IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR);
}

/* ---- for session.c ---- */

static int set_address(struct spice_session *session, const char *uri) {
	struct dial_address address;
	int r = dial_parse(uri, &address);
	if (r < 0) {
		return r;
	}
	if (address.tls && !session->tls) {
		r = spice_tls_create(&session->tls, session->ca_file);
		if (r < 0) {
			log_error("cannot use the certificate authority %s for TLS",
					session->ca_file[0] ? session->ca_file : "of the system");
			return r;
		}
	} else if (!address.tls) {
		spice_tls_destroy(session->tls);
		session->tls = NULL;
	}
	session->address = address;
	watch_folder(session);
	return 0;
}

int spice_session_create(struct spice_session **ret_session, struct loop *loop, const char *uri,
		const char *password_file, const char *ca_file,
		const struct spice_session_events *events) {
	struct spice_session *session = calloc(1, sizeof *session);
	if (!session) {
		return -ENOMEM;
	}
	int r = -ENOMEM;
	session->loop = loop;
	session->events = *events;
	session->inotify_fd = session->inotify_watch = -1;
	strncpy(session->password_file, password_file, sizeof session->password_file - 1);
	strncpy(session->ca_file, ca_file, sizeof session->ca_file - 1);
	for (unsigned type = 0; type < SPICE_CHANNEL_COUNT; type++) {
		struct slot *slot = &session->slots[type];
		slot->session = session;
		slot->type = (enum spice_channel_type)type;
		slot->timer = loop_add_timer(loop, on_slot_timer, slot);
		if (!slot->timer) {
			goto error;
		}
	}
	main_slot(session)->handler.caps =
			SPICE_MAIN_CAP_NAME_AND_UUID | SPICE_MAIN_CAP_AGENT_TOKENS;
	main_slot(session)->handler.send_max = MAIN_SEND_MAX;
	session->slots[SPICE_CHANNEL_INPUTS].wanted = true;
	session->more_wake = loop_add_wake(loop, on_more, session);
	if (!session->more_wake) {
		goto error;
	}
	r = set_address(session, uri);
	if (r < 0) {
		goto error;
	}
	*ret_session = session;
	return 0;
error:
	spice_session_destroy(session);
	return r;
}

void spice_session_destroy(struct spice_session *session) {
	if (!session) {
		return;
	}
	for (unsigned type = 0; type < SPICE_CHANNEL_COUNT; type++) {
		if (session->slots[type].timer) {
			slot_close(&session->slots[type]);
			loop_remove(session->slots[type].timer);
		}
	}
	loop_remove(session->more_wake);
	loop_remove(session->inotify_source);
	if (session->inotify_fd >= 0) {
		close(session->inotify_fd);
	}
	spice_tls_destroy(session->tls);
	explicit_bzero(session->password, sizeof session->password);
	free(session);
}

void spice_session_set_handler(struct spice_session *session, enum spice_channel_type type,
		const struct spice_handler *handler) {
	session->slots[type].handler = *handler;
}

void spice_session_want(struct spice_session *session, enum spice_channel_type type, bool wanted) {
	struct slot *slot = &session->slots[type];
	if (slot->wanted == wanted) {
		return;
	}
	slot->wanted = wanted;
	if (!wanted) {
		slot_close(slot);
		return;
	}
	slot->given_up = false;
	slot->short_lives = 0;
	slot->attempts = 0;
	if (slot_is_due(slot)) {
		slot_start(slot);
	}
}

void spice_session_start(struct spice_session *session) {
	if (session->address.kind == DIAL_OFF) {
		set_part(session, PART_OFF, "");
		return;
	}
	session->started = true;
	set_part(session, PART_WAITING, _("connecting to the VM"));
	slot_start(main_slot(session));
}

void spice_session_retry(struct spice_session *session) {
	struct slot *slot = main_slot(session);
	if (!session->started || slot->dial) {
		return;
	}
	if (session->session_id != 0) {
		start_due(session); /* main is there: what else was lost */
		return;
	}
	if (slot->channel) {
		return; /* it is being tried just now */
	}
	session->suspect_kick = false;
	session->status.kicked = false;
	slot->attempts = 0;
	slot_close(slot); /* its timer */
	slot_start(slot);
}

int spice_session_set_uri(struct spice_session *session, const char *uri) {
	int r = set_address(session, uri);
	if (r < 0) {
		return r;
	}
	session->was_up = false;
	session->suspect_kick = false;
	session->status.kicked = false;
	main_slot(session)->attempts = 0;
	close_all(session);
	spice_session_start(session);
	return 0;
}

void spice_session_ask_mouse_mode(struct spice_session *session, bool absolute) {
	session->asked_mode = true;
	session->ask_absolute = absolute;
	if (session->session_id != 0) {
		send_mouse_mode(session);
	}
}

int spice_session_send_main(
		struct spice_session *session, unsigned type, const void *body, size_t len) {
	struct slot *slot = main_slot(session);
	if (!slot->channel) {
		return -ENOTCONN;
	}
	int r = spice_channel_send(slot->channel, type, body, len);
	spice_session_sent(session, SPICE_CHANNEL_MAIN);
	return r;
}

size_t spice_session_unsent_main(const struct spice_session *session) {
	const struct slot *slot = &session->slots[SPICE_CHANNEL_MAIN];
	return slot->channel ? spice_channel_unsent(slot->channel) : 0;
}

void spice_session_sent(struct spice_session *session, enum spice_channel_type type) {
	struct slot *slot = &session->slots[type];
	if (slot->channel) {
		spice_channel_flush(slot->channel);
		slot_watch(slot);
	}
}

const struct spice_session_status *spice_session_status(const struct spice_session *session) {
	return &session->status;
}
