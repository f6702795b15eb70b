#include "client/bench/bench_record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES      65536u /* 4.5 minutes at 240 a second */
#define SHOWN_QUEUE 4096
#define REFUSED_MAX 65536u

const char *const bench_stage_names[BENCH_STAGES] = { "post_to_seen", "post_to_written",
	"written_to_released", "seen_to_uploaded", "post_to_released", "post_to_swapped",
	"written_to_swapped", "written_to_uploaded" };

int bench_record_init(struct bench_record *record) {
	memset(record, 0, sizeof *record);
	record->frames = calloc(FRAMES, sizeof *record->frames);
	record->refused_ns = calloc(REFUSED_MAX, sizeof *record->refused_ns);
	if (!record->frames || !record->refused_ns ||
			queue_init(&record->shown, sizeof(struct video_frame_times), SHOWN_QUEUE,
					NULL, NULL) < 0) {
		free(record->frames);
		free(record->refused_ns);
		return -ENOMEM;
	}
	return 0;
}

void bench_record_finish(struct bench_record *record) {
	queue_finish(&record->shown);
	free(record->frames);
	free(record->refused_ns);
}

void bench_record_reset(struct bench_record *record) {
	struct video_frame_times times;
	while (queue_pop(&record->shown, &times)) {
	}
	/* Fresh zero pages instead of touching all of them: they would count as our memory. */
	struct bench_frame *fresh = calloc(FRAMES, sizeof *fresh);
	if (fresh) {
		free(record->frames);
		record->frames = fresh;
	}
	record->refused_count = 0;
	record->first_shown_ns = 0;
}

static struct bench_frame *frame_of(struct bench_record *record, uint32_t serial) {
	struct bench_frame *frame = &record->frames[serial % FRAMES];
	if (frame->serial != serial) {
		memset(frame, 0, sizeof *frame);
		frame->serial = serial;
	}
	return frame;
}

void bench_record_shown(const struct video_frame_times *times, void *data) {
	struct bench_record *record = data;
	(void)queue_push(&record->shown, times);
}

void bench_record_drain(struct bench_record *record) {
	struct video_frame_times times;
	while (queue_pop(&record->shown, &times)) {
		struct bench_frame *frame = frame_of(record, times.serial);
		if (record->first_shown_ns == 0) {
			record->first_shown_ns = times.swapped_ns;
		}
		if (!frame->shown) {
			frame->shown = true;
			frame->torn = times.torn;
			frame->times = times;
		}
	}
}

static void take_line(struct bench_record *record) {
	uint32_t serial;
	uint64_t posted_ns;
	uint64_t written_ns;
	uint64_t given_back_ns;
	uint64_t refused_ns;
	/* Our own program's words, in its own order. NOLINTBEGIN(cert-err34-c) */
	if (sscanf(record->line,
			    "{\"event\":\"frame\",\"serial\":%" SCNu32 ",\"posted_ns\":%" SCNu64
			    ",\"written_ns\":%" SCNu64 ",\"released_ns\":%" SCNu64,
			    &serial, &posted_ns, &written_ns, &given_back_ns) == 4) {
		struct bench_frame *frame = frame_of(record, serial);
		frame->posted = true;
		frame->posted_ns = posted_ns;
		frame->written_ns = written_ns;
		frame->given_back_ns = given_back_ns;
	} else if (sscanf(record->line, "{\"event\":\"refused\",\"time_ns\":%" SCNu64,
				   &refused_ns) == 1 &&
			record->refused_count < REFUSED_MAX) {
		record->refused_ns[record->refused_count++] = refused_ns;
	}
	/* NOLINTEND(cert-err34-c) */
}

void bench_record_report(struct bench_record *record, const char *bytes, unsigned count) {
	for (unsigned i = 0; i < count; i++) {
		if (bytes[i] == '\n') {
			record->line[record->line_used] = '\0';
			record->line_used = 0;
			take_line(record);
		} else if (record->line_used < sizeof record->line - 1) {
			record->line[record->line_used++] = bytes[i];
		}
	}
}

static void add(struct samples *samples, uint64_t from_ns, uint64_t to_ns) {
	if (from_ns != 0 && to_ns != 0) {
		/* Given back before the last step of writing: nothing was left to wait for. */
		samples_add(samples, to_ns > from_ns ? (double)(to_ns - from_ns) / 1e3 : 0);
	}
}

static void add_frame(struct bench_sum *sum, const struct bench_frame *frame) {
	const struct video_frame_times *times = &frame->times;
	sum->posted += frame->posted;
	if (frame->posted) {
		add(&sum->stages[1], frame->posted_ns, frame->written_ns);
		add(&sum->stages[BENCH_WRITTEN_TO_RELEASED], frame->written_ns,
				frame->given_back_ns);
		add(&sum->stages[4], frame->posted_ns, frame->given_back_ns);
	}
	if (!frame->shown) {
		return;
	}
	sum->shown++;
	sum->torn += frame->torn;
	add(&sum->stages[3], times->seen_ns, times->uploaded_ns);
	if (frame->posted) {
		add(&sum->stages[0], frame->posted_ns, times->seen_ns);
		add(&sum->stages[5], frame->posted_ns, times->swapped_ns);
		add(&sum->stages[6], frame->written_ns, times->swapped_ns);
		add(&sum->stages[BENCH_WRITTEN_TO_UPLOADED], frame->written_ns, times->uploaded_ns);
	}
}

int bench_record_sum(struct bench_record *record, uint64_t from_ns, uint64_t to_ns, bool producer,
		struct bench_sum *ret_sum) {
	memset(ret_sum, 0, sizeof *ret_sum);
	for (unsigned i = 0; i < BENCH_STAGES; i++) {
		if (samples_init(&ret_sum->stages[i], FRAMES) < 0) {
			bench_sum_finish(ret_sum);
			return -ENOMEM;
		}
	}
	for (unsigned i = 0; i < FRAMES; i++) {
		const struct bench_frame *frame = &record->frames[i];
		const uint64_t at_ns = producer ? frame->posted_ns : frame->times.seen_ns;
		if (at_ns >= from_ns && at_ns < to_ns && (frame->posted || !producer)) {
			add_frame(ret_sum, frame);
		}
	}
	for (unsigned i = 0; i < record->refused_count; i++) {
		ret_sum->refused +=
				record->refused_ns[i] >= from_ns && record->refused_ns[i] < to_ns;
	}
	return 0;
}

void bench_sum_finish(struct bench_sum *sum) {
	for (unsigned i = 0; i < BENCH_STAGES; i++) {
		samples_finish(&sum->stages[i]);
	}
}
