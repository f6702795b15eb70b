/*
 * The reading side of a Looking Glass session: finds the memory, waits for a living host of a known
 * version, subscribes to its frame and pointer queues, hands out their messages, and recovers from
 * whatever goes wrong (doc/protocol/lgmp.md, kvmfr.md). A state machine: no thread, no log;
 * lgmp_client_step() drives it. An absent host is a state with a reason in words.
 *
 * One thread ("pg-lgmp") calls everything; lgmp_client_finish() alone may be called from any
 * thread, also for messages of a session that is long gone.
 *
 *	for (;;) {
 *		uint64_t due_ns = lgmp_client_step(client, clock_now_ns());
 *		while (lgmp_client_next(client, LGMP_QUEUE_POINTER, &message) > 0) { … finish }
 *		while (lgmp_client_next(client, LGMP_QUEUE_FRAME, &message) > 0) { hold the newest }
 *		sleep until due_ns or the next look
 *	}
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/owners.h"
#include "host-proto/kvmfr.h"
#include "host-proto/kvmfr_audio.h"

struct frame;
struct kvmfr_schedule;
struct lgmp_client;
struct shm;

enum lgmp_queue {
	LGMP_QUEUE_FRAME,
	LGMP_QUEUE_POINTER,
	LGMP_QUEUES_NEEDED,                    /* those below only where a host has them */
	LGMP_QUEUE_INPUT = LGMP_QUEUES_NEEDED, /* kvmfr.md A.5 */
	LGMP_QUEUE_CLIPBOARD,                  /* A.6 */
	LGMP_QUEUE_OWNER_A, /* frames too: for the client whose schedule they follow (A.4) */
	LGMP_QUEUE_OWNER_B,
	LGMP_QUEUE_COUNT,
};

enum lgmp_state {
	LGMP_STATE_OFF,          /* no path was given */
	LGMP_STATE_NO_FILE,      /* the path does not exist */
	LGMP_STATE_UNREADABLE,   /* permission, a folder, not a device of ours */
	LGMP_STATE_EMPTY,        /* size 0: made before its VM started */
	LGMP_STATE_TOO_SMALL,    /* smaller than an LGMP header */
	LGMP_STATE_NO_MAGIC,     /* mapped, but no host program ever wrote to it */
	LGMP_STATE_VERSION,      /* an LGMP version that we do not speak */
	LGMP_STATE_NO_HEARTBEAT, /* a header, but its host does not run (or not proven yet) */
	LGMP_STATE_STARTING,     /* a living host that has not made its queues yet */
	LGMP_STATE_NOT_KVMFR,    /* LGMP, but not Looking Glass's payload */
	LGMP_STATE_KVMFR,        /* another KVMFR version */
	LGMP_STATE_FULL,         /* all places for clients are taken */
	LGMP_STATE_BROKEN,       /* the host writes nonsense or holds a lock; tried again later */
	LGMP_STATE_FOUND,        /* lgmp_client_look_only(): a living host that we speak */
	LGMP_STATE_RUNNING,      /* subscribed */
};

/* Whether frames come on it. */
static inline bool lgmp_queue_has_frames(enum lgmp_queue queue) {
	return queue == LGMP_QUEUE_FRAME || queue >= LGMP_QUEUE_OWNER_A;
}

const char *lgmp_state_name(enum lgmp_state state); /* "no-heartbeat", for logs and tests */

struct lgmp_status {
	enum lgmp_state state;
	unsigned lgmp, kvmfr;   /* versions found, 0 = none yet; also when they are not ours */
	bool experimental;      /* a KVMFR newer than ours, read as the newest that we know */
	bool recovery;          /* the host keeps a recovery region (kvmfr.md A.7) */
	struct kvmfr_info info; /* of the running host, or of one whose version is not ours */
	enum kvmfr_audio_result audio; /* of this session */
	unsigned audio_protocol;       /* of the answer, 0 = none */
	uint64_t memory_bytes;         /* size of the mapping, 0 = none */
	char reason[160];              /* for people: what is waited for and what would help */
	/* Counters since creation. */
	uint64_t sessions;        /* times that RUNNING was reached */
	uint64_t lost;            /* times that it was left without being asked */
	uint64_t resubscriptions; /* evictions healed, and frameless subscriptions renewed */
	uint64_t corrupt;         /* failed checks of lgmp.md 8 */
	uint64_t changes;         /* counts up whenever anything above changed */
};

/* One message, not finished yet. Plain data: copy it where it is needed. */
struct lgmp_message {
	struct shm *shm;     /* borrowed until the session ends: shm_ref() it to keep the bytes */
	uint64_t generation; /* of the subscription. A change = start over: full frame, no shape */
	enum lgmp_queue queue;
	unsigned kvmfr;  /* the layout for frame_read(), cursor_read(): one of ours */
	uint64_t udata;  /* the application's word; pointer flags */
	uint64_t offset; /* of the payload block; checked: inside the mapping, multiple of 4 */
	uint32_t size;   /* of the block */
	uint32_t index;  /* in the ring */
};

/* path: "" = off. Returns 0 or -ENOMEM. */
int lgmp_client_create(struct lgmp_client **ret_client, const char *path);

/* Whose file may be the VM's memory; without this call root's and this user's. Before the first
 * step. */
void lgmp_client_set_owners(struct lgmp_client *client, const struct owners *owners);

/* Also subscribe to that queue, in sessions that offer it: lgmp_client_next() must be called for
 * it, too, because a client that leaves messages unread is evicted from all queues. Frame and
 * pointer are always wanted. Before the first step. */
void lgmp_client_want(struct lgmp_client *client, enum lgmp_queue queue);

