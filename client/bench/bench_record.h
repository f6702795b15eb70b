/*
 * The record of each frame of --bench=video: the producer's times, from the reports of the demo
 * guest, and the player's, joined by the frame's serial. One thread, except bench_record_shown().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/queue.h"
#include "base/samples.h"
#include "client/video/video.h"

#define BENCH_STAGES 8
/* Of bench_stage_names. */
#define BENCH_WRITTEN_TO_RELEASED 2
#define BENCH_WRITTEN_TO_UPLOADED 7

struct bench_frame {
	uint32_t serial;
	bool posted, shown, torn;
	uint64_t posted_ns, written_ns, given_back_ns; /* the producer's clock, which is ours */
	struct video_frame_times times;
};

struct bench_record {
	struct bench_frame *frames; /* by serial */
	struct queue shown;         /* struct video_frame_times, from pg-video */
	uint64_t first_shown_ns;
	uint64_t *refused_ns; /* when the guest found both blocks in use */
	unsigned refused_count;
	char line[512];
	unsigned line_used;
};

/* What happened between two moments. */
struct bench_sum {
	uint64_t posted, refused, shown, torn;
	struct samples stages[BENCH_STAGES];
};

extern const char *const bench_stage_names[BENCH_STAGES];

int bench_record_init(struct bench_record *record);
void bench_record_finish(struct bench_record *record);
void bench_record_reset(struct bench_record *record);

/* For video_events.shown; data is the record. */
void bench_record_shown(const struct video_frame_times *times, void *data);
/* Takes what pg-video queued. */
void bench_record_drain(struct bench_record *record);
/* Bytes of the guest's reports, in any pieces. */
void bench_record_report(struct bench_record *record, const char *bytes, unsigned count);

/* Frames that were posted in [from_ns, to_ns). producer: false when nobody reports them: then
 * those that were seen in that time. Returns 0 or -ENOMEM. */
int bench_record_sum(struct bench_record *record, uint64_t from_ns, uint64_t to_ns, bool producer,
		struct bench_sum *ret_sum);
void bench_sum_finish(struct bench_sum *sum);
