/* The way from a path to a session: file, header, heartbeat, the host's user data. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "host-proto/frame.h"
#include "host-proto/host_facts.h"
#include "host-proto/kvmfr_recovery.h"
#include "host-proto/lgmp_client_internal.h"

#define LOOK_FOR_HOST_NS  (100 * NS_PER_MS)
#define LGMP_NEWEST       12u
#define HEARTBEATS_WANTED 2u /* changes since the baseline (lgmp.md 4.2) */

/* Where later versions keep their magic (lgmp.md appendix A), to name them. */
static const struct {
	uint32_t magic, version;
} later_magics[] = { { 8, 12 }, { 8064, 8068 }, { 9664, 9668 } };

static uint64_t look_again(const struct lgmp_client *client, uint64_t now_ns) {
	return now_ns + (now_ns < client->fine_until_ns ? LGMP_LOOK_FINELY_NS : LOOK_FOR_HOST_NS);
}

void lgmp_client_look_for_file(struct lgmp_client *client, uint64_t now_ns) {
	client->due_ns = now_ns + (now_ns < client->fine_until_ns ? LOOK_FOR_HOST_NS
								  : LGMP_LOOK_FOR_FILE_NS);
	uid_t owner = OWNER_UNKNOWN;
	char name[OWNER_NAME_BYTES];
	int r = shm_map_trusted(&client->shm, client->path, &client->owners, &owner);
	switch (r) {
	case 0:
		break;
	case -ENOENT:
	case -ENOTDIR:
		lgmp_client_set_state(client, LGMP_STATE_NO_FILE,
				_("waiting for the VM: %s does not exist yet"), client->path);
		return;
	case -ENODATA:
		lgmp_client_set_state(client, LGMP_STATE_EMPTY,
				_("waiting for the VM to start: %s is still empty"), client->path);
		return;
	case -EACCES:
	case -EPERM:
		lgmp_client_set_state(client, LGMP_STATE_UNREADABLE,
				_("no permission to open %s: its group needs read and write access"),
				client->path);
		return;
	case -OWNER_REFUSED:
		owner_name("", owner, name);
		lgmp_client_set_state(client, LGMP_STATE_UNREADABLE,
				_("%s belongs to user %s, not to the VM's: see --vm-owner"),
				client->path, name);
		return;
	case -EISDIR:
	case -ENODEV:
	case -ENXIO:
		lgmp_client_set_state(client, LGMP_STATE_UNREADABLE,
				_("%s is neither a shared memory file nor a kvmfr device"),
				client->path);
		return;
	default:
		lgmp_client_set_state(client, LGMP_STATE_UNREADABLE, _("cannot map %s: %s"),
				client->path, strerrordesc_np(-r));
		return;
	}
	client->status.memory_bytes = shm_size(client->shm);
	client->layout = NULL;
	client->fine_until_ns = now_ns + LGMP_FINE_PERIOD_NS;
	client->due_ns = now_ns;
}

/* The LGMP version in the memory; 0 = no magic anywhere. */
static unsigned find_version(const struct lgmp_client *client) {
	const uint64_t size = shm_size(client->shm);
	if (lgmp_client_header(client, 0) == LGMP_MAGIC) {
		return lgmp_client_header(client, 4);
	}
	for (size_t i = 0; i < sizeof later_magics / sizeof later_magics[0]; i++) {
		if (later_magics[i].version + 4 <= size &&
				lgmp_client_header(client, later_magics[i].magic) == LGMP_MAGIC) {
			return lgmp_client_header(client, later_magics[i].version);
		}
	}
	return 0;
}

static void say_other_version(struct lgmp_client *client, unsigned version) {
	lgmp_client_forget_host(client);
	client->status.lgmp = version;
	lgmp_client_set_state(client, LGMP_STATE_VERSION,
			version > LGMP_NEWEST ? _(HOST_FACTS_LGMP_NEW) : _(HOST_FACTS_LGMP_OLD),
			version);
}

/*
 * A host that is too new for its magic to be found says what it speaks in the recovery region. The
 * region stays when its host is gone, or another one runs: it counts while its heartbeat moves.
 */
static unsigned recovery_version(struct lgmp_client *client, uint64_t now_ns) {
	struct kvmfr_recovery recovery;
	client->status.recovery = kvmfr_recovery_read(client->shm, &recovery) == 0;
	if (!client->status.recovery) {
		client->recovery_beats = 0;
		return 0;
	}
	if (recovery.heartbeat != client->recovery_heartbeat) {
		client->recovery_heartbeat = recovery.heartbeat;
		client->recovery_ns = now_ns;
		client->recovery_beats++; /* the first one is what stood there */
	} else if (now_ns - client->recovery_ns > LGMP_DEAD_NS) {
		client->recovery_beats = 1;
	}
	return client->recovery_beats > 1 && recovery.lgmp > LGMP_NEWEST ? recovery.lgmp : 0;
}

