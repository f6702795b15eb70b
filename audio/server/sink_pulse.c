#define LOG_MODULE "audio"
#include "audio/server/sink_pulse.h"

#include <errno.h>
#include <pulse/pulseaudio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/server/period.h"
#include "audio/server/pulse_channels.h"
#include "audio/server/pulse_server.h"
#include "audio/server/pulse_volume.h"
#include "base/clock.h"
#include "base/log.h"

#define RETIRED_FOR_NS  (400 * NS_PER_MS)
#define REQUEST_MS      5
#define BUFFER_LEAST_MS 1000 /* also for a server that takes 170 ms at a time */
#define RATE_DEFAULT    48000
#define RATE_LEAST      44100
#define WRITE_BYTES     32768
/* pipewire-pulse tells nothing of what lies behind its mixer: one quantum, of which half is in the
 * mean of the staircase already. */
#define PIPEWIRE_BEHIND 0.5
/* Beside the quantum itself, which the position shows; more is not needed where that is larger. */
#define PIPEWIRE_REQUEST_NS 5.4e6

struct sink_pulse {
	struct sink sink;
	struct sink_pulse_config config;
	struct pulse_server *server;
	bool ready; /* the server is there and its sink is known */
	unsigned device_rate;
	bool device_unnamed; /* its channels have numbers only */
	bool device_flat;    /* its volume is the loudest stream's */
	struct pulse_gain gain;
	bool device_away; /* the one that was asked for by name: the default one meanwhile */

	bool wanted;
	struct sink_format format;
	pa_stream *stream;
	bool stream_ready;
	bool stream_lost;
	unsigned stream_failures;
	deadline stream_retry;
	pa_stream *retired; /* plays out */
	uint64_t retired_until_ns;
	bool timing_asked;
	struct period period; /* PipeWire's; kept while the device is the same */
	char *written;        /* of libpulse's memory: not sent yet; NULL: nothing */
	size_t written_bytes, written_room;
	bool volume_set;
	/* as the server tells them */
	uint32_t device_index;
	bool stream_muted, stream_zero;
	bool device_muted, device_zero;
	bool mute;
	bool guest_mute; /* the guest's own */
};

static struct sink_pulse *pulse_of(struct sink *sink) {
	return (struct sink_pulse *)sink;
}

static pa_context *context_of(const struct sink_pulse *pulse) {
	return pulse_server_context(pulse->server);
}

/* ---- the stream ---- */

static void release_stream(pa_stream *stream) {
	if (!stream) {
		return;
	}
	pa_stream_set_state_callback(stream, NULL, NULL);
	pa_stream_set_underflow_callback(stream, NULL, NULL);
	pa_stream_set_moved_callback(stream, NULL, NULL);
	pa_stream_set_suspended_callback(stream, NULL, NULL);
	pa_stream_set_buffer_attr_callback(stream, NULL, NULL);
	pa_stream_disconnect(stream);
	pa_stream_unref(stream);
}

static void close_stream(struct sink_pulse *pulse) {
	pulse->written = NULL; /* the stream's own */
	release_stream(pulse->stream);
	pulse->stream = NULL;
	pulse->stream_ready = false;
	pulse->stream_lost = false;
	pulse->timing_asked = false;
}

static void set_stream_volume(struct sink_pulse *pulse, const pa_cvolume *volume) {
	if (pulse->device_flat) {
		pulse_gain_set(&pulse->gain, volume);
		return;
	}
	pulse_forget(pa_context_set_sink_input_volume(
			context_of(pulse), pa_stream_get_index(pulse->stream), volume, NULL, NULL));
}

static void set_stream_mute(struct sink_pulse *pulse, bool mute) {
	pulse_forget(pa_context_set_sink_input_mute(
			context_of(pulse), pa_stream_get_index(pulse->stream), mute, NULL, NULL));
}

