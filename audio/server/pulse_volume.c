#include "audio/server/pulse_volume.h"

void pulse_volume_percent(pa_cvolume *ret_volume, unsigned channels, int percent) {
	pa_cvolume_set(ret_volume, channels,
			(pa_volume_t)((uint64_t)PA_VOLUME_NORM * (unsigned)percent / 100));
}

bool pulse_volume_guest(
		pa_cvolume *ret_volume, unsigned channels, const uint16_t *volume, unsigned given) {
	bool silent = false;
	for (unsigned i = 0; i < given; i++) {
		silent |= volume[i] == 0;
	}
	pa_cvolume_set(ret_volume, channels, PA_VOLUME_NORM);
	for (unsigned i = 0; i < channels; i++) {
		const uint16_t value = volume[i < given ? i : given - 1];
		ret_volume->values[i] =
				(pa_volume_t)((uint64_t)PA_VOLUME_NORM * value / UINT16_MAX);
	}
	return silent;
}
