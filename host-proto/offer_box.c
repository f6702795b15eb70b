#include "host-proto/offer_box.h"

#include <string.h>

#include "host-proto/shm.h"

void offer_box_init(struct offer_box *box, struct host_offer *newest, size_t size) {
	*box = (struct offer_box){ .newest = newest, .size = size };
	pthread_mutex_init(&box->lock, NULL);
}

void offer_box_finish(struct offer_box *box) {
	shm_unref(box->newest->shm);
	pthread_mutex_destroy(&box->lock);
}

void offer_box_wake(const struct offer_box *box) {
	if (box->wake) {
		box->wake(box->data);
	}
}

void offer_box_listen(struct offer_box *box, void (*wake)(void *data), void *data) {
	pthread_mutex_lock(&box->lock);
	box->wake = wake;
	box->data = data;
	if (box->fresh) {
		offer_box_wake(box);
	}
	pthread_mutex_unlock(&box->lock);
}

struct shm *offer_box_put(struct offer_box *box, const struct host_offer *offer) {
	struct shm *before = box->newest->shm;
	memcpy(box->newest, offer, box->size);
	if (offer->shm) {
		shm_ref(offer->shm);
	}
	box->fresh = true;
	offer_box_wake(box);
	return before;
}

bool offer_box_has_session(struct offer_box *box) {
	pthread_mutex_lock(&box->lock);
	const bool there = box->newest->session;
	pthread_mutex_unlock(&box->lock);
	return there;
}

bool offer_box_take(struct offer_box *box, struct host_offer *ret_offer) {
	pthread_mutex_lock(&box->lock);
	const bool fresh = box->fresh;
	if (fresh) {
		memcpy(ret_offer, box->newest, box->size);
		if (ret_offer->shm) {
			shm_ref(ret_offer->shm);
		}
		box->fresh = false;
	}
	pthread_mutex_unlock(&box->lock);
	return fresh;
}