static void apply_mixer(struct sink_pulse *pulse) {
	if (pulse->mute) {
		set_stream_mute(pulse, true);
	}
	if (pulse->config.volume_percent >= 0 && !pulse->volume_set) {
		pa_cvolume volume;
		pulse_volume_percent(&volume, pulse->format.channels, pulse->config.volume_percent);
		set_stream_volume(pulse, &volume);
		pulse->volume_set = true;
	}
}

/* ---- is it to be heard at all? ---- */

static void on_device(pa_context *context, const pa_sink_info *info, int end, void *data) {
	struct sink_pulse *pulse = data;
	(void)context;
	if (end == 0 && info) {
		pulse->device_muted = info->mute != 0;
		pulse->device_zero = pa_cvolume_is_muted(&info->volume) != 0;
	}
}

static void on_input(pa_context *context, const pa_sink_input_info *info, int end, void *data) {
	struct sink_pulse *pulse = data;
	if (end == 0 && info) {
		pulse->stream_muted = info->mute != 0;
		pulse->stream_zero = info->has_volume && pa_cvolume_is_muted(&info->volume);
		pulse->device_index = info->sink;
		pulse_forget(pa_context_get_sink_info_by_index(
				context, info->sink, on_device, pulse));
	}
}

static void look_at_mixer(struct sink_pulse *pulse) {
	if (pulse->stream && pulse->stream_ready) {
		pulse_forget(pa_context_get_sink_input_info(context_of(pulse),
				pa_stream_get_index(pulse->stream), on_input, pulse));
	}
}

/* The sink that was asked for by name: it may come and go. Who moves the stream by hand later has
 * his will. */
static void on_named(pa_context *context, const pa_sink_info *info, int end, void *data) {
	struct sink_pulse *pulse = data;
	(void)info;
	if (end > 0 || pulse->device_away == (end < 0)) {
		return;
	}
	pulse->device_away = end < 0;
	if (pulse->device_away) {
		log_warn("there is no sink \"%s\": playing on the default one until it comes",
				pulse->config.device);
		return;
	}
	log_info("the sink \"%s\" is there", pulse->config.device);
	if (pulse->stream && pulse->stream_ready) {
		pulse_forget(pa_context_move_sink_input_by_name(context,
				pa_stream_get_index(pulse->stream), pulse->config.device, NULL,
				NULL));
	}
}

static void look_for_named(struct sink_pulse *pulse) {
	if (pulse->config.device[0]) {
		pulse_forget(pa_context_get_sink_info_by_name(
				context_of(pulse), pulse->config.device, on_named, pulse));
	}
}

/* Changes of other streams and devices are no matter of ours. */
static void on_change(pa_context *context, pa_subscription_event_type_t type, uint32_t index,
		void *data) {
	struct sink_pulse *pulse = data;
	(void)context;
	const bool device =
			(type & PA_SUBSCRIPTION_EVENT_FACILITY_MASK) == PA_SUBSCRIPTION_EVENT_SINK;
	if ((type & PA_SUBSCRIPTION_EVENT_TYPE_MASK) != PA_SUBSCRIPTION_EVENT_CHANGE) {
		if (device) {
			look_for_named(pulse);
		}
		return;
	}
	if (!pulse->stream || !pulse->stream_ready) {
		return;
	}
	if (index == (device ? pulse->device_index : pa_stream_get_index(pulse->stream))) {
		look_at_mixer(pulse);
	}
}

enum sink_silenced sink_pulse_silenced(const struct sink *sink) {
	const struct sink_pulse *pulse = (const struct sink_pulse *)sink;
	if (!pulse->stream_ready || pulse->mute || pulse->guest_mute) {
		return SINK_AUDIBLE;
	}
	return pulse->stream_muted   ? SINK_STREAM_MUTED
	       : pulse->device_muted ? SINK_DEVICE_MUTED
	       : pulse->stream_zero  ? SINK_STREAM_ZERO
	       : pulse->device_zero  ? SINK_DEVICE_ZERO
				     : SINK_AUDIBLE;
}

