/*
 * The newest frame of the host: put in on pg-lgmp, taken on pg-video. A frame is handed out with
 * its message unfinished; newest_frame_release() gives the message back the moment its pixels were
 * read. A frame that nobody takes is finished after a while, but stays on offer: its pixels lie in
 * the memory until the host has written two more. Any thread; a call takes a lock for some
 * instructions.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "host-proto/frame.h"
#include "host-proto/lgmp_client.h"

struct source_frame {
	struct lgmp_message message;
	struct frame frame;
	uint64_t seen_ns;
	bool repeated; /* was on offer before and finished: upload all of it */
	bool finished; /* no message to finish any more */
};

struct newest_frame {
	struct lgmp_client
			*client; /* constant; finishes the messages; set before the first frame */

	pthread_mutex_t lock;
	/* under the lock */
	struct source_frame frame;
	bool waits; /* not taken yet */
	bool known; /* a frame of this session is in it, taken or not */
	bool discard;
	uint64_t seen, superseded;
};

/* Then set client. */
void newest_frame_init(struct newest_frame *newest);
void newest_frame_finish(struct newest_frame *newest);

/* ---- pg-lgmp ---- */

/* A new newest frame; the one before it was perhaps never taken. */
void newest_frame_put(struct newest_frame *newest, struct source_frame *frame);
/* The pixels of a frame that is on offer for long are needed by nobody yet: lets the host go on. */
void newest_frame_age(struct newest_frame *newest, uint64_t now_ns);
/* The session is over: there is none. */
void newest_frame_drop(struct newest_frame *newest);

/* ---- pg-video ---- */

/* Takes the newest frame; false when there is none that was not taken before. */
bool newest_frame_take(struct newest_frame *newest, struct source_frame *ret_frame);
/* Finishes the message, if it still is to be. Returns 0, or -ESTALE when what was read may have
 * been overwritten: show nothing of it. */
int newest_frame_release(struct newest_frame *newest, struct source_frame *frame);
/* Nobody takes frames (hidden, paused): finish them at once. Switching it off puts the newest one
 * on offer again. */
void newest_frame_discard(struct newest_frame *newest, bool on);
/* What was made of the newest frame is lost: puts it on offer again, unless frames are discarded.
 */
void newest_frame_reoffer(struct newest_frame *newest);

/* Frames that came, and those that a newer one replaced before they were taken. */
void newest_frame_get_counts(
		struct newest_frame *newest, uint64_t *ret_seen, uint64_t *ret_superseded);
