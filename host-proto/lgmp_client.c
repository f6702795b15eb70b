#include "host-proto/lgmp_client.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "host-proto/kvmfr_wire.h"
#include "host-proto/lgmp_queue.h"
#include "host-proto/shm.h"

#define LOOK_FOR_FILE_NS  (500 * NS_PER_MS)
#define LOOK_FOR_HOST_NS  (100 * NS_PER_MS)
#define LOOK_FINELY_NS    (5 * NS_PER_MS)
#define FINE_PERIOD_NS    (3 * NS_PER_S) /* after something changed, look finely for that long */
#define CHECK_NS          (100 * NS_PER_MS)
#define CHECK_LATE_NS     (500 * NS_PER_MS) /* we ourselves were stopped */
#define DEAD_NS           (LGMP_DEAD_MS * NS_PER_MS)
#define FULL_RETRY_NS     (1 * NS_PER_S)
#define BROKEN_RETRY_NS   (1 * NS_PER_S)
#define BROKEN_AGAIN_NS   (10 * NS_PER_S)
#define BROKEN_MANY       3u
#define NO_FRAME_NS       (3 * NS_PER_S)
#define NO_FRAME_MAX_NS   (60 * NS_PER_S)
#define RENEW_PAUSE_NS    (300 * NS_PER_MS)
#define RESUBSCRIBE_NS    (10 * NS_PER_MS) /* at most once in that time */
#define SEND_LIMIT_NS     (100 * NS_PER_MS)
#define SEND_LOOK_NS      (1 * NS_PER_MS)
#define HEARTBEATS_WANTED 2u /* changes since the baseline (lgmp.md 4.2) */

/* Where later versions keep their magic (lgmp.md appendix A), to name them. */
static const struct {
	uint32_t magic, version;
} later_magics[] = { { 8, 12 }, { 8064, 8068 }, { 9664, 9668 } };

struct lgmp_client {
	/* under the lock; pg-lgmp changes it, others read it in finish() */
	pthread_mutex_t lock;
	struct lgmp_subscription subs[LGMP_QUEUE_COUNT];
	uint64_t generations[LGMP_QUEUE_COUNT];

	/* any thread */
	atomic_bool corrupt; /* finish() met nonsense */

	/* pg-lgmp only */
	char path[SHM_PATH_BYTES];
	struct lgmp_status status;
	struct shm *shm;
	const struct lgmp_layout *layout;
	uint64_t now_ns; /* of the last step */
	uint64_t due_ns;
	uint64_t fine_until_ns; /* 0 = the first step sets it */
	uint32_t session;
	uint64_t generation;

	uint64_t heartbeat;  /* the last value seen */
	unsigned heartbeats; /* changes since the baseline */
	uint64_t heartbeat_ns;
	uint64_t check_ns; /* of the last session check */

	uint64_t subscribed_ns[LGMP_QUEUE_COUNT];
	bool got_frame; /* since the frame queue was subscribed */
	uint64_t no_frame_limit_ns;
	uint64_t renew_ns; /* subscribe again then; 0 = subscribed */

	uint64_t first_corrupt_ns;
	unsigned corrupt_count;

	struct kvmfr_set_cursor_wire move;
	enum lgmp_send move_state;
	uint32_t move_serial;
	uint64_t move_limit_ns;
};

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
	case LGMP_STATE_RUNNING:
		return "running";
	}
	return "?";
}

