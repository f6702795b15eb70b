#define LOG_MODULE "audio"
#include "audio/server/microphone.h"

#include <errno.h>
#include <pulse/pulseaudio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/server/pulse_server.h"
#include "base/clock.h"

#include "base/log.h"

#define FRAME_BYTES (2 * sizeof(int16_t))
#define HELD_MS     200 /* by the server, while we do not run */

struct microphone {
	struct microphone_events events;
	pa_mainloop_api *api;
	char address[256];
	struct microphone_request request;
	struct pulse_server *server; /* NULL: not wanted */
	pa_stream *stream;
	bool ready; /* it captures */
	bool lost;  /* free the stream at the next tick: not from within its callback */
	unsigned failures;
	deadline retry;
	struct microphone_block block; /* being filled */
};

static void close_stream(struct microphone *mic) {
	if (mic->stream) {
		pa_stream_set_state_callback(mic->stream, NULL, NULL);
		pa_stream_set_read_callback(mic->stream, NULL, NULL);
		pa_stream_disconnect(mic->stream);
		pa_stream_unref(mic->stream);
		mic->stream = NULL;
	}
	mic->ready = false;
	mic->lost = false;
	mic->block.frames = 0;
}

static void apply_volume(struct microphone *mic) {
	if (!mic->ready || mic->request.volume_channels == 0) {
		return;
	}
	pa_cvolume volume;
	pa_cvolume_set(&volume, 2, PA_VOLUME_NORM);
	for (unsigned i = 0; i < 2; i++) {
		uint16_t value = mic->request.volume[i < mic->request.volume_channels ? i : 0];
		volume.values[i] = (pa_volume_t)((uint64_t)PA_VOLUME_NORM * value / UINT16_MAX);
	}
	pulse_forget(pa_context_set_source_output_volume(pulse_server_context(mic->server),
			pa_stream_get_index(mic->stream), &volume, NULL, NULL));
}

/* NULL = a hole: the server lost as much. */
static void take(struct microphone *mic, const uint8_t *bytes, size_t frames) {
	struct microphone_block *block = &mic->block;
	while (frames > 0) {
		size_t room = MICROPHONE_FRAMES - block->frames;
		size_t n = frames < room ? frames : room;
		int16_t *to = block->samples + (size_t)block->frames * 2;
		if (bytes) {
			memcpy(to, bytes, n * FRAME_BYTES);
			bytes += n * FRAME_BYTES;
		} else {
			memset(to, 0, n * FRAME_BYTES);
		}
		block->frames += (unsigned)n;
		frames -= n;
		if (block->frames == MICROPHONE_FRAMES) {
			mic->events.block(block, mic->events.data);
			block->frames = 0;
		}
	}
}

static void on_read(pa_stream *stream, size_t bytes, void *data) {
	struct microphone *mic = data;
	const void *fragment;
	while (pa_stream_peek(stream, &fragment, &bytes) == 0 && bytes > 0) {
		take(mic, fragment, bytes / FRAME_BYTES);
		pa_stream_drop(stream);
	}
}

static void on_state(pa_stream *stream, void *data) {
	struct microphone *mic = data;
	switch (pa_stream_get_state(stream)) {
	case PA_STREAM_READY:
		mic->ready = true;
		mic->failures = 0;
		log_info("the microphone is open: %s", pa_stream_get_device_name(stream));
		apply_volume(mic);
		break;
	case PA_STREAM_FAILED:
	case PA_STREAM_TERMINATED:
		log_warn_limited("no microphone: %s",
				pa_strerror(pa_context_errno(pulse_server_context(mic->server))));
		mic->lost = true;
		break;
	case PA_STREAM_UNCONNECTED:
	case PA_STREAM_CREATING:
		break;
	}
}

