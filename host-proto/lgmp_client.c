#include "host-proto/lgmp_client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "host-proto/lgmp_client_internal.h"

#define BROKEN_AGAIN_NS (10 * NS_PER_S)
#define BROKEN_MANY     3u

const char *lgmp_state_name(enum lgmp_state state) {
	switch (state) {
	case LGMP_STATE_OFF:
		return "off";
	case LGMP_STATE_NO_FILE:
		return "no-file";
	case LGMP_STATE_UNREADABLE:
		return "unreadable";
	case LGMP_STATE_EMPTY:
		return "empty";
	case LGMP_STATE_TOO_SMALL:
		return "too-small";
	case LGMP_STATE_NO_MAGIC:
		return "no-magic";
	case LGMP_STATE_VERSION:
		return "version";
	case LGMP_STATE_NO_HEARTBEAT:
		return "no-heartbeat";
	case LGMP_STATE_STARTING:
		return "starting";
	case LGMP_STATE_NOT_KVMFR:
		return "not-kvmfr";
	case LGMP_STATE_KVMFR:
		return "kvmfr";
	case LGMP_STATE_FULL:
		return "full";
	case LGMP_STATE_BROKEN:
		return "broken";
	case LGMP_STATE_FOUND:
		return "found";
	case LGMP_STATE_RUNNING:
		return "running";
	}
	return "?";
}

void lgmp_client_set_state(
		struct lgmp_client *client, enum lgmp_state state, const char *format, ...) {
	struct lgmp_status *status = &client->status;
	char reason[sizeof status->reason];
	va_list args;
	va_start(args, format);
	vsnprintf(reason, sizeof reason, format, args);
	va_end(args);
	if (state == status->state && strcmp(reason, status->reason) == 0) {
		return;
	}
	status->state = state;
	memcpy(status->reason, reason, sizeof reason);
	status->changes++;
}

const struct lgmp_status *lgmp_client_status(const struct lgmp_client *client) {
	return &client->status;
}

uint64_t lgmp_client_heartbeat(const struct lgmp_client *client, const struct lgmp_layout *layout) {
	return lgmp_load64(lgmp_at64(shm_base(client->shm), layout->timestamp));
}

uint32_t lgmp_client_header(const struct lgmp_client *client, uint32_t offset) {
	return lgmp_load32(lgmp_at32(shm_base(client->shm), offset));
}

/* --- leaving ------------------------------------------------------------------------------ */

static void drop_subscriptions(struct lgmp_client *client) {
	pthread_mutex_lock(&client->lock);
	for (unsigned i = 0; i < LGMP_QUEUE_COUNT; i++) {
		client->subs[i].active = false;
		client->generations[i] = 0;
	}
	pthread_mutex_unlock(&client->lock);
	client->renew_ns = 0;
	client->status.audio = KVMFR_AUDIO_NOT_ASKED;
	client->status.audio_protocol = 0;
	lgmp_client_lose_send(client);
}

void lgmp_client_lose_send(struct lgmp_client *client) {
	for (unsigned i = 0; i < LGMP_REQUESTS; i++) {
		struct lgmp_request *request = &client->requests[i];
		if (request->state == LGMP_SEND_WAITS || request->state == LGMP_SEND_SENT) {
			request->state = LGMP_SEND_LOST;
		}
	}
}

static void unmap(struct lgmp_client *client) {
	shm_unref(client->shm);
	client->shm = NULL;
	client->layout = NULL;
	client->status.memory_bytes = 0;
	client->recovery_beats = 0;
}

void lgmp_client_forget_host(struct lgmp_client *client) {
	client->status.lgmp = 0;
	client->status.kvmfr = 0;
	client->status.experimental = false;
	memset(&client->status.info, 0, sizeof client->status.info);
}

/* A new baseline: the host must prove again that it lives. */
void lgmp_client_restart_heartbeat(struct lgmp_client *client, uint64_t now_ns) {
	client->heartbeat = client->layout ? lgmp_client_heartbeat(client, client->layout) : 0;
	client->heartbeats = 0;
	client->heartbeat_ns = now_ns;
	client->fine_until_ns = now_ns + LGMP_FINE_PERIOD_NS;
}

/* The session is over and its memory may belong to someone else: nothing more is written. */
void lgmp_client_lose(struct lgmp_client *client, uint64_t now_ns) {
	if (client->status.state == LGMP_STATE_RUNNING) {
		client->status.lost++;
		client->status.changes++;
	}
	drop_subscriptions(client);
	lgmp_client_restart_heartbeat(client, now_ns);
	client->due_ns = now_ns;
}

