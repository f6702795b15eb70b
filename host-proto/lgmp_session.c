/* A session that was found: its subscriptions, its checks, its messages. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/i18n.h"
#include "host-proto/kvmfr_audio.h"
#include "host-proto/kvmfr_schedule.h"
#include "host-proto/lgmp_client_internal.h"

#define CHECK_NS        (100 * NS_PER_MS)
#define FULL_RETRY_NS   (1 * NS_PER_S)
#define NO_FRAME_MAX_NS (60 * NS_PER_S)
#define RENEW_PAUSE_NS  (300 * NS_PER_MS)
#define RESUBSCRIBE_NS  (10 * NS_PER_MS) /* at most once in that time */
#define SEND_LIMIT_NS   (100 * NS_PER_MS)
#define SEND_LOOK_NS    (1 * NS_PER_MS)

uint32_t lgmp_client_take_id(struct lgmp_client *client) {
	uint32_t *next = lgmp_at32(shm_base(client->shm), client->layout->next_client_id);
	const uint32_t id = lgmp_add32(next, 1) + 1;
	return id ? id : 1;
}

static uint32_t client_id(const struct lgmp_client *client) {
	uint32_t id = 0;
	if (client->layout->session_client_id) {
		return client->client_id;
	}
	if (getrandom(&id, sizeof id, GRND_NONBLOCK) != (ssize_t)sizeof id || id == 0) {
		id = (uint32_t)clock_now_ns() | 1;
	}
	return id;
}

const uint32_t lgmp_client_queue_ids[LGMP_QUEUE_COUNT] = {
	[LGMP_QUEUE_FRAME] = KVMFR_QUEUE_FRAME,
	[LGMP_QUEUE_POINTER] = KVMFR_QUEUE_POINTER,
	[LGMP_QUEUE_INPUT] = KVMFR_QUEUE_INPUT,
	[LGMP_QUEUE_CLIPBOARD] = KVMFR_QUEUE_CLIPBOARD,
	[LGMP_QUEUE_OWNER_A] = KVMFR_QUEUE_OWNER,
	[LGMP_QUEUE_OWNER_B] = KVMFR_QUEUE_OWNER + 1,
};

/* Queues that a session can do without, by the feature that promises them. */
static const uint32_t optional_features[LGMP_QUEUE_COUNT] = {
	[LGMP_QUEUE_INPUT] = KVMFR_FEATURE_INPUT,
	[LGMP_QUEUE_CLIPBOARD] = KVMFR_FEATURE_CLIPBOARD,
	[LGMP_QUEUE_OWNER_A] = KVMFR_FEATURE_FRAME_SCHEDULE,
	[LGMP_QUEUE_OWNER_B] = KVMFR_FEATURE_FRAME_SCHEDULE,
};

static bool is_offered(const struct lgmp_client *client, enum lgmp_queue queue) {
	return client->wanted[queue] && client->layout->session_client_id &&
	       (client->status.info.features & optional_features[queue]) != 0;
}

static int subscribe(struct lgmp_client *client, enum lgmp_queue queue, uint64_t now_ns) {
	struct lgmp_subscription sub;
	int r = lgmp_subscribe(&sub, client->shm, client->layout, lgmp_client_queue_ids[queue],
			client->session, client_id(client));
	if (r < 0) {
		return r;
	}
	pthread_mutex_lock(&client->lock);
	client->subs[queue] = sub;
	client->generations[queue] = ++client->generation;
	pthread_mutex_unlock(&client->lock);
	client->subscribed_ns[queue] = now_ns;
	if (queue == LGMP_QUEUE_FRAME) {
		client->got_frame = false;
	}
	return 0;
}

/* What a failed subscription means for the session. */
static void subscribe_failed(struct lgmp_client *client, int error, uint64_t now_ns) {
	switch (error) {
	case -EBUSY:
		lgmp_client_lose(client, now_ns);
		lgmp_client_set_state(client, LGMP_STATE_FULL,
				_("all places for clients are taken: close other Looking Glass clients"));
		client->due_ns = now_ns + FULL_RETRY_NS;
		return;
	case -ETIMEDOUT:
		lgmp_client_lose(client, now_ns);
		lgmp_client_set_state(client, LGMP_STATE_BROKEN,
				_("a program that died holds a lock in the shared memory: restart the "
				  "Looking Glass host program in the VM"));
		client->due_ns = now_ns + LGMP_BROKEN_RETRY_NS;
		return;
	case -EBADMSG:
		lgmp_client_lose_corrupt(client, now_ns);
		return;
	default: /* -ENOENT, -ESTALE: the host is starting anew */
		lgmp_client_lose(client, now_ns);
		lgmp_client_set_state(client, LGMP_STATE_STARTING,
				_("the Looking Glass host program in the VM is starting"));
		client->due_ns = now_ns + LGMP_LOOK_FINELY_NS;
		return;
	}
}

