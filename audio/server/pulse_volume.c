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

void pulse_gain_init(struct pulse_gain *gain) {
	for (unsigned i = 0; i < PA_CHANNELS_MAX; i++) {
		gain->now[i] = 1;
		gain->wanted[i] = 1;
	}
}

void pulse_gain_set(struct pulse_gain *gain, const pa_cvolume *volume) {
	for (unsigned i = 0; i < volume->channels; i++) {
		gain->wanted[i] = (float)pa_sw_volume_to_linear(volume->values[i]);
	}
}

void pulse_gain_apply(struct pulse_gain *gain, float *frames, unsigned count, unsigned channels) {
	for (unsigned c = 0; c < channels; c++) {
		const float wanted = gain->wanted[c];
		if (gain->now[c] == 1 && wanted == 1) {
			continue;
		}
		const float step = (wanted - gain->now[c]) / (float)count;
		for (unsigned i = 0; i < count; i++) {
			gain->now[c] += step;
			frames[i * channels + c] *= gain->now[c];
		}
		gain->now[c] = wanted;
	}
}
