#include "base/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int queue_init(struct queue *queue, size_t item_size, size_t capacity, void (*wake)(void *data),
		void *wake_data) {
	*queue = (struct queue){
		.item_size = item_size,
		.capacity = capacity,
		.wake = wake,
		.wake_data = wake_data,
	};
	queue->items = calloc(capacity, item_size);
	if (!queue->items) {
		return -ENOMEM;
	}
	pthread_mutex_init(&queue->lock, NULL);
	return 0;
}

void queue_finish(struct queue *queue) {
	if (!queue->items) {
		return;
	}
	pthread_mutex_destroy(&queue->lock);
	free(queue->items);
	queue->items = NULL;
}

int queue_push(struct queue *queue, const void *item) {
	return queue_push_sparing(queue, item, 0);
}

int queue_push_sparing(struct queue *queue, const void *item, size_t spare) {
	int r = 0;
	pthread_mutex_lock(&queue->lock);
	if (queue->count + spare >= queue->capacity) {
		r = -ENOBUFS;
	} else {
		size_t at = (queue->head + queue->count) % queue->capacity;
		memcpy(queue->items + at * queue->item_size, item, queue->item_size);
		queue->count++;
	}
	pthread_mutex_unlock(&queue->lock);
	if (queue->wake) {
		queue->wake(queue->wake_data);
	}
	return r;
}

bool queue_pop(struct queue *queue, void *ret_item) {
	pthread_mutex_lock(&queue->lock);
	bool any = queue->count > 0;
	if (any) {
		memcpy(ret_item, queue->items + queue->head * queue->item_size, queue->item_size);
		queue->head = (queue->head + 1) % queue->capacity;
		queue->count--;
	}
	pthread_mutex_unlock(&queue->lock);
	return any;
}
