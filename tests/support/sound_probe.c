/*
 * sound-probe: records the monitor of a sink and judges what is heard, for tests.
 *
 *   sound-probe SOURCE SECONDS [HERTZ]
 *   sound-probe --stalls FILE
 *
 * Left must be a pure tone (997 Hz), see tone_judge.h. Right holds a marker each second
 * (scream-send): {"heard_ns": …} says when its first frame left the loudspeaker. A glitch
 * within 300 ms of a stall of the machine (stalls.h) is counted as excused. Lines of JSON on
 * stdout.
 * --stalls only watches the machine, until it is ended.
 */
#include <errno.h>
#include <math.h>
#include <pulse/pulseaudio.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audio/level.h"
#include "base/clock.h"
#include "base/json.h"
#include "tests/support/stalls.h"
#include "tests/support/tone_judge.h"

#define RATE        48000
#define MARKER_LOUD 0.245 /* 8000 of 32767 */

struct probe {
	pa_mainloop *mainloop;
	pa_stream *stream;
	struct level clock; /* frames that were heard: the device's clock */
	uint64_t ask_ns;
	bool asked;

	struct tone_judge tone;
	uint64_t last_marker;
	unsigned marker_count;
};

static double heard_at(const struct probe *p, uint64_t frame) {
	return (double)p->clock.t_ns + ((double)frame - p->clock.position) / p->clock.slope;
}

static void hear_right(struct probe *p, double x) {
	if (fabs(x) < MARKER_LOUD ||
			(p->last_marker && p->tone.frame - p->last_marker < RATE / 2)) {
		return;
	}
	p->last_marker = p->tone.frame;
	p->marker_count++;
	if (!level_known(&p->clock)) {
		return;
	}
	struct json json;
	json_begin(&json, stdout);
	json_int(&json, "heard_ns", (int64_t)heard_at(p, p->tone.frame));
	json_finish(&json);
}

static void on_read(pa_stream *stream, size_t bytes, void *data) {
	struct probe *p = data;
	const void *fragment;
	(void)bytes;
	while (pa_stream_peek(stream, &fragment, &bytes) == 0 && bytes > 0) {
		const float *frames = fragment;
		for (size_t i = 0; i < bytes / (2 * sizeof *frames); i++) {
			hear_right(p, frames ? (double)frames[i * 2 + 1] : 0);
			tone_judge_frame(&p->tone, frames ? (double)frames[i * 2] : 0);
		}
		pa_stream_drop(stream);
	}
}

static void on_timing(pa_stream *stream, int success, void *data) {
	struct probe *p = data;
	const pa_timing_info *info = pa_stream_get_timing_info(stream);
	p->asked = false;
	if (!success || !info || info->write_index_corrupt) {
		return;
	}
	/* A monitor has what is still to be played: it is heard the sink's latency later. */
	int64_t wall = info->timestamp.tv_sec * (int64_t)NS_PER_S + info->timestamp.tv_usec * 1000;
	double position = (double)info->write_index / (2 * sizeof(float)) +
			  ((double)info->source_usec - (double)info->sink_usec) * 1e-6 * RATE;
	level_report(&p->clock, position, (uint64_t)(wall + clock_realtime_to_monotonic_ns()));
}

/* Returns how many of them the machine's stalls excuse. */
static unsigned report_events(struct json *json, const struct probe *p, const char *name,
		const struct tone_event *events, unsigned count, double unit) {
	unsigned excused_count = 0;
	json_array(json, name);
	for (unsigned i = 0; i < count; i++) {
		uint64_t at = (uint64_t)heard_at(p, events[i].frame);
		bool excuse = stalls_excuse(at);
		excused_count += excuse;
		json_object(json, NULL);
		json_number(json, "at_s", (double)(events[i].frame - p->tone.since) / RATE);
		json_int(json, "at_ns", (int64_t)at);
		json_number(json, "size", events[i].size * unit);
		json_bool(json, "excused", excuse);
		json_end(json);
	}
	json_end(json);
	return excused_count;
}

