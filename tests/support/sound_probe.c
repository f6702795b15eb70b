/*
 * sound-probe: records the monitor of a sink and judges what is heard, for tests.
 *
 *   sound-probe SOURCE SECONDS [HERTZ]
 *   sound-probe --stalls FILE
 *
 * Left must be a pure tone (997 Hz), see tone_judge.h. Right holds a marker each second
 * (scream-send): {"heard_ns": …} says when its first frame left the loudspeaker. A softer tone on
 * the right is another player's on the same sink: "beside_list" has its glitches, but for those
 * that a marker hides ("at_marker": one of ours at which one of the other's would be hidden). A
 * glitch within 300 ms of a stall of the machine (stalls.h) is counted as excused. Lines of JSON on
 * stdout.
 * --stalls only watches the machine, until it is ended.
 */
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audio/server/monitor_capture.h"
#include "base/clock.h"
#include "base/json.h"
#include "tests/support/stalls.h"
#include "tests/support/tone_judge.h"

#define MARKER_LOUD   0.245                /* 8000 of 32767 */
#define MARKER_BEFORE (CAPTURE_RATE / 500) /* its filter rings before it */
#define MARKER_AFTER  (CAPTURE_RATE / 80)  /* what follows within 10 ms is the same event */
#define MARKERS_MAX   TONE_EVENTS_MAX

struct probe {
	struct monitor_capture *capture;
	struct tone_judge tone, beside;
	uint64_t markers[MARKERS_MAX];
	uint64_t last_marker;
	unsigned marker_count;
};

static void hear_right(struct probe *p, double x) {
	if (fabs(x) < MARKER_LOUD ||
			(p->last_marker && p->tone.frame - p->last_marker < CAPTURE_RATE / 2)) {
		return;
	}
	p->last_marker = p->tone.frame;
	p->markers[p->marker_count++ % MARKERS_MAX] = p->last_marker;
	const uint64_t heard_ns = monitor_capture_heard_at(p->capture, p->tone.frame);
	if (heard_ns == 0) {
		return;
	}
	struct json json;
	json_begin(&json, stdout);
	json_int(&json, "heard_ns", (int64_t)heard_ns);
	json_finish(&json);
}

static void on_heard(const float *frames, unsigned count, uint64_t first, void *data) {
	struct probe *p = data;
	(void)first; /* tone.frame counts the same */
	for (unsigned i = 0; i < count; i++) {
		hear_right(p, (double)frames[i * CAPTURE_CHANNELS + 1]);
		tone_judge_frame(&p->beside, (double)frames[i * CAPTURE_CHANNELS + 1]);
		tone_judge_frame(&p->tone, (double)frames[i * CAPTURE_CHANNELS]);
	}
}

static bool is_marker(const struct probe *p, uint64_t frame) {
	for (unsigned i = 0; i < p->marker_count && i < MARKERS_MAX; i++) {
		if (frame + MARKER_BEFORE >= p->markers[i] &&
				frame <= p->markers[i] + MARKER_AFTER) {
			return true;
		}
	}
	return false;
}

/* Returns how many of them the machine's stalls excuse. */
static unsigned report_events(struct json *json, const struct probe *p, const char *name,
		const struct tone_event *events, unsigned count, double unit) {
	unsigned excused_count = 0;
	json_array(json, name);
	for (unsigned i = 0; i < count; i++) {
		uint64_t at = (uint64_t)monitor_capture_heard_at(p->capture, events[i].frame);
		bool excuse = stalls_excuse(at);
		excused_count += excuse;
		json_object(json, NULL);
		json_number(json, "at_s", (double)(events[i].frame - p->tone.since) / CAPTURE_RATE);
		json_int(json, "at_ns", (int64_t)at);
		json_number(json, "size", events[i].size * unit);
		json_bool(json, "excused", excuse);
		json_bool(json, "at_marker", is_marker(p, events[i].frame));
		json_end(json);
	}
	json_end(json);
	return excused_count;
}

static void leave_out_markers(const struct probe *p, struct tone_judge *beside) {
	unsigned kept = 0;
	for (unsigned i = 0; i < beside->glitch_count; i++) {
		if (!is_marker(p, beside->glitches[i].frame)) {
			beside->glitches[kept++] = beside->glitches[i];
		}
	}
	beside->glitch_count = kept;
}

static void report(struct probe *p) {
	const struct tone_judge *tone = &p->tone;
	struct json json;
	json_begin(&json, stdout);
	json_int(&json, "glitches", tone->glitch_count);
	json_int(&json, "excused",
			report_events(&json, p, "glitch_list", tone->glitches, tone->glitch_count,
					1));
	leave_out_markers(p, &p->beside);
	report_events(&json, p, "beside_list", p->beside.glitches, p->beside.glitch_count, 1);
	/* Their size is in milliseconds. */
	report_events(&json, p, "gap_list", tone->gaps, tone->gap_count, 1000.0 / CAPTURE_RATE);
	json_array(&json, "stalls");
	for (unsigned i = 0; i < stalls.count; i++) {
		json_object(&json, NULL);
		json_int(&json, "at_ns", (int64_t)stalls.list[i].at_ns);
		json_number(&json, "ms", (double)stalls.list[i].for_ns * 1e-6);
		json_end(&json);
	}
	json_end(&json);
	json_number(&json, "tone_s", (double)tone->frames / CAPTURE_RATE);
	json_number(&json, "hertz", tone_judge_hertz(tone));
	json_number(&json, "silence_ms", (double)tone->silence * 1000 / CAPTURE_RATE);
	json_number(&json, "longest_gap_ms", (double)tone->longest_gap * 1000 / CAPTURE_RATE);
	json_int(&json, "gaps", tone->gap_count);
	json_int(&json, "markers", p->marker_count);
	json_number(&json, "sink_ppm", monitor_capture_sink_ppm(p->capture));
	json_bool(&json, "pipewire", monitor_capture_is_pipewire(p->capture));
	json_finish(&json);
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
	tone_judge_init(&probe.tone, argc > 3 ? strtod(argv[3], NULL) : 997, CAPTURE_RATE);
	tone_judge_init(&probe.beside, argc > 3 ? strtod(argv[3], NULL) : 997, CAPTURE_RATE);
	setvbuf(stdout, NULL, _IOLBF, 0);
	stalls_start();
	const struct sched_param param = { .sched_priority = 4 };
	(void)!sched_setscheduler(0, SCHED_RR, &param);
	const struct monitor_capture_config config = {
		.source = argv[1], .name = "sound-probe", .heard = on_heard, .data = &probe
	};
	int r = monitor_capture_create(&probe.capture, &config);
	if (r < 0) {
		fprintf(stderr, "sound-probe: %s: %s\n", argv[1], strerror(-r));
		return 1;
	}
	r = monitor_capture_listen(
			probe.capture, clock_now_ns() + (uint64_t)(strtod(argv[2], NULL) * 1e9));
	stalls_end(began);
	report(&probe);
	monitor_capture_destroy(probe.capture);
	return r < 0;
}
