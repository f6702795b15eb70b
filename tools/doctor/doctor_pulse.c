/* The sound server, asked live: its name, and how late its default output plays what is written
 * now. */
#include <errno.h>
#include <pulse/pulseaudio.h>
#include <string.h>

#include "base/clock.h"
#include "tools/doctor/doctor.h"
#include "tools/vm-model/text.h"

#define ASK_NS    (1500 * NS_PER_MS)
#define SETTLE_NS (400 * NS_PER_MS) /* until it runs evenly */
#define LOOKS     20
#define LOOK_NS   (20 * NS_PER_MS)
#define WANTED_US 20000 /* what a player wants */

struct ask {
	struct facts_live *live;
	pa_mainloop *loop;
	pa_context *context;
	pa_stream *stream;
	bool ready, failed, reported;
};

static int errno_of(int error) {
	switch (error) {
	case PA_ERR_CONNECTIONREFUSED:
		return ECONNREFUSED;
	case PA_ERR_ACCESS:
	case PA_ERR_AUTHKEY:
		return EACCES;
	case PA_ERR_TIMEOUT:
		return ETIMEDOUT;
	default:
		return ECONNRESET;
	}
}

static void on_state(pa_context *context, void *data) {
	struct ask *ask = data;
	pa_context_state_t state = pa_context_get_state(context);
	ask->ready = state == PA_CONTEXT_READY;
	ask->failed = ask->failed || !PA_CONTEXT_IS_GOOD(state);
}

static void on_server(pa_context *context, const pa_server_info *info, void *data) {
	struct ask *ask = data;
	(void)context;
	if (info) {
		copy_text(ask->live->pulse_server, sizeof ask->live->pulse_server,
				info->server_name ? info->server_name : "");
		copy_text(ask->live->pulse_sink, sizeof ask->live->pulse_sink,
				info->default_sink_name ? info->default_sink_name : "");
	}
	ask->reported = true;
}

static void note_silent(struct ask *ask, const char *what) {
	if (!ask->live->pulse_silent[0]) {
		copy_text(ask->live->pulse_silent, sizeof ask->live->pulse_silent, what);
	}
}

static void on_input(pa_context *context, const pa_sink_input_info *info, int end, void *data) {
	struct ask *ask = data;
	(void)context;
	const char *name = end == 0 && info ? pa_proplist_gets(info->proplist,
							      PA_PROP_APPLICATION_NAME)
					    : NULL;
	if (name && strcmp(name, "Pierglass") == 0) {
		if (info->mute) {
			note_silent(ask, "stream-mute");
		} else if (info->has_volume && pa_cvolume_is_muted(&info->volume)) {
			note_silent(ask, "stream-zero");
		}
	}
	ask->reported |= end != 0;
}

static void on_sink(pa_context *context, const pa_sink_info *info, int end, void *data) {
	struct ask *ask = data;
	(void)context;
	if (end == 0 && info) {
		if (info->mute) {
			note_silent(ask, "sink-mute");
		} else if (pa_cvolume_is_muted(&info->volume)) {
			note_silent(ask, "sink-zero");
		}
	}
	ask->reported |= end != 0;
}

static void on_write(pa_stream *stream, size_t bytes, void *data) {
	static const char silence[4096];
	(void)data;
	while (bytes > 0) {
		size_t now = bytes < sizeof silence ? bytes : sizeof silence;
		if (pa_stream_write(stream, silence, now, NULL, 0, PA_SEEK_RELATIVE) < 0) {
			return;
		}
		bytes -= now;
	}
}

/* Runs the loop until *flag, a failure, or the time is over. */
static bool run_until(struct ask *ask, const bool *flag, uint64_t for_ns) {
	uint64_t until_ns = clock_now_ns() + for_ns;
	while (!ask->failed && !(flag && *flag) && clock_now_ns() < until_ns) {
		if (pa_mainloop_prepare(ask->loop, 20000) < 0 || pa_mainloop_poll(ask->loop) < 0 ||
				pa_mainloop_dispatch(ask->loop) < 0) {
			return false;
		}
	}
	return flag && *flag;
}

