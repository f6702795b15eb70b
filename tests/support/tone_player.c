/*
 * tone-player: the plainest player of a tone, to run beside ours: what glitches in it is the
 * server's and the machine's doing.
 *
 *   tone-player SINK SECONDS [HERTZ [right]]
 *
 * Writes what the server asks for, when it asks, as any program does; 40 ms of buffer. Left is the
 * tone at half scale, right is silent. With "right" it is the other way round and softer, so that
 * on one sink with scream-send's sound each keeps its ear (sound_probe.c).
 */
#include <math.h>
#include <pulse/pulseaudio.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

#define RATE       48000
#define LATENCY_MS 40
#define BLOCK      480

static double hertz = 997;
static float scale[2] = { 0.5F, 0 };
static uint64_t frame;

static void on_write(pa_stream *stream, size_t bytes, void *data) {
	float block[BLOCK * 2];
	size_t frames = bytes / (2 * sizeof *block);
	(void)data;
	while (frames > 0) {
		size_t n = frames < BLOCK ? frames : BLOCK;
		for (size_t i = 0; i < n; i++, frame++) {
			double phase = fmod(hertz * (double)frame / RATE, 1);
			float x = (float)sin(2 * M_PI * phase);
			block[i * 2] = scale[0] * x;
			block[i * 2 + 1] = scale[1] * x;
		}
		pa_stream_write(stream, block, n * 2 * sizeof *block, NULL, 0, PA_SEEK_RELATIVE);
		frames -= n;
	}
}

static bool run_until(pa_mainloop *mainloop, uint64_t end_ns, const pa_stream *stream) {
	while (clock_now_ns() < end_ns) {
		if (pa_mainloop_prepare(mainloop, 100000) < 0 || pa_mainloop_poll(mainloop) < 0 ||
				pa_mainloop_dispatch(mainloop) < 0 ||
				!PA_STREAM_IS_GOOD(pa_stream_get_state(stream))) {
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv) {
	const pa_sample_spec spec = { PA_SAMPLE_FLOAT32NE, RATE, 2 };
	const pa_buffer_attr attr = { .maxlength = (uint32_t)-1,
		.tlength = LATENCY_MS * RATE / 1000 * 2 * sizeof(float),
		.prebuf = (uint32_t)-1,
		.minreq = (uint32_t)-1,
		.fragsize = (uint32_t)-1 };
	if (argc < 3) {
		fprintf(stderr, "usage: tone-player SINK SECONDS [HERTZ [right]]\n");
		return 2;
	}
	hertz = argc > 3 ? strtod(argv[3], NULL) : hertz;
	if (argc > 4) {
		scale[0] = 0;
		scale[1] = 0.2F;
	}
	const struct sched_param param = { .sched_priority = 5 }; /* as our own asks for */
	(void)!sched_setscheduler(0, SCHED_RR, &param);
	pa_mainloop *mainloop = pa_mainloop_new();
	pa_context *context = pa_context_new(pa_mainloop_get_api(mainloop), "tone-player");
	if (pa_context_connect(context, NULL, PA_CONTEXT_NOAUTOSPAWN, NULL) < 0) {
		return 1;
	}
	while (pa_context_get_state(context) != PA_CONTEXT_READY) {
		if (!PA_CONTEXT_IS_GOOD(pa_context_get_state(context)) ||
				pa_mainloop_iterate(mainloop, 1, NULL) < 0) {
			return 1;
		}
	}
	pa_stream *stream = pa_stream_new(context, "tone", &spec, NULL);
	pa_stream_set_write_callback(stream, on_write, NULL);
	if (pa_stream_connect_playback(
			    stream, argv[1], &attr, PA_STREAM_ADJUST_LATENCY, NULL, NULL) < 0) {
		return 1;
	}
	return run_until(mainloop, clock_now_ns() + (uint64_t)(strtod(argv[2], NULL) * 1e9), stream)
			       ? 0
			       : 1;
}
