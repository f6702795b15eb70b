/*
 * The producing side of LGMP, in the role of the host program in the guest (doc/protocol/lgmp.md 6,
 * A.3), by the rules of the version that it plays. For the demo guest, the bench and tests. No
 * thread: the caller runs lgmp_host_periodic() every 10 ms. All calls from one thread, except that
 * lgmp_host_is_pending() may come from any.
 *
 * Other programs are at the other end of the memory too: locks are bounded, indices checked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lgmp_host;
struct shm;

#define LGMP_HOST_PERIOD_MS 10

/* lgmp: a version of lgmp_layout_find(). Borrows shm. Nothing is written yet.
 * -EPROTONOSUPPORT, -EMSGSIZE (memory too small), -ENOMEM. */
int lgmp_host_create(struct lgmp_host **ret_host, struct shm *shm, unsigned lgmp);
/* Writes nothing: a dead host leaves everything as it is. Accepts NULL. */
void lgmp_host_destroy(struct lgmp_host *host);

/* A new session: takes the magic away and starts the layout anew. Then add queues, allocate, and
 * publish. -EMSGSIZE. */
int lgmp_host_begin(struct lgmp_host *host, uint32_t session, const void *udata, size_t size);
/* Holds `length` messages (LGMP 12: a power of two). Returns the queue's index (0..) or -ENOSPC,
 * -EMSGSIZE. */
int lgmp_host_add_queue(struct lgmp_host *host, uint32_t id, uint32_t length, uint32_t max_time_ms);
/* align: a power of two >= 4. The size that messages report is rounded up to it. -EMSGSIZE. */
int lgmp_host_allocate(struct lgmp_host *host, uint32_t bytes, uint32_t align, uint64_t *ret_offset,
		uint32_t *ret_size);
/* Bytes that are left for lgmp_host_allocate(). */
uint64_t lgmp_host_available(const struct lgmp_host *host);
/* Heartbeat, session id, magic; with LGMP 12 the number of queues after all of them. */
void lgmp_host_publish(struct lgmp_host *host, uint64_t now_ms);

/* Goes on in a session that already stands in the memory (a recorded one). -EBADMSG. */
int lgmp_host_attach(struct lgmp_host *host);

/* Heartbeat, retiring and evicting. -EBADMSG: the memory was wiped or makes no sense; begin anew.
 */
int lgmp_host_periodic(struct lgmp_host *host, uint64_t now_ms);
/* Retiring and evicting alone, with a dead heart: a fault for tests. */
int lgmp_host_retire(struct lgmp_host *host, uint64_t now_ms);

struct lgmp_host_message {
	uint64_t udata;
	uint64_t offset; /* of the block */
	uint32_t size;
	uint32_t client_id; /* for this client alone; 0 = for all */
};

/* A message that was posted. Slots of the ring are used again, tickets are not. */
struct lgmp_host_ticket {
	uint32_t index; /* in the ring */
	uint32_t serial;
};

/* Returns 1 and the message's ticket, 0 (nobody gets it; LGMP 12 puts it into the ring all the
 * same, until the next periodic run), -ENOBUFS (full), -ETIMEDOUT (lock). */
int lgmp_host_post(struct lgmp_host *host, unsigned queue, const struct lgmp_host_message *message,
		uint64_t now_ms, struct lgmp_host_ticket *ret_ticket);
/* Whether some subscriber has not finished it. */
bool lgmp_host_is_pending(
		const struct lgmp_host *host, unsigned queue, struct lgmp_host_ticket ticket);

bool lgmp_host_has_subscribers(const struct lgmp_host *host, unsigned queue);
/* The ids of the clients that are subscribed to it, at most `room` of them. */
unsigned lgmp_host_clients(
		const struct lgmp_host *host, unsigned queue, uint32_t *ret_ids, unsigned room);
uint32_t lgmp_host_take_new_subscribers(struct lgmp_host *host, unsigned queue);
unsigned lgmp_host_count(const struct lgmp_host *host, unsigned queue); /* unretired messages */

/* The next message of the clients, acknowledged by this call. data has room for 64 bytes. Returns
 * its size, or -EAGAIN when there is none, -ETIMEDOUT, -EBADMSG. Where the version knows its
 * senders, data of others is dropped, and acknowledged. */
int lgmp_host_read_data(struct lgmp_host *host, unsigned queue, void *data);
/* Who sent what the last lgmp_host_read_data() gave; 0 where the version does not tell. */
uint32_t lgmp_host_sender(const struct lgmp_host *host);
