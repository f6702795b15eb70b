#include "client/session/guest_link_agent.h"

#include <errno.h>
#include <stdlib.h>

#include "client/files/file_sender.h"
#include "client/session/guest_link.h"
#include "client/session/guest_link_clipboard.h"
#include "client/session/host_clipboard.h"
#include "client/session/spice_clipboard.h"
#include "client/session/spice_session.h"
#include "host-proto/spice/agent.h"

#define MAIN_BUSY_BYTES (64u * 1024) /* unsent: no more of the agent's until it is less */

enum clipboard_way { WAY_NONE, WAY_SPICE, WAY_HOST };

struct guest_link_agent {
	struct spice_session *spice;
	struct guest_link_agent_events events;
	struct spice_agent *agent;
	struct guest_link_clipboard *clipboard; /* NULL: nobody asked for it */
	struct host_clipboard *host;            /* NULL: no port, or no clipboard */
	enum clipboard_way way;
	unsigned spice_types; /* enum clipboard_type: what the guest has offered over SPICE */
	struct file_sender *files;
	uint32_t monitor_width, monitor_height; /* wished for; 0 = nothing */
};

static int on_agent_send(unsigned type, const void *body, size_t len, void *data) {
	struct guest_link_agent *agent = data;
	return spice_session_send_main(agent->spice, type, body, len);
}

static bool on_agent_room(void *data) {
	struct guest_link_agent *agent = data;
	return spice_session_unsent_main(agent->spice) < MAIN_BUSY_BYTES;
}

static void send_monitor(struct guest_link_agent *agent) {
	if (agent->monitor_width != 0) {
		(void)spice_agent_set_monitor(
				agent->agent, agent->monitor_width, agent->monitor_height);
	}
}

/* ---- the clipboard's way ---- */

static enum clipboard_way wanted_way(const struct guest_link_agent *agent) {
	const bool spice = spice_agent_is_ready(agent->agent);
	const bool host = agent->host && host_clipboard_is_up(agent->host);
	if (host && agent->way == WAY_SPICE && spice &&
			guest_link_clipboard_is_guests(agent->clipboard) &&
			host_clipboard_types(agent->host) == 0) {
		return WAY_SPICE; /* what can be pasted now is not known to be there, too */
	}
	return host ? WAY_HOST : spice ? WAY_SPICE : WAY_NONE;
}

/* The way that is there now; works: the one before still does. */
static void set_way(struct guest_link_agent *agent, enum clipboard_way way, bool works) {
	if (works) {
		guest_link_clipboard_leave_link(agent->clipboard);
	}
	agent->way = way;
	struct clipboard_link link;
	switch (way) {
	case WAY_NONE:
		guest_link_clipboard_set_link(agent->clipboard, NULL, 0);
		break;
	case WAY_SPICE:
		link = spice_clipboard_link(agent->agent);
		guest_link_clipboard_set_link(agent->clipboard, &link, agent->spice_types);
		break;
	case WAY_HOST:
		link = host_clipboard_link(agent->host);
		guest_link_clipboard_set_link(
				agent->clipboard, &link, host_clipboard_types(agent->host));
		break;
	}
	agent->events.changed(agent->events.data);
}

/* A way came or went, or the newest content is another one. */
static void look_at_way(struct guest_link_agent *agent) {
	const enum clipboard_way way = agent->clipboard ? wanted_way(agent) : WAY_NONE;
	if (way != agent->way) {
		set_way(agent, way, agent->way == WAY_SPICE && way == WAY_HOST);
	}
}

static void on_host_changed(void *data) {
	look_at_way(data);
}

static void on_host_offer(unsigned types, void *data) {
	struct guest_link_agent *agent = data;
	if (agent->way == WAY_HOST) {
		guest_link_clipboard_offer(agent->clipboard, types);
	} else {
		look_at_way(agent);
	}
}