static void report(const struct probe *p, bool pipewire) {
	const struct tone_judge *tone = &p->tone;
	struct json json;
	json_begin(&json, stdout);
	json_int(&json, "glitches", tone->glitch_count);
	json_int(&json, "excused",
			report_events(&json, p, "glitch_list", tone->glitches, tone->glitch_count,
					1));
	/* Their size is in milliseconds. */
	report_events(&json, p, "gap_list", tone->gaps, tone->gap_count, 1000.0 / RATE);
	json_array(&json, "stalls");
	for (unsigned i = 0; i < stalls.count; i++) {
		json_object(&json, NULL);
		json_int(&json, "at_ns", (int64_t)stalls.list[i].at_ns);
		json_number(&json, "ms", (double)stalls.list[i].for_ns * 1e-6);
		json_end(&json);
	}
	json_end(&json);
	json_number(&json, "tone_s", (double)tone->frames / RATE);
	json_number(&json, "hertz", tone_judge_hertz(tone));
	json_number(&json, "silence_ms", (double)tone->silence * 1000 / RATE);
	json_number(&json, "longest_gap_ms", (double)tone->longest_gap * 1000 / RATE);
	json_int(&json, "gaps", tone->gap_count);
	json_int(&json, "markers", p->marker_count);
	json_number(&json, "sink_ppm", level_sink_ppm(&p->clock));
	json_bool(&json, "pipewire", pipewire);
	json_finish(&json);
}

static bool wait_context(pa_mainloop *mainloop, pa_context *context) {
	while (pa_context_get_state(context) != PA_CONTEXT_READY) {
		if (!PA_CONTEXT_IS_GOOD(pa_context_get_state(context)) ||
				pa_mainloop_iterate(mainloop, 1, NULL) < 0) {
			return false;
		}
	}
	return true;
}

static bool is_pipewire;

static void on_server(pa_context *context, const pa_server_info *info, void *data) {
	(void)context;
	is_pipewire = info && strstr(info->server_name, "PipeWire");
	*(bool *)data = true;
}

static int record(struct probe *p, pa_context *context, const char *source, double seconds) {
	const pa_sample_spec spec = { PA_SAMPLE_FLOAT32NE, RATE, 2 };
	const pa_buffer_attr attr = { .maxlength = (uint32_t)-1,
		.tlength = (uint32_t)-1,
		.prebuf = (uint32_t)-1,
		.minreq = (uint32_t)-1,
		.fragsize = 240 * 2 * sizeof(float) };
	bool told = false;
	pa_operation_unref(pa_context_get_server_info(context, on_server, &told));
	while (!told && pa_mainloop_iterate(p->mainloop, 1, NULL) >= 0) {
	}
	level_init(&p->clock, RATE, is_pipewire ? 1024 : 0);
	p->stream = pa_stream_new(context, "sound-probe", &spec, NULL);
	pa_stream_set_read_callback(p->stream, on_read, p);
	if (pa_stream_connect_record(p->stream, source, &attr, PA_STREAM_ADJUST_LATENCY) < 0) {
		return 1;
	}
	uint64_t end = clock_now_ns() + (uint64_t)(seconds * 1e9);
	while (clock_now_ns() < end) {
		if (pa_mainloop_prepare(p->mainloop, 20000) < 0 ||
				pa_mainloop_poll(p->mainloop) < 0 ||
				pa_mainloop_dispatch(p->mainloop) < 0 ||
				!PA_STREAM_IS_GOOD(pa_stream_get_state(p->stream))) {
			return 1;
		}
		uint64_t now = clock_now_ns();
		if (!p->asked && now >= p->ask_ns &&
				pa_stream_get_state(p->stream) == PA_STREAM_READY) {
			p->asked = true;
			p->ask_ns = now + 100 * NS_PER_MS;
			pa_operation_unref(pa_stream_update_timing_info(p->stream, on_timing, p));
		}
	}
	return 0;
}

int main(int argc, char **argv) {
	static struct probe probe;
	uint64_t began = clock_now_ns();
	if (argc < 3) {
		fprintf(stderr, "usage: sound-probe SOURCE SECONDS [HERTZ] | --stalls FILE\n");
		return 2;
	}
	if (strcmp(argv[1], "--stalls") == 0) {
		stalls.out = fopen(argv[2], "w");
		stalls_start();
		pause();
		return 0;
	}
	tone_judge_init(&probe.tone, argc > 3 ? strtod(argv[3], NULL) : 997, RATE);
	setvbuf(stdout, NULL, _IOLBF, 0);
	stalls_start();
	const struct sched_param param = { .sched_priority = 4 };
	(void)!sched_setscheduler(0, SCHED_RR, &param);
	probe.mainloop = pa_mainloop_new();
	pa_context *context = pa_context_new(pa_mainloop_get_api(probe.mainloop), "sound-probe");
	int r = 1;
	if (pa_context_connect(context, NULL, PA_CONTEXT_NOAUTOSPAWN, NULL) == 0 &&
			wait_context(probe.mainloop, context)) {
		r = record(&probe, context, argv[1], strtod(argv[2], NULL));
	}
	stalls_end(began);
	report(&probe, is_pipewire);
	pa_context_disconnect(context);
	return r;
}