int lgmp_client_subscribe(struct lgmp_client *client, uint64_t now_ns) {
	int r = subscribe(client, LGMP_QUEUE_POINTER, now_ns);
	if (r == 0 && !client->ask_only) {
		r = subscribe(client, LGMP_QUEUE_FRAME, now_ns);
	}
	if (r < 0) {
		/* The half that worked is given back; the session itself is alive. */
		pthread_mutex_lock(&client->lock);
		lgmp_unsubscribe(&client->subs[LGMP_QUEUE_POINTER]);
		pthread_mutex_unlock(&client->lock);
		subscribe_failed(client, r, now_ns);
		return r;
	}
	for (enum lgmp_queue queue = 0; queue < LGMP_QUEUE_COUNT; queue++) {
		if (is_offered(client, queue) && !client->subs[queue].active) {
			(void)subscribe(client, queue, now_ns); /* we go without it */
		}
	}
	return 0;
}

void lgmp_client_want(struct lgmp_client *client, enum lgmp_queue queue) {
	client->wanted[queue] = true;
}

void lgmp_client_identity(
		const struct lgmp_client *client, uint32_t *ret_session, uint32_t *ret_client_id) {
	*ret_session = client->session;
	*ret_client_id = client->client_id;
}

void lgmp_client_say_running(struct lgmp_client *client) {
	const struct kvmfr_info *info = &client->status.info;
	if (client->status.experimental) {
		lgmp_client_set_state(client, LGMP_STATE_RUNNING,
				_("Looking Glass host %s is newer than pierglass (KVMFR %u, read as %u): if "
				  "the picture is wrong, update pierglass"),
				info->host_version, info->version, client->layout_kvmfr);
		return;
	}
	lgmp_client_set_state(client, LGMP_STATE_RUNNING,
			client->got_frame ? _("Looking Glass host %s (%s)")
					  : _("Looking Glass host %s (%s), no picture yet"),
			info->host_version, info->capture[0] ? info->capture : "?");
}

/* --- a running session -------------------------------------------------------------------- */

/* False when the session is over. */
static bool check_session(struct lgmp_client *client, uint64_t now_ns) {
	const struct lgmp_layout *layout = client->layout;
	if (shm_check(client->shm) < 0) {
		lgmp_client_lose_mapping(client, now_ns);
		return false;
	}
	if (lgmp_client_header(client, layout->magic) != LGMP_MAGIC ||
			lgmp_client_header(client, layout->version_at) != layout->version ||
			lgmp_client_header(client, layout->session) != client->session) {
		lgmp_client_lose(client, now_ns);
		lgmp_client_set_state(client, LGMP_STATE_NO_HEARTBEAT,
				_("the Looking Glass host program in the VM was restarted"));
		return false;
	}
	const uint64_t heartbeat = lgmp_client_heartbeat(client, layout);
	/* If we were stopped ourselves, the silence was ours. */
	if (heartbeat != client->heartbeat || now_ns - client->check_ns > LGMP_CHECK_LATE_NS) {
		client->heartbeat = heartbeat;
		client->heartbeat_ns = now_ns;
	}
	client->check_ns = now_ns;
	if (now_ns - client->heartbeat_ns > LGMP_DEAD_NS) {
		lgmp_client_lose(client, now_ns);
		lgmp_client_set_state(client, LGMP_STATE_NO_HEARTBEAT,
				_("the Looking Glass host program in the VM stopped, waiting for it"));
		return false;
	}
	return true;
}

/*
 * A host that was subscribed at the wrong moment beats but never sends a frame (kvmfr.md 5.1); it
 * recovers when its only client leaves for a moment.
 */
static void watch_frames(struct lgmp_client *client, uint64_t now_ns) {
	if (client->renew_ns) {
		if (now_ns >= client->renew_ns) {
			client->renew_ns = 0;
			if (lgmp_client_subscribe(client, now_ns) == 0) {
				client->status.resubscriptions++;
			}
		}
		return;
	}
	if (client->ask_only || client->got_frame ||
			now_ns - client->subscribed_ns[LGMP_QUEUE_FRAME] <=
					client->no_frame_limit_ns) {
		return;
	}
	pthread_mutex_lock(&client->lock);
	for (unsigned i = 0; i < LGMP_QUEUE_COUNT; i++) {
		if (!optional_features[i]) {
			lgmp_unsubscribe(&client->subs[i]);
			client->generations[i] = 0;
		}
	}
	pthread_mutex_unlock(&client->lock);
	client->renew_ns = now_ns + RENEW_PAUSE_NS;
	client->no_frame_limit_ns *= 2;
	if (client->no_frame_limit_ns > NO_FRAME_MAX_NS) {
		client->no_frame_limit_ns = NO_FRAME_MAX_NS;
	}
}