void lgmp_client_lose_mapping(struct lgmp_client *client, uint64_t now_ns) {
	lgmp_client_lose(client, now_ns);
	unmap(client);
	lgmp_client_forget_host(client);
	lgmp_client_set_state(client, LGMP_STATE_NO_FILE,
			_("the shared memory was replaced, looking again"));
}

void lgmp_client_lose_corrupt(struct lgmp_client *client, uint64_t now_ns) {
	lgmp_client_lose(client, now_ns);
	client->status.corrupt++;
	if (now_ns - client->first_corrupt_ns > BROKEN_AGAIN_NS) {
		client->first_corrupt_ns = now_ns;
		client->corrupt_count = 0;
	}
	const bool often = ++client->corrupt_count >= BROKEN_MANY;
	client->due_ns = now_ns + (often ? BROKEN_AGAIN_NS : LGMP_BROKEN_RETRY_NS);
	lgmp_client_set_state(client, LGMP_STATE_BROKEN,
			often ? _("the host program in the VM keeps writing nonsense: restart it; "
				  "trying again every 10 s")
			      : _("the host program in the VM wrote nonsense, trying again"));
}

/* While the session lives: gives the slots back (lgmp.md 5.5). */
static void leave(struct lgmp_client *client) {
	const struct lgmp_layout *layout = client->layout;
	if (client->shm && layout && client->status.state == LGMP_STATE_RUNNING &&
			shm_check(client->shm) == 0 &&
			lgmp_client_header(client, layout->magic) == LGMP_MAGIC &&
			lgmp_client_header(client, layout->session) == client->session) {
		pthread_mutex_lock(&client->lock);
		for (unsigned i = 0; i < LGMP_QUEUE_COUNT; i++) {
			lgmp_unsubscribe(&client->subs[i]);
		}
		pthread_mutex_unlock(&client->lock);
	}
	drop_subscriptions(client);
}

uint64_t lgmp_client_step(struct lgmp_client *client, uint64_t now_ns) {
	if (client->fine_until_ns == 0) {
		client->fine_until_ns = now_ns + LGMP_FINE_PERIOD_NS;
	}
	if (now_ns - client->now_ns > LGMP_CHECK_LATE_NS) {
		/* We were stopped: no frame could come. */
		client->subscribed_ns[LGMP_QUEUE_FRAME] = now_ns;
	}
	client->now_ns = now_ns;
	/* Some rounds: finding the file, its host and its session may all be possible at once. */
	for (unsigned i = 0; i < 4 && now_ns >= client->due_ns; i++) {
		if (client->path[0] == '\0') {
			lgmp_client_set_state(
					client, LGMP_STATE_OFF, _("no shared memory was chosen"));
			client->due_ns = now_ns + LGMP_LOOK_FOR_FILE_NS;
		} else if (!client->shm) {
			lgmp_client_look_for_file(client, now_ns);
		} else if (client->status.state == LGMP_STATE_RUNNING) {
			lgmp_client_run(client, now_ns);
		} else {
			lgmp_client_look_for_host(client, now_ns);
		}
	}
	return client->due_ns;
}

/* --- life --------------------------------------------------------------------------------- */

int lgmp_client_create(struct lgmp_client **ret_client, const char *path) {
	struct lgmp_client *client = calloc(1, sizeof *client);
	if (!client) {
		return -ENOMEM;
	}
	pthread_mutex_init(&client->lock, NULL);
	atomic_init(&client->corrupt, false);
	snprintf(client->path, sizeof client->path, "%s", path);
	lgmp_client_set_state(client, LGMP_STATE_OFF, _("not looked for yet"));
	*ret_client = client;
	return 0;
}

void lgmp_client_set_owners(struct lgmp_client *client, const struct owners *owners) {
	client->owners = *owners;
}

void lgmp_client_look_only(struct lgmp_client *client) {
	client->look_only = true;
}

void lgmp_client_ask_only(struct lgmp_client *client) {
	client->look_only = false;
	client->ask_only = true;
	client->due_ns = 0;
}

void lgmp_client_set_path(struct lgmp_client *client, const char *path) {
	leave(client);
	unmap(client);
	lgmp_client_forget_host(client);
	snprintf(client->path, sizeof client->path, "%s", path);
	client->due_ns = 0;
	client->fine_until_ns = 0;
	lgmp_client_set_state(client, LGMP_STATE_OFF, _("not looked for yet"));
}

void lgmp_client_destroy(struct lgmp_client *client) {
	if (!client) {
		return;
	}
	leave(client);
	unmap(client);
	pthread_mutex_destroy(&client->lock);
	free(client);
}