/* What is known of the stream that stands. */
static void describe_stream(const struct sink_pulse *pulse, struct sink_info *ret_info) {
	const pa_sample_spec *spec = pa_stream_get_sample_spec(pulse->stream);
	const pa_buffer_attr *attr = pa_stream_get_buffer_attr(pulse->stream);
	const size_t frame = pa_frame_size(spec);
	const unsigned asked = attr ? (unsigned)(attr->minreq / frame) : spec->rate / 200;
	*ret_info = (struct sink_info){
		.rate = spec->rate,
		.request_ns = (double)asked * 1e9 / spec->rate,
		.suspended = pa_stream_is_suspended(pulse->stream) > 0,
	};
	if (pulse_server_is_pipewire(pulse->server)) {
		const unsigned quantum = pulse->period.frames > 0 ? pulse->period.frames : asked;
		const double quantum_ns = (double)quantum * 1e9 / spec->rate;
		ret_info->quantum_frames = quantum;
		ret_info->request_ns =
				quantum_ns < PIPEWIRE_REQUEST_NS ? quantum_ns : PIPEWIRE_REQUEST_NS;
		ret_info->offset_ns = quantum_ns * PIPEWIRE_BEHIND;
		ret_info->guessed = pulse->period.frames == 0;
	}
}

static void tell_ready(struct sink_pulse *pulse) {
	struct sink_info info;
	const pa_buffer_attr *attr = pa_stream_get_buffer_attr(pulse->stream);
	describe_stream(pulse, &info);
	if (attr) {
		const double ms = 1e3 /
				  (double)pa_frame_size(pa_stream_get_sample_spec(pulse->stream)) /
				  info.rate;
		log_debug("stream on %s: %u Hz, tlength %.1f ms, minreq %.1f ms%s",
				pa_stream_get_device_name(pulse->stream), info.rate,
				(double)attr->tlength * ms, (double)attr->minreq * ms,
				info.suspended ? ", suspended" : "");
	}
	pulse->period.position = -1; /* another stream counts from 0 */
	pulse->stream_ready = true;
	apply_mixer(pulse);
	look_at_mixer(pulse);
	if (pulse->sink.events.ready) {
		pulse->sink.events.ready(&info, pulse->sink.data);
	}
}

/* The server takes another amount at a time than was thought. */
static void tell_period(struct sink_pulse *pulse) {
	struct sink_info info;
	describe_stream(pulse, &info);
	log_debug("the server takes %.1f ms at a time",
			(info.quantum_frames > 0 ? (double)info.quantum_frames * 1e3 / info.rate
						 : info.request_ns * 1e-6));
	if (pulse->stream_ready && pulse->sink.events.period) {
		pulse->sink.events.period(&info, pulse->sink.data);
	}
}

static void on_buffer_attr(pa_stream *stream, void *data) {
	struct sink_pulse *pulse = data;
	if (stream == pulse->stream && !pulse_server_is_pipewire(pulse->server)) {
		tell_period(pulse);
	}
}

static void on_stream_state(pa_stream *stream, void *data) {
	struct sink_pulse *pulse = data;
	switch (pa_stream_get_state(stream)) {
	case PA_STREAM_READY:
		tell_ready(pulse);
		break;
	case PA_STREAM_FAILED:
	case PA_STREAM_TERMINATED:
		log_info("the stream ended (%s), opening it again",
				pa_strerror(pa_context_errno(context_of(pulse))));
		pulse->stream_lost = true;
		break;
	case PA_STREAM_UNCONNECTED:
	case PA_STREAM_CREATING:
		break;
	}
}

static void on_underflow(pa_stream *stream, void *data) {
	struct sink_pulse *pulse = data;
	(void)stream;
	if (pulse->sink.events.underflow) {
		pulse->sink.events.underflow(pulse->sink.data);
	}
}

