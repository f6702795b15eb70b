/*
 * Channels as PulseAudio names them. Pure.
 */
#pragma once

#include <pulse/channelmap.h>
#include <stdbool.h>

#include "audio/playout/sink.h"

void pulse_channels(pa_channel_map *ret_map, const struct sink_format *format);
/* Those of a device have numbers only ("pro audio"): the server would find none of ours among them
 * and play nothing; they go by their order. */
bool pulse_channels_are_unnamed(const pa_channel_map *map);
