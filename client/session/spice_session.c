#define LOG_MODULE "spice"
#include "client/session/spice_session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/utf8.h"
#include "client/session/socket_watch.h"
#include "client/session/spice_reason.h"
#include "client/session/spice_session_internal.h"
#include "host-proto/spice/main.h"
#include "host-proto/spice/reader.h"
#include "host-proto/spice/tls.h"

#define PROBE_NS       (50 * NS_PER_MS) /* after a loss: is the server still there? */
#define SESSIONS_BURST 30u
#define SESSIONS_NS    (2 * NS_PER_S)
#define PASSWORD_NS    (30 * NS_PER_S)
#define REFUSED_NS     (5 * NS_PER_S)
/* A password that is known: again after 0.25, 0.5, 1, 2, 4 s, then every 5 s. */
#define PASSWORD_FIRST_NS (250 * NS_PER_MS)
#define PASSWORD_MAX_NS   (5 * NS_PER_S)
#define PASSWORD_TRIES    4u /* about 2 s: from then on the user is asked, too */
#define MAIN_SEND_MAX     (256u * 1024)

void spice_session_set_part(
		struct spice_session *session, enum part_state state, const char *reason) {
	struct part_status status = { .state = state };
	utf8_printable(status.reason, sizeof status.reason, reason, strlen(reason));
	if (!part_status_equal(&status, &session->status.part)) {
		session->status.part = status;
		log_info("%s%s", part_state_prefix(state), status.reason);
	}
	spice_session_tell(session);
}

/* ---- the session ---- */

static void start_due(struct spice_session *session) {
	for (unsigned type = SPICE_CHANNEL_MAIN + 1; type < SPICE_CHANNEL_COUNT; type++) {
		struct channel_link *link = &session->links[type];
		if (channel_link_is_due(link)) {
			channel_link_start(link);
		}
	}
}

