/*
 * Volumes as PulseAudio takes them. Pure.
 */
#pragma once

#include <pulse/volume.h>
#include <stdbool.h>
#include <stdint.h>

/* The same on all channels; percent: 0 or more. */
void pulse_volume_percent(pa_cvolume *ret_volume, unsigned channels, int percent);
/* The guest's, 0..65535 each; channels that it does not have take its last one. given: at least 1.
 * Returns whether one of them is 0. */
bool pulse_volume_guest(
		pa_cvolume *ret_volume, unsigned channels, const uint16_t *volume, unsigned given);

/* Where a stream's volume is the device's (flat volumes), ours is applied here, so that a guest at
 * full volume makes no device louder. */
struct pulse_gain {
	float now[PA_CHANNELS_MAX], wanted[PA_CHANNELS_MAX];
};

void pulse_gain_init(struct pulse_gain *gain);
void pulse_gain_set(struct pulse_gain *gain, const pa_cvolume *volume);
/* Reaches what is wanted by the end of the block. */
void pulse_gain_apply(struct pulse_gain *gain, float *frames, unsigned count, unsigned channels);