static void wanted_attr(const struct sink_pulse *pulse, unsigned rate, pa_buffer_attr *ret_attr) {
	uint32_t frame = (uint32_t)(pulse->format.channels * sizeof(float));
	uint32_t ms = rate / 1000 * frame;
	unsigned latency = pulse->config.latency_ms;
	unsigned most = pulse->config.max_ms > BUFFER_LEAST_MS ? pulse->config.max_ms
							       : BUFFER_LEAST_MS;
	unsigned request = latency / 4 < REQUEST_MS ? latency / 4 : REQUEST_MS;
	*ret_attr = (pa_buffer_attr){
		.maxlength = most * ms,
		.tlength = latency * ms,
		.prebuf = 0,
		.minreq = request * ms,
		.fragsize = (uint32_t)-1,
	};
}

static void tell_suspended(struct sink_pulse *pulse) {
	if (pulse->sink.events.suspended) {
		pulse->sink.events.suspended(
				pa_stream_is_suspended(pulse->stream) > 0, pulse->sink.data);
	}
}

static void on_suspended(pa_stream *stream, void *data) {
	log_debug("the sink is %s", pa_stream_is_suspended(stream) > 0 ? "suspended" : "running");
	tell_suspended(data);
}

static void on_moved(pa_stream *stream, void *data) {
	struct sink_pulse *pulse = data;
	pa_buffer_attr attr;
	log_info("the sound was moved to %s", pa_stream_get_device_name(stream));
	/* Another device may have had other limits. */
	wanted_attr(pulse, pa_stream_get_sample_spec(stream)->rate, &attr);
	pulse_forget(pa_stream_set_buffer_attr(stream, &attr, NULL, NULL));
	period_init(&pulse->period);
	if (pulse->sink.events.moved) {
		pulse->sink.events.moved(pulse->sink.data);
	}
	tell_suspended(pulse);
	look_at_mixer(pulse);
}

static void open_stream(struct sink_pulse *pulse) {
	pa_sample_spec spec = {
		.format = PA_SAMPLE_FLOAT32NE,
		.rate = pulse->device_rate ? pulse->device_rate : RATE_DEFAULT,
		.channels = (uint8_t)pulse->format.channels,
	};
	pa_channel_map map;
	pulse_channels(&map, &pulse->format);
	const char *name = pulse->config.stream_name[0] ? pulse->config.stream_name
							: "Windows VM audio";
	pulse->stream = pa_stream_new(context_of(pulse), name, &spec, &map);
	if (!pulse->stream) {
		pulse->stream_lost = true;
		return;
	}
	pa_stream_set_state_callback(pulse->stream, on_stream_state, pulse);
	pa_stream_set_underflow_callback(pulse->stream, on_underflow, pulse);
	pa_stream_set_moved_callback(pulse->stream, on_moved, pulse);
	pa_stream_set_suspended_callback(pulse->stream, on_suspended, pulse);
	pa_stream_set_buffer_attr_callback(pulse->stream, on_buffer_attr, pulse);

	pa_buffer_attr attr;
	wanted_attr(pulse, spec.rate, &attr);
	const bool named = pulse->config.device[0] && !pulse->device_away;
	const char *device = named ? pulse->config.device : NULL;
	const pa_stream_flags_t flags =
			PA_STREAM_START_CORKED | PA_STREAM_ADJUST_LATENCY |
			(pulse->device_unnamed ? PA_STREAM_NO_REMAP_CHANNELS : PA_STREAM_NOFLAGS);
	if (pa_stream_connect_playback(pulse->stream, device, &attr, flags, NULL, NULL) < 0) {
		log_warn_limited("cannot open a stream: %s",
				pa_strerror(pa_context_errno(context_of(pulse))));
		pulse->stream_lost = true;
	}
}

/* ---- the server ---- */

