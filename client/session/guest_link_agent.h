/*
 * The part of the session that goes through the guest's agent: files, the size of the guest's
 * monitor, and the clipboard, unless the host's own streams are there for it (host_clipboard.h).
 * Those are taken once they are up: at once where the desktop's content is the newest, else when
 * the guest's is known to be there, too. On pg-io.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/clipboard/clipboard_message.h"

struct loop;
struct guest_link_agent;
struct guest_link_config;
struct file_sender_status;
struct spice_session;

struct guest_link_agent_events {
	void (*changed)(void *data); /* ready or not, or the files' status */
	/* See guest_link_events in guest_link.h; NULL = no clipboard. */
	void (*clipboard)(const struct clipboard_message *message, void *data);
	void *clipboard_data;
	void *data;
};

/* loop and spice outlive it; config is used during the call only. */
int guest_link_agent_create(struct guest_link_agent **ret_agent, struct loop *loop,
		struct spice_session *spice, const struct guest_link_config *config,
		const struct guest_link_agent_events *events);
void guest_link_agent_destroy(struct guest_link_agent *agent); /* accepts NULL */

/* What main says (spice_session_events). The first accepts NULL: nothing is there to be told. */
void guest_link_agent_set_connected(
		struct guest_link_agent *agent, bool connected, uint32_t tokens);
void guest_link_agent_add_tokens(struct guest_link_agent *agent, uint32_t tokens);
void guest_link_agent_data(struct guest_link_agent *agent, const uint8_t *bytes, size_t len);
void guest_link_agent_drained(struct guest_link_agent *agent);

bool guest_link_agent_is_ready(const struct guest_link_agent *agent);
/* The clipboard goes over the host's own streams. */
bool guest_link_agent_is_host_clipboard(const struct guest_link_agent *agent);
/* The guest should take this size, now and whenever its agent comes; 0 = no request. */
void guest_link_agent_set_monitor(struct guest_link_agent *agent, uint32_t width, uint32_t height);
/* Takes the message's data over. */
void guest_link_agent_local_clipboard(
		struct guest_link_agent *agent, const struct clipboard_message *message);
/* See guest_link_clipboard_set_focus(). */
void guest_link_agent_set_focus(struct guest_link_agent *agent, bool focus);
unsigned guest_link_agent_read_unfocused(const struct guest_link_agent *agent);
bool guest_link_agent_used_unfocused(const struct guest_link_agent *agent);
/* See guest_link_clipboard_question() and _allow(). */
enum clipboard_question guest_link_agent_question(const struct guest_link_agent *agent);
void guest_link_agent_set_clipboard(struct guest_link_agent *agent, enum clipboard_policy to_vm,
		enum clipboard_policy to_local);
void guest_link_agent_allow_clipboard(struct guest_link_agent *agent);
void guest_link_agent_send_files(struct guest_link_agent *agent, const char *paths);
void guest_link_agent_cancel_files(struct guest_link_agent *agent);
void guest_link_agent_get_files(
		const struct guest_link_agent *agent, struct file_sender_status *ret_status);
