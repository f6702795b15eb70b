#include "audio/server/pulse_channels.h"

static pa_channel_position_t channel_position(enum scream_position position) {
	switch (position) {
	case SCREAM_FRONT_LEFT:
		return PA_CHANNEL_POSITION_FRONT_LEFT;
	case SCREAM_FRONT_RIGHT:
		return PA_CHANNEL_POSITION_FRONT_RIGHT;
	case SCREAM_FRONT_CENTER:
		return PA_CHANNEL_POSITION_FRONT_CENTER;
	case SCREAM_LFE:
		return PA_CHANNEL_POSITION_LFE;
	case SCREAM_BACK_LEFT:
		return PA_CHANNEL_POSITION_REAR_LEFT;
	case SCREAM_BACK_RIGHT:
		return PA_CHANNEL_POSITION_REAR_RIGHT;
	case SCREAM_FRONT_LEFT_OF_CENTER:
		return PA_CHANNEL_POSITION_FRONT_LEFT_OF_CENTER;
	case SCREAM_FRONT_RIGHT_OF_CENTER:
		return PA_CHANNEL_POSITION_FRONT_RIGHT_OF_CENTER;
	case SCREAM_BACK_CENTER:
		return PA_CHANNEL_POSITION_REAR_CENTER;
	case SCREAM_SIDE_LEFT:
		return PA_CHANNEL_POSITION_SIDE_LEFT;
	case SCREAM_SIDE_RIGHT:
		return PA_CHANNEL_POSITION_SIDE_RIGHT;
	case SCREAM_MONO:
		break;
	}
	return PA_CHANNEL_POSITION_MONO;
}

void pulse_channels(pa_channel_map *ret_map, const struct sink_format *format) {
	*ret_map = (pa_channel_map){ .channels = (uint8_t)format->channels };
	for (unsigned i = 0; i < format->channels; i++) {
		ret_map->map[i] = channel_position(format->position[i]);
	}
}

bool pulse_channels_are_unnamed(const pa_channel_map *map) {
	for (unsigned i = 0; i < map->channels; i++) {
		if (map->map[i] < PA_CHANNEL_POSITION_AUX0 ||
				map->map[i] > PA_CHANNEL_POSITION_AUX31) {
			return false;
		}
	}
	return map->channels > 0;
}