static bool under_way(const struct lgmp_request *request) {
	return request->state == LGMP_SEND_WAITS || request->state == LGMP_SEND_SENT;
}

static void try_send(struct lgmp_client *client, struct lgmp_request *request, uint64_t now_ns) {
	const struct lgmp_subscription *sub = &client->subs[LGMP_QUEUE_POINTER];
	if (request->state == LGMP_SEND_WAITS && sub->active) {
		int r = lgmp_subscription_send(sub, request->data, request->size, &request->serial);
		if (r == 0) {
			request->state = LGMP_SEND_SENT;
		}
	} else if (request->state == LGMP_SEND_SENT && sub->active &&
			lgmp_subscription_acknowledged(sub, request->serial)) {
		/* A host that has dropped us meanwhile acknowledges what it throws away. */
		request->state =
				lgmp_subscription_check(sub) == 0 ? LGMP_SEND_DONE : LGMP_SEND_LOST;
	}
	if (under_way(request) && now_ns >= request->limit_ns) {
		request->state = LGMP_SEND_FAILED;
	}
}

static int ask(struct lgmp_client *client, enum lgmp_request_kind kind, unsigned feature,
		const void *data, uint32_t size, uint64_t now_ns) {
	if (client->status.state != LGMP_STATE_RUNNING) {
		return -ENOTCONN;
	}
	if (!(client->status.info.features & feature)) {
		return -EOPNOTSUPP;
	}
	struct lgmp_request *request = &client->requests[kind];
	memcpy(request->data, data, size);
	request->size = size;
	request->state = LGMP_SEND_WAITS;
	request->limit_ns = now_ns + SEND_LIMIT_NS;
	try_send(client, request, now_ns);
	if (client->due_ns > now_ns + SEND_LOOK_NS) {
		client->due_ns = now_ns + SEND_LOOK_NS;
	}
	return 0;
}

int lgmp_client_move_pointer(struct lgmp_client *client, int32_t x, int32_t y, uint64_t now_ns) {
	const struct kvmfr_set_cursor_wire wire = {
		.type = KVMFR_MESSAGE_SET_CURSOR, .x = x, .y = y
	};
	return ask(client, LGMP_MOVE_POINTER, KVMFR_FEATURE_SET_CURSOR_POS, &wire, sizeof wire,
			now_ns);
}

int lgmp_client_window_size(
		struct lgmp_client *client, uint32_t width, uint32_t height, uint64_t now_ns) {
	const struct kvmfr_window_size_wire wire = {
		.type = KVMFR_MESSAGE_WINDOW_SIZE, .width = width, .height = height
	};
	return ask(client, LGMP_WINDOW_SIZE, KVMFR_FEATURE_WINDOW_SIZE, &wire, sizeof wire, now_ns);
}

enum lgmp_send lgmp_client_request_state(
		struct lgmp_client *client, enum lgmp_request_kind kind, uint64_t now_ns) {
	struct lgmp_request *request = &client->requests[kind];
	try_send(client, request, now_ns);
	return request->state;
}

int lgmp_client_claim_audio(struct lgmp_client *client, uint64_t now_ns) {
	uint8_t claim[KVMFR_AUDIO_CLAIM_BYTES];
	kvmfr_audio_claim((uint32_t)client->status.sessions, client->session, claim);
	int r = ask(client, LGMP_CLAIM_AUDIO, KVMFR_FEATURE_AUDIO, claim, sizeof claim, now_ns);
	if (r == 0) {
		client->status.audio = KVMFR_AUDIO_NO_ANSWER;
		client->status.changes++;
	}
	return r;
}

void lgmp_client_audio_answered(
		struct lgmp_client *client, const struct kvmfr_audio_answer *answer) {
	if (answer->generation == (uint32_t)client->status.sessions) {
		client->status.audio = answer->result;
		client->status.audio_protocol = answer->protocol;
		client->status.changes++;
	}
}

int lgmp_client_send(struct lgmp_client *client, enum lgmp_queue queue, const void *data,
		uint32_t size) {
	uint32_t serial;
	if (!client->subs[queue].active) {
		return -ENOTCONN;
	}
	int r = lgmp_subscription_send(&client->subs[queue], data, size, &serial);
	/* A lock that is held for the moment is no room for the moment. */
	return r == 0 || r == -EAGAIN ? r : r == -ETIMEDOUT ? -EAGAIN : -ENOTCONN;
}

