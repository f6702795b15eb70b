/*
 * A queue: items between threads where every one counts (input, clipboard, commands). Bounded:
 * pushing to a full queue is an error, never a wait. Any number of threads may push, one pops.
 * The other shape that threads share is mailbox.h.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct queue {
	pthread_mutex_t lock;
	size_t item_size;
	size_t capacity;
	size_t head; /* index of the oldest item */
	size_t count;
	unsigned char *items;
	void (*wake)(void *data);
	void *wake_data;
};

/* Room for `capacity` items. wake may be NULL; it is called by the pushing thread after the lock is
 * released. Returns 0 or -ENOMEM. */
int queue_init(struct queue *queue, size_t item_size, size_t capacity, void (*wake)(void *data),
		void *wake_data);
void queue_finish(struct queue *queue);

/* Copies the item in. Returns 0 or -ENOBUFS: it is full, and the caller decides what is
 * said of that. */
int queue_push(struct queue *queue, const void *item);

/* The same for what may be lost: leaves `spare` places to those that may not. */
int queue_push_sparing(struct queue *queue, const void *item, size_t spare);

/* Copies the oldest item out; false when there is none. */
bool queue_pop(struct queue *queue, void *ret_item);