static void on_sink_info(pa_context *context, const pa_sink_info *info, int end, void *data) {
	struct sink_pulse *pulse = data;
	(void)context;
	if (end == 0 && info) {
		pulse->device_flat = (info->flags & PA_SINK_FLAT_VOLUME) != 0;
		pulse->device_unnamed = pulse_channels_are_unnamed(&info->channel_map) &&
					!pulse_server_is_pipewire(pulse->server);
		pulse->device_rate = info->sample_spec.rate;
		if (pulse->device_rate < RATE_LEAST || pulse->device_rate > SCREAM_RATE_MAX) {
			pulse->device_rate = RATE_DEFAULT;
		}
		return;
	}
	/* The end of the list, or no such sink: the server's own choice will do. */
	pulse->ready = true;
	if (pulse->wanted && !pulse->stream) {
		open_stream(pulse);
	}
}

static void on_up(const pa_server_info *info, void *data) {
	struct sink_pulse *pulse = data;
	const char *device = pulse->config.device[0]   ? pulse->config.device
			     : info->default_sink_name ? info->default_sink_name
						       : "@DEFAULT_SINK@";
	pulse->device_rate = RATE_DEFAULT;
	period_init(&pulse->period);
	log_info("connected to %s, sink %s", info->server_name ? info->server_name : "the server",
			device);
	pa_context_set_subscribe_callback(context_of(pulse), on_change, pulse);
	pulse_forget(pa_context_subscribe(context_of(pulse),
			PA_SUBSCRIPTION_MASK_SINK | PA_SUBSCRIPTION_MASK_SINK_INPUT, NULL, NULL));
	look_for_named(pulse); /* answered first */
	pulse_forget(pa_context_get_sink_info_by_name(
			context_of(pulse), device, on_sink_info, pulse));
}

static void release_all(struct sink_pulse *pulse) {
	release_stream(pulse->retired);
	pulse->retired = NULL;
	close_stream(pulse);
	pulse->ready = false;
}

static void on_down(void *data) {
	struct sink_pulse *pulse = data;
	bool had_stream = pulse->stream != NULL;
	release_all(pulse);
	if (had_stream && pulse->sink.events.gone) {
		pulse->sink.events.gone(pulse->sink.data);
	}
}

static void lose_stream(struct sink_pulse *pulse, uint64_t now_ns) {
	close_stream(pulse);
	unsigned failures = pulse->stream_failures++;
	pulse->stream_retry =
			now_ns + (failures == 0 ? 0 : pulse_backoff_ms(failures - 1) * NS_PER_MS);
	if (pulse->sink.events.gone) {
		pulse->sink.events.gone(pulse->sink.data);
	}
}

void sink_pulse_tick(struct sink *sink, uint64_t now_ns) {
	struct sink_pulse *pulse = pulse_of(sink);
	pulse_server_tick(pulse->server, now_ns);
	if (pulse->stream_lost) {
		lose_stream(pulse, now_ns);
	}
	if (pulse->ready && pulse->wanted && !pulse->stream && !pulse->stream_lost &&
			deadline_is_over(pulse->stream_retry, now_ns)) {
		open_stream(pulse);
	}
	if (pulse->retired && now_ns >= pulse->retired_until_ns) {
		release_stream(pulse->retired);
		pulse->retired = NULL;
	}
}

deadline sink_pulse_deadline(const struct sink *sink) {
	const struct sink_pulse *pulse = (const struct sink_pulse *)sink;
	deadline next = pulse->stream_lost ? DEADLINE_NOW : pulse_server_deadline(pulse->server);
	if (deadline_is_set(next)) {
		return next;
	}
	if (pulse->ready && pulse->wanted && !pulse->stream) {
		next = pulse->stream_retry;
	}
	return pulse->retired ? deadline_first(next, pulse->retired_until_ns) : next;
}

void sink_pulse_retry(struct sink *sink) {
	struct sink_pulse *pulse = pulse_of(sink);
	pulse_server_retry(pulse->server);
	pulse->stream_retry = DEADLINE_NOW;
}

bool sink_pulse_connected(const struct sink *sink, const char **ret_reason) {
	const struct sink_pulse *pulse = (const struct sink_pulse *)sink;
	(void)pulse_server_is_up(pulse->server, ret_reason);
	return pulse->ready;
}

