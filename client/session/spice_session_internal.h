/*
 * Shared by the two files of spice_session.h: channel_link.c links, steps and retries one channel;
 * spice_session.c answers main and decides over the session. No other file includes this header.
 */
#pragma once

#include "base/pace.h"
#include "client/session/spice_connect.h"
#include "client/session/spice_session.h"

struct socket_watch;
struct spice_tls;

/* One channel type of the session. */
struct channel_link {
	struct spice_session *session;
	enum spice_channel_type type;
	struct spice_handler handler;
	bool wanted;
	bool given_up; /* not there, or dropped at once: not before the next session */
	struct spice_connect *connecting;
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
	struct spice_address address;
	struct owners owners;
	struct spice_connect_check check;
	char password_file[256];
	char ca_file[256];
	char host_subject[512];
	char password[SPICE_PASSWORD_MAX_BYTES];
	bool has_password; /* typed, or of the address: goes before the file */
	bool typed_password;
	bool file_reported; /* that others can read it */
	struct spice_tls *tls;
	struct spice_session_status status;
	struct channel_link links[SPICE_CHANNEL_COUNT];
	struct loop_source *more_wake;

	struct socket_watch *watch;

	uint32_t session_id;
	unsigned refusals;   /* of the password, without a break */
	uint32_t link_error; /* of the last channel that was refused */
	uint32_t channels;   /* CHANNELS_LIST; 0 = not told yet */
	bool started;
	struct pace sessions;       /* that came up and were lost */
	bool was_up;                /* the last connection got as far as MAIN_INIT */
	bool suspect_kick;          /* it was closed by the server: the next attempt is a probe */
	struct spice_server server; /* of the last connection */
	uint64_t kicked_until_ns;   /* then the VM is taken back */
	bool elsewhere;             /* it is on another machine */
	bool asked_mode, ask_absolute;
};

/* channel_link.c */

/* Connects, unless it is connected or being connected. */
void channel_link_start(struct channel_link *link);
/* Closes the channel and tells the handler; starts nothing. */
void channel_link_close(struct channel_link *link);
/* The next attempt. */
void channel_link_retry(struct channel_link *link, uint64_t delay_ns);
uint64_t channel_link_delay_ns(const struct spice_session *session, unsigned attempts);
/* Wanted, and main is there and has told that it exists. */
bool channel_link_is_due(const struct channel_link *link);
/* Waits for the socket in the ways that the channel asks for. */
void channel_link_watch(struct channel_link *link);
/* Another client took the VM. Was it so, or is the server of then gone meanwhile? True = gone: the
 * session is not kicked any more, and main is due. */
bool channel_link_look_for_server(struct spice_session *session);
/* link->timer ran: the deadline of a link, or the next attempt. */
void channel_link_on_timer(void *data);
/* session->more_wake ran. */
void channel_link_on_more(void *data);

/* spice_session.c */

/* A message of main: 0, or a negative errno, which closes the session. */
int spice_session_on_main(struct spice_session *session, const struct spice_message *raw);
/* Main was lost, or could not be had. */
void spice_session_lost(struct spice_session *session, int error);
void spice_session_set_part(
		struct spice_session *session, enum part_state state, const char *reason);
void spice_session_read_password(struct spice_session *session);

static inline struct channel_link *spice_session_main(struct spice_session *session) {
	return &session->links[SPICE_CHANNEL_MAIN];
}

static inline void spice_session_tell(struct spice_session *session) {
	session->events.status(session->events.data);
}