/* Writes nothing to the memory: a host is looked at and not subscribed to. Before the first step.
 */
void lgmp_client_look_only(struct lgmp_client *client);

/* Ends the looking in LGMP_STATE_FOUND: the next step joins the session for a question, with the
 * pointer queue alone, so that no frame waits for this reader. */
void lgmp_client_ask_only(struct lgmp_client *client);

/* The newest frame header that lies in the memory, without a subscription: what its pixels are may
 * have changed meanwhile. In LGMP_STATE_FOUND only; -ENOENT: there is none. */
int lgmp_client_peek_frame(struct lgmp_client *client, struct frame *ret_frame);

/* Leaves a running session cleanly (unsubscribes). Accepts NULL. No other thread may still call
 * lgmp_client_finish(). */
void lgmp_client_destroy(struct lgmp_client *client);

/* Another file: leaves the session cleanly; the next step looks at the new one. */
void lgmp_client_set_path(struct lgmp_client *client, const char *path);

/* Who we are in the running session: its id, and ours (LGMP 12: one for all queues). */
void lgmp_client_identity(
		const struct lgmp_client *client, uint32_t *ret_session, uint32_t *ret_client_id);

/* Does whatever is due: looks for file and host, checks the session every 100 ms, heals, sends.
 * Cheap when nothing is due. Returns when it wants to be called again. */
uint64_t lgmp_client_step(struct lgmp_client *client, uint64_t now_ns);

const struct lgmp_status *lgmp_client_status(const struct lgmp_client *client);

/* The next message of the queue, each one once, in order. An empty queue costs two atomic loads.
 * Returns 1, 0 (nothing, or not running), or a negative errno after which the session is over
 * (-ENOTCONN lost, -EBADMSG the host wrote nonsense); the next step heals it. An eviction is
 * healed in here, by a new subscription: 0 is returned and the generation differs from then on. */
int lgmp_client_next(struct lgmp_client *client, enum lgmp_queue queue,
		struct lgmp_message *ret_message);

/*
 * The word that changes when the host posts to the queue, with its value while there is nothing
 * that lgmp_client_next() did not give: for base/cpu_wait.h. It lies in the shared memory until the
 * next call of anything here. False when not running. A host of LGMP 12 may take a finished message
 * back and post the next one between two looks of the processor, and the word is as before: wait
 * for a bounded time only.
 */
bool lgmp_client_doorbell(const struct lgmp_client *client, enum lgmp_queue queue,
		const uint32_t **ret_word, uint32_t *ret_value);

/*
 * Gives the message's block back to the host, at once where the ring allows it (lgmp.md 5.3, A.3).
 * From any thread; never waits for the host. Nothing happens when the subscription is not the
 * current one any more.
 * Returns whether what was copied out of the block before the call may be trusted (as far as the
 * host can be): 0, or -ESTALE when the host may have overwritten it meanwhile (evicted, gone,
 * finished before).
 */
int lgmp_client_finish(struct lgmp_client *client, const struct lgmp_message *message);

/*
 * Asks the host to put the guest's pointer there (kvmfr.md 7). Only the newest request counts; it
 * is sent by this call or by a later step when the host has room, and waits for nothing.
 * -EOPNOTSUPP: the host does not take it; -ENOTCONN: no session.
 */
int lgmp_client_move_pointer(struct lgmp_client *client, int32_t x, int32_t y, uint64_t now_ns);

enum lgmp_send {
	LGMP_SEND_NONE,   /* nothing was ever sent */
	LGMP_SEND_WAITS,  /* not in the ring yet: the host has no room */
	LGMP_SEND_SENT,   /* written, not acknowledged yet */
	LGMP_SEND_DONE,   /* the host has handled it */
	LGMP_SEND_FAILED, /* no acknowledgement within 100 ms, or no room for that long */
	LGMP_SEND_LOST,   /* the subscription ended before: nobody knows whether it was handled */
};

/* Tells the host the size of the window, in pixels, so that the guest's monitor follows it
 * (kvmfr.md A.8); otherwise as above. */
int lgmp_client_window_size(
		struct lgmp_client *client, uint32_t width, uint32_t height, uint64_t now_ns);

/* Asks the host whether it would give us its sound (kvmfr_audio.h); otherwise as above. The answer
 * comes as a message of the pointer queue: whoever reads that tells it here, for the status. */
int lgmp_client_claim_audio(struct lgmp_client *client, uint64_t now_ns);
void lgmp_client_audio_answered(
		struct lgmp_client *client, const struct kvmfr_audio_answer *answer);

/* What became of the newest request of a kind. Sends one that waits, if it can be sent now. */
enum lgmp_request_kind { LGMP_MOVE_POINTER, LGMP_WINDOW_SIZE, LGMP_CLAIM_AUDIO, LGMP_REQUESTS };
enum lgmp_send lgmp_client_request_state(
		struct lgmp_client *client, enum lgmp_request_kind kind, uint64_t now_ns);

/* Client data of at most 64 bytes for that queue, in order and each once. 0: it is on its way;
 * -EAGAIN: the host has no room now; -ENOTCONN: not subscribed. */
int lgmp_client_send(
		struct lgmp_client *client, enum lgmp_queue queue, const void *data, uint32_t size);

/* Tells the host when this client's display wants frames (kvmfr_schedule.h; the client id is filled
 * in). It is told again and again, so nobody waits for an acknowledgement: 0; -EAGAIN (no room
 * now), -EOPNOTSUPP (the host does not take it), -ENOTCONN. */
int lgmp_client_schedule(struct lgmp_client *client, const struct kvmfr_schedule *schedule);