/* ---- the table ---- */

static void pulse_open(struct sink *sink, const struct sink_format *format) {
	struct sink_pulse *pulse = pulse_of(sink);
	pulse->wanted = true;
	pulse->format = *format;
	pulse->stream_failures = 0;
	pulse->stream_retry = DEADLINE_NOW;
	if (pulse->stream && pulse->stream_ready) {
		sink_pulse_flush(sink);
		release_stream(pulse->retired);
		pulse->retired = pulse->stream;
		pulse->retired_until_ns = clock_now_ns() + RETIRED_FOR_NS;
		pa_stream_set_state_callback(pulse->retired, NULL, NULL);
		pa_stream_set_underflow_callback(pulse->retired, NULL, NULL);
		pa_stream_set_moved_callback(pulse->retired, NULL, NULL);
		pa_stream_set_suspended_callback(pulse->retired, NULL, NULL);
		pa_stream_set_buffer_attr_callback(pulse->retired, NULL, NULL);
		pulse->stream = NULL;
		pulse->stream_ready = false;
		pulse->timing_asked = false;
	}
	close_stream(pulse);
	if (pulse->ready) {
		open_stream(pulse);
	}
}

static void pulse_close(struct sink *sink) {
	struct sink_pulse *pulse = pulse_of(sink);
	pulse->wanted = false;
	close_stream(pulse);
}

void sink_pulse_flush(struct sink *sink) {
	struct sink_pulse *pulse = pulse_of(sink);
	if (pulse->written) {
		/* Should it fail, the stream's state tells. */
		(void)pa_stream_write(pulse->stream, pulse->written, pulse->written_bytes, NULL, 0,
				PA_SEEK_RELATIVE);
		pulse->written = NULL;
	}
}

static bool begin_write(struct sink_pulse *pulse, size_t bytes) {
	void *memory = NULL;
	pulse->written_bytes = 0;
	pulse->written_room = bytes > WRITE_BYTES ? bytes : WRITE_BYTES;
	if (pa_stream_begin_write(pulse->stream, &memory, &pulse->written_room) < 0 ||
			pulse->written_room < bytes) {
		return false;
	}
	pulse->written = memory;
	return true;
}

/* A message to the server costs more than its sound. */
static int pulse_write(struct sink *sink, const float *frames, unsigned count) {
	struct sink_pulse *pulse = pulse_of(sink);
	const size_t frame_bytes = pulse->format.channels * sizeof *frames;
	size_t bytes = count * frame_bytes;
	if (!pulse->stream_ready || pulse->stream_lost) {
		return -ENOTCONN;
	}
	if (pulse->written && pulse->written_room - pulse->written_bytes < bytes) {
		sink_pulse_flush(sink);
	}
	if (!pulse->written && !begin_write(pulse, bytes)) {
		return -EIO;
	}
	memcpy(pulse->written + pulse->written_bytes, frames, bytes);
	pulse_gain_apply(&pulse->gain, (float *)(void *)(pulse->written + pulse->written_bytes),
			count, pulse->format.channels);
	pulse->written_bytes += bytes;
	return 0;
}

static void pulse_cork(struct sink *sink, bool corked) {
	struct sink_pulse *pulse = pulse_of(sink);
	sink_pulse_flush(sink);
	if (pulse->stream_ready) {
		pulse_forget(pa_stream_cork(pulse->stream, corked, NULL, NULL));
	}
}

