#include "audio/server/pulse_mixer.h"

#include <pulse/pulseaudio.h>

#include "audio/server/pulse_server.h"

static void set_volume(const struct pulse_mixer *mixer, const pa_cvolume *volume) {
	pulse_forget(pa_context_set_sink_input_volume(pa_stream_get_context(mixer->stream),
			pa_stream_get_index(mixer->stream), volume, NULL, NULL));
}

static void set_mute(const struct pulse_mixer *mixer, bool mute) {
	pulse_forget(pa_context_set_sink_input_mute(pa_stream_get_context(mixer->stream),
			pa_stream_get_index(mixer->stream), mute, NULL, NULL));
}

static uint8_t channels_of(const struct pulse_mixer *mixer) {
	return pa_stream_get_sample_spec(mixer->stream)->channels;
}

void pulse_mixer_attach(struct pulse_mixer *mixer, pa_stream *stream, int volume_percent) {
	mixer->stream = stream;
	if (mixer->mute) {
		set_mute(mixer, true);
	}
	if (volume_percent >= 0 && !mixer->volume_set) {
		pa_cvolume volume;
		pa_cvolume_set(&volume, channels_of(mixer),
				(pa_volume_t)((uint64_t)PA_VOLUME_NORM * (unsigned)volume_percent /
						100));
		set_volume(mixer, &volume);
		mixer->volume_set = true;
	}
	pulse_mixer_look(mixer);
}

void pulse_mixer_detach(struct pulse_mixer *mixer) {
	mixer->stream = NULL;
}

static void on_device(pa_context *context, const pa_sink_info *info, int end, void *data) {
	struct pulse_mixer *mixer = data;
	(void)context;
	if (end == 0 && info) {
		mixer->device_muted = info->mute != 0;
		mixer->device_zero = pa_cvolume_is_muted(&info->volume) != 0;
	}
}

static void on_input(pa_context *context, const pa_sink_input_info *info, int end, void *data) {
	struct pulse_mixer *mixer = data;
	if (end == 0 && info) {
		mixer->stream_muted = info->mute != 0;
		mixer->stream_zero = info->has_volume && pa_cvolume_is_muted(&info->volume);
		mixer->device_index = info->sink;
		pulse_forget(pa_context_get_sink_info_by_index(
				context, info->sink, on_device, mixer));
	}
}

void pulse_mixer_look(struct pulse_mixer *mixer) {
	if (mixer->stream) {
		pulse_forget(pa_context_get_sink_input_info(pa_stream_get_context(mixer->stream),
				pa_stream_get_index(mixer->stream), on_input, mixer));
	}
}

void pulse_mixer_changed(struct pulse_mixer *mixer, bool device, uint32_t index) {
	if (mixer->stream && index == (device ? mixer->device_index
					      : pa_stream_get_index(mixer->stream))) {
		pulse_mixer_look(mixer);
	}
}

enum sink_silenced pulse_mixer_silenced(const struct pulse_mixer *mixer) {
	if (!mixer->stream || mixer->mute || mixer->guest_mute) {
		return SINK_AUDIBLE;
	}
	return mixer->stream_muted   ? SINK_STREAM_MUTED
	       : mixer->device_muted ? SINK_DEVICE_MUTED
	       : mixer->stream_zero  ? SINK_STREAM_ZERO
	       : mixer->device_zero  ? SINK_DEVICE_ZERO
				     : SINK_AUDIBLE;
}

void pulse_mixer_set_mute(struct pulse_mixer *mixer, bool mute) {
	mixer->mute = mute;
	if (mixer->stream) {
		set_mute(mixer, mute);
	}
}

void pulse_mixer_set_guest_mute(struct pulse_mixer *mixer, bool mute) {
	mixer->guest_mute = mute;
	if (mixer->stream) {
		set_mute(mixer, mute || mixer->mute);
	}
}

void pulse_mixer_set_volume(
		struct pulse_mixer *mixer, unsigned channels, const uint16_t *volume, bool mute) {
	if (!mixer->stream || channels == 0) {
		return;
	}
	mixer->guest_mute = mute;
	for (unsigned i = 0; i < channels; i++) {
		mixer->guest_mute |= volume[i] == 0;
	}
	pa_cvolume set;
	pa_cvolume_set(&set, channels_of(mixer), PA_VOLUME_NORM);
	for (unsigned i = 0; i < channels_of(mixer); i++) {
		uint16_t value = volume[i < channels ? i : channels - 1];
		set.values[i] = (pa_volume_t)((uint64_t)PA_VOLUME_NORM * value / UINT16_MAX);
	}
	set_volume(mixer, &set);
	set_mute(mixer, mute || mixer->mute);
}