static void on_host_wanted(enum clipboard_type type, void *data) {
	struct guest_link_agent *agent = data;
	if (agent->way == WAY_HOST) {
		guest_link_clipboard_wanted(agent->clipboard, type);
		agent->events.changed(agent->events.data);
	} else {
		const struct clipboard_link link = host_clipboard_link(agent->host);
		(void)link.answer(link.data, type, NULL, 0);
	}
}

static void on_host_content(enum clipboard_type type, uint8_t *heap, size_t len, void *data) {
	struct guest_link_agent *agent = data;
	if (agent->way == WAY_HOST) {
		guest_link_clipboard_content(agent->clipboard, type, heap, len);
	} else {
		free(heap);
	}
}

/* ---- the agent ---- */

static void on_agent_ready(void *data) {
	struct guest_link_agent *agent = data;
	agent->spice_types = 0;
	look_at_way(agent);
	file_sender_set_agent(agent->files, agent->agent);
	send_monitor(agent);
	agent->events.changed(agent->events.data);
}

static void on_agent_offer(unsigned types, void *data) {
	struct guest_link_agent *agent = data;
	agent->spice_types = spice_clipboard_types(types);
	if (agent->way == WAY_SPICE) {
		guest_link_clipboard_offer(agent->clipboard, agent->spice_types);
		look_at_way(agent);
	}
}

static void on_agent_wanted(enum spice_clipboard_type type, void *data) {
	struct guest_link_agent *agent = data;
	const unsigned ours = spice_clipboard_type(type);
	if (agent->way == WAY_SPICE && ours) {
		guest_link_clipboard_wanted(agent->clipboard, (enum clipboard_type)ours);
		agent->events.changed(agent->events.data);
	} else {
		(void)spice_agent_answer(agent->agent, type, NULL, 0);
	}
}

static void on_agent_content(
		enum spice_clipboard_type type, uint8_t *heap, size_t len, void *data) {
	struct guest_link_agent *agent = data;
	const unsigned ours = spice_clipboard_type(type);
	if (agent->way == WAY_SPICE && ours) {
		guest_link_clipboard_content(
				agent->clipboard, (enum clipboard_type)ours, heap, len);
	} else {
		free(heap);
	}
}

static void on_agent_file(uint32_t id, uint32_t result, uint64_t detail, void *data) {
	struct guest_link_agent *agent = data;
	file_sender_status(agent->files, id, result, detail);
}

static void on_agent_drained(void *data) {
	struct guest_link_agent *agent = data;
	file_sender_drained(agent->files);
}

static void on_files_changed(void *data) {
	struct guest_link_agent *agent = data;
	agent->events.changed(agent->events.data);
}

int guest_link_agent_create(struct guest_link_agent **ret_agent, struct loop *loop,
		struct spice_session *spice, const struct guest_link_config *config,
		const struct guest_link_agent_events *events) {
	struct guest_link_agent *agent = calloc(1, sizeof *agent);
	if (!agent) {
		return -ENOMEM;
	}
	agent->spice = spice;
	agent->events = *events;
	const struct spice_agent_events agent_events = {
		.send = on_agent_send,
		.has_room = on_agent_room,
		.ready = on_agent_ready,
		.offer = on_agent_offer,
		.wanted = on_agent_wanted,
		.content = on_agent_content,
		.file = on_agent_file,
		.drained = on_agent_drained,
		.data = agent,
	};
	int r = spice_agent_create(&agent->agent, config->clipboard_max_bytes, &agent_events);
	if (r == 0) {
		r = file_sender_create(&agent->files, loop, on_files_changed, agent);
	}
	if (r == 0 && events->clipboard) { /* directions may open later */
		const struct guest_link_clipboard_config clipboard = {
			.to_vm = config->clipboard_to_vm,
			.to_local = config->clipboard_to_local,
			.changed = events->changed,
			.data = events->data,
		};
		r = guest_link_clipboard_create(&agent->clipboard, loop, &clipboard,
				events->clipboard, events->clipboard_data);
	}
	if (r == 0 && agent->clipboard && config->host_clipboard) {
		const struct host_clipboard_events host = {
			.changed = on_host_changed,
			.offer = on_host_offer,
			.wanted = on_host_wanted,
			.content = on_host_content,
			.data = agent,
		};
		r = host_clipboard_create(&agent->host, loop, config->host_clipboard,
				config->clipboard_max_bytes, &host);
	}
	if (r < 0) {
		guest_link_agent_destroy(agent);
		return r;
	}
	*ret_agent = agent;
	return 0;
}

