#include "client/ui/graphs.h"

#include <stdio.h>
#include <stdlib.h>

#include "audio/audio.h"
#include "base/i18n.h"
#include "client/render/overlay.h"
#include "client/video/video.h"

#define REST_NS 1000000000ull

static int by_value(const void *a, const void *b) {
	const float x = *(const float *)a, y = *(const float *)b;
	return (x > y) - (x < y);
}

float graphs_percentile(float *values, unsigned count, float part) {
	if (count == 0) {
		return 0;
	}
	qsort(values, count, sizeof *values, by_value);
	const unsigned at = (unsigned)(part * (float)(count - 1) + 0.5f);
	return values[at < count ? at : count - 1];
}

static float ms(uint64_t from_ns, uint64_t until_ns) {
	return until_ns > from_ns ? (float)(until_ns - from_ns) / 1e6f : 0;
}

/* Round numbers for the height, so that it does not move with every frame. */
static float top_of(float value) {
	static const float steps[] = { 2, 5, 10, 20, 50, 100, 200, 500 };
	for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++) {
		if (value <= steps[i]) {
			return steps[i];
		}
	}
	return 1000;
}

static struct overlay_graph *next(struct overlay *o) {
	return &o->graphs[o->graph_count++];
}

/* Between two frames; 0: nothing was there to be shown, as with a guest that rests or while paused.
 */
static float stay(const struct video_frame_times *before, const struct video_frame_times *after) {
	return after->seen_ns > before->swapped_ns + REST_NS
			       ? 0
			       : ms(before->swapped_ns, after->swapped_ns);
}

static void fill_frame_times(
		const struct video_frame_times *times, unsigned count, struct overlay *o) {
	float sorted[OVERLAY_GRAPH_VALUES];
	struct overlay_graph *graph = next(o);
	graph->layers = 1;
	for (unsigned i = 1; i < count && graph->count < OVERLAY_GRAPH_VALUES; i++) {
		const float value = stay(&times[i - 1], &times[i]);
		if (value > 0) {
			sorted[graph->count] = value;
			graph->values[graph->count++][0] = value;
		}
	}
	const unsigned n = graph->count;
	if (n == 0) {
		o->graph_count--;
		return;
	}
	const float middle = graphs_percentile(sorted, n, 0.5f);
	snprintf(graph->title, sizeof graph->title,
			_("A frame stays for %.1f ms (99 %%: %.1f ms, longest %.1f ms)"),
			(double)middle, (double)graphs_percentile(sorted, n, 0.99f),
			(double)graphs_percentile(sorted, n, 1));
	graph->top = top_of(2 * middle);
}

static void fill_ages(const struct video_frame_times *times, unsigned count, struct overlay *o) {
	float sorted[OVERLAY_GRAPH_VALUES];
	struct overlay_graph *graph = next(o);
	graph->layers = 3;
	snprintf(graph->names[0], sizeof graph->names[0], "%s", _("copied"));
	snprintf(graph->names[1], sizeof graph->names[1], "%s", _("drawn"));
	snprintf(graph->names[2], sizeof graph->names[2], "%s", _("handed to the screen"));
	for (unsigned i = 0; i < count && graph->count < OVERLAY_GRAPH_VALUES; i++) {
		const struct video_frame_times *t = &times[i];
		float *value = graph->values[graph->count];
		value[0] = ms(t->seen_ns, t->uploaded_ns);
		value[1] = ms(t->uploaded_ns, t->swap_ns);
		value[2] = ms(t->swap_ns, t->swapped_ns);
		sorted[graph->count++] = ms(t->seen_ns, t->swapped_ns);
	}
	const unsigned n = graph->count;
	const float high = graphs_percentile(sorted, n, 0.99f);
	snprintf(graph->title, sizeof graph->title,
			_("The picture is %.1f ms old when shown (99 %%: %.1f ms, oldest %.1f ms)"),
			(double)graphs_percentile(sorted, n, 0.5f), (double)high,
			(double)graphs_percentile(sorted, n, 1));
	graph->top = top_of(high * 1.2f);
}

static void fill_sound(const struct graphs *graphs, struct overlay *o) {
	float sorted[OVERLAY_GRAPH_VALUES];
	struct overlay_graph *graph = next(o);
	graph->layers = 1;
	for (unsigned i = 0; i < graphs->sound_count; i++) {
		const unsigned at = (graphs->sound_at + OVERLAY_GRAPH_VALUES - graphs->sound_count +
						    i) %
				    OVERLAY_GRAPH_VALUES;
		sorted[i] = graphs->sound_ms[at];
		graph->values[i][0] = graphs->sound_ms[at];
	}
	graph->count = graphs->sound_count;
	snprintf(graph->title, sizeof graph->title,
			_("Sound is %.0f ms ahead (1 %%: %.0f ms, least %.0f ms, wanted %.0f ms)"),
			(double)graphs_percentile(sorted, graph->count, 0.5f),
			(double)graphs_percentile(sorted, graph->count, 0.01f),
			(double)graphs_percentile(sorted, graph->count, 0),
			graphs->sound_target_ms);
	graph->mark = (float)graphs->sound_target_ms;
	graph->top = top_of((float)graphs->sound_target_ms * 1.5f);
}

void graphs_add_sound(struct graphs *graphs, const struct audio_stats *audio) {
	if (!audio->playing) {
		graphs->sound_count = 0;
		return;
	}
	graphs->sound_ms[graphs->sound_at] = (float)(audio->latency_us / 1000);
	graphs->sound_at = (graphs->sound_at + 1) % OVERLAY_GRAPH_VALUES;
	graphs->sound_count += graphs->sound_count < OVERLAY_GRAPH_VALUES;
	graphs->sound_target_ms = audio->target_us / 1000;
}

void graphs_fill(const struct graphs *graphs, const struct video_frame_times *times, unsigned count,
		struct overlay *ret_overlay) {
	ret_overlay->graph_count = 0;
	if (count > 1) {
		fill_frame_times(times, count, ret_overlay);
		fill_ages(times, count, ret_overlay);
	}
	if (graphs->sound_count > 0) {
		fill_sound(graphs, ret_overlay);
	}
	if (ret_overlay->graph_count == 0) {
		snprintf(next(ret_overlay)->title, sizeof ret_overlay->graphs[0].title, "%s",
				_("Nothing to measure yet: no frame of the Looking Glass host was shown "
				  "and no sound plays"));
	}
}
