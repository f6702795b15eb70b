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
