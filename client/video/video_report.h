/*
 * Reports of the video part to the program: its status, whenever that differs from the last one,
 * and the counters of the run. Any thread may call any function: everything lies under one lock,
 * and the status is reported under that lock, so that two threads cannot report in the wrong order.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/video/video_types.h"
#include "host-proto/lgmp_client.h"

struct frame;
struct video_picture;

#define VIDEO_SWAPS_KEPT 512u

struct video_report {
	const struct video_events *events; /* constant */
	pthread_mutex_t lock;
	/* under the lock */
	struct video_status status, reported; /* told: what the program knows */
	struct lgmp_status lgmp;
	char failure[PART_REASON_BYTES]; /* of GL; "" = none */
	enum video_source wanted;        /* of the settings */
	bool have_frame;                 /* of the current session */
	struct video_stats stats;
	uint64_t swap_ns[VIDEO_SWAPS_KEPT];
	bool swap_new[VIDEO_SWAPS_KEPT]; /* with a new frame in it */
	unsigned swap_at;
	struct video_frame_times recent[VIDEO_TIMES_KEPT]; /* a ring */
	uint64_t recent_count;                             /* ever */
};

/* events is kept, not copied. */
void video_report_init(struct video_report *report, const struct video_events *events,
		enum video_source wanted);
void video_report_finish(struct video_report *report);

/* The status. */
void video_report_wanted(struct video_report *report, enum video_source wanted);
/* On pg-video, after another source became the wanted one: tells what follows from that. */
void video_report_again(struct video_report *report);
void video_report_lgmp(struct video_report *report, const struct lgmp_status *lgmp);
void video_report_failure(struct video_report *report, const char *text); /* "" = none */
/* What a frame says beside its pixels. shown: pictures of Looking Glass are shown already; else
 * video_report_picture() tells it, together with the size. */
void video_report_frame(struct video_report *report, const struct frame *frame, bool shown);
void video_report_picture(struct video_report *report, const struct video_picture *picture);
/* Whether a session of Looking Glass is alive and has sent a frame. */
bool video_report_has_frames(struct video_report *report);

/* Whether the CPU draws for want of OpenGL. */
void video_report_no_gl(struct video_report *report, bool no_gl);

/* The counters. */
void video_report_gl(struct video_report *report, const char *renderer, const char *window);
void video_report_upload(struct video_report *report, const char *way);
void video_report_superseded(struct video_report *report);
/* times: of the frame that is in the swap for the first time; NULL = none is. */
void video_report_swap(struct video_report *report, uint64_t swapped_ns,
		const struct video_frame_times *times);
/* The newest picture that the display is known to have shown, so long after it was seen. */
void video_report_presented(struct video_report *report, uint64_t after_ns);
/* Fills in what is counted here; the rest of ret_stats is zero. */
void video_report_stats(struct video_report *report, struct video_stats *ret_stats);
/* As video_get_times(). */
unsigned video_report_times(
		struct video_report *report, struct video_frame_times *ret_times, unsigned max);