__attribute__((format(printf, 3, 4))) static void set_state(
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

static uint64_t timestamp_of(const struct lgmp_client *client, const struct lgmp_layout *layout) {
	return lgmp_load64(lgmp_at64(shm_base(client->shm), layout->timestamp));
}

static uint32_t header_word(const struct lgmp_client *client, uint32_t offset) {
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
	client->move_state = LGMP_SEND_NONE;
}

static void unmap(struct lgmp_client *client) {
	shm_unref(client->shm);
	client->shm = NULL;
	client->layout = NULL;
	client->status.memory_bytes = 0;
}

static void forget_host(struct lgmp_client *client) {
	client->status.lgmp = 0;
	client->status.kvmfr = 0;
	client->status.experimental = false;
	memset(&client->status.info, 0, sizeof client->status.info);
}

/* A new baseline: the host must prove again that it lives. */
static void restart_heartbeat(struct lgmp_client *client, uint64_t now_ns) {
	client->heartbeat = client->layout ? timestamp_of(client, client->layout) : 0;
	client->heartbeats = 0;
	client->heartbeat_ns = now_ns;
	client->fine_until_ns = now_ns + FINE_PERIOD_NS;
}

/* The session is over and its memory may belong to someone else: nothing more is written. */
static void lose(struct lgmp_client *client, uint64_t now_ns) {
	if (client->status.state == LGMP_STATE_RUNNING) {
		client->status.lost++;
		client->status.changes++;
	}
	drop_subscriptions(client);
	restart_heartbeat(client, now_ns);
	client->due_ns = now_ns;
}

static void lose_mapping(struct lgmp_client *client, uint64_t now_ns) {
	lose(client, now_ns);
	unmap(client);
	forget_host(client);
	set_state(client, LGMP_STATE_NO_FILE, _("The shared memory was replaced, looking again"));
}

static void lose_corrupt(struct lgmp_client *client, uint64_t now_ns) {
	lose(client, now_ns);
	client->status.corrupt++;
	if (now_ns - client->first_corrupt_ns > BROKEN_AGAIN_NS) {
		client->first_corrupt_ns = now_ns;
		client->corrupt_count = 0;
	}
	const bool often = ++client->corrupt_count >= BROKEN_MANY;
	client->due_ns = now_ns + (often ? BROKEN_AGAIN_NS : BROKEN_RETRY_NS);
	set_state(client, LGMP_STATE_BROKEN,
			often ? _("The host program in the VM keeps writing nonsense: restart it; "
				  "trying again every 10 s")
			      : _("The host program in the VM wrote nonsense, trying again"));
}

/* While the session lives: gives the slots back (lgmp.md 5.5). */
static void leave(struct lgmp_client *client) {
	const struct lgmp_layout *layout = client->layout;
	if (client->shm && layout && client->status.state == LGMP_STATE_RUNNING &&
			shm_check(client->shm) == 0 &&
			header_word(client, layout->magic) == LGMP_MAGIC &&
			header_word(client, layout->session) == client->session) {
		pthread_mutex_lock(&client->lock);
		for (unsigned i = 0; i < LGMP_QUEUE_COUNT; i++) {
			lgmp_unsubscribe(&client->subs[i]);
		}
		pthread_mutex_unlock(&client->lock);
	}
	drop_subscriptions(client);
}

/* --- looking for a file, a host, a session ------------------------------------------------ */

static uint64_t look_again(const struct lgmp_client *client, uint64_t now_ns) {
	return now_ns + (now_ns < client->fine_until_ns ? LOOK_FINELY_NS : LOOK_FOR_HOST_NS);
}

static void look_for_file(struct lgmp_client *client, uint64_t now_ns) {
	client->due_ns = now_ns +
			 (now_ns < client->fine_until_ns ? LOOK_FOR_HOST_NS : LOOK_FOR_FILE_NS);
	int r = shm_map(&client->shm, client->path);
	switch (r) {
	case 0:
		break;
	case -ENOENT:
	case -ENOTDIR:
		set_state(client, LGMP_STATE_NO_FILE,
				_("Waiting for the VM: %s does not exist yet"), client->path);
		return;
	case -ENODATA:
		set_state(client, LGMP_STATE_EMPTY,
				_("Waiting for the VM to start: %s is still empty"), client->path);
		return;
	case -EACCES:
	case -EPERM:
		set_state(client, LGMP_STATE_UNREADABLE,
				_("No permission to open %s: its group needs read and write access"),
				client->path);
		return;
	case -EISDIR:
	case -ENODEV:
	case -ENXIO:
		set_state(client, LGMP_STATE_UNREADABLE,
				_("%s is neither a shared memory file nor a kvmfr device"),
				client->path);
		return;
	default:
		set_state(client, LGMP_STATE_UNREADABLE, _("Cannot map %s: %s"), client->path,
				strerrordesc_np(-r));
		return;
	}
	client->status.memory_bytes = shm_size(client->shm);
	client->layout = NULL;
	client->fine_until_ns = now_ns + FINE_PERIOD_NS;
	client->due_ns = now_ns;
}

/* The LGMP version in the memory; 0 = no magic anywhere. */
static unsigned find_version(const struct lgmp_client *client) {
	const uint64_t size = shm_size(client->shm);
	if (header_word(client, 0) == LGMP_MAGIC) {
		return header_word(client, 4);
	}
	for (size_t i = 0; i < sizeof later_magics / sizeof later_magics[0]; i++) {
		if (later_magics[i].version + 4 <= size &&
				header_word(client, later_magics[i].magic) == LGMP_MAGIC) {
			return header_word(client, later_magics[i].version);
		}
	}
	return 0;
}

static void say_other_version(struct lgmp_client *client, unsigned version) {
	forget_host(client);
	client->status.lgmp = version;
	set_state(client, LGMP_STATE_VERSION,
			version < 5 ? _("The VM's Looking Glass host speaks LGMP %u, older than what "
					"pierglass speaks: install host B7 in the VM")
				    : _("The VM's Looking Glass host speaks LGMP %u, which pierglass "
					"does not (5, 6, 12): install host B7 in the VM"),
			version);
}

/* Whether there is a header of a version that we speak. */
static bool find_header(struct lgmp_client *client, uint64_t now_ns) {
	if (shm_size(client->shm) < LGMP_HEADER_MIN) {
		set_state(client, LGMP_STATE_TOO_SMALL,
				_("%s has %llu bytes, too small for Looking Glass: set the VM's shared "
				  "memory to 32 MiB or more"),
				client->path, (unsigned long long)shm_size(client->shm));
		return false;
	}
	const unsigned version = find_version(client);
	const struct lgmp_layout *layout = lgmp_layout_find(version);
	const bool here = layout && shm_size(client->shm) >= layout->header_bytes &&
			  header_word(client, layout->magic) == LGMP_MAGIC;
	if (!here) {
		client->layout = NULL;
		if (version == 0) {
			forget_host(client);
			set_state(client, LGMP_STATE_NO_MAGIC,
					_("Waiting for the Looking Glass host program to start in the "
					  "VM"));
		} else {
			say_other_version(client, version);
		}
		return false;
	}
	client->status.lgmp = version;
	if (client->layout != layout) {
		client->layout = layout;
		restart_heartbeat(client, now_ns);
	}
	return true;
}

static bool heartbeat_proven(struct lgmp_client *client, uint64_t now_ns) {
	const uint64_t heartbeat = timestamp_of(client, client->layout);
	if (heartbeat != client->heartbeat) {
		client->heartbeat = heartbeat;
		client->heartbeat_ns = now_ns;
		client->heartbeats++;
		client->fine_until_ns = now_ns + FINE_PERIOD_NS;
	}
	if (now_ns - client->heartbeat_ns > DEAD_NS) {
		client->heartbeats = 0;
	}
	if (client->heartbeats >= HEARTBEATS_WANTED) {
		return true;
	}
	set_state(client, LGMP_STATE_NO_HEARTBEAT,
			_("Waiting for the Looking Glass host program in the VM (not running yet, or it "
			  "ended)"));
	return false;
}

/* Copies the user data out, once it and the header are known not to change (lgmp.md 4.3). */
static int read_udata(
		struct lgmp_client *client, uint32_t *ret_session, struct kvmfr_info *ret_info) {
	const struct lgmp_layout *layout = client->layout;
	const uint32_t session = header_word(client, layout->session);
	const uint32_t size = header_word(client, layout->udata_size);
	if (size > KVMFR_UDATA_MAX || !shm_in_range(client->shm, layout->udata, size)) {
		return -EBADMSG;
	}
	uint8_t *udata = malloc(size ? size : 1);
	if (!udata) {
		return -ENOMEM;
	}
	int r = shm_copy(client->shm, layout->udata, udata, size);
	if (r == 0 && (header_word(client, layout->magic) != LGMP_MAGIC ||
				      header_word(client, layout->version_at) != layout->version ||
				      header_word(client, layout->session) != session ||
				      header_word(client, layout->udata_size) != size)) {
		r = -EAGAIN;
	}
	if (r == 0) {
		*ret_session = session;
		r = kvmfr_info_read(udata, size, ret_info) < 0 ? -EPROTO : 0;
	}
	free(udata);
	return r;
}

static uint32_t new_client_id(struct lgmp_client *client) {
	if (client->layout->next_client_id) {
		uint32_t *next = lgmp_at32(shm_base(client->shm), client->layout->next_client_id);
		const uint32_t id = lgmp_add32(next, 1) + 1;
		return id ? id : 1;
	}
	uint32_t id = 0;
	if (getrandom(&id, sizeof id, GRND_NONBLOCK) != (ssize_t)sizeof id || id == 0) {
		id = (uint32_t)clock_now_ns() | 1;
	}
	return id;
}

static const uint32_t queue_ids[LGMP_QUEUE_COUNT] = {
	[LGMP_QUEUE_FRAME] = KVMFR_QUEUE_FRAME,
	[LGMP_QUEUE_POINTER] = KVMFR_QUEUE_POINTER,
};

static int subscribe(struct lgmp_client *client, enum lgmp_queue queue, uint64_t now_ns) {
	struct lgmp_subscription sub;
	int r = lgmp_subscribe(&sub, client->shm, client->layout, queue_ids[queue], client->session,
			new_client_id(client));
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
		lose(client, now_ns);
		set_state(client, LGMP_STATE_FULL,
				_("All places for clients are taken: close other Looking Glass clients"));
		client->due_ns = now_ns + FULL_RETRY_NS;
		return;
	case -ETIMEDOUT:
		lose(client, now_ns);
		set_state(client, LGMP_STATE_BROKEN,
				_("A program that died holds a lock in the shared memory: restart the "
				  "Looking Glass host program in the VM"));
		client->due_ns = now_ns + BROKEN_RETRY_NS;
		return;
	case -EBADMSG:
		lose_corrupt(client, now_ns);
		return;
	default: /* -ENOENT, -ESTALE: the host is starting anew */
		lose(client, now_ns);
		set_state(client, LGMP_STATE_STARTING,
				_("The Looking Glass host program in the VM is starting"));
		client->due_ns = now_ns + LOOK_FINELY_NS;
		return;
	}
}

