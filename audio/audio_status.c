#include "audio/audio_internal.h"

#include <stdio.h>
#include <string.h>

#include "audio/server/microphone.h"
#include "base/clock.h"
#include "base/i18n.h"

static enum audio_silenced silenced(const struct audio *audio) {
	static const enum audio_silenced names[] = {
		[SINK_AUDIBLE] = AUDIO_AUDIBLE,
		[SINK_STREAM_MUTED] = AUDIO_STREAM_MUTED,
		[SINK_DEVICE_MUTED] = AUDIO_DEVICE_MUTED,
		[SINK_STREAM_ZERO] = AUDIO_STREAM_ZERO,
		[SINK_DEVICE_ZERO] = AUDIO_DEVICE_ZERO,
	};
	const bool pulse = audio->config.output == AUDIO_OUTPUT_PULSE && audio->sink;
	return pulse ? names[sink_pulse_silenced(audio->sink)] : AUDIO_AUDIBLE;
}

static const char *silenced_text(enum audio_silenced silenced) {
	switch (silenced) {
	case AUDIO_AUDIBLE:
		break;
	case AUDIO_STREAM_MUTED:
		return _("Pierglass is muted in the mixer: unmute it there, under applications");
	case AUDIO_DEVICE_MUTED:
		return _("the sound device is muted: pactl set-sink-mute @DEFAULT_SINK@ 0");
	case AUDIO_STREAM_ZERO:
		return _("the volume of Pierglass in the mixer is 0: raise it there, under applications");
	case AUDIO_DEVICE_ZERO:
		return _("the volume of the sound device is 0: pactl set-sink-volume @DEFAULT_SINK@ 50%");
	}
	return "";
}

static void playout_status(struct audio *audio, const struct playout_stats *stats,
		struct part_status *ret_status) {
	const char *reason = "";
	if (stats->waiting_for_server && audio->config.output == AUDIO_OUTPUT_PULSE &&
			!sink_pulse_connected(audio->sink, &reason)) {
		ret_status->state = PART_WAITING;
		snprintf(ret_status->reason, sizeof ret_status->reason, _("no sound server: %s"),
				reason);
	} else if (stats->state == PLAYOUT_SUSPENDED) {
		ret_status->state = PART_WAITING;
		snprintf(ret_status->reason, sizeof ret_status->reason,
				_("the sound device is suspended"));
	} else if (stats->trouble == PLAYOUT_DEAF) {
		ret_status->state = PART_WAITING;
		snprintf(ret_status->reason, sizeof ret_status->reason,
				_("the sound server does not answer"));
	} else if (stats->trouble == PLAYOUT_STUCK) {
		ret_status->state = PART_WAITING;
		snprintf(ret_status->reason, sizeof ret_status->reason,
				_("the sound server accepts the sound and does not play it"));
	} else if (stats->state == PLAYOUT_PLAYING && silenced(audio) != AUDIO_AUDIBLE) {
		ret_status->state = PART_WAITING;
		snprintf(ret_status->reason, sizeof ret_status->reason, "%s",
				silenced_text(silenced(audio)));
	} else if (stats->state == PLAYOUT_PLAYING || stats->state == PLAYOUT_GAP ||
			((stats->state == PLAYOUT_OPENING || stats->state == PLAYOUT_SYNCING) &&
					!stats->warming)) {
		ret_status->state = PART_RUNNING;
		snprintf(ret_status->reason, sizeof ret_status->reason,
				_("%s: %u Hz, %u bit, channels: %u"),
				audio->source == SOURCE_SPICE ? "SPICE" : "Scream",
				stats->format.rate, stats->format.bits, stats->format.channels);
	} else {
		ret_status->state = PART_OFF;
	}
}

static void compose_status(struct audio *audio, const struct playout_stats *playout,
		const struct receiver_stats *received, struct part_status *ret_status) {
	if (audio->raw_broken) {
		ret_status->state = PART_FAILED;
		snprintf(ret_status->reason, sizeof ret_status->reason,
				_("the reader of the raw sound is gone"));
		return;
	}
	playout_status(audio, playout, ret_status);
	if (playout->state == PLAYOUT_GAP && audio->source != SOURCE_SPICE && audio->receiver) {
		/* Why nothing comes is known at once, before the gap is an end. */
		struct part_status received_status = { 0 };
		receiver_status(audio->receiver, &received_status);
		if (received_status.state == PART_WAITING) {
			*ret_status = received_status;
		}
	}
	if (ret_status->state != PART_OFF || audio->config.output == AUDIO_OUTPUT_NONE) {
		return;
	}
	if (!audio->receiver) {
		ret_status->state = PART_RUNNING;
		snprintf(ret_status->reason, sizeof ret_status->reason,
				_("waiting for SPICE sound"));
		return;
	}
	receiver_status(audio->receiver, ret_status);
	if (ret_status->state != PART_RUNNING) {
		return;
	}
	char where[PART_REASON_BYTES];
	memcpy(where, ret_status->reason, sizeof where);
	if (received->packets == 0) {
		ret_status->state = PART_WAITING;
		snprintf(ret_status->reason, sizeof ret_status->reason,
				_("no Scream packets yet, %.120s"), where);
	} else if (audio->config.output != AUDIO_OUTPUT_RAW) {
		snprintf(ret_status->reason, sizeof ret_status->reason,
				_("the guest is silent, %.120s"), where);
	}
}

void audio_publish(struct audio *audio, uint64_t now_ns) {
	struct playout_stats playout = { 0 };
	struct receiver_stats received = { 0 };
	struct part_status status = { 0 };
	if (audio->playout) {
		playout_get_stats(audio->playout, now_ns, &playout);
		audio->published = playout.state;
	}
	if (audio->receiver) {
		receiver_get_stats(audio->receiver, &received);
	}
	const struct audio_stats stats = {
		.playing = playout.state == PLAYOUT_PLAYING,
		.rate = playout.format.rate,
		.bits = playout.format.bits,
		.channels = playout.format.channels,
		.target_us = playout.target_us,
		.fill_us = playout.fill_us,
		.latency_us = playout.latency_us,
		.rate_ppm = playout.rate_ppm,
		.sink_ppm = playout.sink_ppm,
		.source_ppm = playout.source_ppm,
		.jitter_us = playout.jitter_us,
		.packets = received.packets,
		.frames = playout.frames + audio->raw_frames,
		.lost = received.lost,
		.missing = playout.lost - received.lost,
		.rejected = received.rejected,
		.underruns = playout.underruns,
		.gaps = playout.gaps,
		.skips = playout.skips,
		.heard_ns = playout.heard_ns,
		.silenced = silenced(audio),
		.is_spice = audio->source == SOURCE_SPICE,
		.microphone = audio->microphone && microphone_captures(audio->microphone),
		.microphone_frames = audio->microphone_frames,
	};
	mailbox_put(&audio->stats, &stats);
	compose_status(audio, &playout, &received, &status);
	if (!part_status_equal(&status, &audio->status)) {
		audio->status = status;
		if (audio->events.status) {
			audio->events.status(&status, audio->events.data);
		}
	}
	audio->publish_ns = now_ns + AUDIO_PUBLISH_NS;
}
