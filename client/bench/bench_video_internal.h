/* Shared by the files of --bench=video: bench_video.c (runs) and bench_report.c (their figures). */
#pragma once

#include <stdbool.h>

#include "client/bench/bench_floor.h"
#include "client/bench/bench_player.h"
#include "client/bench/bench_record.h"
#include "client/config/config.h"
#include "client/gl/window_surface.h"
#include "client/video/video.h"
#include "client/vm/demo.h"
#include "client/window/window.h"
#include "recording/recording_memory.h"

struct loop;
struct rtkit;

struct bench {
	struct config *config;
	bool records;      /* the run is recorded beside: --record */
	struct demo *demo; /* NULL: somebody else's memory */
	struct demo_info guest;
	struct bench_player player;
	uint64_t player_ns; /* how long that took */
	struct loop *loop;  /* for rtkit alone */
	struct rtkit *rtkit;
	struct window *window;
	struct window_surface *surface;
	struct window_surface *offscreen;
	bool window_system;
	struct video *video;
	struct bench_record record;
	char shm_path[256];
	bool interrupted;
};

/* One measured run of the video part. */
struct bench_result {
	struct bench_sum sum;
	struct video_stats before, after;
	struct video_status status;
	double seconds;
	double cpu_us; /* of all threads, per shown frame */
	double cpu_percent;
	double lgmp_cpu_percent;
	long rss_kib;
	double start_ms;
	long steal_ms;
	struct recording_state recording; /* offered 0 = nothing was */
};

/* What the figures are told beside. */
struct bench_floors {
	struct bench_floor plain;
	double follow_us; /* written to given back, by the plainest follower; p50, 0 = unknown */
};

/* Names the run that `json` or the line after it has the figures of. */
void bench_report_row(const struct bench *bench, struct bench_result *result, struct json *json);
void bench_report_head(void); /* of the rows, without JSON */

/* torn: the run of its own that read the pixels back; its shown count is 0 when there was none. */
void bench_report(const struct bench *bench, struct bench_result *result,
		const struct bench_result *torn, const struct bench_floors *floors);
