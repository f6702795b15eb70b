/*
 * A stream in the server's mixer: the mute and volume that this program and the guest set, and
 * whether the mixer silences the stream or its device. On the main loop of the stream's context
 * (pulse_loop.h).
 *
 * Zeroed memory is a mixer without a stream; what is set then is kept for the next one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <pulse/introspect.h>
#include <pulse/stream.h>

/* Why nothing is heard of what is played: set in the server's mixer, not here or by the guest. */
enum sink_silenced {
	SINK_AUDIBLE,
	SINK_STREAM_MUTED,
	SINK_DEVICE_MUTED,
	SINK_STREAM_ZERO, /* its volume is nothing */
	SINK_DEVICE_ZERO,
};

struct pulse_mixer {
	pa_stream *stream; /* ready; NULL: none */
	bool volume_set;
	bool mute;
	bool guest_mute; /* the guest's own */
	/* as the server tells them */
	uint32_t device_index;
	bool stream_muted, stream_zero;
	bool device_muted, device_zero;
};

/* The stream is ready. volume_percent: for the first stream only; -1 = what the server remembers.
 */
void pulse_mixer_attach(struct pulse_mixer *mixer, pa_stream *stream, int volume_percent);
void pulse_mixer_detach(struct pulse_mixer *mixer);

/* Asks the server; the answer comes on the main loop. */
void pulse_mixer_look(struct pulse_mixer *mixer);
/* A stream (or device) of this index changed in the server: looks if it is this one. */
void pulse_mixer_changed(struct pulse_mixer *mixer, bool device, uint32_t index);

enum sink_silenced pulse_mixer_silenced(const struct pulse_mixer *mixer);

/* As sink_pulse.h has them. */
void pulse_mixer_set_mute(struct pulse_mixer *mixer, bool mute);
void pulse_mixer_set_guest_mute(struct pulse_mixer *mixer, bool mute);
void pulse_mixer_set_volume(
		struct pulse_mixer *mixer, unsigned channels, const uint16_t *volume, bool mute);
