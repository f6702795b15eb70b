/*
 * A mailbox: one value between two threads, the latest wins. For state (window size, status,
 * overlay text, settings). One of the two shapes that threads share; the other is queue.h.
 *
 * Both sides copy under a lock that is never held longer than one copy of the value, so neither
 * ever waits for the other's work. The wake function carries no data: the woken side looks.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct mailbox {
	pthread_mutex_t lock;
	size_t size;
	void *value;
	bool fresh; /* put and not taken yet */
	bool ever;  /* put at least once */
	void (*wake)(void *data);
	void *wake_data;
};

/* wake may be NULL; it is called by the putting thread after the lock is released.
 * Returns 0 or -ENOMEM. */
int mailbox_init(struct mailbox *mailbox, size_t size, void (*wake)(void *data), void *wake_data);
void mailbox_finish(struct mailbox *mailbox);

/* Replaces the value and wakes the reader. */
void mailbox_put(struct mailbox *mailbox, const void *value);

/* Copies the value out if it was put since the last take. */
bool mailbox_take(struct mailbox *mailbox, void *ret_value);

/* Copies the value out whether it was taken before or not; false if none was ever put. Does not
 * make it taken. */
bool mailbox_peek(struct mailbox *mailbox, void *ret_value);
