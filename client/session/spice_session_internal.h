/*
 * What the two files of spice_session.h share: channel_link.c links, steps and retries one channel,
 * spice_session.c answers main and decides over the session. Private to them.
 */
#pragma once

#include "client/session/spice_connect.h"
#include "client/session/spice_session.h"

struct socket_watch;
struct spice_tls;

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
	struct spice_address address;
	char password_file[256];
	char ca_file[256];
	char password[SPICE_PASSWORD_MAX_BYTES];
	bool has_password; /* typed, or of the address: goes before the file */
	bool typed_password;
	struct spice_tls *tls;
	struct spice_session_status status;
	struct slot slots[SPICE_CHANNEL_COUNT];
	struct loop_source *more_wake;

	struct socket_watch *watch;

	uint32_t session_id;
	unsigned refusals;   /* of the password, without a break */
	uint32_t link_error; /* of the last channel that was refused */
	uint32_t channels;   /* CHANNELS_LIST; 0 = not told yet */
	bool started;
	bool was_up;               /* the last connection got as far as MAIN_INIT */
	bool suspect_kick;         /* it was closed by the server: the next attempt is a probe */
	struct dial_server server; /* of the last connection */
	bool elsewhere;            /* it is on another machine */
	bool asked_mode, ask_absolute;
};

/* spice_slot.c */

/* Connects, unless it is connected or being connected. */
void spice_slot_start(struct slot *slot);
/* Closes the channel and tells the handler; starts nothing. */
void spice_slot_close(struct slot *slot);
/* The next attempt. */
void spice_slot_retry(struct slot *slot, uint64_t delay_ns);
uint64_t spice_slot_delay_ns(const struct spice_session *session, unsigned attempts);
/* Wanted, and main is there and has told that it exists. */
bool spice_slot_is_due(const struct slot *slot);
/* Waits for the socket in the ways that the channel asks for. */
void spice_slot_watch(struct slot *slot);
/* slot->timer ran: the deadline of a link, or the next attempt. */
void spice_slot_on_timer(void *data);
/* session->more_wake ran. */
void spice_slot_on_more(void *data);

/* spice_session.c */

int spice_session_on_main(unsigned type, const uint8_t *body, size_t len, void *data);
/* Main was lost, or could not be had. */
void spice_session_lost(struct spice_session *session, int error);
void spice_session_set_part(
		struct spice_session *session, enum part_state state, const char *reason);
void spice_session_read_password(struct spice_session *session);

static inline struct slot *spice_session_main(struct spice_session *session) {
	return &session->slots[SPICE_CHANNEL_MAIN];
}

static inline void spice_session_tell(struct spice_session *session) {
	session->events.status(session->events.data);
}