static void on_timing(pa_stream *stream, int success, void *data) {
	struct sink_pulse *pulse = data;
	if (stream != pulse->stream) {
		return;
	}
	pulse->timing_asked = false;
	const pa_timing_info *info = pa_stream_get_timing_info(stream);
	if (!success || !info || info->read_index_corrupt || !pulse->sink.events.timing) {
		return;
	}
	const pa_sample_spec *spec = pa_stream_get_sample_spec(stream);
	int64_t wall_ns =
			info->timestamp.tv_sec * (int64_t)NS_PER_S + info->timestamp.tv_usec * 1000;
	double delay_ns = (double)info->sink_usec * 1e3;
	const struct sink_timing timing = {
		.position_frames = (double)info->read_index / (double)pa_frame_size(spec) -
				   delay_ns * 1e-9 * spec->rate,
		.delay_ns = delay_ns,
		.at_ns = (uint64_t)(wall_ns + clock_realtime_to_monotonic_ns()),
		.playing = info->playing,
	};
	pulse->stream_failures = 0;
	if (pulse_server_is_pipewire(pulse->server) && timing.playing &&
			period_report(&pulse->period,
					info->read_index / (int64_t)pa_frame_size(spec))) {
		tell_period(pulse);
	}
	pulse->sink.events.timing(&timing, pulse->sink.data);
}

static void pulse_ask_timing(struct sink *sink) {
	struct sink_pulse *pulse = pulse_of(sink);
	if (pulse->stream_ready && !pulse->timing_asked) {
		pulse->timing_asked = true;
		pulse_forget(pa_stream_update_timing_info(pulse->stream, on_timing, pulse));
	}
}

void sink_pulse_set_mute(struct sink *sink, bool mute) {
	struct sink_pulse *pulse = pulse_of(sink);
	pulse->mute = mute;
	if (pulse->stream_ready) {
		set_stream_mute(pulse, mute);
	}
}

void sink_pulse_set_volume(
		struct sink *sink, unsigned channels, const uint16_t *volume, bool mute) {
	struct sink_pulse *pulse = pulse_of(sink);
	if (!pulse->stream_ready || channels == 0) {
		return;
	}
	pa_cvolume set;
	pulse->guest_mute =
			pulse_volume_guest(&set, pulse->format.channels, volume, channels) || mute;
	set_stream_volume(pulse, &set);
	set_stream_mute(pulse, mute || pulse->mute);
}

void sink_pulse_set_percent(struct sink *sink, int percent) {
	struct sink_pulse *pulse = pulse_of(sink);
	pulse->config.volume_percent = percent;
	pulse->volume_set = false;
	if (pulse->stream_ready) {
		apply_mixer(pulse);
	}
}

void sink_pulse_set_guest_mute(struct sink *sink, bool mute) {
	struct sink_pulse *pulse = pulse_of(sink);
	pulse->guest_mute = mute;
	if (pulse->stream_ready) {
		set_stream_mute(pulse, mute || pulse->mute);
	}
}

static void pulse_destroy(struct sink *sink) {
	if (!sink) {
		return;
	}
	struct sink_pulse *pulse = pulse_of(sink);
	release_all(pulse);
	pulse_server_destroy(pulse->server);
	free(pulse);
}

static const struct sink_ops pulse_ops = {
	.open = pulse_open,
	.close = pulse_close,
	.write = pulse_write,
	.cork = pulse_cork,
	.ask_timing = pulse_ask_timing,
	.destroy = pulse_destroy,
};

int sink_pulse_create(struct sink **ret_sink, pa_mainloop_api *api,
		const struct sink_pulse_config *config) {
	struct sink_pulse *pulse = calloc(1, sizeof *pulse);
	if (!pulse) {
		return -ENOMEM;
	}
	pulse->stream_retry = DEADLINE_NOW;
	pulse->sink.ops = &pulse_ops;
	period_init(&pulse->period);
	pulse_gain_init(&pulse->gain);
	pulse->config = *config;
	struct pulse_server_config server = { .purpose = "the VM's sound" };
	memcpy(server.server, config->server, sizeof server.server);
	const struct pulse_server_events events = { .up = on_up, .down = on_down, .data = pulse };
	int r = pulse_server_create(&pulse->server, api, &server, &events);
	if (r < 0) {
		free(pulse);
		return r;
	}
	*ret_sink = &pulse->sink;
	return 0;
}