/* Whether there is a header of a version that we speak. */
static bool find_header(struct lgmp_client *client, uint64_t now_ns) {
	if (shm_size(client->shm) < LGMP_HEADER_MIN) {
		lgmp_client_set_state(client, LGMP_STATE_TOO_SMALL,
				_("%s has %llu bytes, too small for Looking Glass: set the VM's shared "
				  "memory to 32 MiB or more"),
				client->path, (unsigned long long)shm_size(client->shm));
		return false;
	}
	unsigned version = find_version(client);
	const unsigned newer = recovery_version(client, now_ns);
	version = newer && !lgmp_layout_find(version) ? newer : version;
	const struct lgmp_layout *layout = lgmp_layout_find(version);
	if (layout && !layout->session_client_id) {
		client->status.recovery = false; /* of a host that was there before */
	}
	const bool here = layout && shm_size(client->shm) >= layout->header_bytes &&
			  lgmp_client_header(client, layout->magic) == LGMP_MAGIC;
	if (!here) {
		client->layout = NULL;
		if (version == 0) {
			lgmp_client_forget_host(client);
			lgmp_client_set_state(client, LGMP_STATE_NO_MAGIC,
					_("waiting for the Looking Glass host program to start in the "
					  "VM"));
		} else {
			say_other_version(client, version);
		}
		return false;
	}
	client->status.lgmp = version;
	if (client->layout != layout) {
		client->layout = layout;
		lgmp_client_restart_heartbeat(client, now_ns);
	}
	return true;
}

static bool heartbeat_proven(struct lgmp_client *client, uint64_t now_ns) {
	const uint64_t heartbeat = lgmp_client_heartbeat(client, client->layout);
	if (heartbeat != client->heartbeat) {
		client->heartbeat = heartbeat;
		client->heartbeat_ns = now_ns;
		client->heartbeats++;
		client->fine_until_ns = now_ns + LGMP_FINE_PERIOD_NS;
	}
	if (now_ns - client->heartbeat_ns > LGMP_DEAD_NS) {
		client->heartbeats = 0;
	}
	if (client->heartbeats >= HEARTBEATS_WANTED) {
		return true;
	}
	lgmp_client_set_state(client, LGMP_STATE_NO_HEARTBEAT,
			_("waiting for the Looking Glass host program in the VM (not running yet, or it "
			  "ended)"));
	return false;
}

/* Copies the user data out, once it and the header are known not to change (lgmp.md 4.3). */
static int read_udata(
		struct lgmp_client *client, uint32_t *ret_session, struct kvmfr_info *ret_info) {
	const struct lgmp_layout *layout = client->layout;
	const uint32_t session = lgmp_client_header(client, layout->session);
	const uint32_t size = lgmp_client_header(client, layout->udata_size);
	if (size > KVMFR_UDATA_MAX || !shm_in_range(client->shm, layout->udata, size)) {
		return -EBADMSG;
	}
	uint8_t *udata = malloc(size ? size : 1);
	if (!udata) {
		return -ENOMEM;
	}
	int r = shm_copy(client->shm, layout->udata, udata, size);
	if (r == 0 && (lgmp_client_header(client, layout->magic) != LGMP_MAGIC ||
				      lgmp_client_header(client, layout->version_at) !=
						      layout->version ||
				      lgmp_client_header(client, layout->session) != session ||
				      lgmp_client_header(client, layout->udata_size) != size)) {
		r = -EAGAIN;
	}
	if (r == 0) {
		*ret_session = session;
		r = kvmfr_info_read(udata, size, ret_info) < 0 ? -EPROTO : 0;
	}
	free(udata);
	return r;
}

/* Whether the host has made the queues that are needed; if not, what is done is done. */
static bool has_queues(struct lgmp_client *client, uint64_t now_ns) {
	/* A host of 12 has no session while it makes its queues (A.3). */
	const bool none = client->layout->session_client_id &&
			  lgmp_client_header(client, client->layout->session) == 0;
	uint64_t queue;
	for (unsigned i = 0; i < LGMP_QUEUES_NEEDED; i++) {
		int r = none ? -ENOENT
			     : lgmp_queue_find(client->shm, client->layout,
					       lgmp_client_queue_ids[i], &queue);
		if (r == -EBADMSG) {
			lgmp_client_lose_corrupt(client, now_ns);
			return false;
		}
		if (r < 0) {
			lgmp_client_set_state(client, LGMP_STATE_STARTING,
					_("the Looking Glass host program in the VM is starting"));
			client->due_ns = look_again(client, now_ns);
			return false;
		}
	}
	return true;
}

