/*
 * Channels of ours against the server peer in one process, both stepped by the test.
 */
#pragma once

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "host-proto/sim/peer.h"
#include "host-proto/spice/channel.h"
#include "host-proto/spice/main.h"
#include "tests/support/check.h"
#include "tests/support/spice_step.h"

struct pair {
	char path[64];
	struct spice_peer *peer;
	struct spice_channel *channels[SPICE_CHANNEL_COUNT];
	int results[SPICE_CHANNEL_COUNT]; /* of the last step */
	uint32_t session_id;
	struct spice_main_message last_main;
	unsigned messages[SPICE_CHANNEL_COUNT];
	/* What comes on the others. */
	int (*message)(struct pair *pair, enum spice_channel_type channel, unsigned type,
			const uint8_t *body, size_t len);
	void *data;
};

struct pair_channel {
	struct pair *pair;
	enum spice_channel_type type;
};

static inline void pair_start(struct pair *pair, struct spice_peer_config *config,
		const struct spice_peer_events *events) {
	static unsigned number;
	snprintf(pair->path, sizeof pair->path, "/tmp/pierglass-pair-%d-%u.sock", (int)getpid(),
			number++);
	config->unix_path = pair->path;
	CHECK(spice_peer_create(&pair->peer, config, events) == 0);
}

static inline int pair_connect(const char *path) {
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
	return fd;
}

/* One per channel type is enough: tests run one pair at a time. */
static struct pair_channel pair_handles[SPICE_CHANNEL_COUNT];

static inline int pair_message(unsigned type, const uint8_t *body, size_t len, void *data) {
	struct pair_channel *handle = data;
	struct pair *pair = handle->pair;
	pair->messages[handle->type]++;
	if (handle->type == SPICE_CHANNEL_MAIN) {
		struct spice_main_message message;
		int r = spice_main_read(type, body, len, &message);
		if (r < 0) {
			return r;
		}
		if (message.kind == SPICE_MAIN_KIND_INIT) {
			pair->session_id = message.session_id;
		}
		if (message.kind != SPICE_MAIN_KIND_NONE) {
			pair->last_main = message;
		}
	}
	return pair->message ? pair->message(pair, handle->type, type, body, len) : 0;
}

static inline void pair_open(struct pair *pair, enum spice_channel_type type, uint32_t caps,
		const char *password) {
	const struct spice_channel_config config = {
		.type = type,
		.connection_id = type == SPICE_CHANNEL_MAIN ? 0 : pair->session_id,
		.caps = caps,
		.password = password,
		.send_max = 1u << 20,
	};
	pair_handles[type] = (struct pair_channel){ pair, type };
	CHECK(spice_channel_create(&pair->channels[type], pair_connect(pair->path), &config) == 0);
	pair->results[type] = 0;
}

/* A step of one channel, with what came noted. */
static inline int pair_step(struct spice_channel *channel, enum spice_channel_type type) {
	const struct spice_step_events events = { .message = pair_message,
		.data = &pair_handles[type] };
	return spice_step_with(channel, &events);
}

/* Both sides have nothing more to do. */
static inline void pair_run(struct pair *pair) {
	for (int i = 0; i < 50; i++) {
		for (unsigned type = 1; type < SPICE_CHANNEL_COUNT; type++) {
			if (pair->channels[type]) {
				pair->results[type] = pair_step(pair->channels[type],
						(enum spice_channel_type)type);
			}
		}
		CHECK(spice_peer_step(pair->peer) == 0);
	}
}

static inline void pair_close(struct pair *pair, enum spice_channel_type type) {
	spice_channel_destroy(pair->channels[type]);
	pair->channels[type] = NULL;
}

static inline void pair_link(struct pair *pair, const char *password) {
	pair_open(pair, SPICE_CHANNEL_MAIN,
			SPICE_MAIN_CAP_NAME_AND_UUID | SPICE_MAIN_CAP_AGENT_TOKENS, password);
	pair_run(pair);
	if (pair->results[SPICE_CHANNEL_MAIN] == 0) {
		pair_open(pair, SPICE_CHANNEL_INPUTS, 0, password);
		pair_run(pair);
	}
}

static inline void pair_stop(struct pair *pair) {
	for (unsigned type = 1; type < SPICE_CHANNEL_COUNT; type++) {
		pair_close(pair, (enum spice_channel_type)type);
	}
	spice_peer_destroy(pair->peer);
}
