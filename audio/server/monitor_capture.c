#include "audio/server/monitor_capture.h"

#include <errno.h>
#include <math.h>
#include <pulse/pulseaudio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audio/playout/buffer_fill.h"
#include "base/clock.h"

#define CONNECT_NS      (5 * NS_PER_S)
#define FRAGMENT_FRAMES 240u
#define ASK_NS          (100 * NS_PER_MS)
#define TURN_US         20000
#define PIPEWIRE_HZ     0.05
#define PIPEWIRE_STEP   1024 /* frames: how its position moves */
#define ZERO_FRAMES     480u

struct monitor_capture {
	struct monitor_capture_config config;
	pa_mainloop *mainloop;
	pa_context *context;
	pa_stream *stream;
	bool pipewire;
	uint32_t module; /* of the null sink; PA_INVALID_INDEX = none */
	char sink[64];

	struct buffer_fill clock; /* frames that were heard: the device's clock */
	uint64_t frame;           /* number of the next one */
	uint64_t ask_ns;
	bool asked;
	bool answered; /* the question that is waited for */
};

static bool turn(struct monitor_capture *capture) {
	return pa_mainloop_prepare(capture->mainloop, TURN_US) >= 0 &&
	       pa_mainloop_poll(capture->mainloop) >= 0 &&
	       pa_mainloop_dispatch(capture->mainloop) >= 0;
}

/* ---- what comes ---- */

static void hear(struct monitor_capture *capture, const float *frames, unsigned count) {
	const uint64_t first = capture->frame;
	capture->frame += count;
	capture->config.heard(frames, count, first, capture->config.data);
}

static void on_read(pa_stream *stream, size_t bytes, void *data) {
	static const float zeros[ZERO_FRAMES * CAPTURE_CHANNELS];
	struct monitor_capture *capture = data;
	const void *fragment;
	while (pa_stream_peek(stream, &fragment, &bytes) == 0 && bytes > 0) {
		unsigned count = (unsigned)(bytes / (CAPTURE_CHANNELS * sizeof *zeros));
		while (!fragment && count > 0) { /* a hole */
			const unsigned n = count < ZERO_FRAMES ? count : ZERO_FRAMES;
			hear(capture, zeros, n);
			count -= n;
		}
		if (count > 0) {
			hear(capture, fragment, count);
		}
		pa_stream_drop(stream);
	}
}

static void on_timing(pa_stream *stream, int success, void *data) {
	struct monitor_capture *capture = data;
	const pa_timing_info *info = pa_stream_get_timing_info(stream);
	capture->asked = false;
	if (!success || !info || info->write_index_corrupt) {
		return;
	}
	/* A monitor has what is still to be played: it is heard the sink's latency later. */
	int64_t wall_ns =
			info->timestamp.tv_sec * (int64_t)NS_PER_S + info->timestamp.tv_usec * 1000;
	double position =
			(double)info->write_index / (CAPTURE_CHANNELS * sizeof(float)) +
			((double)info->source_usec - (double)info->sink_usec) * 1e-6 * CAPTURE_RATE;
	buffer_fill_report(&capture->clock, position,
			(uint64_t)(wall_ns + clock_realtime_to_monotonic_ns()));
}

int monitor_capture_listen(struct monitor_capture *capture, uint64_t until_ns) {
	while (clock_now_ns() < until_ns) {
		if (!turn(capture) || !PA_STREAM_IS_GOOD(pa_stream_get_state(capture->stream))) {
			return -ENOTCONN;
		}
		const uint64_t now_ns = clock_now_ns();
		if (!capture->asked && now_ns >= capture->ask_ns) {
			capture->asked = true;
			capture->ask_ns = now_ns + ASK_NS;
			pa_operation_unref(pa_stream_update_timing_info(
					capture->stream, on_timing, capture));
		}
	}
	return 0;
}

/* ---- life ---- */

static void on_server(pa_context *context, const pa_server_info *info, void *data) {
	struct monitor_capture *capture = data;
	(void)context;
	capture->pipewire = info && info->server_name && strstr(info->server_name, "PipeWire");
	capture->answered = true;
}

static void on_module(pa_context *context, uint32_t index, void *data) {
	struct monitor_capture *capture = data;
	(void)context;
	capture->module = index;
	capture->answered = true;
}

/* Waits for the answer to a question. */
static bool answer(struct monitor_capture *capture, pa_operation *operation, uint64_t until_ns) {
	if (!operation) {
		return false;
	}
	pa_operation_unref(operation);
	while (!capture->answered && clock_now_ns() < until_ns) {
		if (!turn(capture) || !PA_CONTEXT_IS_GOOD(pa_context_get_state(capture->context))) {
			return false;
		}
	}
	const bool answered = capture->answered;
	capture->answered = false;
	return answered;
}

static int connect_server(struct monitor_capture *capture, uint64_t until_ns) {
	capture->mainloop = pa_mainloop_new();
	capture->context = capture->mainloop
					   ? pa_context_new(pa_mainloop_get_api(capture->mainloop),
							     capture->config.name)
					   : NULL;
	if (!capture->context) {
		return -ENOMEM;
	}
	if (pa_context_connect(capture->context, capture->config.server, PA_CONTEXT_NOAUTOSPAWN,
			    NULL) < 0) {
		return -ECONNREFUSED;
	}
	while (pa_context_get_state(capture->context) != PA_CONTEXT_READY) {
		if (!turn(capture) || !PA_CONTEXT_IS_GOOD(pa_context_get_state(capture->context)) ||
				clock_now_ns() > until_ns) {
			return -ECONNREFUSED;
		}
	}
	return answer(capture, pa_context_get_server_info(capture->context, on_server, capture),
			       until_ns)
			       ? 0
			       : -ECONNREFUSED;
}