static int subscribe_both(struct lgmp_client *client, uint64_t now_ns) {
	int r = subscribe(client, LGMP_QUEUE_POINTER, now_ns);
	if (r == 0) {
		r = subscribe(client, LGMP_QUEUE_FRAME, now_ns);
	}
	if (r < 0) {
		/* The half that worked is given back; the session itself is alive. */
		pthread_mutex_lock(&client->lock);
		lgmp_unsubscribe(&client->subs[LGMP_QUEUE_POINTER]);
		pthread_mutex_unlock(&client->lock);
		subscribe_failed(client, r, now_ns);
	}
	return r;
}

static void say_running(struct lgmp_client *client) {
	const struct kvmfr_info *info = &client->status.info;
	set_state(client, LGMP_STATE_RUNNING,
			client->got_frame ? _("Looking Glass host %s (%s)")
					  : _("Looking Glass host %s (%s), no picture yet"),
			info->host_version, info->capture[0] ? info->capture : "?");
}

static void open_session(struct lgmp_client *client, uint64_t now_ns) {
	struct lgmp_status *status = &client->status;
	uint32_t session = 0;
	struct kvmfr_info info = { 0 };
	uint64_t queue;

	client->due_ns = now_ns + LOOK_FINELY_NS;
	for (unsigned i = 0; i < LGMP_QUEUE_COUNT; i++) {
		int r = lgmp_queue_find(client->shm, client->layout, queue_ids[i], &queue);
		if (r == -EBADMSG) {
			lose_corrupt(client, now_ns);
			return;
		}
		if (r < 0) {
			set_state(client, LGMP_STATE_STARTING,
					_("The Looking Glass host program in the VM is starting"));
			client->due_ns = look_again(client, now_ns);
			return;
		}
	}
	int r = read_udata(client, &session, &info);
	if (r == -EAGAIN || r == -ENOMEM) {
		return;
	}
	if (r == -EPROTO) {
		client->due_ns = now_ns + LOOK_FOR_HOST_NS;
		set_state(client, LGMP_STATE_NOT_KVMFR,
				_("The shared memory is used by a program that is not Looking Glass"));
		return;
	}
	if (r < 0) {
		lose_corrupt(client, now_ns);
		return;
	}
	const struct kvmfr_version *ours =
			kvmfr_version_find(client->layout->version, info.version);
	status->kvmfr = info.version;
	status->info = info;
	if (!ours) {
		const struct kvmfr_version *wanted =
				kvmfr_version_for_lgmp(client->layout->version);
		client->due_ns = now_ns + LOOK_FOR_HOST_NS;
		set_state(client, LGMP_STATE_KVMFR,
				_("The VM's Looking Glass host %s speaks KVMFR %u over LGMP %u; pierglass "
				  "speaks %u there: install host B7 in the VM"),
				info.host_version, info.version, client->layout->version,
				wanted ? wanted->kvmfr : 0);
		return;
	}
	status->experimental = ours->experimental;
	client->session = session;
	client->no_frame_limit_ns = NO_FRAME_NS;
	atomic_store_explicit(&client->corrupt, false, memory_order_relaxed);
	if (subscribe_both(client, now_ns) < 0) {
		return;
	}
	status->sessions++;
	client->check_ns = now_ns;
	client->heartbeat_ns = now_ns;
	say_running(client);
}

