/*
 * The frame schedule of a host of KVMFR 34 (doc/protocol/kvmfr.md A.4), from this side: when the
 * display tells the times of its pictures, the host is asked to make frames at its period, and is
 * told of each how much earlier than needed it came. Without times, without the host's offer, or
 * without an answer, frames come as they always did. Pure: times and frames go in, messages come
 * out. On pg-lgmp.
 *
 * How late is just in time is learned. `lead` is what lies between a frame that comes and the
 * display: drawing, and the compositor. It is tried out from above, and raised again when a frame
 * missed its refresh.
 *
 * Some displays have no phase that a guest could follow: a variable rate that is told as a fixed
 * one, a compositor in a window of another one, a remote screen. Their errors differ from picture
 * to picture, and a guest that is pushed about by them would run unevenly for nothing. So it is
 * told the period alone until the errors agree.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host-proto/kvmfr_schedule.h"

struct frame;

enum frame_schedule_state {
	FRAME_SCHEDULE_OFF,        /* not offered, or not wanted */
	FRAME_SCHEDULE_NO_TIMES,   /* offered, but the display tells no times */
	FRAME_SCHEDULE_ASKED,      /* no frame that follows it yet */
	FRAME_SCHEDULE_OURS,       /* frames follow it */
	FRAME_SCHEDULE_UNANSWERED, /* another client's, or not understood: asked again later */
};
const char *frame_schedule_name(enum frame_schedule_state state); /* "no-times", for --stats */

#define FRAME_SCHEDULE_KEPT 16u /* frames whose time on the display may still be told */

struct frame_schedule_seen {
	uint64_t seen_ns; /* 0 = none */
	uint32_t serial, epoch, deadline;
};

struct frame_schedule {
	enum frame_schedule_state state;
	uint32_t generation;
	uint64_t period_ns;                  /* of the display; 0 = unknown */
	uint64_t shown_ns;                   /* when a time was told last; 0 = never */
	uint64_t frame_ns;                   /* when a frame was seen last */
	uint64_t busy_ns;                    /* … and the first one after a silence */
	uint64_t other_ns;                   /* another period, told for the last pictures: */
	unsigned other_count;                /* … so many */
	uint64_t since_ns;                   /* in this state */
	uint64_t sent_ns;                    /* the newest message */
	bool release;                        /* to be said */
	uint64_t lead_ns;                    /* learned */
	uint64_t after_ns;                   /* the newest time from seeing to the display */
	int64_t error_ns;                    /* the newest phase error */
	uint64_t unrest_ns;                  /* from one frame's to the next one's, on average */
	bool restless;                       /* the display has no phase: the host is told none */
	bool known;                          /* … is one, and was not sent yet */
	uint64_t misses;                     /* refreshes that a frame missed */
	uint64_t followed;                   /* frames that came by it */
	uint64_t careful_ns;                 /* nothing is tried out until then */
	struct frame_schedule_seen of_error; /* the frame that error_ns is of */
	struct frame_schedule_seen seen[FRAME_SCHEDULE_KEPT];
	unsigned seen_at;
};

/* offered: there is a session, the host offers it and it is wanted. Whenever that may have changed;
 * a session that ended must have been told as false. */
void frame_schedule_offer(struct frame_schedule *schedule, bool offered, uint64_t now_ns);

/* A frame was seen. own_queue: it came on a queue of the client whose schedule frames follow. */
void frame_schedule_frame(struct frame_schedule *schedule, const struct frame *frame,
		bool own_queue, uint64_t seen_ns);

/* The display showed the frame that was seen then, and shows one every refresh_ns (0 = it does not
 * say, or has no fixed period). */
void frame_schedule_shown(struct frame_schedule *schedule, uint64_t seen_ns, uint64_t shown_ns,
		uint64_t refresh_ns);

/* Whether a message is due; ret_message without the client's id. Must be asked every 50 ms or more
 * often while frames come. */
bool frame_schedule_due(struct frame_schedule *schedule, uint64_t now_ns,
		struct kvmfr_schedule *ret_message);
