#include "client/video/newest_frame.h"

#include <errno.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "host-proto/shm.h"

/* A held message counts as unread for the host, which evicts after 1000 ms. */
#define HOLD_MAX_NS (300 * NS_PER_MS)

void newest_frame_init(struct newest_frame *newest) {
	pthread_mutex_init(&newest->lock, NULL);
}

/* With the lock held. The frame stays on offer. */
static void finish(struct newest_frame *newest) {
	if (newest->waits && !newest->frame.finished) {
		lgmp_client_finish(newest->client, &newest->frame.message);
		newest->frame.finished = true;
		newest->frame.repeated = true;
	}
}

/* With the lock held. */
static void drop(struct newest_frame *newest) {
	finish(newest);
	if (newest->known) {
		shm_unref(newest->frame.message.shm);
		newest->known = false;
	}
	newest->waits = false;
}

void newest_frame_drop(struct newest_frame *newest) {
	pthread_mutex_lock(&newest->lock);
	drop(newest);
	pthread_mutex_unlock(&newest->lock);
}

void newest_frame_finish(struct newest_frame *newest) {
	newest_frame_drop(newest);
	pthread_mutex_destroy(&newest->lock);
}

void newest_frame_put(struct newest_frame *newest, struct source_frame *frame) {
	pthread_mutex_lock(&newest->lock);
	newest->seen++;
	if (newest->waits) {
		newest->superseded++;
		frame_merge_damage(&frame->frame, &newest->frame.frame);
		frame->repeated = frame->repeated || newest->frame.repeated;
	}
	drop(newest);
	newest->frame = *frame;
	shm_ref(newest->frame.message.shm);
	newest->waits = true;
	newest->known = true;
	if (newest->discard) {
		finish(newest);
	}
	pthread_mutex_unlock(&newest->lock);
}

void newest_frame_age(struct newest_frame *newest, uint64_t now_ns) {
	pthread_mutex_lock(&newest->lock);
	if (newest->waits && now_ns - newest->frame.seen_ns > HOLD_MAX_NS) {
		finish(newest);
	}
	pthread_mutex_unlock(&newest->lock);
}

bool newest_frame_take(struct newest_frame *newest, struct source_frame *ret_frame) {
	pthread_mutex_lock(&newest->lock);
	const bool full = newest->waits;
	if (full) {
		*ret_frame = newest->frame;
		shm_ref(ret_frame->message.shm);
		newest->waits = false;
		newest->frame.finished = true; /* the taker does it */
	}
	pthread_mutex_unlock(&newest->lock);
	return full;
}

/* Of a frame whose message was finished before its pixels were read: the host may have begun
 * another one in its block, and writes the header first. */
static int check_still_there(const struct source_frame *frame) {
	const struct lgmp_message *message = &frame->message;
	const uint64_t all = (uint64_t)frame->frame.pitch * frame->frame.rows;
	struct frame now;
#ifndef __SANITIZE_THREAD__ /* gcc's knows no fences; on x86-64 this one is no instruction */
	atomic_thread_fence(memory_order_acquire);
#endif
	const int r = frame_read(
			message->shm, message->kvmfr, message->offset, message->size, &now);
	return r == 0 && now.serial == frame->frame.serial && frame_written(&now) == all ? 0
											 : -ESTALE;
}

int newest_frame_release(struct newest_frame *newest, struct source_frame *frame) {
	const int r = frame->finished ? check_still_there(frame)
				      : lgmp_client_finish(newest->client, &frame->message);
	frame->finished = true;
	shm_unref(frame->message.shm);
	frame->message.shm = NULL;
	return r;
}

/* With the lock held: the newest frame, taken or not. */
static void offer_again(struct newest_frame *newest) {
	if (newest->known && !newest->waits) {
		newest->waits = true;
		newest->frame.repeated = true;
	}
}

void newest_frame_reoffer(struct newest_frame *newest) {
	pthread_mutex_lock(&newest->lock);
	if (!newest->discard) {
		/* As if it had been discarded: its message is given back, all of it is uploaded. */
		finish(newest);
		offer_again(newest);
	}
	pthread_mutex_unlock(&newest->lock);
}

void newest_frame_discard(struct newest_frame *newest, bool on) {
	pthread_mutex_lock(&newest->lock);
	if (newest->discard && !on) {
		offer_again(newest);
	}
	newest->discard = on;
	if (on) {
		finish(newest);
	}
	pthread_mutex_unlock(&newest->lock);
}

void newest_frame_get_counts(
		struct newest_frame *newest, uint64_t *ret_seen, uint64_t *ret_superseded) {
	pthread_mutex_lock(&newest->lock);
	*ret_seen = newest->seen;
	*ret_superseded = newest->superseded;
	pthread_mutex_unlock(&newest->lock);
}