/* --- a running session -------------------------------------------------------------------- */

/* False when the session is over. */
static bool check_session(struct lgmp_client *client, uint64_t now_ns) {
	const struct lgmp_layout *layout = client->layout;
	if (shm_check(client->shm) < 0) {
		lose_mapping(client, now_ns);
		return false;
	}
	if (header_word(client, layout->magic) != LGMP_MAGIC ||
			header_word(client, layout->version_at) != layout->version ||
			header_word(client, layout->session) != client->session) {
		lose(client, now_ns);
		set_state(client, LGMP_STATE_NO_HEARTBEAT,
				_("The Looking Glass host program in the VM was restarted"));
		return false;
	}
	const uint64_t heartbeat = timestamp_of(client, layout);
	/* If we were stopped ourselves, the silence was ours. */
	if (heartbeat != client->heartbeat || now_ns - client->check_ns > CHECK_LATE_NS) {
		client->heartbeat = heartbeat;
		client->heartbeat_ns = now_ns;
	}
	client->check_ns = now_ns;
	if (now_ns - client->heartbeat_ns > DEAD_NS) {
		lose(client, now_ns);
		set_state(client, LGMP_STATE_NO_HEARTBEAT,
				_("The Looking Glass host program in the VM stopped, waiting for it"));
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
			if (subscribe_both(client, now_ns) == 0) {
				client->status.resubscriptions++;
			}
		}
		return;
	}
	if (client->got_frame || now_ns - client->subscribed_ns[LGMP_QUEUE_FRAME] <=
						 client->no_frame_limit_ns) {
		return;
	}
	pthread_mutex_lock(&client->lock);
	for (unsigned i = 0; i < LGMP_QUEUE_COUNT; i++) {
		lgmp_unsubscribe(&client->subs[i]);
		client->generations[i] = 0;
	}
	pthread_mutex_unlock(&client->lock);
	client->renew_ns = now_ns + RENEW_PAUSE_NS;
	client->no_frame_limit_ns *= 2;
	if (client->no_frame_limit_ns > NO_FRAME_MAX_NS) {
		client->no_frame_limit_ns = NO_FRAME_MAX_NS;
	}
}

