/*
 * Plays to a PulseAudio server (pulse_server.h), on the caller's main loop, which is pg-audio's
 * (pulse_loop.h). Call sink_pulse_tick() when sink_pulse_deadline() has passed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <pulse/mainloop-api.h>

#include "audio/playout/sink.h"
#include "base/deadline.h"

struct sink_pulse_config {
	char server[256];      /* "" = libpulse's choice */
	char device[256];      /* sink name; "" = the default sink */
	char stream_name[256]; /* as the mixer shows it */
	unsigned latency_ms;   /* asked of the server: half of it at most is the device's */
	unsigned max_ms;       /* the stream's buffer holds at least this */
	int volume_percent;    /* set once; -1 = what the server remembers */
};

int sink_pulse_create(struct sink **ret_sink, pa_mainloop_api *api,
		const struct sink_pulse_config *config);

void sink_pulse_tick(struct sink *sink, uint64_t now_ns);
deadline sink_pulse_deadline(const struct sink *sink);
/* Hands what was written to libpulse, as one block: before its loop runs. */
void sink_pulse_flush(struct sink *sink);
/* Look for the server now. */
void sink_pulse_retry(struct sink *sink);

/* Whether the server answers; otherwise why not, for people. */
bool sink_pulse_connected(const struct sink *sink, const char **ret_reason);

/* Why nothing is heard of what is played: set in the server's mixer, not here or by the guest. */
enum sink_silenced {
	SINK_AUDIBLE,
	SINK_STREAM_MUTED,
	SINK_DEVICE_MUTED,
	SINK_STREAM_ZERO, /* its volume is nothing */
	SINK_DEVICE_ZERO,
};
enum sink_silenced sink_pulse_silenced(const struct sink *sink);

/* As the mixer shows it: kept for streams to come. */
void sink_pulse_set_mute(struct sink *sink, bool mute);
/* The stream's volume from now on, as config.volume_percent. */
void sink_pulse_set_percent(struct sink *sink, int percent);
void sink_pulse_set_guest_mute(struct sink *sink, bool mute);
/* The guest's volume, 0..65535 for each channel. */
void sink_pulse_set_volume(struct sink *sink, unsigned channels, const uint16_t *volume, bool mute);
