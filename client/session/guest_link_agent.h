/*
 * What the session part does through the guest's agent: clipboard, files, the size of the guest's
 * monitor. On pg-io.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clip_message;
struct loop;
struct session_agent;
struct session_config;
struct session_files;
struct spice_session;

struct session_agent_events {
	void (*changed)(void *data); /* ready or not, or the files' status */
	/* See session_events in session.h; NULL = no clipboard. */
	void (*clipboard)(const struct clip_message *message, void *data);
	void *clipboard_data;
	void *data;
};

/* loop and spice outlive it; config is used during the call only. */
int session_agent_create(struct session_agent **ret_agent, struct loop *loop,
		struct spice_session *spice, const struct session_config *config,
		const struct session_agent_events *events);
void session_agent_destroy(struct session_agent *agent); /* accepts NULL */

/* What main says (spice_session_events). The first accepts NULL: nothing is there to be told. */
void session_agent_set_connected(struct session_agent *agent, bool connected, uint32_t tokens);
void session_agent_add_tokens(struct session_agent *agent, uint32_t tokens);
void session_agent_data(struct session_agent *agent, const uint8_t *bytes, size_t len);
void session_agent_drained(struct session_agent *agent);

bool session_agent_is_ready(const struct session_agent *agent);
/* The guest should take this size, now and whenever its agent comes; 0 = no wish. */
void session_agent_set_monitor(struct session_agent *agent, uint32_t width, uint32_t height);
/* Takes the message's data over. */
void session_agent_local_clipboard(struct session_agent *agent, const struct clip_message *message);
/* Paths separated by NUL, ended by an empty one. */
/* See session_clipboard_set_focus(). */
void session_agent_set_focus(struct session_agent *agent, bool focus);
unsigned session_agent_read_unfocused(const struct session_agent *agent);
void session_agent_send_files(struct session_agent *agent, const char *paths);
void session_agent_cancel_files(struct session_agent *agent);
void session_agent_get_files(const struct session_agent *agent, struct session_files *ret_status);