static void try_move(struct lgmp_client *client, uint64_t now_ns) {
	const struct lgmp_subscription *sub = &client->subs[LGMP_QUEUE_POINTER];
	if (client->move_state == LGMP_SEND_WAITS && sub->active) {
		int r = lgmp_subscription_send(
				sub, &client->move, sizeof client->move, &client->move_serial);
		if (r == 0) {
			client->move_state = LGMP_SEND_SENT;
		}
	} else if (client->move_state == LGMP_SEND_SENT && sub->active &&
			lgmp_subscription_acknowledged(sub, client->move_serial)) {
		client->move_state = LGMP_SEND_DONE;
	}
	if ((client->move_state == LGMP_SEND_WAITS || client->move_state == LGMP_SEND_SENT) &&
			now_ns >= client->move_limit_ns) {
		client->move_state = LGMP_SEND_FAILED;
	}
}

int lgmp_client_move_pointer(struct lgmp_client *client, int32_t x, int32_t y, uint64_t now_ns) {
	if (client->status.state != LGMP_STATE_RUNNING) {
		return -ENOTCONN;
	}
	if (!(client->status.info.features & KVMFR_FEATURE_SET_CURSOR_POS)) {
		return -EOPNOTSUPP;
	}
	client->move = (struct kvmfr_set_cursor_wire){ .type = 0, .x = x, .y = y };
	client->move_state = LGMP_SEND_WAITS;
	client->move_limit_ns = now_ns + SEND_LIMIT_NS;
	try_move(client, now_ns);
	if (client->due_ns > now_ns + SEND_LOOK_NS) {
		client->due_ns = now_ns + SEND_LOOK_NS;
	}
	return 0;
}