void guest_link_agent_destroy(struct guest_link_agent *agent) {
	if (!agent) {
		return;
	}
	host_clipboard_destroy(agent->host);
	guest_link_clipboard_destroy(agent->clipboard);
	file_sender_destroy(agent->files);
	spice_agent_destroy(agent->agent);
	free(agent);
}

void guest_link_agent_set_connected(
		struct guest_link_agent *agent, bool connected, uint32_t tokens) {
	if (!agent) {
		return;
	}
	const bool was_ready = spice_agent_is_ready(agent->agent);
	if (was_ready && agent->way == WAY_SPICE) {
		set_way(agent, WAY_NONE, false);
	}
	if (was_ready) {
		file_sender_set_agent(agent->files, NULL);
	}
	spice_agent_set_connected(agent->agent, connected, tokens);
	look_at_way(agent);
}

void guest_link_agent_add_tokens(struct guest_link_agent *agent, uint32_t tokens) {
	spice_agent_add_tokens(agent->agent, tokens);
}

void guest_link_agent_data(struct guest_link_agent *agent, const uint8_t *bytes, size_t len) {
	spice_agent_data(agent->agent, bytes, len);
}

void guest_link_agent_drained(struct guest_link_agent *agent) {
	spice_agent_pump(agent->agent);
}

bool guest_link_agent_is_ready(const struct guest_link_agent *agent) {
	return spice_agent_is_ready(agent->agent);
}

bool guest_link_agent_is_host_clipboard(const struct guest_link_agent *agent) {
	return agent->way == WAY_HOST;
}

void guest_link_agent_set_monitor(struct guest_link_agent *agent, uint32_t width, uint32_t height) {
	agent->monitor_width = width;
	agent->monitor_height = height;
	send_monitor(agent);
}

void guest_link_agent_set_clipboard(struct guest_link_agent *agent, enum clipboard_policy to_vm,
		enum clipboard_policy to_local) {
	if (agent->clipboard) {
		guest_link_clipboard_set_policy(agent->clipboard, to_vm, to_local);
	}
}

void guest_link_agent_local_clipboard(
		struct guest_link_agent *agent, const struct clipboard_message *message) {
	if (agent->clipboard) {
		guest_link_clipboard_local(agent->clipboard, message);
		look_at_way(agent);
	} else {
		free(message->data);
	}
}

void guest_link_agent_set_focus(struct guest_link_agent *agent, bool focus) {
	if (agent->clipboard) {
		guest_link_clipboard_set_focus(agent->clipboard, focus);
	}
}

unsigned guest_link_agent_read_unfocused(const struct guest_link_agent *agent) {
	return agent->clipboard ? guest_link_clipboard_read_unfocused(agent->clipboard) : 0;
}

bool guest_link_agent_used_unfocused(const struct guest_link_agent *agent) {
	return agent->clipboard && guest_link_clipboard_was_used(agent->clipboard);
}

enum clipboard_question guest_link_agent_question(const struct guest_link_agent *agent) {
	return agent->clipboard ? guest_link_clipboard_question(agent->clipboard)
				: CLIPBOARD_QUESTION_NONE;
}

void guest_link_agent_allow_clipboard(struct guest_link_agent *agent) {
	if (agent->clipboard) {
		guest_link_clipboard_allow(agent->clipboard);
	}
}

void guest_link_agent_send_files(struct guest_link_agent *agent, const char *paths) {
	file_sender_add(agent->files, paths);
}

void guest_link_agent_cancel_files(struct guest_link_agent *agent) {
	file_sender_cancel(agent->files);
}

void guest_link_agent_get_files(
		const struct guest_link_agent *agent, struct file_sender_status *ret_status) {
	file_sender_get(agent->files, ret_status);
}
