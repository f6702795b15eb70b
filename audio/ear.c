#include "audio/ear.h"

#include <errno.h>
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
#define PIPEWIRE_STEP   1024 /* frames: how its position moves */
#define ZERO_FRAMES     480u

struct ear {
	struct ear_config config;
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

static bool turn(struct ear *ear) {
	return pa_mainloop_prepare(ear->mainloop, TURN_US) >= 0 &&
	       pa_mainloop_poll(ear->mainloop) >= 0 && pa_mainloop_dispatch(ear->mainloop) >= 0;
}

/* ---- what comes ---- */

static void hear(struct ear *ear, const float *frames, unsigned count) {
	const uint64_t first = ear->frame;
	ear->frame += count;
	ear->config.heard(frames, count, first, ear->config.data);
}

static void on_read(pa_stream *stream, size_t bytes, void *data) {
	static const float zeros[ZERO_FRAMES * EAR_CHANNELS];
	struct ear *ear = data;
	const void *fragment;
	while (pa_stream_peek(stream, &fragment, &bytes) == 0 && bytes > 0) {
		unsigned count = (unsigned)(bytes / (EAR_CHANNELS * sizeof *zeros));
		while (!fragment && count > 0) { /* a hole */
			const unsigned n = count < ZERO_FRAMES ? count : ZERO_FRAMES;
			hear(ear, zeros, n);
			count -= n;
		}
		if (count > 0) {
			hear(ear, fragment, count);
		}
		pa_stream_drop(stream);
	}
}

static void on_timing(pa_stream *stream, int success, void *data) {
	struct ear *ear = data;
	const pa_timing_info *info = pa_stream_get_timing_info(stream);
	ear->asked = false;
	if (!success || !info || info->write_index_corrupt) {
		return;
	}
	/* A monitor has what is still to be played: it is heard the sink's latency later. */
	int64_t wall_ns =
			info->timestamp.tv_sec * (int64_t)NS_PER_S + info->timestamp.tv_usec * 1000;
	double position = (double)info->write_index / (EAR_CHANNELS * sizeof(float)) +
			  ((double)info->source_usec - (double)info->sink_usec) * 1e-6 * EAR_RATE;
	buffer_fill_report(&ear->clock, position,
			(uint64_t)(wall_ns + clock_realtime_to_monotonic_ns()));
}

int ear_listen(struct ear *ear, uint64_t until_ns) {
	while (clock_now_ns() < until_ns) {
		if (!turn(ear) || !PA_STREAM_IS_GOOD(pa_stream_get_state(ear->stream))) {
			return -ENOTCONN;
		}
		const uint64_t now_ns = clock_now_ns();
		if (!ear->asked && now_ns >= ear->ask_ns) {
			ear->asked = true;
			ear->ask_ns = now_ns + ASK_NS;
			pa_operation_unref(
					pa_stream_update_timing_info(ear->stream, on_timing, ear));
		}
	}
	return 0;
}

/* ---- life ---- */

static void on_server(pa_context *context, const pa_server_info *info, void *data) {
	struct ear *ear = data;
	(void)context;
	ear->pipewire = info && info->server_name && strstr(info->server_name, "PipeWire");
	ear->answered = true;
}

static void on_module(pa_context *context, uint32_t index, void *data) {
	struct ear *ear = data;
	(void)context;
	ear->module = index;
	ear->answered = true;
}

/* Waits for the answer to a question. */
static bool answer(struct ear *ear, pa_operation *operation, uint64_t until_ns) {
	if (!operation) {
		return false;
	}
	pa_operation_unref(operation);
	while (!ear->answered && clock_now_ns() < until_ns) {
		if (!turn(ear) || !PA_CONTEXT_IS_GOOD(pa_context_get_state(ear->context))) {
			return false;
		}
	}
	const bool answered = ear->answered;
	ear->answered = false;
	return answered;
}

static int connect_server(struct ear *ear, uint64_t until_ns) {
	ear->mainloop = pa_mainloop_new();
	ear->context = ear->mainloop ? pa_context_new(pa_mainloop_get_api(ear->mainloop),
						       ear->config.name)
				     : NULL;
	if (!ear->context) {
		return -ENOMEM;
	}
	if (pa_context_connect(ear->context, ear->config.server, PA_CONTEXT_NOAUTOSPAWN, NULL) <
			0) {
		return -ECONNREFUSED;
	}
	while (pa_context_get_state(ear->context) != PA_CONTEXT_READY) {
		if (!turn(ear) || !PA_CONTEXT_IS_GOOD(pa_context_get_state(ear->context)) ||
				clock_now_ns() > until_ns) {
			return -ECONNREFUSED;
		}
	}
	return answer(ear, pa_context_get_server_info(ear->context, on_server, ear), until_ns)
			       ? 0
			       : -ECONNREFUSED;
}

static int make_sink(struct ear *ear, uint64_t until_ns) {
	char arguments[256];
	snprintf(ear->sink, sizeof ear->sink, "%.40s-%d", ear->config.name, (int)getpid());
	/* Ordinarily a null sink renders two seconds ahead while it idles (norewinds). */
	snprintf(arguments, sizeof arguments,
			"sink_name=%s rate=%u channels=%u format=float32le%s "
			"sink_properties=device.description=%s",
			ear->sink, EAR_RATE, EAR_CHANNELS, ear->pipewire ? "" : " norewinds=1",
			ear->sink);
	if (!answer(ear,
			    pa_context_load_module(ear->context, "module-null-sink", arguments,
					    on_module, ear),
			    until_ns) ||
			ear->module == PA_INVALID_INDEX) {
		ear->sink[0] = '\0';
		return -ENOENT;
	}
	return 0;
}

static int record(struct ear *ear, uint64_t until_ns) {
	const pa_sample_spec spec = { PA_SAMPLE_FLOAT32NE, EAR_RATE, EAR_CHANNELS };
	const pa_buffer_attr attr = { .maxlength = (uint32_t)-1,
		.tlength = (uint32_t)-1,
		.prebuf = (uint32_t)-1,
		.minreq = (uint32_t)-1,
		.fragsize = FRAGMENT_FRAMES * EAR_CHANNELS * sizeof(float) };
	char own[80];
	snprintf(own, sizeof own, "%s.monitor", ear->sink);
	buffer_fill_init(&ear->clock, EAR_RATE, ear->pipewire ? PIPEWIRE_STEP : 0);
	ear->stream = pa_stream_new(ear->context, ear->config.name, &spec, NULL);
	if (!ear->stream) {
		return -ENOMEM;
	}
	pa_stream_set_read_callback(ear->stream, on_read, ear);
	if (pa_stream_connect_record(ear->stream, ear->config.source ? ear->config.source : own,
			    &attr, PA_STREAM_ADJUST_LATENCY) < 0) {
		return -ENOENT;
	}
	while (pa_stream_get_state(ear->stream) != PA_STREAM_READY) {
		if (!turn(ear) || !PA_STREAM_IS_GOOD(pa_stream_get_state(ear->stream)) ||
				clock_now_ns() > until_ns) {
			return -ENOENT;
		}
	}
	return 0;
}

int ear_create(struct ear **ret_ear, const struct ear_config *config) {
	struct ear *ear = calloc(1, sizeof *ear);
	if (!ear) {
		return -ENOMEM;
	}
	ear->config = *config;
	ear->module = PA_INVALID_INDEX;
	const uint64_t until_ns = clock_now_ns() + CONNECT_NS;
	int r = connect_server(ear, until_ns);
	if (r == 0 && !config->source) {
		r = make_sink(ear, until_ns);
	}
	if (r == 0) {
		r = record(ear, until_ns);
	}
	if (r < 0) {
		ear_destroy(ear);
		return r;
	}
	*ret_ear = ear;
	return 0;
}

static void on_unloaded(pa_context *context, int success, void *data) {
	(void)context;
	(void)success;
	((struct ear *)data)->answered = true;
}

void ear_destroy(struct ear *ear) {
	if (!ear) {
		return;
	}
	if (ear->stream) {
		pa_stream_set_read_callback(ear->stream, NULL, NULL);
		pa_stream_disconnect(ear->stream);
		pa_stream_unref(ear->stream);
	}
	if (ear->module != PA_INVALID_INDEX) {
		ear->answered = false;
		(void)answer(ear,
				pa_context_unload_module(
						ear->context, ear->module, on_unloaded, ear),
				clock_now_ns() + NS_PER_S);
	}
	if (ear->context) {
		pa_context_disconnect(ear->context);
		pa_context_unref(ear->context);
	}
	if (ear->mainloop) {
		pa_mainloop_free(ear->mainloop);
	}
	free(ear);
}

/* ---- figures ---- */

uint64_t ear_heard_at(const struct ear *ear, uint64_t frame) {
	const struct buffer_fill *clock = &ear->clock;
	return buffer_fill_known(clock)
			       ? (uint64_t)((double)clock->t_ns +
						 ((double)frame - clock->position) / clock->slope)
			       : 0;
}

double ear_frame_ns(const struct ear *ear) {
	return 1 / ear->clock.slope;
}

double ear_sink_ppm(const struct ear *ear) {
	return buffer_fill_sink_ppm(&ear->clock);
}

const char *ear_sink(const struct ear *ear) {
	return ear->sink;
}

bool ear_is_pipewire(const struct ear *ear) {
	return ear->pipewire;
}
