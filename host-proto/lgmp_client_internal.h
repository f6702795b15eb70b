/*
 * Shared by the files of the reading side: lgmp_client.c (states, losing, life), lgmp_find.c (the
 * way to a host) and lgmp_session.c (subscriptions and messages). No other file includes this
 * header.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "host-proto/kvmfr_wire.h"
#include "host-proto/lgmp_client.h"
#include "host-proto/lgmp_queue.h"
#include "host-proto/shm.h"

#define LGMP_LOOK_FINELY_NS (5 * NS_PER_MS)
#define LGMP_FINE_PERIOD_NS (3 * NS_PER_S) /* of fine looks, after something changed */
#define LGMP_DEAD_NS        (LGMP_DEAD_MS * NS_PER_MS)
#define LGMP_NO_FRAME_NS    (3 * NS_PER_S)

#define LGMP_LOOK_FOR_FILE_NS (500 * NS_PER_MS)
#define LGMP_CHECK_LATE_NS    (500 * NS_PER_MS) /* we ourselves were stopped */
#define LGMP_BROKEN_RETRY_NS  NS_PER_S

/* Client data, of which only the newest counts. */
struct lgmp_request {
	uint8_t data[LGMP_DATA_MAX];
	uint32_t size;
	enum lgmp_send state;
	uint32_t serial;
	uint64_t limit_ns;
};

struct lgmp_client {
	/* under the lock; pg-lgmp changes it, others read it in finish() */
	pthread_mutex_t lock;
	struct lgmp_subscription subs[LGMP_QUEUE_COUNT];
	uint64_t generations[LGMP_QUEUE_COUNT];

	/* any thread */
	atomic_bool corrupt; /* finish() met nonsense */

	/* pg-lgmp only */
	char path[SHM_PATH_BYTES];
	struct owners owners;
	bool look_only, ask_only;      /* ask_only: without frames */
	bool wanted[LGMP_QUEUE_COUNT]; /* beside frame and pointer */
	struct lgmp_status status;
	struct shm *shm;
	const struct lgmp_layout *layout;
	uint64_t now_ns; /* of the last step */
	uint64_t due_ns;
	uint64_t fine_until_ns; /* 0 = the first step sets it */
	uint32_t session;
	unsigned layout_kvmfr;
	uint32_t client_id; /* of the session, where the version has one for all queues */
	uint64_t generation;

	uint64_t heartbeat;  /* the last value seen */
	unsigned heartbeats; /* changes since the baseline */
	uint64_t heartbeat_ns;
	uint64_t check_ns;                        /* of the last session check */
	uint64_t recovery_heartbeat, recovery_ns; /* of the recovery region, and when it changed */
	unsigned recovery_beats;

	uint64_t subscribed_ns[LGMP_QUEUE_COUNT];
	bool got_frame; /* since the frame queue was subscribed */
	uint64_t no_frame_limit_ns;
	uint64_t renew_ns; /* subscribe again then; 0 = subscribed */

	uint64_t first_corrupt_ns;
	unsigned corrupt_count;

	struct lgmp_request requests[LGMP_REQUESTS];
};

/* ---- lgmp_client.c ---- */

__attribute__((format(printf, 3, 4))) void lgmp_client_set_state(
		struct lgmp_client *client, enum lgmp_state state, const char *format, ...);
/* The host's timestamp, in the memory. */
uint64_t lgmp_client_heartbeat(const struct lgmp_client *client, const struct lgmp_layout *layout);
uint32_t lgmp_client_header(const struct lgmp_client *client, uint32_t offset);
void lgmp_client_forget_host(struct lgmp_client *client);
/* A new baseline: the host must prove again that it lives. */
void lgmp_client_restart_heartbeat(struct lgmp_client *client, uint64_t now_ns);
/* The session is over and its memory may belong to someone else: nothing more is written. */
void lgmp_client_lose(struct lgmp_client *client, uint64_t now_ns);
/* What was sent and not acknowledged: nobody will tell whether it was handled. */
void lgmp_client_lose_send(struct lgmp_client *client);
void lgmp_client_lose_mapping(struct lgmp_client *client, uint64_t now_ns);
void lgmp_client_lose_corrupt(struct lgmp_client *client, uint64_t now_ns);

/* ---- lgmp_find.c ---- */

void lgmp_client_look_for_file(struct lgmp_client *client, uint64_t now_ns);
void lgmp_client_look_for_host(struct lgmp_client *client, uint64_t now_ns);

/* ---- lgmp_session.c ---- */

extern const uint32_t lgmp_client_queue_ids[LGMP_QUEUE_COUNT];
/* The next client id of the session: one for all its queues (lgmp.md A.3). */
uint32_t lgmp_client_take_id(struct lgmp_client *client);
/* To both queues; what a failure means for the session is done already. */
int lgmp_client_subscribe(struct lgmp_client *client, uint64_t now_ns);
void lgmp_client_say_running(struct lgmp_client *client);
/* What a running session wants now. */
void lgmp_client_run(struct lgmp_client *client, uint64_t now_ns);
