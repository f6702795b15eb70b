#include "tests/support/check.h"

#include <string.h>

#include "audio/audio.h"
#include "client/render/overlay.h"
#include "client/ui/graphs.h"
#include "client/video/video.h"

static struct overlay overlay;

static void nothing_is_said_of_nothing(void **state) {
	(void)state;
	static const struct graphs none;
	graphs_fill(&none, NULL, 0, &overlay);
	CHECK_EQ(overlay.graph_count, 1);
	CHECK(strstr(overlay.graphs[0].title, "Nothing to measure"));
	CHECK_EQ(overlay.graphs[0].count, 0);
}

static void frames_are_their_times(void **state) {
	(void)state;
	static const struct graphs none;
	struct video_frame_times times[101];
	for (unsigned i = 0; i < 101; i++) {
		const uint64_t seen_ns = 1000000000ull + i * 10000000ull;
		/* One in a hundred is late. */
		const uint64_t late_ns = i == 50 ? 7000000 : 0;
		times[i] = (struct video_frame_times){ .seen_ns = seen_ns,
			.uploaded_ns = seen_ns + 1500000,
			.swap_ns = seen_ns + 2000000,
			.swapped_ns = seen_ns + 3000000 + late_ns };
	}
	memset(&overlay, 0, sizeof overlay);
	graphs_fill(&none, times, 101, &overlay);
	CHECK_EQ(overlay.graph_count, 2);
	CHECK(strstr(overlay.graphs[0].title,
			"A frame stays for 10.0 ms (99 %: 10.0 ms, longest 17.0"));
	CHECK_EQ(overlay.graphs[0].count, 100);
	CHECK(strstr(overlay.graphs[1].title,
			"is 3.0 ms old when shown (99 %: 3.0 ms, oldest 10.0"));
	CHECK_EQ(overlay.graphs[1].count, 101);
	const float *stages = overlay.graphs[1].values[0];
	CHECK(stages[0] > 1.4f && stages[0] < 1.6f && stages[1] > 0.4f && stages[1] < 0.6f);
	CHECK(stages[2] > 0.9f && stages[2] < 1.1f);
	CHECK(overlay.graphs[1].top >= 3 && overlay.graphs[1].top <= 5);
}

/* A pause, or a guest that draws nothing new, is no frame that stays. */
static void a_rest_is_no_delay(void **state) {
	(void)state;
	static const struct graphs none;
	struct video_frame_times times[4];
	static const uint64_t seen_ms[] = { 1000, 1010, 78646, 78656 };
	for (unsigned i = 0; i < 4; i++) {
		times[i] = (struct video_frame_times){ .seen_ns = seen_ms[i] * 1000000,
			.swapped_ns = (seen_ms[i] + 3) * 1000000 };
	}
	memset(&overlay, 0, sizeof overlay);
	graphs_fill(&none, times, 4, &overlay);
	CHECK(strstr(overlay.graphs[0].title, "99 %: 10.0 ms, longest 10.0 ms"));
	CHECK_EQ(overlay.graphs[0].count, 2);
	/* A frame that was there and came late is one. */
	times[2].seen_ns = times[1].swapped_ns + 10000000;
	memset(&overlay, 0, sizeof overlay);
	graphs_fill(&none, times, 4, &overlay);
	CHECK_EQ(overlay.graphs[0].count, 3);
	/* Nothing but a rest. */
	memset(&overlay, 0, sizeof overlay);
	times[3].seen_ns = times[2].swapped_ns + 2000000000ull;
	times[3].swapped_ns = times[3].seen_ns + 1000000;
	graphs_fill(&none, times + 2, 2, &overlay);
	CHECK_EQ(overlay.graph_count, 1);
	CHECK(strstr(overlay.graphs[0].title, "old when shown"));
}

static void sound_is_kept_while_it_plays(void **state) {
	(void)state;
	struct graphs graphs = { .sound_count = 0 };
	struct audio_stats audio = { .playing = true, .target_us = 20000 };
	for (int i = 0; i < 500; i++) {
		audio.latency_us = 20000 + (i % 10) * 1000;
		graphs_add_sound(&graphs, &audio);
	}
	graphs_fill(&graphs, NULL, 0, &overlay);
	CHECK_EQ(overlay.graph_count, 1);
	CHECK_EQ(overlay.graphs[0].count, OVERLAY_GRAPH_VALUES);
	CHECK(strstr(overlay.graphs[0].title, "least 20 ms, wanted 20 ms"));
	/* The newest stands at the right. */
	CHECK(overlay.graphs[0].values[OVERLAY_GRAPH_VALUES - 1][0] > 28.9f);
	audio.playing = false;
	graphs_add_sound(&graphs, &audio);
	CHECK_EQ(graphs.sound_count, 0);
}

static void percentiles_are_values(void **state) {
	(void)state;
	float values[] = { 5, 1, 4, 2, 3 };
	CHECK_EQ((int)graphs_percentile(values, 5, 0.5f), 3);
	CHECK_EQ((int)graphs_percentile(values, 5, 1), 5);
	CHECK_EQ((int)graphs_percentile(values, 5, 0), 1);
	CHECK_EQ((int)graphs_percentile(values, 0, 0.5f), 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_said_of_nothing),
		cmocka_unit_test(frames_are_their_times),
		cmocka_unit_test(a_rest_is_no_delay),
		cmocka_unit_test(sound_is_kept_while_it_plays),
		cmocka_unit_test(percentiles_are_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
