/*
 * The whole session part on a loop, against the server peer on a unix socket: what the tests of
 * guest_link share.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "client/clipboard/clipboard_message.h"
#include "client/gl/spice_surface.h"
#include "client/session/guest_link.h"
#include "client/session/guest_link_clipboard.h"
#include "tests/support/loop_wait.h"
#include "tests/support/spice_guest.h"

struct fixture {
	struct loop *loop;
	struct guest_link *session;
	struct guest_link_config config;
	struct spice_surface *spice_surface;
	struct guest_link_status status;
	char folder[64], path[96];

	struct spice_peer *peer;
	struct spice_peer_config peer_config;
	struct loop_source *peer_source;
	struct guest guest;
	unsigned display_inits;

	unsigned offered, offers, requests, data, kicks;
	uint32_t serial;
	char *content;
	size_t content_len;
	enum clipboard_failure failure;
	bool crlf;
};

/* ---- the server ---- */

static inline void on_peer(int fd, uint32_t events, void *data) {
	struct fixture *f = data;
	(void)fd;
	(void)events;
	CHECK_EQ(spice_peer_step(f->peer), 0);
}

static inline void on_peer_message(enum spice_channel_type channel, unsigned type,
		const uint8_t *body, size_t len, void *data) {
	struct fixture *f = data;
	if (channel == SPICE_CHANNEL_MAIN) {
		guest_message(&f->guest, type, body, len);
	}
	if (channel == SPICE_CHANNEL_DISPLAY && type == SPICE_DISPLAY_INIT) {
		f->display_inits++;
	}
}

static inline void peer_start(struct fixture *f) {
	const struct spice_peer_events events = { .message = on_peer_message, .data = f };
	if (!f->peer_config.tcp) {
		f->peer_config.unix_path = f->path;
	}
	CHECK(spice_peer_create(&f->peer, &f->peer_config, &events) == 0);
	if (f->peer_config.tcp) { /* the next one is where this one is */
		f->peer_config.tcp_port = spice_peer_port(f->peer);
		snprintf(f->config.uri, sizeof f->config.uri, "127.0.0.1:%u",
				f->peer_config.tcp_port);
	}
	f->guest.peer = f->peer;
	f->peer_source = loop_add_fd(f->loop, spice_peer_fd(f->peer), EPOLLIN, on_peer, f);
}

static inline void peer_stop(struct fixture *f) {
	loop_remove(f->peer_source);
	f->peer_source = NULL;
	spice_peer_destroy(f->peer);
	f->peer = NULL;
}

/* ---- the client ---- */

static inline void on_status(const struct guest_link_status *status, void *data) {
	((struct fixture *)data)->status = *status;
}

static inline void on_action(enum guest_link_action action, unsigned code, void *data) {
	struct fixture *f = data;
	(void)code;
	f->kicks += action == GUEST_LINK_ACTION_KICKED;
}

static inline void on_clipboard(const struct clipboard_message *message, void *data) {
	struct fixture *f = data;
	switch (message->kind) {
	case CLIPBOARD_OFFER:
		f->offers++;
		f->offered = message->types;
		break;
	case CLIPBOARD_RELEASE:
		f->offered = 0;
		break;
	case CLIPBOARD_REQUEST:
		f->requests++;
		f->serial = message->serial;
		f->crlf = message->crlf;
		break;
	case CLIPBOARD_DATA:
		f->data++;
		free(f->content);
		f->content = message->data;
		f->content_len = message->len;
		f->failure = message->failure;
		f->crlf = message->crlf;
		break;
	}
}

static inline void session_start(struct fixture *f) {
	const struct guest_link_events events = { .status = on_status,
		.action = on_action,
		.clipboard = on_clipboard,
		.clipboard_data = f,
		.data = f };
	CHECK(guest_link_create(&f->session, f->loop, &f->config, f->spice_surface, NULL,
			      &events) == 0);
}

static inline void start(struct fixture *f) {
	log_set_level(LOG_NONE);
	CHECK(loop_create(&f->loop) == 0 && spice_surface_create(&f->spice_surface) == 0);
	strcpy(f->folder, "/tmp/pierglass-session-XXXXXX");
	CHECK(mkdtemp(f->folder));
	snprintf(f->path, sizeof f->path, "%s/spice.sock", f->folder);
	snprintf(f->config.uri, sizeof f->config.uri, "unix:%s", f->path);
	strcpy(f->config.grab_toggle, "ctrl-ctrl");
	strcpy(f->config.escape_key, "scrolllock");
	f->config.input = true;
	f->config.clipboard_max_bytes = 32u << 20;
	if (f->config.clipboard_to_vm == CLIPBOARD_NO) {
		f->config.clipboard_to_vm = f->config.clipboard_to_local = CLIPBOARD_ALWAYS;
	}
	peer_start(f);
	session_start(f);
}

static inline void stop(struct fixture *f) {
	guest_link_destroy(f->session);
	if (f->peer) {
		peer_stop(f);
	}
	guest_finish(&f->guest);
	free(f->content);
	spice_surface_destroy(f->spice_surface);
	loop_destroy(f->loop);
	unlink(f->path);
	rmdir(f->folder);
}

#define WAIT(condition, seconds) WAIT_ON(f.loop, condition, seconds)

static inline void input(struct fixture *f, enum input_kind kind, unsigned code, bool pressed,
		int x, int y) {
	const struct guest_input_event event = {
		.kind = kind, .code = code, .pressed = pressed, .x = x, .y = y
	};
	CHECK(guest_link_input(&event, f->session) == 0);
}

static inline void command(struct fixture *f, enum guest_link_command_kind kind, bool on) {
	const struct guest_link_command c = { .kind = kind, .on = on };
	CHECK(guest_link_command(f->session, &c) == 0);
}