static int make_sink(struct monitor_capture *capture, uint64_t until_ns) {
	char arguments[256];
	snprintf(capture->sink, sizeof capture->sink, "%.40s-%d", capture->config.name,
			(int)getpid());
	/* Ordinarily a null sink renders two seconds ahead while it idles (norewinds). */
	snprintf(arguments, sizeof arguments,
			"sink_name=%s rate=%u channels=%u format=float32le%s "
			"sink_properties=device.description=%s",
			capture->sink, CAPTURE_RATE, CAPTURE_CHANNELS,
			capture->pipewire ? "" : " norewinds=1", capture->sink);
	if (!answer(capture,
			    pa_context_load_module(capture->context, "module-null-sink", arguments,
					    on_module, capture),
			    until_ns) ||
			capture->module == PA_INVALID_INDEX) {
		capture->sink[0] = '\0';
		return -ENOENT;
	}
	return 0;
}

static int record(struct monitor_capture *capture, uint64_t until_ns) {
	const pa_sample_spec spec = { PA_SAMPLE_FLOAT32NE, CAPTURE_RATE, CAPTURE_CHANNELS };
	const pa_buffer_attr attr = { .maxlength = (uint32_t)-1,
		.tlength = (uint32_t)-1,
		.prebuf = (uint32_t)-1,
		.minreq = (uint32_t)-1,
		.fragsize = FRAGMENT_FRAMES * CAPTURE_CHANNELS * sizeof(float) };
	char own[80];
	snprintf(own, sizeof own, "%s.monitor", capture->sink);
	buffer_fill_init(&capture->clock, CAPTURE_RATE, 0, false);
	if (capture->pipewire) {
		/* Blocks come when a graph of several is done, not evenly. */
		capture->clock.jump_frames = fmax(0.008 * CAPTURE_RATE, 1.5 * PIPEWIRE_STEP);
		capture->clock.slow_hz = PIPEWIRE_HZ;
	}
	capture->stream = pa_stream_new(capture->context, capture->config.name, &spec, NULL);
	if (!capture->stream) {
		return -ENOMEM;
	}
	pa_stream_set_read_callback(capture->stream, on_read, capture);
	if (pa_stream_connect_record(capture->stream,
			    capture->config.source ? capture->config.source : own, &attr,
			    PA_STREAM_ADJUST_LATENCY) < 0) {
		return -ENOENT;
	}
	while (pa_stream_get_state(capture->stream) != PA_STREAM_READY) {
		if (!turn(capture) || !PA_STREAM_IS_GOOD(pa_stream_get_state(capture->stream)) ||
				clock_now_ns() > until_ns) {
			return -ENOENT;
		}
	}
	return 0;
}

int monitor_capture_create(
		struct monitor_capture **ret_capture, const struct monitor_capture_config *config) {
	struct monitor_capture *capture = calloc(1, sizeof *capture);
	if (!capture) {
		return -ENOMEM;
	}
	capture->config = *config;
	capture->module = PA_INVALID_INDEX;
	const uint64_t until_ns = clock_now_ns() + CONNECT_NS;
	int r = connect_server(capture, until_ns);
	if (r == 0 && !config->source) {
		r = make_sink(capture, until_ns);
	}
	if (r == 0) {
		r = record(capture, until_ns);
	}
	if (r < 0) {
		monitor_capture_destroy(capture);
		return r;
	}
	*ret_capture = capture;
	return 0;
}

static void on_unloaded(pa_context *context, int success, void *data) {
	(void)context;
	(void)success;
	((struct monitor_capture *)data)->answered = true;
}

void monitor_capture_destroy(struct monitor_capture *capture) {
	if (!capture) {
		return;
	}
	if (capture->stream) {
		pa_stream_set_read_callback(capture->stream, NULL, NULL);
		pa_stream_disconnect(capture->stream);
		pa_stream_unref(capture->stream);
	}
	if (capture->module != PA_INVALID_INDEX) {
		capture->answered = false;
		(void)answer(capture,
				pa_context_unload_module(capture->context, capture->module,
						on_unloaded, capture),
				clock_now_ns() + NS_PER_S);
	}
	if (capture->context) {
		pa_context_disconnect(capture->context);
		pa_context_unref(capture->context);
	}
	if (capture->mainloop) {
		pa_mainloop_free(capture->mainloop);
	}
	free(capture);
}

/* ---- figures ---- */

uint64_t monitor_capture_heard_at(const struct monitor_capture *capture, uint64_t frame) {
	const struct buffer_fill *clock = &capture->clock;
	return buffer_fill_known(clock)
			       ? (uint64_t)((double)clock->t_ns +
						 ((double)frame - clock->position) / clock->slope)
			       : 0;
}

double monitor_capture_frame_ns(const struct monitor_capture *capture) {
	return 1 / capture->clock.slope;
}

double monitor_capture_sink_ppm(const struct monitor_capture *capture) {
	return buffer_fill_sink_ppm(&capture->clock);
}

const char *monitor_capture_sink(const struct monitor_capture *capture) {
	return capture->sink;
}

bool monitor_capture_is_pipewire(const struct monitor_capture *capture) {
	return capture->pipewire;
}
