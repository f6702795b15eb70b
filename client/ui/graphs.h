/*
 * Times as graphs (--show-graphs, and its key): how long each frame stood on the screen, how old it
 * was when it got there and where that time went, and how much sound lies ahead. Pure but for what
 * it keeps of the sound.
 */
#pragma once

#include "client/render/overlay_graph.h"

struct audio_stats;
struct overlay;
struct video_frame_times;

struct graphs {
	float sound_ms[OVERLAY_GRAPH_VALUES]; /* a ring */
	unsigned sound_count, sound_at;
	double sound_target_ms;
};

/* Once per GRAPHS_PERIOD_NS while they are shown. */
#define GRAPHS_PERIOD_NS 100000000ull
void graphs_add_sound(struct graphs *graphs, const struct audio_stats *audio);

/* times: of the newest frames that were shown, oldest first. */
void graphs_fill(const struct graphs *graphs, const struct video_frame_times *times, unsigned count,
		struct overlay *ret_overlay);

/* The value that `part` (0..1) of the values do not exceed; 0 of none. Sorts them. */
float graphs_percentile(float *values, unsigned count, float part);