/* The same for the version that the host says in its user data. */
static bool has_version(
		struct lgmp_client *client, const struct kvmfr_info *info, uint64_t now_ns) {
	struct lgmp_status *status = &client->status;
	const unsigned lgmp = client->layout->version;
	const struct kvmfr_version *ours = kvmfr_version_find(lgmp, info->version);
	status->kvmfr = info->version;
	status->info = *info;
	if (!ours) {
		const struct kvmfr_version *wanted = kvmfr_version_for_lgmp(lgmp);
		client->due_ns = now_ns + LOOK_FOR_HOST_NS;
		lgmp_client_set_state(client, LGMP_STATE_KVMFR, _(HOST_FACTS_KVMFR),
				info->host_version, info->version, lgmp,
				wanted ? wanted->kvmfr : 0);
		return false;
	}
	status->experimental = info->version != ours->kvmfr;
	client->layout_kvmfr = ours->kvmfr;
	return true;
}

static void open_session(struct lgmp_client *client, uint64_t now_ns) {
	uint32_t session = 0;
	struct kvmfr_info info = { 0 };

	client->due_ns = now_ns + LGMP_LOOK_FINELY_NS;
	if (!has_queues(client, now_ns)) {
		return;
	}
	int r = read_udata(client, &session, &info);
	if (r == -EAGAIN || r == -ENOMEM) {
		return;
	}
	if (r == -EPROTO) {
		client->due_ns = now_ns + LOOK_FOR_HOST_NS;
		lgmp_client_set_state(client, LGMP_STATE_NOT_KVMFR,
				_("the shared memory is used by a program that is not Looking Glass"));
		return;
	}
	if (r < 0) {
		lgmp_client_lose_corrupt(client, now_ns);
		return;
	}
	if (!has_version(client, &info, now_ns)) {
		return;
	}
	if (client->look_only) {
		client->due_ns = now_ns + LOOK_FOR_HOST_NS;
		lgmp_client_set_state(client, LGMP_STATE_FOUND, "%s", info.host_version);
		return;
	}
	client->session = session;
	if (client->layout->session_client_id) {
		client->client_id = lgmp_client_take_id(client);
	}
	client->no_frame_limit_ns = LGMP_NO_FRAME_NS;
	atomic_store_explicit(&client->corrupt, false, memory_order_relaxed);
	if (lgmp_client_subscribe(client, now_ns) < 0) {
		return;
	}
	client->status.sessions++;
	client->check_ns = now_ns;
	client->heartbeat_ns = now_ns;
	lgmp_client_say_running(client);
}

void lgmp_client_look_for_host(struct lgmp_client *client, uint64_t now_ns) {
	if (shm_check(client->shm) < 0) {
		lgmp_client_lose_mapping(client, now_ns);
		return;
	}
	if (find_header(client, now_ns) && heartbeat_proven(client, now_ns)) {
		open_session(client, now_ns);
	} else {
		client->due_ns = look_again(client, now_ns);
	}
}

/* Frames of a ring of which nobody tells how much of it is in use: the newest serial counts. */
int lgmp_client_peek_frame(struct lgmp_client *client, struct frame *ret_frame) {
	static const uint32_t queues[] = { KVMFR_QUEUE_FRAME, KVMFR_QUEUE_OWNER,
		KVMFR_QUEUE_OWNER + 1 };
	const struct lgmp_status *status = &client->status;
	const struct kvmfr_version *version = kvmfr_version_find(status->lgmp, status->kvmfr);
	struct lgmp_entry entry;
	struct frame frame;
	bool any = false;
	if (status->state != LGMP_STATE_FOUND || !version) {
		return -ENOENT;
	}
	for (unsigned i = 0; i < sizeof queues / sizeof queues[0]; i++) {
		for (uint32_t at = 0; at <= KVMFR_LENGTH_FRAME; at++) {
			if (lgmp_queue_peek(client->shm, client->layout, queues[i], at, &entry) <
							0 ||
					frame_read(client->shm, version->kvmfr, entry.offset,
							entry.size, &frame) < 0) {
				continue;
			}
			if (!any || (int32_t)(frame.serial - ret_frame->serial) > 0) {
				*ret_frame = frame;
				any = true;
			}
		}
	}
	return any ? 0 : -ENOENT;
}