static void open_stream(struct microphone *mic) {
	const pa_sample_spec spec = {
		.format = PA_SAMPLE_S16LE, .rate = mic->request.rate, .channels = 2
	};
	const uint32_t ms = (uint32_t)(mic->request.rate * FRAME_BYTES / 1000);
	const pa_buffer_attr attr = {
		.maxlength = HELD_MS * ms,
		.tlength = (uint32_t)-1,
		.prebuf = (uint32_t)-1,
		.minreq = (uint32_t)-1,
		.fragsize = 10 * ms,
	};
	mic->stream = pa_stream_new(
			pulse_server_context(mic->server), "Windows VM microphone", &spec, NULL);
	if (!mic->stream) {
		mic->lost = true;
		return;
	}
	pa_stream_set_state_callback(mic->stream, on_state, mic);
	pa_stream_set_read_callback(mic->stream, on_read, mic);
	if (pa_stream_connect_record(mic->stream, NULL, &attr, PA_STREAM_ADJUST_LATENCY) < 0) {
		mic->lost = true;
	}
}

static void on_up(const pa_server_info *info, void *data) {
	(void)info;
	open_stream(data);
}

static void on_down(void *data) {
	close_stream(data);
}

static bool wanted(const struct microphone_request *request) {
	return request->on && !request->mute;
}

static void let_go(struct microphone *mic) {
	bool was = mic->ready;
	close_stream(mic);
	pulse_server_destroy(mic->server);
	mic->server = NULL;
	if (was) {
		log_info("the microphone is closed");
	}
}

void microphone_set(struct microphone *mic, const struct microphone_request *request) {
	bool other_rate = request->rate != mic->request.rate;
	mic->request = *request;
	if (mic->server && (!wanted(request) || other_rate)) {
		let_go(mic);
	}
	if (!wanted(request)) {
		return;
	}
	if (mic->server) {
		apply_volume(mic);
		return;
	}
	/* "production": nothing else is ducked or corked for it, no filter is put in. */
	struct pulse_server_config server = { .role = "production", .purpose = "the microphone" };
	snprintf(server.server, sizeof server.server, "%s", mic->address);
	const struct pulse_server_events events = { .up = on_up, .down = on_down, .data = mic };
	mic->failures = 0;
	mic->retry = DEADLINE_NOW;
	if (pulse_server_create(&mic->server, mic->api, &server, &events) < 0) {
		mic->server = NULL;
		log_warn("no microphone: out of memory");
	}
}

void microphone_tick(struct microphone *mic, uint64_t now_ns) {
	if (!mic->server) {
		return;
	}
	pulse_server_tick(mic->server, now_ns);
	if (mic->lost) {
		close_stream(mic);
		mic->retry = now_ns + pulse_backoff_ms(mic->failures++) * NS_PER_MS;
	}
	const char *reason;
	if (!mic->stream && pulse_server_is_up(mic->server, &reason) &&
			deadline_is_over(mic->retry, now_ns)) {
		open_stream(mic);
	}
}

deadline microphone_deadline(const struct microphone *mic) {
	const char *reason;
	if (!mic->server) {
		return DEADLINE_NONE;
	}
	if (mic->lost) {
		return DEADLINE_NOW;
	}
	const deadline next = pulse_server_deadline(mic->server);
	if (!deadline_is_set(next) && !mic->stream && pulse_server_is_up(mic->server, &reason)) {
		return mic->retry;
	}
	return next;
}

bool microphone_is_wanted(const struct microphone *mic) {
	return mic->server != NULL;
}

bool microphone_captures(const struct microphone *mic) {
	return mic->ready;
}

int microphone_create(struct microphone **ret_microphone, pa_mainloop_api *api, const char *server,
		const struct microphone_events *events) {
	struct microphone *mic = calloc(1, sizeof *mic);
	if (!mic) {
		return -ENOMEM;
	}
	mic->events = *events;
	mic->api = api;
	snprintf(mic->address, sizeof mic->address, "%s", server);
	*ret_microphone = mic;
	return 0;
}

void microphone_destroy(struct microphone *mic) {
	if (!mic) {
		return;
	}
	let_go(mic);
	free(mic);
}