int lgmp_client_schedule(struct lgmp_client *client, const struct kvmfr_schedule *schedule) {
	uint8_t bytes[KVMFR_SCHEDULE_BYTES];
	struct kvmfr_schedule own = *schedule;
	if (client->status.state != LGMP_STATE_RUNNING) {
		return -ENOTCONN;
	}
	if (!(client->status.info.features & KVMFR_FEATURE_FRAME_SCHEDULE)) {
		return -EOPNOTSUPP;
	}
	own.client_id = client->client_id;
	kvmfr_schedule_write(&own, bytes);
	return lgmp_client_send(client, LGMP_QUEUE_POINTER, bytes, sizeof bytes);
}

void lgmp_client_run(struct lgmp_client *client, uint64_t now_ns) {
	if (atomic_load_explicit(&client->corrupt, memory_order_relaxed)) {
		lgmp_client_lose_corrupt(client, now_ns);
		return;
	}
	if (now_ns - client->check_ns >= CHECK_NS && !check_session(client, now_ns)) {
		return;
	}
	watch_frames(client, now_ns);
	for (unsigned i = 0; i < LGMP_QUEUE_COUNT; i++) {
		lgmp_subscription_flush(&client->subs[i]);
	}
	if (client->status.state != LGMP_STATE_RUNNING) {
		return;
	}
	bool waits = false;
	for (unsigned i = 0; i < LGMP_REQUESTS; i++) {
		try_send(client, &client->requests[i], now_ns);
		waits = waits || under_way(&client->requests[i]);
	}
	lgmp_client_say_running(client);

	client->due_ns = client->check_ns + CHECK_NS;
	if (client->renew_ns && client->renew_ns < client->due_ns) {
		client->due_ns = client->renew_ns;
	}
	if (waits) {
		client->due_ns = now_ns + SEND_LOOK_NS;
	}
}

/* --- messages ----------------------------------------------------------------------------- */

/* Marked bad, or pushed out: a new subscription at once (lgmp.md 5.6), if the session lives. */
static int resubscribe(struct lgmp_client *client, enum lgmp_queue queue) {
	/* Of the last step: close enough, and a host cannot make us do this more than once in it.
	 */
	const uint64_t now_ns = client->now_ns;
	if (now_ns - client->subscribed_ns[queue] < RESUBSCRIBE_NS) {
		return 0;
	}
	if (!check_session(client, now_ns)) {
		return -ENOTCONN;
	}
	pthread_mutex_lock(&client->lock);
	client->subs[queue].active = false; /* its bits stay: the slot is reaped later */
	client->generations[queue] = 0;
	pthread_mutex_unlock(&client->lock);
	if (queue == LGMP_QUEUE_POINTER) {
		lgmp_client_lose_send(client);
	}
	int r = subscribe(client, queue, now_ns);
	if (r < 0 && optional_features[queue]) {
		return 0;
	}
	if (r < 0) {
		subscribe_failed(client, r, now_ns);
		return -ENOTCONN;
	}
	client->status.resubscriptions++;
	client->status.changes++;
	return 0;
}

int lgmp_client_next(struct lgmp_client *client, enum lgmp_queue queue,
		struct lgmp_message *ret_message) {
	struct lgmp_subscription *sub = &client->subs[queue];
	if (!sub->active) {
		return 0;
	}
	struct lgmp_entry entry;
	int r = lgmp_subscription_next(sub, &entry);
	if (r == 0) {
		return 0;
	}
	if (r == -EBADMSG) {
		lgmp_client_lose_corrupt(client, client->now_ns);
		return r;
	}
	if (r < 0) {
		return resubscribe(client, queue);
	}
	if (!client->got_frame && lgmp_queue_has_frames(queue)) {
		client->got_frame = true;
		client->no_frame_limit_ns = LGMP_NO_FRAME_NS;
		lgmp_client_say_running(client);
	}
	*ret_message = (struct lgmp_message){ .shm = client->shm,
		.generation = client->generations[queue],
		.queue = queue,
		.kvmfr = client->layout_kvmfr,
		.udata = entry.udata,
		.offset = entry.offset,
		.size = entry.size,
		.index = entry.index };
	return 1;
}

bool lgmp_client_doorbell(const struct lgmp_client *client, enum lgmp_queue queue,
		const uint32_t **ret_word, uint32_t *ret_value) {
	const struct lgmp_subscription *sub = &client->subs[queue];
	if (!sub->active) {
		return false;
	}
	*ret_word = sub->host_position;
	*ret_value = sub->position;
	return true;
}

int lgmp_client_finish(struct lgmp_client *client, const struct lgmp_message *message) {
	int r = -ESTALE;
	pthread_mutex_lock(&client->lock);
	struct lgmp_subscription *sub = &client->subs[message->queue];
	if (sub->active && client->generations[message->queue] == message->generation) {
		r = lgmp_subscription_finish(sub, message->index);
	}
	pthread_mutex_unlock(&client->lock);
	if (r == -EBADMSG) {
		atomic_store_explicit(&client->corrupt, true, memory_order_relaxed);
	}
	return r < 0 ? -ESTALE : 0;
}
