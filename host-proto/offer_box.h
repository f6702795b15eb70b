/*
 * The newest offer of the host, on its way from the thread that reads the host's status (pg-lgmp)
 * to the thread that uses what is offered (pg-io). What input_port.h and clipboard_port.h have in
 * common.
 *
 * An offer is a struct of its user's that begins with struct host_offer. The newest one wins; the
 * box holds a reference to its mapping, and a taker gets one of its own. Any thread; a call takes
 * the lock for some instructions.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shm;

struct host_offer {
	bool session; /* false: there is none, and nothing else in the offer means anything */
	struct shm *shm;
	unsigned lgmp; /* the version of its layout */
	uint32_t session_id, client_id;
};

struct offer_box {
	pthread_mutex_t lock; /* the port's, too, for what changes with the offer */
	/* under the lock */
	struct host_offer *newest; /* size bytes of the port's own */
	size_t size;
	bool fresh;
	void (*wake)(void *data);
	void *data;
};

/* newest: zeroed, and as long there as the box. */
void offer_box_init(struct offer_box *box, struct host_offer *newest, size_t size);
void offer_box_finish(struct offer_box *box);

/* Who is woken by a new offer, at once where one waits. wake is called with the lock held. NULL:
 * nobody any more, and no call is under way when this returns. */
void offer_box_listen(struct offer_box *box, void (*wake)(void *data), void *data);

/* With the lock held. */
void offer_box_wake(const struct offer_box *box);

/* With the lock held: copies the offer and takes a reference to its mapping. Returns the mapping of
 * the one before, for shm_unref() when the lock is free. */
struct shm *offer_box_put(struct offer_box *box, const struct host_offer *offer);

/* Whether the newest offer is of a session. */
bool offer_box_has_session(struct offer_box *box);

/* The newest offer, with a reference of the taker's own to its mapping (NULL without a session).
 * False: nothing new since the last call. */
bool offer_box_take(struct offer_box *box, struct host_offer *ret_offer);