enum lgmp_send lgmp_client_move_state(struct lgmp_client *client, uint64_t now_ns) {
	try_move(client, now_ns);
	return client->move_state;
}

static void run(struct lgmp_client *client, uint64_t now_ns) {
	if (atomic_load_explicit(&client->corrupt, memory_order_relaxed)) {
		lose_corrupt(client, now_ns);
		return;
	}
	if (now_ns - client->check_ns >= CHECK_NS && !check_session(client, now_ns)) {
		return;
	}
	watch_frames(client, now_ns);
	if (client->status.state != LGMP_STATE_RUNNING) {
		return;
	}
	try_move(client, now_ns);
	say_running(client);

	client->due_ns = client->check_ns + CHECK_NS;
	if (client->renew_ns && client->renew_ns < client->due_ns) {
		client->due_ns = client->renew_ns;
	}
	if (client->move_state == LGMP_SEND_WAITS || client->move_state == LGMP_SEND_SENT) {
		client->due_ns = now_ns + SEND_LOOK_NS;
	}
}

static void look_for_host(struct lgmp_client *client, uint64_t now_ns) {
	if (shm_check(client->shm) < 0) {
		lose_mapping(client, now_ns);
		return;
	}
	if (find_header(client, now_ns) && heartbeat_proven(client, now_ns)) {
		open_session(client, now_ns);
	} else {
		client->due_ns = look_again(client, now_ns);
	}
}

uint64_t lgmp_client_step(struct lgmp_client *client, uint64_t now_ns) {
	if (client->fine_until_ns == 0) {
		client->fine_until_ns = now_ns + FINE_PERIOD_NS;
	}
	if (now_ns - client->now_ns > CHECK_LATE_NS) {
		/* We were stopped: no frame could come. */
		client->subscribed_ns[LGMP_QUEUE_FRAME] = now_ns;
	}
	client->now_ns = now_ns;
	/* Some rounds: finding the file, its host and its session may all be possible at once. */
	for (unsigned i = 0; i < 4 && now_ns >= client->due_ns; i++) {
		if (client->path[0] == '\0') {
			set_state(client, LGMP_STATE_OFF, _("No shared memory was chosen"));
			client->due_ns = now_ns + LOOK_FOR_FILE_NS;
		} else if (!client->shm) {
			look_for_file(client, now_ns);
		} else if (client->status.state == LGMP_STATE_RUNNING) {
			run(client, now_ns);
		} else {
			look_for_host(client, now_ns);
		}
	}
	return client->due_ns;
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
	int r = subscribe(client, queue, now_ns);
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
		lose_corrupt(client, client->now_ns);
		return r;
	}
	if (r < 0) {
		return resubscribe(client, queue);
	}
	if (queue == LGMP_QUEUE_FRAME && !client->got_frame) {
		client->got_frame = true;
		client->no_frame_limit_ns = NO_FRAME_NS;
		say_running(client);
	}
	*ret_message = (struct lgmp_message){ .shm = client->shm,
		.generation = client->generations[queue],
		.queue = queue,
		.kvmfr = client->status.kvmfr,
		.udata = entry.udata,
		.offset = entry.offset,
		.size = entry.size,
		.index = entry.index };
	return 1;
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

/* --- life --------------------------------------------------------------------------------- */

int lgmp_client_create(struct lgmp_client **ret_client, const char *path) {
	struct lgmp_client *client = calloc(1, sizeof *client);
	if (!client) {
		return -ENOMEM;
	}
	pthread_mutex_init(&client->lock, NULL);
	atomic_init(&client->corrupt, false);
	snprintf(client->path, sizeof client->path, "%s", path);
	set_state(client, LGMP_STATE_OFF, _("Not looked for yet"));
	*ret_client = client;
	return 0;
}

void lgmp_client_set_path(struct lgmp_client *client, const char *path) {
	leave(client);
	unmap(client);
	forget_host(client);
	snprintf(client->path, sizeof client->path, "%s", path);
	client->due_ns = 0;
	client->fine_until_ns = 0;
	set_state(client, LGMP_STATE_OFF, _("Not looked for yet"));
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