/* Why nothing may be heard of what is played: the default output, and a player that plays. */
static void look_at_mixer(struct ask *ask) {
	pa_operation *operations[2];
	ask->reported = false;
	operations[0] = pa_context_get_sink_info_by_name(
			ask->context, "@DEFAULT_SINK@", on_sink, ask);
	run_until(ask, &ask->reported, ASK_NS);
	ask->reported = false;
	operations[1] = pa_context_get_sink_input_info_list(ask->context, on_input, ask);
	run_until(ask, &ask->reported, ASK_NS);
	for (unsigned i = 0; i < 2; i++) {
		if (operations[i]) {
			pa_operation_unref(operations[i]);
		}
	}
}

/* A moment of silence on the default output: only a stream that plays has a latency. */
static void measure(struct ask *ask) {
	const pa_sample_spec spec = { .format = PA_SAMPLE_S16LE, .rate = 48000, .channels = 2 };
	const pa_buffer_attr attr = { .maxlength = (uint32_t)-1,
		.tlength = (uint32_t)pa_usec_to_bytes(WANTED_US, &spec),
		.prebuf = (uint32_t)-1,
		.minreq = (uint32_t)-1,
		.fragsize = (uint32_t)-1 };
	const pa_stream_flags_t flags = PA_STREAM_ADJUST_LATENCY | PA_STREAM_AUTO_TIMING_UPDATE |
					PA_STREAM_DONT_MOVE;
	pa_usec_t latency;
	int negative;
	ask->stream = pa_stream_new(ask->context, "pierglass doctor", &spec, NULL);
	if (!ask->stream) {
		return;
	}
	pa_stream_set_write_callback(ask->stream, on_write, ask);
	if (pa_stream_connect_playback(ask->stream, NULL, &attr, flags, NULL, NULL) < 0) {
		return;
	}
	run_until(ask, NULL, SETTLE_NS);
	long sum_us = 0;
	long count = 0;
	for (unsigned i = 0; i < LOOKS && pa_stream_get_state(ask->stream) == PA_STREAM_READY;
			i++) {
		/* Its answer comes while the loop runs; what is read here is that of the last look.
		 */
		pa_operation *operation = pa_stream_update_timing_info(ask->stream, NULL, NULL);
		if (operation) {
			pa_operation_unref(operation);
		}
		run_until(ask, NULL, LOOK_NS);
		if (pa_stream_get_latency(ask->stream, &latency, &negative) == 0) {
			sum_us += negative ? -(long)latency : (long)latency;
			count++;
		}
	}
	if (count > 0) {
		ask->live->pulse_latency_us = sum_us > 0 ? sum_us / count : 0;
	}
}

static void release(struct ask *ask) {
	if (ask->stream) {
		pa_stream_set_write_callback(ask->stream, NULL, NULL);
		pa_stream_disconnect(ask->stream);
		pa_stream_unref(ask->stream);
	}
	if (ask->context) {
		pa_context_set_state_callback(ask->context, NULL, NULL);
		pa_context_disconnect(ask->context);
		pa_context_unref(ask->context);
	}
	if (ask->loop) {
		pa_mainloop_free(ask->loop);
	}
}

int doctor_ask_pulse(struct facts_live *live) {
	struct ask ask = { .live = live, .loop = pa_mainloop_new() };
	int r = ENOMEM;
	if (ask.loop) {
		ask.context = pa_context_new(pa_mainloop_get_api(ask.loop), "pierglass doctor");
	}
	if (ask.context) {
		pa_context_set_state_callback(ask.context, on_state, &ask);
		r = pa_context_connect(ask.context, NULL, PA_CONTEXT_NOAUTOSPAWN, NULL) < 0 ||
						    !run_until(&ask, &ask.ready, ASK_NS)
				    ? errno_of(ask.failed ? pa_context_errno(ask.context)
							  : PA_ERR_TIMEOUT)
				    : 0;
	}
	if (r == 0) {
		pa_operation *operation = pa_context_get_server_info(ask.context, on_server, &ask);
		if (operation) {
			run_until(&ask, &ask.reported, ASK_NS);
			pa_operation_unref(operation);
		}
		look_at_mixer(&ask);
		measure(&ask);
	}
	release(&ask);
	return r;
}