static void close_all(struct spice_session *session) {
	/* Inputs first: what is held must be released before anything else takes its time. */
	channel_link_close(&session->links[SPICE_CHANNEL_INPUTS]);
	for (unsigned type = 1; type < SPICE_CHANNEL_COUNT; type++) {
		struct channel_link *link = &session->links[type];
		channel_link_close(link);
		link->given_up = false;
		link->short_lives = 0;
		if (type != SPICE_CHANNEL_MAIN) {
			link->attempts = 0;
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

/* The server has a port for TLS beside the one that refused to go on without it. */
static int switch_to_tls(struct spice_session *session) {
	struct spice_address *address = &session->address;
	if (address->tls || address->tls_port == 0) {
		return -EINVAL;
	}
	int r = spice_tls_create(&session->tls, session->ca_file, session->host_subject);
	if (r == 0) {
		address->tls = true;
		address->port = address->tls_port;
	}
	return r;
}

/*
 * A known password that is refused may be right a moment later: libvirt sets it 0.3 s after the
 * socket is there, and tickets expire and are renewed. It is tried again by itself; the user is
 * asked when that has not helped for two seconds, and at once when no password is known or the
 * refused one was typed.
 */
static bool password_is_due(const struct spice_session *session) {
	return session->password[0] == '\0' || session->typed_password ||
	       session->refusals >= PASSWORD_TRIES;
}

static uint64_t password_delay_ns(const struct spice_session *session) {
	if (session->password[0] == '\0') {
		return PASSWORD_NS;
	}
	const unsigned doublings = session->refusals - 1;
	const uint64_t delay_ns = PASSWORD_FIRST_NS << (doublings < 8 ? doublings : 8);
	return delay_ns < PASSWORD_MAX_NS ? delay_ns : PASSWORD_MAX_NS;
}

void spice_session_lost(struct spice_session *session, int error) {
	struct channel_link *link = spice_session_main(session);
	const bool was_up = session->was_up;
	const bool migrates = was_up && error == -ECONNRESET;
	session->was_up = false;
	close_all(session);
	if (session->address.kind == SPICE_ADDRESS_OFF) {
		return;
	}
	link->attempts = was_up ? 0 : link->attempts + 1;
	/* A server that lets in and throws out, or moves, for ever. */
	const uint64_t pause_ns = was_up ? pace_wait_ns(&session->sessions, clock_now_ns(),
							   SESSIONS_BURST, SESSIONS_NS)
					 : 0;
	session->refusals = error == -EACCES ? session->refusals + 1 : 0;
	session->status.needs_password = error == -EACCES && password_is_due(session);
	if (error == -EPROTO && session->link_error == SPICE_LINK_NEED_SECURED &&
			switch_to_tls(session) == 0) {
		channel_link_retry(link, 1);
		return;
	}
	if (was_up && error == -ENOTCONN) {
		session->suspect_kick = true;
		spice_session_set_part(
				session, PART_WAITING, _("the VM closed the SPICE connection"));
		channel_link_retry(link, PROBE_NS + pause_ns);
		return;
	}
	char reason[PART_REASON_BYTES];
	if (migrates) {
		snprintf(reason, sizeof reason, _("the VM is migrating to another host"));
	} else {
		spice_reason_failed(reason, sizeof reason, error, session->link_error,
				session->check.refused, &session->address);
	}
	if (error == -EACCES && session->password[0] != '\0') {
		spice_reason_refused(reason, sizeof reason, &session->address);
	}
	if (error == -EACCES && !session->status.needs_password) {
		spice_reason_not_yet(reason, sizeof reason, &session->address);
		spice_session_set_part(session, PART_WAITING, reason);
		channel_link_retry(link, password_delay_ns(session));
		return;
	}
	if (spice_reason_is_final(error)) {
		spice_session_set_part(session, PART_FAILED, reason);
		channel_link_retry(
				link, error == -EACCES ? password_delay_ns(session) : REFUSED_NS);
		return;
	}
	spice_session_set_part(session, PART_WAITING, reason);
	channel_link_retry(link,
			pause_ns + channel_link_delay_ns(session,
						   link->attempts > 0 ? link->attempts - 1 : 0));
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
	spice_session_main(session)->attempts = 0;
	start_due(session); /* inputs: what the user waits for */
	if (session->session_id == 0) {
		return -ENOTCONN;
	}
	int r = spice_session_send_main(session, SPICE_MAIN_ATTACH_CHANNELS, NULL, 0);
	send_mouse_mode(session);
	if (message->agent) {
		set_agent(session, true, message->tokens);
	}
	spice_session_tell(session);
	return r;
}

static void on_channels(struct spice_session *session, uint32_t channels) {
	struct spice_session_status *status = &session->status;
	session->channels = channels;
	status->has_display = (channels & (1u << SPICE_CHANNEL_DISPLAY)) != 0;
	status->has_playback = (channels & (1u << SPICE_CHANNEL_PLAYBACK)) != 0;
	status->has_record = (channels & (1u << SPICE_CHANNEL_RECORD)) != 0;
	start_due(session);
	spice_session_tell(session);
}

static void on_notify(const struct spice_main_message *message) {
	char text[512];
	utf8_printable(text, sizeof text, (const char *)message->data, message->len);
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

int spice_session_on_main(struct spice_session *session, const struct spice_message *raw) {
	struct spice_main_message message;
	int r = spice_main_read(raw->type, raw->body, raw->len, &message);
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
		spice_session_tell(session);
		break;
	case SPICE_MAIN_KIND_AGENT_CONNECTED:
	case SPICE_MAIN_KIND_AGENT_DISCONNECTED:
		set_agent(session, message.kind == SPICE_MAIN_KIND_AGENT_CONNECTED, message.tokens);
		spice_session_tell(session);
		break;
	case SPICE_MAIN_KIND_AGENT_DATA:
	case SPICE_MAIN_KIND_AGENT_TOKENS:
		return on_agent_message(session, &message);
	case SPICE_MAIN_KIND_NAME:
		utf8_printable(session->status.name, sizeof session->status.name,
				(const char *)message.data, message.len);
		spice_session_tell(session);
		break;
	case SPICE_MAIN_KIND_UUID:
		memcpy(session->status.uuid, message.data, sizeof session->status.uuid);
		spice_session_tell(session);
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
void spice_session_read_password(struct spice_session *session) {
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
		struct stat st;
		if (!session->file_reported && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
				(st.st_mode & S_IROTH)) {
			session->file_reported = true;
			log_warn("the password file %s is readable for every user of this machine: chmod 600 it",
					session->password_file);
		}
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
	session->has_password = session->typed_password = true;
	session->refusals = 0;
	if (session->session_id == 0) {
		/* A link with the old one is not waited for. */
		channel_link_close(spice_session_main(session));
	}
	spice_session_retry(session);
}

/* ---- what spice_session.h promises ---- */

static void on_socket_appeared(void *data) {
	struct spice_session *session = data;
	struct channel_link *link = spice_session_main(session);
	if (!link->channel && !link->connecting &&
			(!session->status.kicked || channel_link_look_for_server(session))) {
		link->attempts = 0; /* refused is tried soon again: it may not listen yet */
		channel_link_retry(link, 20 * NS_PER_MS);
	}
}

static void blame_tls(const struct spice_session *session, int error) {
	if (error == -EINVAL) {
		log_error("the host subject \"%s\" is no list like O=NAME,CN=NAME",
				session->host_subject);
	} else {
		log_error("cannot use the certificate authority %s for TLS",
				session->ca_file[0] ? session->ca_file : "of the system");
	}
}

static int set_address(struct spice_session *session, const char *uri) {
	struct spice_address address;
	int r = spice_address_parse(uri, &address);
	if (r < 0) {
		return r;
	}
	if (address.tls && !session->tls) {
		r = spice_tls_create(&session->tls, session->ca_file, session->host_subject);
		if (r < 0) {
			blame_tls(session, r);
			return r;
		}
	} else if (!address.tls) {
		spice_tls_destroy(session->tls);
		session->tls = NULL;
	}
	if (address.password[0]) {
		memcpy(session->password, address.password, sizeof session->password);
		session->has_password = true;
		session->typed_password = false;
		explicit_bzero(address.password, sizeof address.password);
	}
	session->address = address;
	socket_watch_set(session->watch, address.kind == SPICE_ADDRESS_UNIX ? address.path : NULL);
	return 0;
}

int spice_session_create(struct spice_session **ret_session, struct loop *loop, const char *uri,
		const char *password_file, const char *ca_file, const char *host_subject,
		const struct owners *owners, const struct spice_session_events *events) {
	struct spice_session *session = calloc(1, sizeof *session);
	if (!session) {
		return -ENOMEM;
	}
	int r = -ENOMEM;
	session->loop = loop;
	session->events = *events;
	session->owners = *owners;
	session->check.owners = &session->owners;
	strncpy(session->password_file, password_file, sizeof session->password_file - 1);
	strncpy(session->ca_file, ca_file, sizeof session->ca_file - 1);
	strncpy(session->host_subject, host_subject, sizeof session->host_subject - 1);
	for (unsigned type = 0; type < SPICE_CHANNEL_COUNT; type++) {
		struct channel_link *link = &session->links[type];
		link->session = session;
		link->type = (enum spice_channel_type)type;
		link->timer = loop_add_timer(loop, channel_link_on_timer, link);
		if (!link->timer) {
			goto error;
		}
	}
	spice_session_main(session)->handler.caps =
			SPICE_MAIN_CAP_NAME_AND_UUID | SPICE_MAIN_CAP_AGENT_TOKENS;
	spice_session_main(session)->handler.send_max = MAIN_SEND_MAX;
	session->links[SPICE_CHANNEL_INPUTS].wanted = true;
	session->more_wake = loop_add_wake(loop, channel_link_on_more, session);
	if (!session->more_wake) {
		goto error;
	}
	r = socket_watch_create(&session->watch, loop, on_socket_appeared, session);
	if (r == 0) {
		r = set_address(session, uri);
	}
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
		if (session->links[type].timer) {
			channel_link_close(&session->links[type]);
			loop_remove(session->links[type].timer);
		}
	}
	loop_remove(session->more_wake);
	socket_watch_destroy(session->watch);
	spice_tls_destroy(session->tls);
	explicit_bzero(session->password, sizeof session->password);
	free(session);
}

void spice_session_set_handler(struct spice_session *session, enum spice_channel_type type,
		const struct spice_handler *handler) {
	session->links[type].handler = *handler;
}

void spice_session_want(struct spice_session *session, enum spice_channel_type type, bool wanted) {
	struct channel_link *link = &session->links[type];
	if (link->wanted == wanted) {
		return;
	}
	link->wanted = wanted;
	if (!wanted) {
		channel_link_close(link);
		return;
	}
	link->given_up = false;
	link->short_lives = 0;
	link->attempts = 0;
	if (channel_link_is_due(link)) {
		channel_link_start(link);
	}
}

void spice_session_start(struct spice_session *session) {
	if (session->address.kind == SPICE_ADDRESS_OFF) {
		spice_session_set_part(session, PART_OFF, "");
		return;
	}
	session->started = true;
	spice_session_set_part(session, PART_WAITING, _("connecting to the VM"));
	channel_link_start(spice_session_main(session));
}

void spice_session_retry(struct spice_session *session) {
	struct channel_link *link = spice_session_main(session);
	if (!session->started || link->connecting) {
		return;
	}
	if (session->session_id != 0) {
		start_due(session); /* main is there: what else was lost */
		return;
	}
	if (link->channel) {
		return; /* it is being tried just now */
	}
	session->suspect_kick = false;
	session->status.kicked = false;
	link->attempts = 0;
	channel_link_close(link); /* its timer */
	channel_link_start(link);
}

int spice_session_set_uri(struct spice_session *session, const char *uri) {
	int r = set_address(session, uri);
	if (r < 0) {
		return r;
	}
	session->was_up = false;
	session->suspect_kick = false;
	session->status.kicked = false;
	spice_session_main(session)->attempts = 0;
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
	struct channel_link *link = spice_session_main(session);
	if (!link->channel) {
		return -ENOTCONN;
	}
	int r = spice_channel_send(link->channel, type, body, len);
	spice_session_sent(session, SPICE_CHANNEL_MAIN);
	return r;
}

size_t spice_session_unsent_main(const struct spice_session *session) {
	const struct channel_link *link = &session->links[SPICE_CHANNEL_MAIN];
	return link->channel ? spice_channel_unsent(link->channel) : 0;
}

void spice_session_sent(struct spice_session *session, enum spice_channel_type type) {
	struct channel_link *link = &session->links[type];
	if (link->channel) {
		spice_channel_flush(link->channel);
		channel_link_watch(link);
	}
}

const struct spice_session_status *spice_session_status(const struct spice_session *session) {
	return &session->status;
}
